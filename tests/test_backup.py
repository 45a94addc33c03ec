"""Backups: what comes back, what is never lost, and files that are none."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes import ME, STRANGER, Square, Untag, paint
from loop_disk import make_disk, mounted
from store_samples import decisions, reference
from untag.errors import UntagError, UsageError
from untag.scenes.taught_files import Examples, load_examples, save_examples
from untag.store import (
    Decision,
    HomeEngine,
    Merged,
    Store,
    account_owners,
    add_names,
    add_reference,
    choose_engine,
    deny_owner,
    home_engine,
    merge_records,
    note_owners,
    person_names,
    record_decision,
    references,
    remember_sender,
    saved_records,
    sender,
    undo_decision,
)
from untag.types import Status
from untag.upkeep import backup_file
from untag.upkeep.backup import back_up, restore

ONE, TWO = "1" * 64, "2" * 64


def hats(seed: int = 1) -> Examples:
    features = np.random.default_rng(seed).random((4, 8), dtype=np.float32)
    return Examples("hats", "lite2", features, features[:0])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with Store.open(home) as store:
        add_reference(store, reference("Zoë \U0001f600", 3, sha256=ONE))
        add_reference(store, reference("Bob", 4, sha256=TWO))
        odd = reference("Bob", 5, sha256="3" * 64)
        add_reference(store, replace(odd, path="/photos/odd\udcff.jpg", note=None, used=True))
        add_names(store, "Bob", ["bob.b", "Robert"])
        add_names(store, "Bob", ["long" * 5000, "a\0b", ""])
        record_decision(store, ONE, Status.KEEP)
        record_decision(store, ONE, Status.UNTAG)
        undo_decision(store, ONE)
        record_decision(store, TWO, Status.NOT_ME)
        note_owners(store, ["Zoë", "Grandma", "mine"])
        deny_owner(store, "grandma")
        remember_sender(store, {"name": "Zoë", "born": "1990-02-03"})
        choose_engine(store, HomeEngine("fake", "fake-1", "second", "second-1"))
    save_examples(home, hats())
    return home


def content(home: Path) -> list[str]:
    """All that is worth saving, comparable."""
    with Store.open(home) as store:
        return [repr(record) for record in saved_records(store)]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


def sealed(file: Path, records: list[Any], header: dict[str, Any] | None = None) -> Path:
    """A backup with these records, whatever they are, and a right end."""
    head = {"format": "untag backup", "version": 1} if header is None else header
    body = "".join(json.dumps(record) + "\n" for record in [head, *records]).encode()
    end = {"kind": "end", "records": len(records), "sha256": hashlib.sha256(body).hexdigest()}
    file.write_bytes(body + json.dumps(end).encode() + b"\n")
    return file


def test_everything_comes_back(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    assert back_up(home, file) == 3 + 5 + 3 + 1 + 4
    restored = restore(tmp_path / "other", file)
    assert restored.merged == Merged(3, 5, 3, 0, 4)
    assert (restored.categories, restored.kept, restored.left_out) == (("hats",), (), 0)
    assert content(tmp_path / "other") == content(home)
    back = load_examples(tmp_path / "other", "hats")
    assert np.array_equal(back.like, hats().like)
    assert len(back.unlike) == 0
    again = restore(tmp_path / "other", file)
    assert (again.merged, again.categories, again.kept) == (Merged(), (), ())
    assert content(tmp_path / "other") == content(home)
    # Its own end counts what is in it, so the file itself can be told whole.
    assert lines(file)[-1]["records"] == len(lines(file)) - 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_answers_of_here_stay_and_a_denied_account_stays_denied(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "b.jsonl")
    target = tmp_path / "target"
    with Store.open(target) as store:
        note_owners(store, ["Grandma"])  # a scan was first
        remember_sender(store, {"name": "Z."})
        choose_engine(store, HomeEngine("second", "second-1"))
    assert restore(target, tmp_path / "b.jsonl").merged.answers == 2
    assert restore(target, tmp_path / "b.jsonl").merged.answers == 0
    with Store.open(target) as store:
        assert account_owners(store) == frozenset()
        assert note_owners(store, ["Grandma", "new"]) == ["new"]
        assert sender(store) == {"name": "Z.", "born": "1990-02-03"}
        assert home_engine(store) == HomeEngine("second", "second-1")


def test_only_its_owner_can_read_it_and_nothing_lies_beside_it(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    before = os.umask(0)
    try:
        back_up(home, folder / "b")
        back_up(home, folder / "b")
    finally:
        os.umask(before)
    assert [path.name for path in folder.iterdir()] == ["b"]
    assert stat.S_IMODE((folder / "b").stat().st_mode) == 0o600


def test_only_a_backup_is_replaced(home: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"mine")
    for target, said in ((photo, "is no backup of untag"), (tmp_path, "is a folder"), (tmp_path / "a/b", "not exist")):
        with pytest.raises(UsageError, match=said):
            back_up(home, target)
    assert photo.read_bytes() == b"mine"


def test_what_is_here_stays_and_the_latest_decision_counts(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.jsonl"
    back_up(home, file)
    other = tmp_path / "other"
    with Store.open(other) as store:
        mine = reference("Bob", 77, sha256=TWO)
        add_reference(store, mine)
        for sha256, status, decided_at in (
            (ONE, "done", "2001-01-01T00:00:00+00:00"),
            (TWO, "done", "2999-01-01T00:00:00+00:00"),
            ("9" * 64, "keep", "2020-01-01T00:00:00+00:00"),
        ):
            store.execute(
                "INSERT INTO decisions (sha256, status, decided_at) VALUES (?, ?, ?)", (sha256, status, decided_at)
            )
    save_examples(other, hats(seed=2))
    restored = restore(other, file)
    assert (restored.categories, restored.kept) == ((), ("hats",))
    assert np.array_equal(load_examples(other, "hats").like, hats(seed=2).like)
    with Store.open(other) as store:
        (kept,) = [one for one in references(store, "Bob") if one.sha256 == TWO]
        assert kept.face.box == mine.face.box, "the reference that was here stays"
        assert [one.status for one in decisions(store, ONE)] == [Status.DONE, Status.KEEP, Status.UNTAG]
        assert [one.status for one in decisions(store, TWO)] == [Status.NOT_ME, Status.DONE]
        assert len(list(decisions(store, "9" * 64))) == 1
        assert set(person_names(store)["Bob"]) == {"", "Robert", "a\0b", "bob.b", "long" * 5000}


histories = st.lists(
    st.builds(
        Decision,
        st.sampled_from([ONE, TWO]),
        st.sampled_from([Status.KEEP, Status.DONE]),
        st.sampled_from([f"2020-01-0{day}T00:00:00+00:00" for day in range(1, 4)]),
        st.none() | st.just("2021-01-01T00:00:00+00:00"),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(histories, histories)
def test_merging_loses_nothing_and_does_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, here: list[Decision], there: list[Decision]
) -> None:
    with Store.open(tmp_path_factory.mktemp("merge")) as store:
        merge_records(store, here)
        before = [*decisions(store, ONE), *decisions(store, TWO)]
        merge_records(store, there)
        after = [*decisions(store, ONE), *decisions(store, TWO)]
        assert merge_records(store, there) == Merged()
        assert [*decisions(store, ONE), *decisions(store, TWO)] == after
    keys = [(one.sha256, one.status, one.decided_at) for one in after]
    for one in (*before, *there):
        assert keys.count((one.sha256, one.status, one.decided_at)) >= 1
        undone = [found for found in after if (found.sha256, found.status, found.decided_at, found.undone_at)]
        assert one.undone_at is None or any(found.undone_at is not None for found in undone)
    for sha256 in (ONE, TWO):
        times = [one.decided_at for one in after if one.sha256 == sha256]
        assert times == sorted(times)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"\xff\xd8\xff\xe0 a photo",
        lambda data: b"[1, 2]\n",
        lambda data: b"[" * 100_000 + b"\n",
        lambda data: b"9" * 5000 + b"\n",
        lambda data: b'{"format": "untag backup", "version": 1, "x": NaN}\n',
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"keep"', b'"done"'),
        lambda data: data + b"\n",
        lambda data: data + data,
        lambda data: data.replace(b'"version": 1', b'"version": 2', 1),
        lambda data: data.replace(b'"version": 1', b'"version": true', 1),
        lambda data: b"\x80\x04\x95 a pickle",
    ],
)
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(
    home: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "backup.jsonl"
    back_up(home, file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UsageError, match=r"backup\.jsonl"):
        restore(tmp_path / "other", file)
    assert not (tmp_path / "other").exists()


LONG_AGO = "2020-01-01T00:00:00+00:00"
DECISION = {"kind": "decision", "sha256": ONE, "status": "keep", "decided_at": LONG_AGO, "undone_at": None}


def evil_references(file: Path) -> Iterator[dict[str, Any]]:
    (good, *_) = [line for line in lines(file) if line.get("kind") == "reference"]
    for key, value in (
        ("box", [1, 2, 3]), ("box", [1, 2, 3, 1e400]), ("box", None), ("person", 5),
        ("person", "\ud800"), ("sha256", "../../x"), ("embedding", "!!"), ("embedding", ""),
        ("embedding", "AAAA"), ("embedding", "AADAfw=="), ("landmarks", "AAAAAA=="), ("used", 1), ("score", "1"),
        ("score", True), ("quality", 10**400), ("note", []), ("added_at", "yesterday"), ("added_at", "2020-01-01"),
    ):  # fmt: skip
        yield {**good, key: value}
    yield {"kind": "reference"}


def test_every_record_is_checked(home: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.jsonl"
    back_up(home, good)
    (category,) = [line for line in lines(good) if line.get("kind") == "category"]
    evil: list[Any] = [
        *evil_references(good),
        {**DECISION, "sha256": None}, {**DECISION, "status": "open"}, {**DECISION, "undone_at": 5},
        {**DECISION, "decided_at": "2020-01-01T00:00:00"}, {"kind": "name", "person": "Bob"}, {"kind": None}, {}, [],
        {**category, "name": "../../../etc/passwd"}, {**category, "name": "alcohol"}, {**category, "columns": 0},
        {**category, "columns": 7}, {**category, "columns": -1}, {**category, "columns": 1e300},
        {**category, "like": ""},
    ]  # fmt: skip
    for number, record in enumerate(evil):
        file = sealed(tmp_path / f"{number}.jsonl", [DECISION, record])
        with pytest.raises(UsageError, match=f"{number}\\.jsonl"):
            restore(tmp_path / "other", file)
        assert not (tmp_path / "other").exists(), record


def test_what_a_newer_untag_added_is_left_out_and_told(tmp_path: Path) -> None:
    newer = [DECISION, {"kind": "poem"}, {**DECISION, "status": "framed"}, {**DECISION, "sha256": TWO, "mood": "good"}]
    restored = restore(tmp_path / "other", sealed(tmp_path / "b", newer))
    assert (restored.merged.decisions, restored.left_out) == (2, 2)
    with pytest.raises(UsageError, match="update untag"):
        restore(tmp_path / "other", sealed(tmp_path / "c", [], {"format": "untag backup", "version": 2}))


def test_a_file_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "MOST_RECORDS", 3)
    monkeypatch.setattr(backup_file, "_LONGEST_LINE", 1000)
    with pytest.raises(UsageError, match="more than 3 records"):
        restore(tmp_path / "other", sealed(tmp_path / "b", [DECISION] * 4))
    with pytest.raises(UsageError, match="cut off or damaged"):
        restore(tmp_path / "other", sealed(tmp_path / "b", [{"kind": "x" * 1000}]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(UsageError):
            restore(tmp_path / "other", tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_neither_read_nor_replaced(home: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no backup of untag"):
        back_up(home, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_from_the_command_line(untag: Untag) -> None:
    untag.enroll()
    untag.enroll(STRANGER, Square(person=7, off=0.02), person="Bob")
    photo = untag.add("a.png", paint(ME, serial=1))
    assert untag.run("scan", untag.photos).status == 0
    assert untag.run("decide", photo, "--status", "keep").status == 0
    file = untag.root / "b.jsonl"
    saved = untag.run("backup", file)
    assert (saved.status, saved.out) == (0, ""), saved.err
    assert untag.run("forget", "--all", "--yes").status == 0
    back = untag.run("restore", file)
    assert (back.status, "4 references" in back.err, "1 decision" in back.err) == (0, True, True), back.err
    assert untag.run("scan", untag.photos).status == 0
    (found,) = untag.listed("--status", "keep")
    assert (found["verdict"], found["status"]) == ("me", "keep")
    assert untag.run("restore", photo).status == 2
    (untag.root / "empty").mkdir()
    assert untag.invoke(["--home", str(untag.root / "empty"), "backup", str(file)]).status == 2


def test_a_decision_is_on_the_disk_when_decide_returns(tmp_path: Path) -> None:
    """The raw blocks are read while the store is still open and nothing else has been flushed."""
    program = (
        "import sys; from pathlib import Path; from untag.store import *; from untag.types import Status\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "record_decision(store, 'warm up', Status.KEEP)\n"
        "image = Path(sys.argv[2])\n"
        "store.execute(\"UPDATE decisions SET sha256 = 'not-made-durable-yet'\")\n"
        "print(b'not-made-durable-yet' in image.read_bytes())\n"
        "record_decision(store, 'this-one-is-durable', Status.KEEP)\n"
        "print(b'this-one-is-durable' in image.read_bytes())\n"
        "undo_decision(store, 'this-one-is-durable')\n"
        "merge_records(store, [Decision('this-came-from-a-backup', Status.KEEP, '2020-01-01T00:00:00+00:00', None)])\n"
        "print(b'this-came-from-a-backup' in image.read_bytes())\n"
        "store.execute(\"UPDATE decisions SET sha256 = 'everything-so-far'\")\n"
        "print(b'everything-so-far' in image.read_bytes())\n"
        "make_durable(store)\n"
        "print(b'everything-so-far' in image.read_bytes())\n"
    )
    image = make_disk(tmp_path)
    with mounted(image, tmp_path / "disk") as disk:
        command = [sys.executable, "-c", program, str(disk.root / "home"), str(image)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", "True", "True", "False", "True"], done.stderr


def test_all_errors_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UntagError, match="No photos have been scanned yet"):
        back_up(tmp_path / "nothing", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
