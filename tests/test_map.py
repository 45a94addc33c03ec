"""docs/architecture.md leads to every room of the package, and to nothing that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "untag"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {"config.toml", "prompts.toml", "_chat.txt", "log.txt", "new.txt"}
"""Files of the user's, and of archives."""


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def rooms() -> set[str]:
    """Every package below untag, and every module that lies at its root."""
    packages = {path.parent.relative_to(PACKAGE).as_posix() + "/" for path in PACKAGE.rglob("*/__init__.py")}
    return packages | {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}


def test_the_map_names_every_room_once_and_nothing_else() -> None:
    named = re.findall(r"^\| `([^`]+)` \|", section("The map"), re.MULTILINE)
    assert sorted(named) == sorted(rooms()), "docs/architecture.md, The map"


def test_a_room_is_said_in_one_sentence() -> None:
    for line in section("The map").splitlines():
        if line.startswith("| `"):
            _, _, said, _ = line.split("|")
            assert 10 < len(said) < 160, line


def is_there(path: str) -> bool:
    """Whether a path that a document writes leads somewhere: from the root, from the package, or as a bare name."""
    bases = (ROOT, PACKAGE, *(folder for folder in PACKAGE.iterdir() if folder.is_dir()))
    return any((base / path).exists() for base in bases) or (
        "/" not in path and any(True for folder in (PACKAGE, ROOT / "tests") for _ in folder.rglob(path))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_that_a_document_names_is_there(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    written = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|toml|npz|txt))`", text)) - ELSEWHERE
    missing = sorted(path for path in written if "NAME" not in path and not is_there(path))
    assert not missing, f"{document.name} names what is not there: {missing}"


@pytest.mark.parametrize("path", ["pipeline.py", "scan/pipeline.py", "src/untag/types.py", "engine/runtime/session.py"])
def test_what_is_there_is_found(path: str) -> None:
    assert is_there(path)


@pytest.mark.parametrize("path", ["engine/session.py", "judge/pipeline.py", "no_such_module.py"])
def test_an_old_path_is_noticed(path: str) -> None:
    assert not is_there(path)


def test_what_is_home_made_is_there() -> None:
    """One row for each part, with its modules."""
    table = section("What is home-made, and why it stays")
    assert len(re.findall(r"^\| [^|]+`\w+/[\w/]+\.py`", table, re.MULTILINE)) >= 10


RETIRED = re.compile(r"(^|_)(scout|sightings?|nobody)(_|$)", re.IGNORECASE)
"""Words that the glossary replaced: proposal network, detection, no enrolled person."""


def test_the_code_speaks_the_glossary() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (getattr(node, kind, None) for kind in ("id", "name", "arg", "attr"))
        if isinstance(name, str) and RETIRED.search(name)
    }
    assert not found
    assert RETIRED.search("scout_weights")


def test_the_glossary_explains_each_word_once() -> None:
    words = re.findall(r"^\| ([a-z][^|]+) \|", section("Glossary"), re.MULTILINE)[1:]
    each = [word.strip() for row in words for word in row.split(",")]
    assert len(each) == len(set(each)) > 30
