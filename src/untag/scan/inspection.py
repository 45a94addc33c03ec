"""What the models see in one photo; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from untag.config import Settings
from untag.errors import ReadFailure
from untag.imaging.looking import look_through
from untag.imaging.video import VideoPart, look_through_video
from untag.people.calibrate import load_calibration
from untag.scan import SEARCH_SIDE, ScanModels
from untag.scan.judge import Judge, load_judge
from untag.scan.over_time import find_faces, frames_to_read, judge_scenes
from untag.scenes.photo import of_photo
from untag.sources.base import walk_all
from untag.sources.listing import Skipped, Source
from untag.store import DATABASE_NAME, Store
from untag.types import Face, Frame, Match, Outcome, PhotoRef, ReadError, SceneScores


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
        for entry in listing.entries:
            ref = entry.video if isinstance(entry, Skipped) and settings.videos else entry
            if isinstance(ref, ReadError):
                yield Inspection(ref.path, ref.outcome, ref.error)
            elif isinstance(ref, PhotoRef):
                try:
                    frame = _frame(listing.source, ref, settings)
                except ReadFailure as failure:
                    yield Inspection(ref.path, failure.outcome, str(failure))
                else:
                    yield _inspect(ref, frame, models, judge)


def _frame(source: Source, ref: PhotoRef, settings: Settings) -> Frame:
    limits = settings.limits
    if not ref.video:
        return look_through(source.read(ref), max_side=SEARCH_SIDE, limits=limits)
    # Nothing is made for a look.
    room = settings.home if settings.home.is_dir() else Path(gettempdir())
    with source.content(ref).opened(room) as file:
        return look_through_video(VideoPart(file), max_side=SEARCH_SIDE, limits=limits)


def _inspect(ref: PhotoRef, frame: Frame, models: ScanModels, judge: Judge | None) -> Inspection:
    (faces,) = find_faces(models.faces, [frame], load_calibration(models.faces.id))
    matches = None if judge is None else judge.match(faces)
    (scenes,) = judge_scenes(models.scenes, [(frame, faces, matches)])
    if models.text is not None:
        scenes = models.text.added(scenes, frames_to_read(frame, faces, matches))
    scenes = of_photo(scenes, frame)
    fault = frame.fault
    outcome, error = (Outcome.OK, None) if fault is None else (fault.outcome, fault.error)
    return Inspection(ref.path, outcome, error, frame.width, frame.height, faces, matches, scenes)
