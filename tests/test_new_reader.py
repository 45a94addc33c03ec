"""`make reader` writes a reader that works, with all that belongs to it, into a copy of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts_here import script

ROOT = Path(__file__).parents[1]
PARTS = ("docs", "models", "scripts", "src", "tests", "Makefile", "CHANGELOG.md", "README.md", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "untag"
    for part in PARTS:
        source, target = ROOT / part, root / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
        else:
            shutil.copy(source, target)
    return root


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_a_new_reader_passes_the_tests_of_all_readers(copy: Path) -> None:
    before = files_of(copy)
    started = run(copy, "scripts/new_reader.py", "some_site2")
    assert started.returncode == 0, started.stderr
    # One new module, one page, one fixture; the list and the index were there.
    assert files_of(copy) - before == {
        "src/untag/sources/readers/some_site2.py",
        "docs/archives/some-site2.md",
        "tests/archives/some_site2.json",
    }
    for check in (("check",), ("format", "--check")):
        done = run(copy, "-m", "ruff", *check, "src/untag/sources/readers")
        assert done.returncode == 0, done.stdout
    tests = pytest_of(copy, "some_site2 or registered or miniature or index_of_archives or archives_README")
    assert tests.returncode == 0, tests.stdout
    assert "test_an_archive_gives_the_expected_rows[some_site2] PASSED" in tests.stdout
    # And they would notice a reader that reads something else.
    module = copy / "src/untag/sources/readers/some_site2.py"
    module.write_text(module.read_text().replace('entry.get("author")', 'entry.get("editor")'))
    assert "test_an_archive_gives_the_expected_rows[some_site2] FAILED" in pytest_of(copy, "expected_rows").stdout


def files_of(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def pytest_of(root: Path, chosen: str) -> subprocess.CompletedProcess[str]:
    options = ("-v", "-p", "no:cacheprovider", "-k", chosen)
    return run(root, "-m", "pytest", *options, "tests/test_readers.py", "tests/test_docs.py")


@pytest.mark.parametrize("name", ["", "Mastodon", "a-b", "../x", "1site", "a.b", "facebook"])
def test_names_that_cannot_be_are_refused_and_nothing_is_written(name: str) -> None:
    with pytest.raises(SystemExit):
        script("new_reader").start(name, ROOT)
