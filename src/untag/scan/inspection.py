"""What the models see in one photo; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from untag.config import Settings
from untag.errors import ReadFailure
from untag.imaging.looking import look_through
from untag.people.calibrate import load_calibration
from untag.scan import SEARCH_SIDE, ScanModels
from untag.scan.judge import Judge, load_judge
from untag.scan.over_time import find_faces, judge_scenes
from untag.scenes.photo import of_photo
from untag.sources.base import walk_all
from untag.store import DATABASE_NAME, Store
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
    frame = look_through(data, max_side=SEARCH_SIDE, limits=settings.limits)
    (faces,) = find_faces(models.faces, [frame], load_calibration(models.faces.id))
    matches = None if judge is None else judge.match(faces)
    (scenes,) = judge_scenes(models.scenes, [(frame, faces, matches)])
    scenes = of_photo(scenes, frame)
    fault = frame.fault
    outcome, error = (Outcome.OK, None) if fault is None else (fault.outcome, fault.error)
    return Inspection(ref.path, outcome, error, frame.width, frame.height, faces, matches, scenes)
