"""What moves, looked at: faces grouped along time, and scenes at the moments that count.

A face of somebody in a video is one `Face`: its best look, and from when to when. Each is matched once, by that look.
The best of many looks at strangers would be somebody else by chance more often than a single one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from untag.errors import ReadFailure
from untag.faces.engine import FaceEngine
from untag.imaging.decode import decode
from untag.imaging.limits import DEFAULT_LIMITS
from untag.people.calibrate import Calibration
from untag.scenes.installed import SceneModels
from untag.support.words import clock
from untag.types import Box, Face, Frame, Match, Moment, Pixels, SceneScores, Span, Verdict

_TOGETHER = 8
"""Frames that are held at once."""

_ALIKE, _PERHAPS_ALIKE, _OVERLAP = 0.9, 0.5, 0.2
"""Two looks at one person: alike beyond doubt, or perhaps alike and in the same place."""

_MOST_APART = 2
"""Frames between two looks at one person, counted among those that were chosen."""

_MOST_FACES = 500
"""Of one file; of a crowd those of the best quality."""

_MOST_SCENES = 12
"""Frames whose scene is judged. Of more, the highest score is high by chance."""


_MOST_READ = 4
"""Frames whose text is read, which takes as long as all else that is made of one."""


def find_faces(engine: FaceEngine, frames: Sequence[Frame], calibration: Calibration) -> list[tuple[Face, ...]]:
    """The faces in each frame, and in the moments after it; `calibration` is that of the engine."""
    found = engine.analyse(frames)
    return [
        _grouped(engine, frame, faces, calibration) if frame.moments else faces
        for frame, faces in zip(frames, found, strict=True)
    ]


def judge_scenes(
    models: SceneModels, photos: Sequence[tuple[Frame, tuple[Face, ...], tuple[Match, ...] | None]]
) -> list[SceneScores]:
    """What each frame with these faces shows; of what moves the highest score of each category, and when."""
    first = models.judge([frame.pixels for frame, _, _ in photos])
    return [
        _over_time(models, scenes, frame, faces, matches) if frame.moments else scenes
        for scenes, (frame, faces, matches) in zip(first, photos, strict=True)
    ]


def frame_at(frame: Frame, moment: Moment) -> Frame | None:
    """A moment of a video as a frame of its own, with boxes in the pixels of the whole; None where it is damaged."""
    try:
        pixels = decode(moment.data, max_side=0, limits=DEFAULT_LIMITS).pixels
    except ReadFailure:
        return None
    return Frame(pixels, frame.width, frame.height, pixels.shape[1] / frame.width)


def frames_to_read(frame: Frame, faces: Sequence[Face], matches: Sequence[Match] | None) -> Iterator[Pixels]:
    """The frames that are read for text: the first, and few in which somebody enrolled is seen, the best before all."""
    yield frame.pixels
    spans = _own_spans(faces, matches)
    best = {span.at for span in spans}
    seen = [moment for moment in frame.moments if any(span.since <= moment.at <= span.until for span in spans)]
    kept = _spread([moment for moment in seen if moment.at in best], _MOST_READ - 1)
    others = _spread([moment for moment in seen if moment.at not in best], _MOST_READ - 1 - len(kept))
    for moment in (*kept, *others):
        one = frame_at(frame, moment)
        if one is not None:
            yield one.pixels


@dataclass(slots=True)
class _Track:
    """One person along time: the best and the last look, and when they were seen."""

    best: Face
    last: Face
    at: float
    since: float
    until: float
    number: int

    def take(self, face: Face, at: float, number: int) -> None:
        if face.quality > self.best.quality:
            self.best, self.at = face, at
        self.last, self.until, self.number = face, at, number

    @property
    def face(self) -> Face:
        return replace(self.best, span=Span(self.at, self.since, self.until))


def _grouped(engine: FaceEngine, frame: Frame, first: tuple[Face, ...], calibration: Calibration) -> tuple[Face, ...]:
    tracks = [_Track(face, face, 0.0, 0.0, 0.0, 0) for face in first]
    for number, (at, faces) in enumerate(_looks(engine, frame), start=1):
        open_tracks = [track for track in tracks if number - track.number <= _MOST_APART]
        for face in faces:
            free = [track for track in open_tracks if track.number < number]
            same = max(free, key=lambda track: _likeness(track, face, calibration), default=None)
            if same is not None and _likeness(same, face, calibration) > 0:
                same.take(face, at, number)
            else:
                tracks.append(_Track(face, face, at, at, at, number))
    best = sorted(tracks, key=lambda track: -track.best.quality)[:_MOST_FACES]
    return tuple(track.face for track in sorted(best, key=lambda track: track.since))


def _looks(engine: FaceEngine, frame: Frame) -> Iterator[tuple[float, tuple[Face, ...]]]:
    for start in range(0, len(frame.moments), _TOGETHER):
        moments = frame.moments[start : start + _TOGETHER]
        frames = [(moment.at, one) for moment in moments if (one := frame_at(frame, moment)) is not None]
        for (at, _), faces in zip(frames, engine.analyse([one for _, one in frames]), strict=True):
            yield at, faces


def _likeness(track: _Track, face: Face, calibration: Calibration) -> float:
    """How surely a face is that of a track, 0 to 1; 0 where it is somebody else's."""
    if face.embedding is None or track.last.embedding is None or track.best.embedding is None:
        return 0.0
    looks = np.stack([track.last.embedding, track.best.embedding])
    distances = np.linalg.norm(looks.astype(np.float64) - face.embedding, axis=1)
    alike = float(calibration.similarity(distances).max())
    if alike >= _ALIKE:
        return alike
    return alike if alike >= _PERHAPS_ALIKE and _overlap(track.last.box, face.box) >= _OVERLAP else 0.0


