"""docs/python.md: its examples run, print what it says, and it names all that is public."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import fakes
import untag
from fakes import MAYBE, ME, STRANGER, Square, paint

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)

PHOTOS = {
    "me/1.png": paint(ME, serial=1),
    "me/2.png": paint(Square(off=0.01), serial=2),
    "Downloads/drink.png": paint(ME, serial=3, alcohol=0.9),
    "Downloads/maybe.png": paint(MAYBE, serial=4),
    "Downloads/other.png": paint(STRANGER, serial=5),
    "party.png": paint(ME, STRANGER, serial=6, alcohol=0.8),
    "pairs.csv": b"left,right,same\nme/1.png,me/2.png,1\nme/1.png,Downloads/other.png,0\n",
}


def test_every_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.install(monkeypatch.setattr, fakes.FakeEngine())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name, data in PHOTOS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    text = PAGE.read_text("utf-8")
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```python") >= 7
    names: dict[str, object] = {}
    for code, printed in examples:
        exec(compile(code, str(PAGE), "exec"), names)
        assert capsys.readouterr() == (printed, ""), code


def test_the_page_names_all_that_is_public() -> None:
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", PAGE.read_text("utf-8")))))
    members = {name for name, _ in inspect.getmembers(untag.Untag) if not name.startswith("_")}
    assert len(members) > 30
    assert {*untag.__all__, *members} - {"__version__", "Untag"} <= named


def test_what_the_page_calls_exists() -> None:
    codes = re.findall(r"`([^`\n]+)`", PAGE.read_text("utf-8"))
    for code in codes:
        for owner, name in re.findall(r"\b(u|untag)\.([a-z_]\w*)", code):
            assert hasattr(untag.Untag if owner == "u" else untag, name) or name == "settings", code
