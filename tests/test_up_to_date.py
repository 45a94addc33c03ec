"""What a scan does not find out again is what it would have found: after whatever else was done, in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from store_samples import MAYBE, ME, analysis, assessment, record
from untag.findings.evenings import spoken_for
from untag.findings.grouping import group_near_duplicates
from untag.findings.shots import live_photos, with_copies
from untag.scan.judge import group_copies
from untag.store import (
    Analysis,
    Made,
    PhotoRecord,
    Store,
    evenings_noted,
    forget_unseen,
    hashed_findings,
    is_up_to_date,
    live_parts,
    mark_up_to_date,
    note_evenings,
    photos_taken,
    record_batch,
    record_decision,
    replace_findings,
    start_run,
    undo_decision,
)
from untag.types import SceneScores, Span, Status, Verdict

CERTAIN = {"alcohol": 0.5, "bar": 0.5}
CONTENTS = [f"s{number}" for number in range(8)]
STEPS = 60


def made_up(random: Random) -> Analysis:
    """A photo that may be a copy of others, one part of a shot with them, and of their evening."""
    found = assessment(random.choice((Verdict.ME, Verdict.ME, Verdict.MAYBE)), random.randrange(100))
    found = replace(found, spans=random.choice(((), (Span(1.0, 1.0, 2.0),), (Span(1.0, 1.0, 90.0),))))
    return replace(
        analysis((random.choice((ME, MAYBE)),), found=random.choice((found, found, None))),
        phash=random.choice((0xF0F0_F0F0_0F0F_0F0F, 0xF0F0_F0F0_0F0F_0F0E, 0x0123_4567_89AB_CDEF)),
        width=random.choice((640, 320)),
        height=480,
        taken_at=random.choice((None, "2020-01-02T20:00:00", "2020-01-02T20:00:05", "2020-01-02T21:00:00")),
        scenes=SceneScores({name: random.choice((0.1, 0.9)) for name in CERTAIN}, {}, "lite2", {}),
    )


def read(store: Store, random: Random) -> None:
    run = start_run(store, ["/a"])
    record_batch(store, run, [replace(place(random, random.choice(CONTENTS)), analysis=made_up(random))])


def move(store: Store, random: Random) -> None:
    if known := contents(store):
        record_batch(store, start_run(store, ["/a"]), [place(random, random.choice(known))])


def place(random: Random, sha256: str) -> PhotoRecord:
    path = f"/a/{random.randrange(3)}.{random.choice(('jpg', 'png', 'mov', 'cr2'))}"
    return record(path, sha256, size=random.choice((1000, 10**9)))


def contents(store: Store) -> list[str]:
    return [row["sha256"] for row in store.rows("SELECT sha256 FROM photos")]


def judge(store: Store, random: Random) -> None:
    if known := contents(store):
        replace_findings(store, start_run(store, ["/a"]), [(random.choice(known), made_up(random).assessment)])


def forget(store: Store, random: Random) -> None:
    forget_unseen(store, start_run(store, ["/a"]), ["/a"], lambda path: random.random() < 0.3)


def decide(store: Store, random: Random) -> None:
    record_decision(store, random.choice(CONTENTS), random.choice((Status.NOT_ME, Status.KEEP)))


def undo(store: Store, random: Random) -> None:
    undo_decision(store, random.choice(CONTENTS))


ACTS: tuple[Callable[[Store, Random], None], ...] = (read, read, move, judge, forget, decide, undo)


def grouped(store: Store) -> list[dict[str, str]]:
    """Copies and parts of shots with what stands for them, found out again unless that is up to date."""
    group_copies(store)
    return [
        {row["sha256"]: row["representative"] for row in store.rows_where(table)}
        for table in ("near_duplicates", "companions")
    ]


def grouped_anew(store: Store) -> list[dict[str, str]]:
    copies = group_near_duplicates(list(hashed_findings(store)))
    return [copies, with_copies(live_photos(live_parts(store)), copies)]


def told(store: Store) -> Mapping[str, frozenset[str]]:
    """What evenings say, found out again unless that is up to date."""
    with store.transaction():
        if not is_up_to_date(store, Made.EVENINGS, "test"):
            now = told_anew(store)
            note_evenings(store, evenings_noted(store).keys() | now.keys(), now)
            mark_up_to_date(store, Made.EVENINGS, "test")
    return evenings_noted(store)


def told_anew(store: Store) -> Mapping[str, frozenset[str]]:
    return spoken_for(photos_taken(store), CERTAIN)


def differences(home: Path, seed: int, without: str | None = None) -> tuple[int, int]:
    """How often copies and shots, and evenings, were not what they are when they are found out anew.

    `without` is part of the names of triggers that are taken away first.
    """
    random, wrong = Random(seed), [0, 0]
    with Store.open(home) as store:
        for row in list(store.rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'")) if without else ():
            if "not_as_before" in row["name"] and str(without) in row["name"]:
                store.execute(f"DROP TRIGGER {row['name']}")
        for _ in range(STEPS):
            random.choice(ACTS)(store, random)
            wrong[0] += grouped(store) != grouped_anew(store)
            wrong[1] += told(store) != told_anew(store)
    return wrong[0], wrong[1]


@pytest.mark.parametrize("seed", range(3))
def test_skipped_or_not_the_result_is_the_same(tmp_path: Path, seed: int) -> None:
    assert differences(tmp_path, seed) == (0, 0)


@pytest.mark.parametrize(
    ("without", "sees"),
    [("_not_", (True, True)), ("decisions_", (False, True)), ("findings_", (True, True)), ("files_", (True, False))],
)
def test_it_would_differ_if_a_change_went_unseen(tmp_path: Path, without: str, sees: tuple[bool, bool]) -> None:
    unseen = set(np.flatnonzero(sees))
    for seed in range(6):
        unseen -= set(np.flatnonzero(differences(tmp_path / str(seed), seed, without)))
        if not unseen:
            return
    pytest.fail("a change went unseen, and nothing was wrong")


def test_another_version_finds_it_out_again(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        mark_up_to_date(store, Made.GROUPS, "1.0")
        assert is_up_to_date(store, Made.GROUPS, "1.0")
        assert not is_up_to_date(store, Made.GROUPS, "1.1")
        assert not is_up_to_date(store, Made.EVENINGS, "1.0")
