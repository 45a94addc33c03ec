"""What a release is made with: the script that proves a wheel, and the versions that developers install."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts_here import script
from untag.cli import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements-dev.txt").read_text()


RELEASE = script("release")


def locked() -> dict[str, list[tuple[Requirement, int]]]:
    """Every pinned package with how many hashes it has; one may be pinned for several Pythons."""
    found: dict[str, list[tuple[Requirement, int]]] = {}
    for block in re.findall(r"^([a-z0-9].*(?:\n    --hash=.*)*)", LOCK, re.MULTILINE):
        text, *hashes = block.replace("\\", "").splitlines()
        requirement = Requirement(text.strip())
        found.setdefault(canonicalize_name(requirement.name), []).append((requirement, len(hashes)))
    return found


def test_every_locked_version_is_pinned_with_hashes_and_names_no_host() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^--", LOCK, re.MULTILINE), "an option would change where pip looks"
    for name, pins in locked().items():
        for requirement, hashes in pins:
            assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), name
            assert hashes, f"{name} has no hash"


@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]])
def test_the_locked_versions_are_those_that_the_project_allows(wanted: str) -> None:
    requirement = Requirement(wanted)
    pins = locked().get(canonicalize_name(requirement.name), [])
    assert pins, f"{wanted} is not locked; run: make lock"
    for pin, _ in pins:
        (version,) = (clause.version for clause in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin} is not {wanted}; run: make lock"


def test_the_sums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    wheel = tmp_path / "untag.whl"
    wheel.write_bytes(b"made up")
    RELEASE.write_sums([wheel], tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'made up').hexdigest()}  untag.whl\n"


def test_the_main_job_ends_with_what_was_found() -> None:
    assert {command for command, *_ in RELEASE.MAIN_JOB} <= set(app._COMMANDS)
    assert RELEASE.MAIN_JOB[-1] == ("list", "--format", "json")
    RELEASE.must_have_found(json.dumps([{"verdict": "maybe"}, {"verdict": "me"}]))
    for nobody in ([], [{"verdict": "maybe"}]):
        with pytest.raises(SystemExit, match="finds nobody"):
            RELEASE.must_have_found(json.dumps(nobody))


def test_a_command_that_fails_ends_the_release(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"failed with 3(.|\n)*why"):
        RELEASE.run("sh", "-c", "echo why >&2; exit 3", folder=tmp_path)
