"""A home that an earlier version of untag made is brought forward, and every row in it survives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from store_samples import decisions
from untag.store import (
    Store,
    check_integrity,
    findings,
    new_findings,
    person_names,
    photo_evidence,
    references,
    start_run,
)
from untag.store.migrations import MIGRATIONS
from untag.types import Status

FIRST_RELEASE = Path(__file__).with_name("home_0_1_0.sql")
ADA, BOB = "1" * 64, "2" * 64

Rows = dict[str, list[dict[str, Any]]]


def tables(path: Path) -> Rows:
    """Every row of every table of a database, by table, each as a mapping from column to value."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        names = [name for (name,) in map(tuple, db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        return {name: sorted((dict(row) for row in db.execute(f"SELECT * FROM {name}")), key=repr) for name in names}


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "untag.db")) as db:
        db.executescript(FIRST_RELEASE.read_text("utf-8"))
    (tmp_path / "untag.db").chmod(0o600)
    tmp_path.chmod(0o700)
    return tmp_path


def test_every_row_of_the_first_release_survives(old_home: Path) -> None:
    before = tables(old_home / "untag.db")
    assert [name for name, rows in before.items() if not rows] == [], "else this proves nothing of them"
    with Store.open(old_home) as store:
        assert store.row("PRAGMA user_version") == {"user_version": len(MIGRATIONS)}
    after = tables(old_home / "untag.db")
    for name, rows in before.items():
        columns = list(rows[0]) if rows else []
        kept = sorted(({column: row[column] for column in columns} for row in after[name]), key=repr)
        assert kept == rows, name
    assert check_integrity(old_home) == []
    Store.open(old_home).close()
    assert tables(old_home / "untag.db") == after, "opening it again changes nothing"


def test_what_the_first_release_knew_is_understood(old_home: Path) -> None:
    with Store.open(old_home) as store:
        assert [found.status for found in findings(store)] == [Status.KEEP, Status.KEEP, Status.NOT_ME]
        assert [decision.status for decision in decisions(store, ADA)] == [Status.KEEP, Status.UNTAG]
        assert [(one.person, one.face.embedding is None) for one in references(store)] == [
            ("Ada", False),
            ("Bob", False),
        ]
        assert person_names(store) == {"Ada": ("Ada Lovelace", "ada.lovelace")}
        assert [len(photo.faces) for photo in photo_evidence(store)] == [2, 1, 0]
        finished, unfinished = store.rows("SELECT * FROM runs ORDER BY id")
        assert (unfinished["reported_at"], finished["reported_at"]) == (None, finished["finished_at"])


def test_what_the_first_release_had_reported_is_not_new(old_home: Path) -> None:
    with Store.open(old_home) as store:
        store.execute("DELETE FROM decisions")
        run = start_run(store, ["/photos"])
        assert len(new_findings(store, run)) == 0
        store.execute("UPDATE runs SET reported_at = NULL")
        assert len(new_findings(store, run)) == 2, "else this proves nothing"