def _overlap(one: Box, other: Box) -> float:
    """The area that two boxes share, as a share of that of both."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared) if shared else 0.0


def _over_time(
    models: SceneModels,
    first: SceneScores,
    frame: Frame,
    faces: Sequence[Face],
    matches: Sequence[Match] | None,
) -> SceneScores:
    moments = _worth_judging(frame, faces, matches)
    seen = [(moment.at, one.pixels) for moment in moments if (one := frame_at(frame, moment)) is not None]
    judged = [(0.0, first), *zip((at for at, _ in seen), models.judge([pixels for _, pixels in seen]), strict=True)]
    scores: dict[str, float] = {}
    evidence: dict[str, tuple[str, ...]] = {}
    for name in first.scores:
        at, best = max(judged, key=lambda one: one[1].scores.get(name, 0.0))
        scores[name] = best.scores[name]
        words = best.evidence.get(name, ())
        evidence[name] = (*words[:2], f"at {clock(at)}") if words else ()
    # A thing is near a face in the frame that shows both, and the two may be of different ones.
    return replace(first, scores=scores, evidence=evidence, spots={})


def _worth_judging(frame: Frame, faces: Sequence[Face], matches: Sequence[Match] | None) -> list[Moment]:
    """The moments at which somebody enrolled is seen best, and others spread over the whole."""
    own = {span.at for span in _own_spans(faces, matches)}
    mine = [moment for moment in frame.moments if moment.at in own]
    others = [moment for moment in frame.moments if moment.at not in own]
    kept = _spread(mine, _MOST_SCENES)
    return [*kept, *_spread(others, _MOST_SCENES - len(kept))]


def _own_spans(faces: Sequence[Face], matches: Sequence[Match] | None) -> list[Span]:
    """When somebody enrolled is seen."""
    pairs = () if matches is None else zip(faces, matches, strict=True)
    return [face.span for face, match in pairs if face.span is not None and match.verdict is not Verdict.OTHER]


def _spread(moments: Sequence[Moment], most: int) -> list[Moment]:
    if len(moments) <= most:
        return list(moments)
    return [moments[round(place)] for place in np.linspace(0, len(moments) - 1, most)] if most > 0 else []
