"""The database as others see it: docs/database.md is the schema, and each dataclass field has its column."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_samples import ORIGIN, analysis, assessment, face, record
from untag.store import (
    ListedFolder,
    Reference,
    SavedReference,
    Store,
    add_reference,
    findings,
    known_files,
    photo_evidence,
    record_batch,
    references,
    remember_folders,
    replace_findings,
    start_run,
    unchanged_folder,
)
from untag.store.columns import ANALYSIS, ASSESSMENT, FACE, FILE, MATCH, PLACE, REFERENCE, Columns
from untag.store.columns import ORIGIN as ORIGIN_COLUMNS
from untag.store.decisions import DECISION
from untag.store.migrations import MIGRATIONS, columns_of, empty_database
from untag.types import Action, Assessment, Face, LinkConfidence, Origin, Span, Verdict
from untag.upkeep.backup_file import write_records

PAGE = Path(__file__).parents[1] / "docs" / "database.md"
FIRST_RELEASE = Path(__file__).with_name("home_0_1_0.sql")
SQLITE_OWN = {"sqlite_sequence", "sqlite_stat1"}

Schema = dict[str, dict[str, str]]


def documented(page: str) -> Schema:
    """The tables of a page, each with the types of its columns by name."""
    tables: Schema = {}
    for title, body in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL):
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", body, re.MULTILINE)
        tables[title] = {name: kind for name, kind, _ in rows}
    return tables


def actual() -> Schema:
    with closing(empty_database()) as db:
        return {
            table.name: {column.name: column.type or "any" for column in table.columns}
            for table in db.tables
            if table.name not in SQLITE_OWN
        }


def test_the_page_is_the_schema_and_the_schema_is_on_the_page() -> None:
    assert documented(PAGE.read_text("utf-8")) == actual()


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("| `risk` | INTEGER |", "| `risk` | REAL |"),
        ("| `act_on` | TEXT |", "| `act_at` | TEXT |"),
        ("### `scenes`", "### `scene`"),
        ("| `caption` | TEXT | what stands under it |\n", ""),
    ],
)
def test_a_wrong_page_would_be_noticed(line: str, other: str) -> None:
    page = PAGE.read_text("utf-8")
    assert line in page
    assert documented(page.replace(line, other, 1)) != actual()


def queries() -> list[str]:
    return re.findall(r"^```sql\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "untag.db")) as db:
        db.executescript(FIRST_RELEASE.read_text("utf-8"))
    with Store.open(tmp_path) as store:
        # Else there is nothing left to decide about.
        store.execute("UPDATE decisions SET undone_at = decided_at")
    return tmp_path


@pytest.mark.parametrize("query", queries())
def test_every_query_of_the_page_gives_rows(old_home: Path, query: str) -> None:
    """With SQLite alone, as a user has it, on a home of the first release that was brought up to date."""
    with closing(sqlite3.connect(f"file:{old_home}/untag.db?mode=ro", uri=True)) as db:
        assert db.execute(query).fetchall()


def test_the_page_says_which_version_the_first_release_wrote(old_home: Path) -> None:
    with closing(sqlite3.connect(old_home / "untag.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert "PRAGMA user_version = 1;" in FIRST_RELEASE.read_text("utf-8").replace("user_version=1", "user_version = 1")


@pytest.mark.parametrize(
    ("columns", "table"),
    [
        (ORIGIN_COLUMNS, "files"),
        (FILE, "files"),
        (PLACE, "files"),
        (FACE, "faces"),
        (FACE, "reference_faces"),
        (MATCH, "faces"),
        (REFERENCE, "reference_faces"),
        (ANALYSIS, "photos"),
        (ASSESSMENT, "findings"),
        (DECISION, "decisions"),
    ],
)
def test_every_field_that_is_stored_has_its_column(columns: Columns[Any], table: str) -> None:
    assert set(columns.names) <= set(columns_of(table))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


# Another value than ORIGIN has, for each field by its type.
OTHERS: dict[Any, Any] = {tuple: ("Eve",), LinkConfidence: LinkConfidence.PROBABLE}


@pytest.mark.parametrize("field", [field.name for field in fields(Origin)])
def test_a_change_of_any_field_of_an_origin_is_recorded_and_takes_the_digest_back(store: Store, field: str) -> None:
    run = start_run(store, ["/a"])
    record_batch(store, run, [record("/a/1.jpg", "s1", analysis(), origin=ORIGIN)])
    remember_folders(store, run, [ListedFolder("/a", 1, b"digest")], lambda _: True)
    assert unchanged_folder(store, "/a", b"digest") is not None, "else this proves nothing"
    changed = replace(ORIGIN, **{field: OTHERS.get(type(getattr(ORIGIN, field)), "another")})
    assert changed != ORIGIN
    values = ORIGIN_COLUMNS.values(changed)
    # By another program, or a later version that updates nothing else: the trigger is what keeps the promise.
    store.execute(f"UPDATE files SET {field} = ?", (values[field],))
    assert known_files(store, "/a")["/a/1.jpg"].origin == changed
    assert unchanged_folder(store, "/a", b"digest") is None


def test_an_unknown_origin_is_one_object_and_every_known_one_comes_back(store: Store) -> None:
    run = start_run(store, ["/a"])
    known = {
        f"/a/{field.name}": replace(Origin(), **{field.name: getattr(ORIGIN, field.name)}) for field in fields(Origin)
    }
    plain = {f"/a/plain{number}": Origin() for number in range(2)}
    record_batch(store, run, [record(path, None, origin=origin) for path, origin in (known | plain).items()])
    found = {path: file.origin for path, file in known_files(store, "/a").items()}
    assert found == known | plain
    assert found["/a/plain0"] is found["/a/plain1"]


def test_every_field_of_a_face_is_stored_of_found_and_enrolled_faces(store: Store) -> None:
    run = start_run(store, ["/a"])
    seen = face(0)
    record_batch(store, run, [record("/a/1", "s1", analysis())])
    add_reference(store, Reference("Ada", "dlib", "s1", "/a/1", seen))
    (photo,) = photo_evidence(store)
    for stored in (photo.faces[0].face, references(store)[0].face):
        for field in fields(Face):
            np.testing.assert_equal(getattr(stored, field.name), getattr(seen, field.name), field.name)


def test_a_backup_has_every_field_of_an_enrolled_face() -> None:
    saved = SavedReference(Reference("Ada", "dlib", "s1", "/a/1", face(0)), "2020-01-01T00:00:00+00:00")
    written = io.BytesIO()
    write_records(written, "2020-01-01T00:00:00+00:00", [saved])
    _, line, _ = map(json.loads, written.getvalue().splitlines())
    assert {field.name for field in (*fields(Face), *fields(Reference))} - {"face", "id", "span"} <= set(line)


def test_every_column_of_a_finding_changes_when_it_is_made_again(store: Store) -> None:
    """Also those of a column that is added later: `first_run` alone stays."""
    first, second = start_run(store, ["/a"]), start_run(store, ["/a"])
    record_batch(store, first, [record("/a/1", "s1", analysis(found=assessment()))])
    (before,) = store.rows_where("findings")
    other = replace(
        assessment(),
        person="Bob",
        verdict=Verdict.MAYBE,
        similarity=0.25,
        categories={"party": 0.5},
        risk=7,
        reasons=("another",),
        action=Action.REVIEW,
        faces=(),
        spans=(Span(1.5, 1.0, 2.0),),
        origin=Origin(permalink="https://example.org"),
    )
    values = {**ASSESSMENT.values(other), "act_on": "https://example.org"}
    same = {name for name, value in values.items() if value is not None and value == before[name]}
    assert not same, "else this proves nothing of them"
    replace_findings(store, second, [("s1", other)])
    (after,) = store.rows_where("findings")
    assert after == {"sha256": "s1", **values, "first_run": first}
    (listed,) = findings(store)
    for field in fields(Assessment):
        expected = Origin() if field.name == "origin" else getattr(other, field.name)
        assert getattr(listed, field.name) == expected, "a finding has the fields of an assessment"


@dataclass(frozen=True, slots=True)
class Longer(Origin):
    """An origin with the fields that somebody adds next."""

    licence: str | None = None
    likes: int | None = None
    share: float = 0.0
    is_pinned: bool = False
    tags: tuple[str, ...] = ()


texts = st.none() | st.text()
longer = st.builds(
    Longer,
    platform=texts,
    permalink=texts,
    permalink_confidence=st.sampled_from(LinkConfidence),
    people=st.lists(st.text()).map(tuple),
    licence=texts,
    likes=st.none() | st.integers(-(2**63), 2**63 - 1),
    share=st.floats(allow_nan=False),
    is_pinned=st.booleans(),
    tags=st.lists(st.text()).map(tuple),
)


@settings(deadline=None)
@given(st.lists(longer, min_size=1, max_size=3))
def test_a_field_needs_nothing_but_its_column(origins: list[Longer]) -> None:
    """Written with the mapping alone into a table that has got the columns, and read back from it."""
    columns = Columns(Longer)
    kinds = {"licence": "TEXT", "likes": "INTEGER", "share": "REAL", "is_pinned": "INTEGER", "tags": "TEXT"}
    with closing(empty_database()) as db:
        names = ", ".join(f'"{name}" {kinds.get(name, "TEXT")}' for name in columns.names)
        db.execute(f"CREATE TABLE longer (id INTEGER PRIMARY KEY, {names})")
        db.table("longer").insert_all([columns.values(one) for one in origins])
        found = [columns.read(row) for row in db.table("longer").rows_where(order_by="id")]
    assert found == [clean(one) for one in origins]


def clean(origin: Longer) -> Longer:
    """Text as SQLite can hold it: half of an emoji is none."""
    texts = {name: getattr(origin, name) for name in ("platform", "permalink", "licence")}
    return replace(origin, **{name: text and text.encode("utf-8", "replace").decode() for name, text in texts.items()})
