"""Made-up photos, faces and findings for the tests of the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from untag.store import (
    Analysis,
    Decision,
    JudgedWith,
    PhotoRecord,
    Reference,
    Store,
    StoredFace,
    photo_evidence,
    saved_records,
)
from untag.types import (
    Action,
    Assessment,
    Box,
    Face,
    LinkConfidence,
    Match,
    Origin,
    Outcome,
    PhotoRef,
    SceneScores,
    Spot,
    Verdict,
)

ME = Match(Verdict.ME, 0.9, "Ada")
MAYBE = Match(Verdict.MAYBE, 0.5, "Ada")
OTHER = Match(Verdict.OTHER, 0.1)

ADA_ALONE = JudgedWith.of([("Ada", 1)], "0123456789abcdef")

ORIGIN = Origin(
    platform="facebook",
    permalink="https://example.org/p/1",
    permalink_confidence=LinkConfidence.CERTAIN,
    poster="Bob",
    people=("Ada", "Bob"),
    caption="half an emoji stays text",
    album="Summer",
    taken_at="2020-01-02T03:04:05",
    posted_at="2020-01-03T00:00:00",
    audience="friends",
)


def face(seed: int, *, embedded: bool = True) -> Face:
    """A face with random numbers all its own."""
    random = np.random.default_rng(seed)
    return Face(
        box=Box(seed + 0.25, 2.0, seed + 30.5, 40.0),
        score=0.75,
        landmarks=random.random((5, 2), dtype=np.float32),
        quality=0.5,
        embedding=random.random(128, dtype=np.float32) if embedded else None,
    )


def assessment(
    verdict: Verdict = Verdict.ME, risk: int = 50, *, person: str | None = "Ada", alcohol: float = 0.8
) -> Assessment:
    """What the rules could make of a photo."""
    return Assessment(
        origin=Origin(),
        person=person,
        verdict=verdict,
        similarity=0.9,
        categories={"alcohol": alcohol} if alcohol else {},
        risk=risk,
        reasons=("a glass in a hand",),
        action=Action.UNTAG,
        faces=(Box(0.25, 2.0, 30.5, 40.0),),
    )


def analysis(
    matches: Sequence[Match] = (ME,),
    *,
    keep: Sequence[bool] | None = None,
    seed: int = 0,
    found: Assessment | None = None,
    engine: str = "dlib",
    taken_at: str | None = None,
    pipeline: str = "dlib+lite2",
) -> Analysis:
    """An analysis with one face for each match."""
    return Analysis(
        width=640,
        height=480,
        taken_at=taken_at,
        phash=0xF000_0000_0000_0001,
        pipeline=pipeline,
        judged_with=ADA_ALONE,
        engine=engine,
        faces=tuple(face(seed * 100 + number) for number in range(len(matches))),
        matches=tuple(matches),
        keep=tuple(keep) if keep is not None else (True,) * len(matches),
        scenes=SceneScores(
            {"alcohol": 0.8, "party": 0.1},
            {"alcohol": ("wine glass", "bottle")},
            "lite2",
            {"alcohol": Spot(0.35, 0.75)},
        ),
        assessment=found,
    )


def record(
    path: str,
    sha256: str | None,
    made: Analysis | None = None,
    *,
    origin: Origin | None = None,
    outcome: Outcome = Outcome.OK,
    error: str | None = None,
    size: int = 1000,
) -> PhotoRecord:
    """A record of one file."""
    ref = PhotoRef(path, "folder", size, 1_600_000_000_123_456_789, origin if origin is not None else Origin())
    return PhotoRecord(ref, sha256, outcome, error, made)


def reference(person: str = "Ada", seed: int = 7, *, engine: str = "dlib", sha256: str = "r1") -> Reference:
    """An enrolled face."""
    return Reference(person, engine, sha256, f"/me/{sha256}.jpg", face(seed), used=False, note="blurred")


def stored_faces(store: Store, engine: str) -> list[StoredFace]:
    """Every face on record that the engine found."""
    return [stored for photo in photo_evidence(store, engine=engine) for stored in photo.faces]


def decisions(store: Store, sha256: str) -> list[Decision]:
    """All that was ever decided about a content, oldest first."""
    return [one for one in saved_records(store) if isinstance(one, Decision) and one.sha256 == sha256]
