"""`make reader` writes a reader that works, with all that belongs to it, into a copy of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("docs", "models", "scripts", "src", "tests", "Makefile", "CHANGELOG.md", "README.md", "pyproject.toml")


@pytest.fixture(scope="module")
def scaffold() -> ModuleType:
    spec = util.spec_from_file_location("new_reader", ROOT / "scripts" / "new_reader.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize("name", ["mastodon", "some_site2"])
def test_a_new_reader_passes_the_tests_of_all_readers(copy: Path, name: str) -> None:
    before = {path for path in copy.rglob("*") if path.is_file()}
    started = run(copy, "scripts/new_reader.py", name)
    assert started.returncode == 0, started.stderr
    # One new module, one page, one fixture; the list and the index were there.
    added = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()} - {
        path.relative_to(copy).as_posix() for path in before
    }
    page = name.replace("_", "-")
    assert added == {
        f"src/untag/sources/readers/{name}.py",
        f"docs/archives/{page}.md",
        f"tests/archives/{name}.json",
    }
    tests = run(
        copy,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_readers.py", "tests/test_docs.py"),
        *("-k", f"{name} or registered or miniature or index_of_archives or archives_README"),
    )
    assert tests.returncode == 0, tests.stdout
    assert (
        f"test_an_archive_gives_the_expected_rows[{name}]"
        in run(
            copy, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/test_readers.py", "-k", name
        ).stdout
    )


def test_the_new_reader_is_clean(copy: Path) -> None:
    assert run(copy, "scripts/new_reader.py", "mastodon").returncode == 0
    written = ["src/untag/sources/readers/mastodon.py", "src/untag/sources/readers/__init__.py"]
    for check in (("check",), ("format", "--check")):
        done = run(copy, "-m", "ruff", *check, *written)
        assert done.returncode == 0, done.stdout


def test_without_its_module_the_tests_would_fail(copy: Path) -> None:
    assert run(copy, "scripts/new_reader.py", "mastodon").returncode == 0
    module = copy / "src/untag/sources/readers/mastodon.py"
    module.write_text(module.read_text().replace('entry.get("author")', 'entry.get("editor")'))
    failed = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_readers.py", "-k", "mastodon")
    assert failed.returncode == 1
    assert "test_an_archive_gives_the_expected_rows" in failed.stdout


@pytest.mark.parametrize("name", ["", "Mastodon", "a-b", "../x", "1site", "a.b", "facebook"])
def test_names_that_cannot_be_are_refused_and_nothing_is_written(scaffold: ModuleType, name: str) -> None:
    with pytest.raises(SystemExit):
        scaffold.start(name, ROOT)
