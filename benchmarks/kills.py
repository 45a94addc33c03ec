"""Kills untag at random instants of every command, and compares with a life without kills: databases and alarms.

    python -m benchmarks.kills [--kills 300] [--seed 0] [--output FILE.json]

A life is a list of commands: enrolling, scans for cron with --fail-on-new, another engine and back, decisions, a
report, a backup, restoring, forgetting. It is lived once without a kill, and the home folder is kept after each
command. Then a command is begun in the home folder that it found, killed with SIGKILL at a random instant, and run
again unless it had already ended its work. Afterwards all tables must be those of the life without kills (but for times
and the numbers of runs and rows), the same files must be in the home folder, the database must be sound, and every new
finding must have been told of: by the run that was killed or by the one after it. Nothing of whom was forgotten may be
left in any file.

The models are made-up ones that see coloured squares (tests/fakes.py): what is killed is the recording, not inference.
Ends with 1 when anything differed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Before numpy: its threads would not survive a fork.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import untag
from benchmarks.output import report
from fakes import MAYBE, ME, STRANGER, FakeEngine, Square, install, paint
from untag.cli import app
from untag.errors import StoreError
from untag.store import Store, check_integrity, new_findings

BOB = "Bobrikov"
ALWAYS_AGAIN = ("scan",)
"""Cron runs them again whatever became of the last one; the others only when their work was not done."""
AT_ONCE = ("decide", "list", "people", "doctor", "sources", "inspect", "categories")
"""They change nothing, or all in one transaction."""
_NOT_COMPARED = {
    "runs": ("id", "started_at", "finished_at", "counts"),
    "files": ("first_run", "seen_run"),
    "folders": ("seen_run",),
    "faces": ("id",),
    "findings": ("first_run",),
    "decisions": ("id", "decided_at"),
    "reference_faces": ("id", "added_at"),
    "written": ("written_at",),
    "home_engine": ("chosen_at",),
    "embedding_changes": ("generation",),
    "sqlite_sequence": ("seq",),
    # Each life has folders of its own.
    "places": ("identity",),
}
_ONLY_WHETHER = ("undone_at", "reported_at")


@dataclass(frozen=True)
class Place:
    """Where a life is lived."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    def life(self) -> list[tuple[str, ...]]:
        """Every command, with its arguments."""
        photos, more, backup = (str(self.root / name) for name in ("photos", "more", "backup.jsonl"))
        cron = ("--fail-on-new", "--json")
        return [
            ("enroll", str(self.root / "me"), "--called", "Ana Doe"),
            ("scan", photos, *cron),
            ("decide", f"{photos}/000.png", f"{photos}/001.png", "--status", "keep"),
            ("list", "--format", "json"),
            ("scan", photos, more, *cron),
            ("enroll", str(self.root / "bob"), "--person", BOB),
            ("scan", photos, more, *cron),
            ("models", "use", "second"),
            ("scan", photos, *cron),
            ("models", "use", "--back"),
            ("scan", photos, more, *cron),
            ("report", "--output", str(self.root / "report.html")),
            ("backup", backup),
            ("decide", f"{photos}/001.png", "--undo"),
            ("people",),
            ("doctor",),
            ("sources", photos),
            ("inspect", f"{photos}/002.png", "--json"),
            ("categories", "list"),
            ("forget", "--bystanders"),
            ("forget", "--person", BOB),
            ("scan", photos, more, *cron),
            ("restore", backup),
            ("scan", photos, more, *cron),
            ("doctor", "--rescue", str(self.root / "rescued")),
            ("forget", "--all", "--yes"),
        ]


@dataclass
class Ended:
    """How a command ended: its status, negative for a signal, what it printed, and how long it took."""

    status: int
    out: str
    seconds: float

    @property
    def alarm(self) -> frozenset[str] | None:
        """The new findings that a scan told of, as a whole line of JSON; None when it did not come to that."""
        try:
            told = json.loads(self.out)
        except ValueError:
            return None
        return frozenset(_named(told)) if isinstance(told, dict) else None


def _named(told: dict[str, Any]) -> Iterator[str]:
    # The count, and the names where the summary has them.
    yield str(told.get("new_findings"))
    for one in told.get("new", ()):
        yield json.dumps(one, sort_keys=True)


