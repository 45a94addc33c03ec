"""Damaged databases: what is readable is copied out, nothing is invented, and the damaged home is left as it is."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from fakes import ME, Untag, paint
from store_samples import OTHER, analysis, assessment, record, reference
from untag.errors import UsageError
from untag.scenes.taught_files import Examples, save_examples
from untag.store import (
    HomeEngine,
    Store,
    add_names,
    add_reference,
    check_integrity,
    choose_engine,
    deny_owner,
    note_owners,
    record_batch,
    record_decision,
    remember_sender,
    salvage,
    saved_records,
    start_run,
    undo_decision,
)
from untag.store.db import damaged as damage_of
from untag.store.pages import layout_of, record_of, salvaged_cells
from untag.store.salvage import _row_of
from untag.types import Match, Status, Verdict
from untag.upkeep.rescue import BACKUP_NAME, rescue

PAGE = 4096
DECISIONS = 600
ADA = Match(Verdict.ME, 0.9, "Ada")


def digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def fill(home: Path) -> None:
    with Store.open(home) as store:
        run = start_run(store, ["/a"])
        for number in range(8):
            add_reference(store, reference("Ada" if number % 2 else "Bob", number, sha256=digest(-1 - number)))
        add_names(store, "Ada", ["ada.lovelace", "x" * 6000])
        with store.durable():
            for number in range(DECISIONS):
                record_decision(store, digest(number), Status.KEEP if number % 3 else Status.NOT_ME)
                if number % 10 == 0:
                    undo_decision(store, digest(number))
        note_owners(store, ["Grandma", "mine"])
        deny_owner(store, "Grandma")
        remember_sender(store, {"name": "Ada", "email": "ada@example.org"})
        for name in ("second", "fake"):
            choose_engine(store, HomeEngine(name, f"{name}-1"))
        for number in range(60):
            made = analysis((ADA, OTHER), seed=number, found=assessment())
            record_batch(store, run, [record(f"/a/{number}", digest(number), made)])
    features = np.random.default_rng(1).random((4, 8), dtype=np.float32)
    save_examples(home, Examples("hats", "lite2", features, features))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sound") / "home"
    fill(home)
    return home


@dataclass
class Damaged:
    """A copy of the home folder, to be damaged."""

    home: Path
    everything: list[str]

    @property
    def database(self) -> Path:
        return self.home / "untag.db"

    def overwrite(self, change: Callable[[bytearray], None]) -> None:
        data = bytearray(self.database.read_bytes())
        change(data)
        self.database.write_bytes(data)

    def salvaged(self) -> list[str]:
        return [repr(one) for one in salvage(self.database)]


@pytest.fixture
def damaged(sound: Path, tmp_path: Path) -> Damaged:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for file in sound.iterdir():
        (home / file.name).write_bytes(file.read_bytes())
    with Store.open(home) as store:
        everything = [repr(one) for one in saved_records(store)]
    return Damaged(home, everything)


def root_page(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return int(page)


def test_a_sound_database_is_read_whole(damaged: Damaged) -> None:
    assert damaged.salvaged() == damaged.everything


def test_without_its_header_schema_and_roots_nothing_is_lost_but_what_lies_in_them(damaged: Damaged) -> None:
    roots = [root_page(damaged.database, name) for name in ("decisions", "photos", "faces", "files")]

    def change(data: bytearray) -> None:
        data[:PAGE] = os.urandom(PAGE)
        for page in roots:
            data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)

    damaged.overwrite(change)
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(damaged.database)) as db:
        db.execute("SELECT COUNT(*) FROM decisions").fetchone()
    assert damaged.salvaged() == damaged.everything


@pytest.mark.parametrize("places", [1, 10, 100, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_at_many_places(damaged: Damaged, places: int, seed: int) -> None:
    chance = random.Random(seed)
    hit: set[int] = set()

    def change(data: bytearray) -> None:
        for _ in range(places):
            place = chance.randrange(len(data) - 8)
            hit.update((place // PAGE, (place + 7) // PAGE))
            data[place : place + 8] = chance.randbytes(8)

    before = damaged.database.read_bytes()
    damaged.overwrite(change)
    by_page = {number: rows_of_page(before, number) for number in hit}
    lost = set(damaged.everything) - set(damaged.salvaged())
    assert lost <= set().union(*by_page.values(), long_names(damaged.everything)), "lost though no byte of it was hit"
    # Numbers of an embedding may be others now, which nothing can tell; texts may not.
    unknown = set(damaged.salvaged()) - set(damaged.everything)
    assert [one for one in unknown if not one.startswith("SavedReference")] == []


def rows_of_page(data: bytes, number: int) -> set[str]:
    """What is on a page of a sound database, by looking at that page alone."""

    layout = layout_of(data[:100])
    page = data[number * PAGE : (number + 1) * PAGE]
    found = set()
    for cell in salvaged_cells(page, number + 1, layout):
        try:
            found.add(repr(_row_of(record_of(page[cell.at : cell.at + cell.local]), cell.rowid)))
        except (ValueError, TypeError):
            continue
    return found


def long_names(everything: list[str]) -> list[str]:
    """What lies on several pages."""
    return [one for one in everything if len(one) > PAGE]


@pytest.mark.parametrize("size", [0, 1, 99, 100, 511, 4095, 4096, 5000, 100_000])
def test_a_file_that_was_cut_off(damaged: Damaged, size: int) -> None:
    damaged.database.write_bytes(damaged.database.read_bytes()[:size])
    assert set(damaged.salvaged()) <= set(damaged.everything)


def test_noise_is_no_database(damaged: Damaged) -> None:
    damaged.database.write_bytes(os.urandom(300_000))
    assert damaged.salvaged() == []


def test_what_is_only_in_the_log_is_read_and_what_was_not_committed_is_not(damaged: Damaged) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from untag.store import *; from untag.types import Status\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        f"record_decision(store, {digest(7)!r}, Status.DONE)\n"
        "store._db.execute('PRAGMA cache_size = 1')\n"
        "store._db.execute('BEGIN')\n"
        "for number in range(5000):\n"
        "    store.execute('INSERT INTO decisions (sha256, status, decided_at) VALUES (?, ?, ?)',\n"
        "        ('f' * 64, 'keep', '2020-01-01T00:00:00+00:00'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, damaged.home], check=False)
    log = damaged.home / "untag.db-wal"
    assert b"f" * 64 in log.read_bytes(), "else this proves nothing"
    found = damaged.salvaged()
    assert len(found) == len(damaged.everything) + 1
    assert sum(one.startswith(f"Decision(sha256='{digest(7)}', status=<Status.DONE") for one in found) == 1


def test_a_new_home_and_a_backup_come_of_it(damaged: Damaged, tmp_path: Path) -> None:
    (damaged.home / "config.toml").write_text("jobs = 2\n")
    (damaged.home / "taught-broken.npz").write_bytes(b"junk")
    damaged.overwrite(lambda data: data.__setitem__(slice(0, PAGE), os.urandom(PAGE)))
    before = {file.name: file.read_bytes() for file in damaged.home.iterdir()}
    target = tmp_path / "deep" / "rescued"
    rescued = rescue(damaged.home, target)
    assert (rescued.people, rescued.decisions) == ({"Ada": 4, "Bob": 4}, DECISIONS)
    assert (rescued.categories, rescued.lost) == (("hats",), ("broken",))
    assert {file.name: file.read_bytes() for file in damaged.home.iterdir()} == before
    assert check_integrity(target) == []
    with Store.open(target) as store:
        assert sorted(map(repr, saved_records(store))) == sorted(damaged.everything)
    assert (target / "config.toml").read_text() == "jobs = 2\n"
    assert (target / BACKUP_NAME).stat().st_mode & 0o077 == 0


def test_where_it_cannot_go(damaged: Damaged, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for target in (tmp_path / "full", tmp_path / "full" / "file", damaged.home / "inside", damaged.home):
        with pytest.raises(UsageError):
            rescue(damaged.home, target)
    with pytest.raises(UsageError, match="to rescue anything from"):
        rescue(tmp_path / "full", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_from_the_command_line(untag: Untag) -> None:
    untag.enroll()
    photo = untag.add("a.png", paint(ME, serial=1))
    assert untag.run("scan", untag.photos).status == 0
    assert untag.run("decide", photo, "--status", "not-me").status == 0
    database = untag.home / "untag.db"
    database.write_bytes(b"\0" * PAGE + database.read_bytes()[PAGE:])
    (untag.home / "config.toml").write_text("jobs = [[[[")
    refused = untag.run("scan", untag.photos)
    assert refused.status == 2
    (untag.home / "config.toml").unlink()
    refused = untag.run("scan", untag.photos)
    assert (refused.status, "doctor --rescue" in refused.err) == (2, True), refused.err
    assert "doctor --rescue" in untag.run("doctor").out
    target = untag.root / "rescued"
    done = untag.run("doctor", "--rescue", target)
    assert done.status == 0, done.err
    assert "me: 2 references\n1 decision, 0 categories\n" in done.out
    assert untag.invoke(["--home", str(target), "scan", str(untag.photos)]).status == 0
    listed = untag.invoke(["--home", str(target), "list", "--status", "all", "--format", "json"])
    assert '"status": "not-me"' in listed.out


def test_no_advice_is_to_throw_a_database_away_first() -> None:
    source = Path(__file__).parents[1] / "src"
    advising = [path for path in source.rglob("*.py") if "Move it aside and scan again" in path.read_text("utf-8")]
    assert [path.name for path in advising] == ["db.py"]
    assert "doctor --rescue" in damage_of(Path("untag.db"), "torn").split("Move it aside")[0]
