"""What the models see in a photo, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from untag.findings.times import when
from untag.reports.record import times_of
from untag.support.words import counted
from untag.types import Match

if TYPE_CHECKING:
    from untag.scan.inspection import Inspection


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
            "seen": times_of(() if face.span is None else (face.span,)),
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
        times = "" if face.span is None else f", at {when([face.span])}"
        lines.append(f"  face {where}{who}{times}")
    if seen.scenes is not None:
        for name, score in seen.scenes.scores.items():
            words = ", ".join(seen.scenes.evidence.get(name, ()))
            spot = seen.scenes.spots.get(name)
            where = "" if spot is None else f", around {spot.across:.0%} across and {spot.down:.0%} down"
            lines.append(f"  {name} {score:.0%}{': ' if words else ''}{words}{where}")
    return lines