@dataclass
class Tally:
    """What came of the kills."""

    kills: Counter[str] = field(default_factory=Counter)
    too_late: int = 0
    done_already: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    import_all()
    first = FakeEngine()
    install(_patch, first, fake=first, second=FakeEngine(id="second-1-1", turned=40))
    with tempfile.TemporaryDirectory() as scratch:
        tally = kill_often(Path(scratch), options.kills, random.Random(options.seed))
    result = {
        "kills": sum(tally.kills.values()),
        "by_command": dict(tally.kills),
        "ended_before_the_kill": tally.too_late,
        "killed_after_their_work_was_done": tally.done_already,
        "wrong": tally.wrong,
    }
    report(result, options.output)
    sys.exit(1 if tally.wrong else 0)


def import_all() -> None:
    """Import the whole package, so that a kill falls into a command's work and the code cannot change meanwhile."""
    for module in pkgutil.walk_packages(untag.__path__, "untag."):
        importlib.import_module(module.name)


def kill_often(scratch: Path, kills: int, chance: random.Random) -> Tally:
    """Live once without kills, then kill until `kills` commands were hit."""
    place = Place(scratch / "place")
    make_photos(place.root)
    life = place.life()
    keep(place.root, scratch / "0")
    undisturbed: list[Ended] = []
    for number, command in enumerate(life):
        undisturbed.append(run(place, command))
        keep(place.root, scratch / str(number + 1))
    states = [state(Place(scratch / str(number)).home) for number in range(len(life) + 1)]
    tally = Tally()
    turn = 0
    while sum(tally.kills.values()) < kills:
        number = turn % len(life)
        turn += 1
        keep(scratch / str(number), place.root)
        after, expected = states[number + 1], undisturbed[number]
        wrong = kill_once(place, life[number], expected, states[number], after, chance, tally)
        for what in wrong:
            tally.wrong.append(f"{' '.join(life[number][:2])}: {what}")
            print(tally.wrong[-1], file=sys.stderr, flush=True)
        if turn % 20 == 0:
            print(f"{sum(tally.kills.values())} kills", file=sys.stderr, flush=True)
    return tally


def kill_once(
    place: Place,
    command: tuple[str, ...],
    expected: Ended,
    before: Any,
    after: Any,
    chance: random.Random,
    tally: Tally,
) -> Iterator[str]:
    """Kill the command and run it again; says what differs from the life without kills."""
    killed = run(place, command, kill_after=chance.uniform(0, 1.1 * expected.seconds))
    if killed.status != -signal.SIGKILL:
        tally.too_late += 1
        return
    tally.kills[command[0]] += 1
    alarms = [killed.alarm]
    found = state_of_copy(place)
    if command[0] in AT_ONCE and found not in (before, after):
        yield "what a kill left is neither as before nor as after"
    if command[0] in ALWAYS_AGAIN or found != after:
        if command[:2] == ("doctor", "--rescue"):
            # It takes a new folder, and what a kill has left there is none.
            shutil.rmtree(place.root / "rescued", ignore_errors=True)
        again = run(place, command)
        alarms.append(again.alarm)
        if again.status in (70, 1) and again.status != expected.status:
            yield f"run again it ended with {again.status}"
    else:
        tally.done_already += 1
    yield from differences(place, after)
    if command[0] == "scan" and expected.alarm not in alarms:
        yield f"an alarm was lost: {expected.alarm}, told of were {alarms}"
    if command == ("forget", "--person", BOB):
        yield from traces(place.home)


def differences(place: Place, after: Any) -> Iterator[str]:
    """What differs from the life without kills, and what is not as it should be."""
    now = state(place.home)
    for table in sorted({*now, *after}):
        if now.get(table) != after.get(table):
            yield f"{table} differs: {_difference(now.get(table, []), after.get(table, []))}"
    if after:
        yield from check_integrity(place.home)


def _difference(now: list[str], after: list[str]) -> str:
    more, less = Counter(now) - Counter(after), Counter(after) - Counter(now)
    return f"too many {list(more)[:2]!s:.300}, missing {list(less)[:2]!s:.300}"


