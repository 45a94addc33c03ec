"""The configuration file, and where the home folder is."""

from __future__ import annotations

from pathlib import Path

import pytest

from untag.config import Settings, default_home, load_settings
from untag.engine.session import Device
from untag.errors import UsageError
from untag.scenes.categories import CATEGORIES, Category


def write(home: Path, text: str) -> Settings:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load_settings(home)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings(tmp_path)
    assert load_settings(tmp_path / "missing") == Settings(tmp_path / "missing")
    assert write(tmp_path, "") == Settings(tmp_path)
    assert not (tmp_path / "missing").exists()


def test_everything_can_be_set(tmp_path: Path) -> None:
    settings = write(
        tmp_path,
        """
        engine = "auto"
        device = "cuda"
        jobs = 0
        keep_bystanders = true
        max_megapixels = 40
        me_similarity = 1
        maybe_similarity = 0.0
        thresholds = { alcohol = 0.3, weapon = 1 }
        [severities]
        crowd = 0
        """,
    )
    assert settings == Settings(
        tmp_path,
        engine="auto",
        device=Device.CUDA,
        jobs=0,
        keep_bystanders=True,
        max_megapixels=40,
        me_similarity=1,
        maybe_similarity=0.0,
        thresholds={"alcohol": 0.3, "weapon": 1},
        severities={"crowd": 0},
    )
    assert settings.limits.max_pixels == 40_000_000


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs = \n", "(at line 1, column 8)"),
        ("jobs = 1\njobs = 2\n", "at line 2, column 9"),
        ("home = '/'\n", "unknown setting 'home'"),
        ("limits = 3\n", "unknown setting 'limits'"),
        ("engine = 3\n", "engine must be a name in quotes, not 3"),
        ("device = 'CPU'\n", "device must be one of auto, cpu, cuda, coreml, directml, openvino, not 'CPU'"),
        ("device = ['cpu']\n", "device must be one of"),
        ("jobs = -1\n", "jobs must be a whole number, at least 0, not -1"),
        ("jobs = true\n", "jobs must be a whole number, at least 0, not True"),
        ("jobs = 1.5\n", "jobs must be a whole number"),
        ("max_megapixels = 0\n", "max_megapixels must be a whole number, at least 1, not 0"),
        ("keep_bystanders = 1\n", "keep_bystanders must be true or false, not 1"),
        ("me_similarity = 90\n", "me_similarity must be a number from 0 to 1, not 90"),
        ("me_similarity = nan\n", "me_similarity must be a number from 0 to 1"),
        ("maybe_similarity = true\n", "maybe_similarity must be a number from 0 to 1"),
        ("maybe_similarity = 0.95\n", "maybe_similarity (0.95) must not be above me_similarity (0.9)"),
        ("thresholds = 0.5\n", "thresholds must be a table of categories and numbers from 0 to 1"),
        ("[thresholds]\nalcohol = 2\n", "thresholds must be a table of categories and numbers from 0 to 1"),
        ("[thresholds]\nbeer = 0.5\n", f"thresholds has no category 'beer'; there are {', '.join(CATEGORIES)}"),
        ("[severities]\nAlcohol = 0.5\n", "severities has no category 'Alcohol'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        write(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'config.toml'}: ")
    assert sentence in str(error.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"config\.toml cannot be read"):
        load_settings(tmp_path)
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match=r"config\.toml cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize("category", Category)
def test_every_category_can_be_weighed(tmp_path: Path, category: Category) -> None:
    settings = write(tmp_path, f"[thresholds]\n{category} = 0.1\n[severities]\n{category} = 0.2\n")
    assert settings.thresholds == {category.value: 0.1}
    assert settings.severities == {category.value: 0.2}


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNTAG_HOME", "/somewhere/else")
    assert default_home() == Path("/somewhere/else")
    for absent in ("", None):
        if absent is None:
            monkeypatch.delenv("UNTAG_HOME")
        else:
            monkeypatch.setenv("UNTAG_HOME", absent)
        assert default_home().name == "untag"
        assert default_home().is_absolute()
