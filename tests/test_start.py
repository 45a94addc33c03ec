"""What commands load before they do anything: those that judge no photo load nothing that looks at photos."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fakes import ME, Untag, paint
from untag.scenes.categories import Sensitivity
from untag.scenes.installed import installed_thresholds

FOR_PHOTOS = {"cv2", "PIL", "pi_heif", "onnx", "onnxruntime", "untag.scan", "untag.imaging.decode", "untag.faces"}
FOR_PAGES = {"jinja2", "flask", "werkzeug", "waitress"}
FOR_ARCHIVES = {"untag.sources.readers", "defusedxml", "ijson", "pathspec"}
FOR_ROWS = {"numpy", "sqlite_utils", "rich"}
HEAVY = FOR_PHOTOS | FOR_PAGES | FOR_ARCHIVES | FOR_ROWS
"""What takes longer to import than a command that only reads the database takes to do its work."""

_TELL = """
import atexit, runpy, sys
atexit.register(lambda: print("loaded", *sys.modules, file=sys.stderr))
runpy.run_module("untag", run_name="__main__")
"""


def loaded(home: Untag, *arguments: str) -> set[str]:
    """Which of `HEAVY` a command loads that does what it is asked for."""
    command = [sys.executable, "-c", _TELL, "--home", str(home.home), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return HEAVY & set(done.stderr.rpartition("loaded ")[2].split())


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    untag.scan()
    return untag


def test_only_what_a_command_needs_is_loaded(scanned: Untag) -> None:
    assert loaded(scanned, "--help") == set()
    assert loaded(scanned, "list", "--help") == set()
    assert loaded(scanned, "list") == FOR_ROWS
    assert loaded(scanned, "list", "--format", "json") == FOR_ROWS
    assert loaded(scanned, "stats") == FOR_ROWS


def test_what_needs_more_is_seen_to_load_it(scanned: Untag) -> None:
    assert loaded(scanned, "report", "--output", str(scanned.root / "report.html")) >= {"PIL", "cv2", "jinja2"}
    assert loaded(scanned, "sources", str(scanned.photos)) >= {"untag.sources.readers", "defusedxml"}


def test_the_first_few_are_listed_without_counting_what_more_there_could_be(untag: Untag) -> None:
    """All findings would have to be looked at for that; who asks for the whole list is told."""
    high, normal = (installed_thresholds(untag.home, one)["alcohol"] for one in (Sensitivity.HIGH, Sensitivity.NORMAL))
    untag.enroll()
    for number in range(3):
        untag.add(f"{number}.png", paint(ME, serial=number, alcohol=(high + normal) / 2))
    untag.scan()
    assert "sensitivity" in untag.run("list").err
    assert "sensitivity" in untag.run("list", "--limit", "4").err
    assert "sensitivity" not in untag.run("list", "--limit", "1").err