def traces(home: Path) -> Iterator[str]:
    """The files that still name whom was forgotten, or hold a piece of the embedding."""
    vector = STRANGER.embedding.astype("<f4").tobytes()
    for path in sorted(home.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if BOB.encode() in data or any(vector[at : at + 16] in data for at in (0, 256, len(vector) - 16)):
            yield f"{path.name} still holds what was forgotten"


def state(home: Path) -> dict[str, list[str]]:
    """Every row of every table, without what differs between two lives, and which findings are new to the next run."""
    if not (home / "untag.db").exists():
        return {}
    with Store.open(home, create=False) as store:
        new = sorted(new_findings(store, 1 << 40))
    with closing(sqlite3.connect(home / "untag.db")) as db:
        db.row_factory = sqlite3.Row
        # What need not be done again differs between two lives; tests/test_up_to_date.py sees that it is true.
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'up_to_date'"
        names = [row[0] for row in db.execute(tables)]
        rows = {name: sorted(_comparable(name, row) for row in db.execute(f"SELECT * FROM {name}")) for name in names}
    # A run that was killed is one run more, and the one after it may have told twice.
    rows["runs"] = sorted({row for row in rows["runs"] if "'reported_at': True" in row})
    return {**rows, "new": new, "files": [*rows["files"], *_names(home)]}


def _names(home: Path) -> list[str]:
    """The files in the home folder, but those that SQLite keeps beside the database."""
    names = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith("untag.db-"))


def state_of_copy(place: Place) -> dict[str, list[str]]:
    """The state that the next command would find; it is looked at in a copy, since opening a database mends it."""
    copy = Place(place.root.with_name("copy"))
    shutil.rmtree(copy.root, ignore_errors=True)
    if place.home.exists():
        shutil.copytree(place.home, copy.home)
    try:
        return state(copy.home)
    except StoreError as error:
        # Half of it is overwritten: forgetting everything was killed, and has to be said again.
        return {"unreadable": [str(error)]}


def _comparable(table: str, row: sqlite3.Row) -> str:
    values = {column: row[column] for column in row.keys() if column not in _NOT_COMPARED.get(table, ())}  # noqa: SIM118
    return repr({name: value is not None if name in _ONLY_WHETHER else value for name, value in values.items()})


def run(place: Place, command: tuple[str, ...], kill_after: float | None = None) -> Ended:
    """Run one command in a child of this process, which has imported all of it; `kill_after` is in seconds."""
    out = place.root.with_suffix(".out")
    sys.stdout.flush()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(out, [f"--home={place.home}", *command])
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - start
    return Ended(os.waitstatus_to_exitcode(status), out.read_text("utf-8"), seconds)


def _become(out: Path, arguments: list[str]) -> None:
    """Be that command from here on, and never return."""
    status = 99
    try:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        status = app._run(arguments)
        sys.stdout.flush()
    finally:
        os._exit(status)


def keep(source: Path, target: Path) -> None:
    """Copy what the commands wrote, but not the photos: a place is known by its folder, which a copy is not."""
    target.mkdir(exist_ok=True)
    for name in ("home", "rescued"):
        shutil.rmtree(target / name, ignore_errors=True)
        if (source / name).exists():
            shutil.copytree(source / name, target / name)
    for name in ("backup.jsonl", "report.html"):
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


def make_photos(root: Path) -> None:
    """Photos of one's own face, of Bob's and of strangers', and those to enrol with."""
    for name in ("photos", "more", "me", "bob"):
        (root / name).mkdir(parents=True)
    others = [Square(person=person, seed=person) for person in range(8, 12)]
    for number in range(60):
        faces = [(ME,), (MAYBE, others[number % 4]), (STRANGER,), (others[number % 4],), (ME, STRANGER)][number % 5]
        folder = root / ("photos" if number < 40 else "more")
        (folder / f"{number:03}.png").write_bytes(paint(*faces, serial=number, alcohol=number % 7 / 10))
    for number, off in enumerate((0.0, 0.01)):
        (root / "me" / f"{number}.png").write_bytes(paint(Square(off=off), serial=900 + number))
        (root / "bob" / f"{number}.png").write_bytes(paint(Square(person=7, off=off), serial=910 + number))


def _patch(name: str, value: object) -> None:
    module, _, attribute = name.rpartition(".")
    __import__(module)
    setattr(sys.modules[module], attribute, value)


if __name__ == "__main__":
    main()
