"""A home folder with so many findings, without photos or models: for what lists, reports and exports them.

Two people are enrolled; risks, dates and links repeat. Of twelve files three are of one content, and two others are
near-duplicates of a third. One content in nine is decided, and of one in eleven no date is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from untag.store import (
    Analysis,
    JudgedWith,
    PhotoRecord,
    Store,
    record_batch,
    record_decisions,
    replace_groups,
    start_run,
)
from untag.types import Action, Assessment, Box, LinkConfidence, Origin, Outcome, PhotoRef, Status, Verdict

_PEOPLE = ("Ana Doe", "Zoë Roe")
_JUDGED = JudgedWith.of([(person, 1) for person in _PEOPLE], "0123456789abcdef")
_CATEGORIES = ("alcohol", "party", "smoking", "swimwear", "gambling")
_POSTERS = (None, "Bob Miller", "@carla", "Dora")
_PERIOD, _SAME, _NEAR = 12, (1, 2), {6: 5, 7: 5}
_FEW = 256


def make_findings(home: Path, files: int, photos: str = "/archive") -> None:
    """Puts so many files on record in a new home folder, each of them a finding; they would lie below `photos`."""
    with Store.open(home) as store:
        run = start_run(store, [photos])
        numbers = iter(range(files))
        while few := list(islice(numbers, _FEW)):
            record_batch(store, run, [_record(number, photos) for number in few])
        decided = [(_hash(number), _status(number)) for number in range(0, files, 9)]
        record_decisions(store, decided)
        with store.transaction():
            replace_groups(store, dict(_near(files)))


def _near(files: int) -> Iterator[tuple[str, str]]:
    for number in range(files):
        if (shown := _NEAR.get(number % _PERIOD)) is not None:
            yield _hash(number), _hash(number - number % _PERIOD + shown)


def _hash(number: int) -> str:
    """The SHA-256 of a file: those of one content have the same."""
    alike = number % _PERIOD
    return hashlib.sha256(str(number - alike if alike in _SAME else number).encode()).hexdigest()


def _record(number: int, photos: str) -> PhotoRecord:
    path = f"{photos}/{number // 1000:03d}/IMG_{number:07d}.jpg"
    ref = PhotoRef(path, "facebook", 1000, 1_600_000_000_123_456_789, _origin(number))
    return PhotoRecord(ref, _hash(number), Outcome.OK, None, _analysis(number))


def _origin(number: int) -> Origin:
    if number % 4 == 0:
        return Origin()
    return Origin(
        platform=("facebook", "instagram", "x")[number % 3],
        permalink=f"https://www.facebook.com/photo/?fbid={number}" if number % 5 else None,
        permalink_confidence=(LinkConfidence.CERTAIN, LinkConfidence.PROBABLE)[number % 2]
        if number % 5
        else LinkConfidence.NONE,
        poster=_POSTERS[number % 4],
        caption=f"Number {number}, <b>at</b> the «party»" if number % 6 == 1 else None,
        posted_at=f"20{10 + number % 11:02}-03-0{1 + number % 9}T10:00:00+00:00",
    )


def _status(number: int) -> Status:
    return (Status.KEEP, Status.UNTAG, Status.REQUEST_REMOVAL, Status.DONE)[number % 4]


def _analysis(number: int) -> Analysis:
    taken = f"20{5 + number % 20:02}-0{1 + number % 9}-1{number % 10}T12:{number % 60:02}:00"
    return Analysis(
        width=640,
        height=480,
        taken_at=None if number % 11 == 0 else taken,
        phash=number,
        pipeline="made up",
        judged_with=_JUDGED,
        engine="made up",
        faces=(),
        matches=(),
        keep=(),
        scenes=None,
        assessment=_assessment(number),
    )


def _assessment(number: int) -> Assessment:
    # Near-duplicates need the verdict and the person of what they are like.
    one = number - number % _PERIOD if number % _PERIOD in (*_SAME, *_NEAR, *_NEAR.values()) else number
    shown = {name: 0.3 + (number * 37 + at * 101) % 70 / 100 for at, name in enumerate(_CATEGORIES) if number >> at & 1}
    return Assessment(
        origin=_origin(number),
        person=_PEOPLE[one % 5 == 0],
        verdict=(Verdict.ME, Verdict.ME, Verdict.MAYBE)[one % 3],
        similarity=(number * 7919 % 1000) / 1000,
        categories=shown,
        risk=number * 31 % 101,
        reasons=("Your face: 94 % alike", f"one of {number % 9} people in the picture"),
        action=(Action.UNTAG, Action.REQUEST_REMOVAL, Action.REVIEW, Action.KEEP)[number % 4],
        faces=(Box(0.25, 2.0, 30.5, 40.0),),
    )
