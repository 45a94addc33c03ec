"""docs/data.md has every key that the commands print, with the kind of its value, and none that they do not."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from miniature_archives import MINIATURES, unpack
from test_moving_pictures import animated
from untag.cli import app
from untag.reports.record import FIELDS
from untag.store import Answer, Recipient, Request, StepAnswer, Store, record_answers, record_request
from untag.types import Action, LinkConfidence, Outcome, Status, Verdict

AT = "2026-01-01T00:00:00+00:00"
SOMETHING_ASKED = Request(
    *("r1", Recipient.POSTER, "Bea", "facebook", "me", "message", "none", "2026-01-01", "2026-01-15"),
    *(("a" * 64,), ("https://example.org/",), AT),
)
PAGE = (Path(__file__).parents[1] / "docs" / "data.md").read_text("utf-8")
NUMBER = (int, float)


def documented(section: str) -> dict[str, str]:
    """The keys of a section, in their order, with what their values are said to be."""
    (text,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", text, re.MULTILINE))


def is_said(value: Any, said: str) -> bool:
    """Whether a value is of the kind that the page says."""
    if said.endswith(" or null"):
        return value is None or is_said(value, said.removesuffix(" or null"))
    if said.startswith("map of "):
        inner = {"numbers": "number or null", "integers": "integer", "objects": "object"}[said.removeprefix("map of ")]
        return isinstance(value, dict) and all(is_said(item, inner) for item in value.values())
    if said.startswith("list of "):
        inner = said.removeprefix("list of ").removesuffix("s")
        return isinstance(value, list) and all(is_said(item, inner) for item in value)
    if said in ("number", "integer"):
        return isinstance(value, NUMBER if said == "number" else int) and not isinstance(value, bool)
    kinds = {"text": str, "true or false": bool, "object": dict, "list": list}
    return isinstance(value, kinds[said])


def printed(value: Any, said: dict[str, str], below: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of an object and of those in it, as the page writes them, with each of its values."""
    for key, item in value.items():
        name = f"{below}{key}"
        yield name, item
        kind = said.get(name, "").removesuffix(" or null")
        if kind == "object":
            yield from printed(item, said, f"{name}.")
        elif kind in ("list of objects", "map of objects"):
            sign = "[]" if kind.startswith("list") else "{}"
            for one in item if sign == "[]" else item.values():
                yield from printed(one, said, f"{name}{sign}.")


def check(section: str, objects: list[dict[str, Any]]) -> None:
    """Both ways: what is printed is on the page and of that kind, and what is on the page was printed."""
    said = documented(section)
    met = set()
    for one in objects:
        for name, value in printed(one, said):
            assert name in said, f"docs/data.md lacks {name} of {section}"
            assert is_said(value, said[name]), f"{name} of {section} is {value!r}, and not {said[name]}"
            met.add(name)
        always = {name for name in said if not re.search(r"[.\[{]", name)}
        assert one.keys() == always, f"{section} was printed without {always - one.keys()}"
    assert met == said.keys(), f"{section} was never printed with {said.keys() - met}"


@pytest.fixture
def filled(untag: Untag) -> Untag:
    """Photos in folders and in an archive that names its owner, copies, files that are no photos, and broken ones."""
    untag.enroll()
    untag.add("a.png", paint(ME, STRANGER, serial=1, alcohol=0.9))
    untag.add("copy.png", paint(ME, STRANGER, serial=1, alcohol=0.9))
    untag.add("b.png", paint(MAYBE, serial=2))
    untag.add("broken.jpg", b"\xff\xd8\xff\xe0 cut")
    untag.add("gone.png", paint(ME, serial=3))
    untag.add("away/c.png", paint(ME, serial=4))
    untag.add("moving.png", animated([paint(serial=5), paint(ME, serial=6)], "PNG"))
    untag.add("film.mp4", b"\0\0\0\x18ftypisom")
    unpack(MINIATURES["facebook"], untag.photos / "facebook")
    return untag


def scan(untag: Untag) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(untag.run("scan", untag.photos, "--json").out)
    return summary


def test_scan_and_list(filled: Untag) -> None:
    first = scan(filled)
    (filled.photos / "gone.png").unlink()
    (filled.photos / "away" / "c.png").rename(filled.root / "c.png")
    second = scan(filled)
    assert first["new"]
    assert first["unreadable"]
    assert second["away"]
    assert second["removed_examples"]
    check("untag scan --json", [first, second])
    listed = filled.listed("--verdict", "all")
    check("untag list", listed)
    assert [name for name in documented("untag list") if "." not in name] == list(FIELDS)
    header = next(csv.reader(io.StringIO(filled.run("list", "--format", "csv").out, newline="")))
    assert tuple(header) == FIELDS


def test_act(filled: Untag) -> None:
    scan(filled)
    assert filled.run("decide", filled.photos / "a.png", "--status", "request-removal").status == 0
    (photo,) = filled.listed("--status", "request-removal")[:1]
    with Store.open(filled.home) as store:
        store.execute("UPDATE files SET platform = 'facebook', poster = 'Bob'")
        record_request(store, SOMETHING_ASKED)
        content = str(photo["sha256"])
        answer = StepAnswer(content, "me", "facebook/bob", "ask-poster", Answer.SKIP, None, None, "b", AT)
        record_answers(store, [answer])
    check("untag act --format json", [json.loads(filled.run("act", "--format", "json").out)])


