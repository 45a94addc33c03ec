"""What the models see in one photo, for people and for programs; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untag.config import Settings
from untag.errors import ReadFailure
from untag.imaging.decode import decode
from untag.scan import SEARCH_SIDE, ScanModels
from untag.scan.judge import Judge, load_judge
from untag.scenes.photo import of_photo
from untag.scenes.view import view_of
from untag.sources.base import walk_all
from untag.store import DATABASE_NAME, Store
from untag.support.words import counted
from untag.types import Face, Match, Outcome, PhotoRef, ReadError, SceneScores


@dataclass(frozen=True, slots=True)
class Inspection:
    """One photo as the models see it. Sizes are 0 and the rest empty when it cannot be read; `error` says why.

    Of a picture that is cut off both is there: what was seen in it, and the outcome.
    `matches` is None when no one is enrolled, else one for each face.
    """

    path: str
    outcome: Outcome
    error: str | None
    width: int = 0
    height: int = 0
    faces: tuple[Face, ...] = ()
    matches: tuple[Match, ...] | None = None
    scenes: SceneScores | None = None


def optional_judge(settings: Settings, engine_id: str) -> Judge | None:
    """The judge, or None when no one is enrolled with this engine; creates no database."""
    if not (settings.home / DATABASE_NAME).exists():
        return None
    with Store.open(settings.home, create=False) as store:
        judge = load_judge(store, engine_id, settings)
    return judge if judge.persons else None


def inspect_photos(
    paths: Sequence[Path], models: ScanModels, judge: Judge | None, settings: Settings
) -> Iterator[Inspection]:
    """Looks at every photo in `paths`, in order. Raises UsageError for a path that does not exist, before the first."""
    for listing in walk_all(paths, limits=settings.limits):
        for entry in listing.photos:
            if isinstance(entry, ReadError):
                yield Inspection(entry.path, entry.outcome, entry.error)
                continue
            try:
                data = listing.source.read(entry)
                yield _inspect(entry, data, models, judge, settings)
            except ReadFailure as failure:
                yield Inspection(entry.path, failure.outcome, str(failure))


def _inspect(ref: PhotoRef, data: bytes, models: ScanModels, judge: Judge | None, settings: Settings) -> Inspection:
    frame = decode(data, max_side=SEARCH_SIDE, limits=settings.limits, partial=True)
    (faces,) = models.faces.analyse([frame])
    matches = None if judge is None else judge.match(faces)
    (scenes,) = models.scenes.judge([view_of(frame, faces, matches)])
    scenes = of_photo(scenes, frame)
    fault = frame.fault
    outcome, error = (Outcome.OK, None) if fault is None else (fault.outcome, fault.error)
    return Inspection(ref.path, outcome, error, frame.width, frame.height, faces, matches, scenes)


def to_dict(seen: Inspection, *, embeddings: bool) -> dict[str, Any]:
    """The inspection as the command-line contract has it, ready for JSON."""
    matches: Sequence[Match | None] = [None] * len(seen.faces) if seen.matches is None else seen.matches
    faces = []
    for face, match in zip(seen.faces, matches, strict=True):
        entry: dict[str, Any] = {
            "box": [round(edge, 2) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)],
            "score": round(face.score, 4),
            "landmarks": [[round(float(x), 2), round(float(y), 2)] for x, y in face.landmarks],
            "quality": round(face.quality, 4),
            "verdict": None if match is None else match.verdict.value,
            "similarity": None if match is None else round(match.similarity, 4),
        }
        if embeddings and face.embedding is not None:
            entry["embedding"] = [float(value) for value in face.embedding]
        faces.append(entry)
    return {
        "path": seen.path,
        "width": seen.width,
        "height": seen.height,
        "outcome": seen.outcome.value,
        "error": seen.error,
        "faces": faces,
        "scenes": {} if seen.scenes is None else {name: round(score, 4) for name, score in seen.scenes.scores.items()},
    }


def describe(seen: Inspection) -> list[str]:
    """The inspection in words, a few lines."""
    lines = [] if seen.error is None else [f"{seen.path}: {seen.error}"]
    if not seen.width:
        return lines
    lines.append(f"{seen.path}: {seen.width} x {seen.height}, {counted(len(seen.faces), 'face')}")
    matches: Sequence[Match | None] = [None] * len(seen.faces) if seen.matches is None else seen.matches
    for face, match in zip(seen.faces, matches, strict=True):
        box = face.box
        where = f"{box.width:.0f} px wide at {box.left:.0f},{box.top:.0f}, quality {face.quality:.0%}"
        who = "" if match is None else f", {match.verdict} ({match.similarity:.0%} alike)"
        lines.append(f"  face {where}{who}")
    if seen.scenes is not None:
        for name, score in seen.scenes.scores.items():
            words = ", ".join(seen.scenes.evidence.get(name, ()))
            spot = seen.scenes.spots.get(name)
            where = "" if spot is None else f", around {spot.across:.0%} across and {spot.down:.0%} down"
            lines.append(f"  {name} {score:.0%}{': ' if words else ''}{words}{where}")
    return lines
