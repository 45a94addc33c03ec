"""The JSON and CSV formats keep the command-line contract, stream, and are safe to open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_samples import analysis, assessment, record
from untag.reports import write_csv, write_json
from untag.store import Store, findings, record_batch, start_run
from untag.types import Action, Finding, LinkConfidence, Origin, Place, Verdict

CONTRACT = [
    "path",
    "sha256",
    "source",
    "platform",
    "permalink",
    "permalink_confidence",
    "poster",
    "taken_at",
    "verdict",
    "similarity",
    "categories",
    "risk",
    "reasons",
    "action",
    "status",
    "duplicate_of",
    "person",
    "places",
    "group",
    "id",
    "caption",
    "posted_at",
    "seen",
]

FULL = Finding(
    path="archive.zip/photos/1.jpg",
    sha256="ab" * 32,
    source="facebook",
    origin=Origin("facebook", "https://www.facebook.com/1", LinkConfidence.CERTAIN, 'Zoë, "Z" Roe'),
    person="ana",
    verdict=Verdict.ME,
    similarity=0.943219,
    categories={"alcohol": 0.87, "weapon": 0.912345},
    risk=93,
    reasons=("Your face: 94 % alike", "posted by Zoë"),
    action=Action.UNTAG,
    taken_at="2019-07-14T23:10:00",
    duplicate_of="archive.zip/photos/0.jpg",
    places=(
        Place(
            "archive.zip/photos/1.jpg",
            "facebook",
            Origin(
                "facebook",
                "https://www.facebook.com/1",
                LinkConfidence.CERTAIN,
                "Zoë",
                album="Trip",
                posted_at="2019-07-15",
            ),
        ),
        Place("b/1.jpg", "folder", Origin()),
    ),
)
BARE = Finding("b.jpg", "cd" * 32, "folder", Origin(), None, Verdict.OTHER, 0.0, {}, 0, (), Action.REVIEW)


def as_json(*findings: Finding) -> str:
    stream = io.StringIO()
    assert write_json(findings, stream) == len(findings)
    return stream.getvalue()


def as_csv(*findings: Finding) -> str:
    stream = io.StringIO(newline="")
    assert write_csv(findings, stream) == len(findings)
    return stream.getvalue()


def rows(*findings: Finding) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(*findings), newline="")))


def test_json_keys_and_values() -> None:
    full, bare = json.loads(as_json(FULL, BARE))
    assert list(full) == list(bare) == CONTRACT
    assert full == {
        "path": "archive.zip/photos/1.jpg",
        "sha256": "ab" * 32,
        "source": "facebook",
        "platform": "facebook",
        "permalink": "https://www.facebook.com/1",
        "permalink_confidence": "certain",
        "poster": 'Zoë, "Z" Roe',
        "taken_at": "2019-07-14T23:10:00",
        "verdict": "me",
        "similarity": 0.9432,
        "categories": {"alcohol": 0.87, "weapon": 0.9123},
        "risk": 93,
        "reasons": ["Your face: 94 % alike", "posted by Zoë"],
        "action": "untag",
        "status": "open",
        "duplicate_of": "archive.zip/photos/0.jpg",
        "person": "ana",
        "places": [
            {
                "path": "archive.zip/photos/1.jpg",
                "source": "facebook",
                "platform": "facebook",
                "permalink": "https://www.facebook.com/1",
                "permalink_confidence": "certain",
                "poster": "Zoë",
                "album": "Trip",
                "posted_at": "2019-07-15",
            },
            {
                **dict.fromkeys(("platform", "permalink", "poster", "album", "posted_at")),
                "path": "b/1.jpg",
                "source": "folder",
                "permalink_confidence": "none",
            },
        ],
        "group": "abababababababab",
        "id": "popopopopo",
        "caption": None,
        "posted_at": None,
        "seen": [],
    }
    assert bare["platform"] is bare["permalink"] is bare["taken_at"] is bare["person"] is None
    assert (bare["permalink_confidence"], bare["categories"], bare["reasons"]) == ("none", {}, [])


def test_what_stands_for_the_hash_of_a_photo_without_a_copy_is_not_shown() -> None:
    absent = replace(FULL, absent=True)
    assert json.loads(as_json(absent))[0]["sha256"] is None
    assert rows(absent)[0]["sha256"] == ""


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_an_array_with_one_object_a_line(count: int) -> None:
    text = as_json(*[FULL] * count)
    assert len(json.loads(text)) == count
    assert text.endswith("]\n")
    assert sum(line.startswith("  {") for line in text.splitlines()) == count


def test_json_keeps_a_path_that_is_no_valid_utf8() -> None:
    path = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    text = as_json(replace(BARE, path=path))
    text.encode("ascii")
    assert json.loads(text)[0]["path"] == path


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(replace(BARE, similarity=float("nan")))


def test_csv_columns_and_cells() -> None:
    text = as_csv(FULL)
    assert text.startswith(",".join(CONTRACT) + "\r\n")
    assert text.count("\r\n") == 2
    assert rows(FULL)[0] == {
        **dict.fromkeys(CONTRACT, ""),
        "path": "archive.zip/photos/1.jpg",
        "sha256": "ab" * 32,
        "source": "facebook",
        "platform": "facebook",
        "permalink": "https://www.facebook.com/1",
        "permalink_confidence": "certain",
        "poster": 'Zoë, "Z" Roe',
        "taken_at": "2019-07-14T23:10:00",
        "verdict": "me",
        "similarity": "0.9432",
        "categories": "alcohol=0.87; weapon=0.9123",
        "risk": "93",
        "reasons": "Your face: 94 % alike | posted by Zoë",
        "action": "untag",
        "status": "open",
        "duplicate_of": "archive.zip/photos/0.jpg",
        "person": "ana",
        "places": "https://www.facebook.com/1 | b/1.jpg",
        "group": "abababababababab",
        "id": "popopopopo",
    }
    assert rows(BARE)[0]["person"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_csv_runs_no_formula(start: str) -> None:
    evil = start + 'HYPERLINK("https://evil.example";A1)'
    cells = rows(
        replace(
            BARE,
            path=evil,
            origin=Origin(evil, evil, poster=evil),
            categories={evil: 0.5},
            reasons=(evil,),
            places=(Place(evil, evil, Origin()),),
        )
    )
    for column in ("path", "platform", "permalink", "poster", "reasons", "places"):
        assert cells[0][column] == "'" + evil
    assert cells[0]["categories"].startswith("'" + start)


def test_csv_text_is_quoted_where_semicolons_separate() -> None:
    line = as_csv(replace(BARE, path="a;=cmd()")).splitlines()[1]
    assert line.startswith('"a;=cmd()",')


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_csv_holds_any_text(text: str) -> None:
    shown = rows(replace(BARE, path="x" + text))[0]["path"]
    assert shown == "x" + text.encode("utf-8", "replace").decode("utf-8")


def test_both_formats_write_as_they_read() -> None:
    for write in (write_json, write_csv):
        stream = io.StringIO()

        def findings(stream: io.StringIO = stream) -> Iterator[Finding]:
            yield FULL
            assert "ab" * 32 in stream.getvalue(), "the first finding is held back"
            yield BARE

        assert write(findings(), stream) == 2


@pytest.mark.parametrize("write", [write_json, write_csv])
def test_copies_make_the_output_longer_and_no_more(tmp_path: Path, write: Callable[..., int]) -> None:
    def size(copies: int) -> int:
        with Store.open(tmp_path / str(copies)) as store:
            first = record("/archive/0.jpg", "same", analysis(found=assessment()))
            others = [record(f"/archive/{number}.jpg", "same") for number in range(1, copies)]
            record_batch(store, start_run(store, ["/archive"]), [first, *others])
            stream = io.StringIO()
            assert write(findings(store), stream) == copies
            return len(stream.getvalue())

    few, many = size(50), size(200)
    assert many < 4.2 * few