def test_schedule(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    from untag.schedule.plan import Schedule, Service, save_schedule

    save_schedule(filled.home, Schedule((str(filled.photos),), str(filled.root), service=Service.CRON))
    monkeypatch.setattr("untag.library.nightly.lower_priority", lambda: None)
    for arguments in (("scan",), ("notify",)):
        filled.run("schedule", "run", "--only", *arguments)
    (filled.photos / "away" / "c.png").rename(filled.root / "c.png")
    filled.run("schedule", "run", "--only", "scan")
    found = json.loads(filled.run("schedule", "status", "--json").out)
    assert found["runs"][0]["away"]
    check("untag schedule status --json", [found])


def test_sources(filled: Untag) -> None:
    found = json.loads(filled.run("sources", filled.photos, "--json").out)
    assert {"facebook", "folder"} <= {one["source"] for one in found}
    check("untag sources --json", found)


def test_sources_missing(filled: Untag) -> None:
    check("untag sources --missing --json", json.loads(filled.run("sources", filled.photos, "--missing", "--json").out))


def test_inspect(filled: Untag) -> None:
    lines = filled.run("inspect", filled.photos, "--json", "--embeddings").out.splitlines()
    seen = [json.loads(line) for line in lines]
    assert {one["error"] is None for one in seen} == {True, False}
    check("untag inspect --json", seen)


def test_search(filled: Untag) -> None:
    scan(filled)
    in_words = filled.run("search", "a beer", "--format", "json").out
    by_face = filled.run("search", filled.photos / "a.png", "--format", "json").out
    check("untag search --format json", [*json.loads(in_words), *json.loads(by_face)])


@pytest.mark.parametrize("kind", ["pairs", "people", "scenes"])
def test_evaluate(untag: Untag, kind: str) -> None:
    for number in range(1, 6):
        untag.add(f"a{number}.png", paint(Square(off=number / 20, seed=number), serial=number, alcohol=number / 5))
        untag.add(f"b{number}.png", paint(Square(person=1, off=number / 20, seed=number), serial=10 + number))
    rows = {
        "pairs": ["left,right,same", "a1.png,a2.png,1", "a1.png,b1.png,0"],
        "people": ["path,person", *(f"{name}{number}.png,{name}" for name in "ab" for number in range(1, 6))],
        "scenes": ["path,labels", "a4.png,alcohol", "a5.png,alcohol", "b1.png,", "b2.png,"],
    }
    table = untag.add("table.csv", "\n".join(rows[kind]).encode())
    check(f"untag evaluate {kind} --json", [json.loads(untag.run("evaluate", kind, table, "--json").out)])


def gives_json(command: click.Command) -> bool:
    if isinstance(command, click.Group):
        return any(map(gives_json, command.commands.values()))
    for option in command.params:
        choices = getattr(option.type, "choices", ())
        if "--json" in option.opts or ("--format" in option.opts and "json" in choices):
            return True
    return False


def test_every_command_that_prints_json_has_a_section() -> None:
    context = click.Context(app.untag)
    names = [name for name in app.untag.list_commands(context) if not name.startswith("-")]
    commands = {name: app.untag.get_command(context, name) for name in names}
    wanted = {name for name, command in commands.items() if command is not None and gives_json(command)}
    assert wanted == set(re.findall(r"^## untag (\w+)", PAGE, re.MULTILINE))


@pytest.mark.parametrize(
    ("key", "values"),
    [("permalink_confidence", LinkConfidence), ("verdict", Verdict), ("action", Action), ("status", Status)],
)
def test_every_value_that_is_a_word_is_named(key: str, values: type[StrEnum]) -> None:
    row, *_ = re.findall(rf"^\| `{key}` \| text \| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", row)) == set(values)


def test_every_outcome_is_named() -> None:
    (row,) = re.findall(r"^\| `unreadable\[\]\.outcome` \| text \| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", row)) == set(Outcome) - {Outcome.OK}


@pytest.mark.parametrize(
    ("value", "said", "holds"),
    [
        (None, "text or null", True),
        (None, "text", False),
        (True, "integer", False),
        (1, "number", True),
        (0.5, "integer", False),
        ({"a": 1}, "map of integers", True),
        ({"a": "1"}, "map of numbers", False),
        ([1, "x"], "list of texts", False),
        ([[1.0]], "list of lists", True),
        ({}, "list of objects", False),
    ],
)
def test_a_value_of_another_kind_is_noticed(value: Any, said: str, holds: bool) -> None:
    assert is_said(value, said) is holds


def test_a_key_that_is_missing_or_new_is_noticed() -> None:
    texts = ("id", "path", "sha256", "nearness", "permalink", "taken_at", "similarity", "face", "person", "verdict")
    row = dict.fromkeys(texts, "x") | {"nearness": 1.5, "similarity": 0.5, "face": [0, 0, 9, 9]}
    check("untag search --format json", [row])
    for wrong in ({**row, "more": 1}, {key: row[key] for key in list(row)[:-1]}, {**row, "nearness": "1"}):
        with pytest.raises(AssertionError):
            check("untag search --format json", [wrong])
