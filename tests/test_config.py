"""The configuration file, and where the home folder is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from untag.config import Settings, default_home, load_settings
from untag.engine.runtime.session import Device
from untag.errors import UsageError
from untag.findings.nearness import Nearness
from untag.findings.preset import Preset, load_preset
from untag.findings.prominence import Prominence
from untag.findings.rules import Audience
from untag.scenes.categories import CATEGORIES, Category
from untag.types import Verdict


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
        preset = "public-office"
        act_from = 0
        [severities]
        crowd = 0
        [certainty]
        maybe = 0.6
        [exposure]
        only-me = 2
        [prominence]
        edge = 1.5
        [nearness]
        far = 1
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
        preset=Preset.PUBLIC_OFFICE,
        act_from=0,
        certainty={Verdict.MAYBE: 0.6},
        exposure={Audience.ONLY_ME: 2},
        prominence={Prominence.EDGE: 1.5},
        nearness={Nearness.FAR: 1},
    )
    assert settings.limits.max_pixels == 40_000_000
    preset = load_preset(Preset.PUBLIC_OFFICE)
    assert settings.weights.act_from == 0
    assert settings.weights.severities == {**preset.severities, "crowd": 0}
    assert settings.weights.certainty == {**preset.certainty, Verdict.MAYBE: 0.6}
    assert settings.weights.exposure == {**preset.exposure, Audience.ONLY_ME: 2}
    assert settings.weights.prominence == {**preset.prominence, Prominence.EDGE: 1.5}
    assert settings.weights.nearness == {**preset.nearness, Nearness.FAR: 1}


@pytest.mark.parametrize("preset", Preset)
def test_a_preset_alone_sets_all_weights(tmp_path: Path, preset: Preset) -> None:
    assert write(tmp_path, f'preset = "{preset}"').weights == load_preset(preset)
    assert write(tmp_path, "").weights == load_preset(Preset.JOB_HUNT)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("jobs = \n", "(at line 1, column 8)"),
        ("jobs = 1\nthresholds = { alcohol = 0.5", "(at line 2, column 29)"),
        ("jobs = 1\njobs = 2\n", "at line 2, column 9"),
        ("home = '/'\n", "unknown setting 'home'"),
        ("limits = 3\n", "unknown setting 'limits'"),
        ("severity = 3\n", "unknown setting 'severity'; did you mean 'severities'? There are act_from, certainty, "),
        (
            "preset = 'familly'\n",
            "no preset 'familly'; did you mean 'family'? There are job-hunt, family, public-office",
        ),
        ("preset = 'prison'\n", "there is no preset 'prison'; there are job-hunt, family, public-office"),
        ("preset = ['family']\n", "there is no preset ['family']"),
        ("act_from = 25\n", "act_from must be a number from 0 to 1, not 25"),
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
        ("thresholds = 1\n", "thresholds must be a table with a number from 0 to 1 for each category, not 1"),
        ("[thresholds]\nalcohol = 2\n", "number from 0 to 1 for each category, not 2 for alcohol"),
        ("[thresholds]\nbeer = 0.5\n", f"thresholds has no category 'beer'; there are {', '.join(CATEGORIES)}"),
        ("[severities]\nAlcohol = 1\n", "severities has no category 'Alcohol'; did you mean 'alcohol'? There are"),
        ("[severities]\ncrowd = true\n", "number from 0 to 1 for each category, not True for crowd"),
        ("[certainty]\nmay-be = 1\n", "certainty has no verdict 'may-be'; did you mean 'maybe'? There are me, maybe,"),
        ("[certainty]\nme = 1.1\n", "number from 0 to 1 for each verdict, not 1.1 for me"),
        ("[exposure]\nfriend = 1\n", "exposure has no audience 'friend'; did you mean 'friends'? There are public,"),
        ("[exposure]\npublic = 2.5\n", "number from 0 to 2 for each audience, not 2.5 for public"),
        ("[prominence]\nclosed = 1\n", "has no place in the picture 'closed'; did you mean 'close'?"),
        ("[prominence]\nclose = -1\n", "number from 0 to 2 for each place in the picture, not -1 for close"),
        ("[exposure]\npublic = 1\n[exposure\n", "(at line 3, column 10)"),
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(UsageError, match="is a pipe"):
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
