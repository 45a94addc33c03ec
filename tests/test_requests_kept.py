"""Requests outlive a disk, come out of a damaged database, and leave nothing when all is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from store_samples import reference
from untag.store import (
    Answer,
    Event,
    Merged,
    Recipient,
    Request,
    RequestEvent,
    StepAnswer,
    Store,
    add_names,
    add_reference,
    merge_records,
    needles_of_all,
    record_answers,
    record_event,
    record_request,
    remember_sender,
    salvage,
    saved_records,
    sender,
    undo_request_event,
)
from untag.store.request_rows import KINDS, tracked_fields, tracked_of
from untag.store.requests import Tracked
from untag.upkeep.backup import back_up, restore
from untag.upkeep.forgetting import erase_all, erase_person

AT = "2026-02-01T10:00:00+00:00"
SHA = "a" * 64
REQUEST = Request(
    "r1", Recipient.POSTER, "Zoë Quux", "facebook", "Ada", "message", "none", "2026-02-01", "2026-02-15",
    (SHA,), ("https://example.org/?a=1",), AT,
)  # fmt: skip
REMINDED = RequestEvent("r1", Event.REMINDED, "2026-02-16", None, None, "2026-02-16T10:00:00+00:00")
ANSWER = StepAnswer(SHA, "Ada", "facebook:1", "ask-poster", Answer.ASKED, "r1", "request-removal", "b1", AT)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with Store.open(home) as store:
        add_reference(store, reference("Ada"))
        record_request(store, REQUEST)
        record_event(store, REMINDED)
        record_answers(store, [ANSWER])
        remember_sender(store, {"name": "Ada Quuxford", "address": "Long Road 17"})
    return home


def kept(home: Path) -> list[Tracked]:
    with Store.open(home) as store:
        return [one for one in saved_records(store) if isinstance(one, Request | RequestEvent | StepAnswer)]


def test_a_backup_brings_them_back_once(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    assert back_up(home, file) == 6
    assert restore(tmp_path / "other", file).merged == Merged(1, 0, 0, 3, 2)
    with Store.open(tmp_path / "other") as store:
        assert sender(store) == {"name": "Ada Quuxford", "address": "Long Road 17"}
    assert kept(tmp_path / "other") == [REQUEST, REMINDED, ANSWER]
    assert restore(tmp_path / "other", file).merged == Merged()
    assert kept(tmp_path / "other") == [REQUEST, REMINDED, ANSWER]


def test_what_either_side_took_back_stays_taken_back(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "before.jsonl")
    with Store.open(home) as store:
        undo_request_event(store, "r1")
        there = list(saved_records(store))
    restore(home, tmp_path / "before.jsonl")
    assert [one.undone_at is None for one in kept(home)] == [True, False, True]
    restore(tmp_path / "other", tmp_path / "before.jsonl")
    with Store.open(tmp_path / "other") as store:
        assert merge_records(store, there) == Merged()
    assert [one.undone_at is None for one in kept(tmp_path / "other")] == [True, False, True]


@pytest.mark.parametrize("one", [REQUEST, REMINDED, ANSWER], ids=lambda one: type(one).__name__)
def test_a_changed_record_is_refused_field_by_field(one: Tracked) -> None:
    (table,) = [name for name, kind in KINDS.items() if isinstance(one, kind)]
    fields = json.loads(json.dumps(tracked_fields(one)))
    assert tracked_of(table, fields) == one
    assert tracked_of(table, json.loads(json.dumps(tracked_fields(replace(one, undone_at=AT))))).undone_at == AT
    for name in fields:
        with pytest.raises(ValueError, match="missing"):
            tracked_of(table, {key: value for key, value in fields.items() if key != name})
        for wrong in (17, "", "a\0b", ["x", 1], {"a": 1}):
            with pytest.raises((ValueError, TypeError)):
                tracked_of(table, {**fields, name: wrong})
    for name in {"requested_on", "due_on", "happened_on", "recorded_at", "answered_at"} & fields.keys():
        if fields[name] is not None:
            for wrong in ("2026-02-30", "yesterday", "2026-02-01T10:00:00"):
                with pytest.raises(ValueError, match=r"no day|no time|isoformat|out of range|must be in"):
                    tracked_of(table, {**fields, name: wrong})


def test_a_word_of_a_newer_untag_is_left_out(home: Path, tmp_path: Path) -> None:
    from test_backup import sealed

    newer = {"kind": "request-event", **tracked_fields(REMINDED), "event": "lost"}
    assert restore(home, sealed(tmp_path / "newer.jsonl", [newer])).left_out == 1


def test_they_come_out_of_a_database_cell_by_cell(home: Path) -> None:
    found = [one for one in salvage(home / "untag.db") if isinstance(one, Request | RequestEvent | StepAnswer)]
    assert sorted(map(repr, found)) == sorted(map(repr, [REQUEST, REMINDED, ANSWER]))


def test_forgetting_everything_looks_for_these_names_too(home: Path) -> None:
    with Store.open(home) as store:
        assert {"Zoë Quux", "Ada Quuxford", "Long Road 17"} <= set(needles_of_all(store).names)
    (home / "notes.txt").write_text("Long Road 17")
    searched = erase_all(home).searched
    assert searched is not None
    assert [trace.names for trace in searched.traces] == [("Long Road 17",)]


def test_forgetting_the_writer_erases_the_name_and_address(home: Path) -> None:
    with Store.open(home) as store:
        add_names(store, "Ada", ["ada  QUUXFORD"])
    erase_person(home, "Ada")
    with Store.open(home) as store:
        assert store.count("sender") == 0


def test_forgetting_a_person_erases_the_requests_about_them(home: Path) -> None:
    erase_person(home, "Ada")
    assert kept(home) == []
    assert b"Quux" not in b"".join(path.read_bytes() for path in home.glob("untag.db*")).replace(b"Quuxford", b"")
