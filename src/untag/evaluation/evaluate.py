"""Measures the models on labelled photos: pairs of faces, people among strangers, scenes.

A face that is not found counts against the result: a photo in which nobody is seen is missed for certain.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.errors import ReadFailure, UsageError
from untag.evaluation.labels import MAYBE, labels_by_path, no_categories
from untag.evaluation.metrics import (
    average_precision,
    best_accuracy_threshold,
    recall_at_precision,
    roc_auc,
    tar_at_far,
)
from untag.faces.engine import FaceEngine
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.people.calibrate import load_calibration
from untag.people.match import Matcher
from untag.people.profile import make_profile
from untag.scan import SEARCH_SIDE
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.installed import SceneModels
from untag.scenes.photo import of_photo
from untag.sources.base import open_source
from untag.support.words import counted
from untag.types import Face, Frame, PhotoRef, ReadError, Vector

_BATCH = 8
_FALSE_ACCEPT_RATES = (0.001, 0.01)
_FALSE_MATCH_RATES = (0.001, 0.005, 0.01)

Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A table of labels, the folder that its paths are relative to, and what one photo may ask for."""

    table: Path
    root: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """How many photos enrol each person, which (`seed`), and the similarities from which a face is `me` or `maybe`."""

    references: int
    seed: int
    me: float
    maybe: float


@dataclass(frozen=True, slots=True)
class PairFigures:
    """`accuracy` at the best `threshold` (a distance), undetected pairs counted as wrong; the rest over detected pairs.

    `tar_at_far` maps a false accept rate to the true accept rate. What cannot be told from these pairs is None.
    """

    pairs: int
    undetected: int
    accuracy: float
    threshold: float | None
    auc: float | None
    tar_at_far: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PeopleFigures:
    """One search for every person: their own photos should match, those of all others should not.

    `recall` and `false_match` count photos with the verdict `me`, the `_with_maybe` ones `maybe` as well.
    `recall_at_false_match` maps a false match rate to the recall at the threshold that has it. `no_face` of the
    `photos` showed no face. What cannot be told from this table, as without strangers, is None.
    """

    people: int
    photos: int
    no_face: int
    recall: float | None
    false_match: float | None
    recall_with_maybe: float | None
    false_match_with_maybe: float | None
    recall_at_false_match: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """How well one category is judged; the last two at its default threshold. What cannot be told is None."""

    positives: int
    ap: float | None
    auc: float | None
    recall_at_precision_90: float | None
    recall_at_1_percent_false_alarms: float | None
    recall: float | None
    false_alarms_per_1000: float | None


@dataclass(frozen=True, slots=True)
class SceneFigures:
    """By category; those that the installed models cannot judge are in `unavailable`.

    `clip` are the figures of CLIP alone, on the same photos; empty where it was not asked for.
    """

    photos: int
    categories: Mapping[str, CategoryFigures]
    unavailable: Sequence[str]
    clip: Mapping[str, CategoryFigures]


@dataclass(frozen=True, slots=True)
class Result:
    """The figures, the photos that could not be read, and how many have each label that names no category."""

    figures: PairFigures | PeopleFigures | SceneFigures
    unreadable: Sequence[ReadError]
    no_categories: Mapping[str, int] = field(default_factory=dict)


_COLUMNS = {"pairs": ("left", "right", "same"), "people": ("path", "person"), "scenes": ("path", "labels")}


def count_photos(job: Job, kind: str) -> int:
    """How many different photos a table names. Raises UsageError for a table that is not of that kind."""
    rows = _rows(job, kind)
    names = ("left", "right") if kind == "pairs" else ("path",)
    return len({row[name] for row in rows for name in names})


def evaluate_pairs(job: Job, engine: FaceEngine, advance: Advance) -> Result:
    """Verification: is each pair of photos one person? Each photo stands for its principal face."""
    rows = _rows(job, "pairs")
    truths = [_truth(job, row["same"]) for row in rows]
    reader = _Reader(job)
    photos = _analysed(reader, dict.fromkeys(row[side] for row in rows for side in ("left", "right")), engine, advance)
    principal = {path: photo.principal() for path, photo in photos.items()}
    distances: list[float] = []
    same: list[bool] = []
    undetected = 0
    for row, truth in zip(rows, truths, strict=True):
        left, right = principal.get(row["left"]), principal.get(row["right"])
        if left is None or right is None:
            undetected += 1
            continue
        distances.append(float(np.linalg.norm(left - right)))
        same.append(truth)
    if not distances:
        raise UsageError(f"{job.table}: no pair has a face in both photos")
    scores = -np.array(distances)
    threshold, accuracy = best_accuracy_threshold(scores, same)
    figures = PairFigures(
        pairs=len(rows),
        undetected=undetected,
        accuracy=accuracy * len(distances) / len(rows),
        threshold=_or_none(-threshold),
        auc=_or_none(roc_auc(scores, same)),
        tar_at_far={f"{rate:g}": _or_none(tar) for rate, tar in tar_at_far(scores, same, _FALSE_ACCEPT_RATES).items()},
    )
    return Result(figures, reader.unreadable)


def evaluate_people(job: Job, engine: FaceEngine, options: PeopleOptions, advance: Advance) -> Result:
    """Identification: `options.references` photos of a person enrol them, and all other photos are searched.

    Only people with more photos than that are searched for; the photos of the rest are strangers. A photo scores as the
    most similar of its faces.
    """
    rows = _rows(job, "people")
    reader = _Reader(job)
    owners = {row["path"]: row["person"] for row in rows}
    photos = _analysed(reader, owners, engine, advance)
    order = sorted(photos)
    positions, vectors = _stacked(photos, order)
    by_person: defaultdict[str, list[str]] = defaultdict(list)
    for path in order:
        by_person[owners[path]].append(path)
    rng = np.random.default_rng(options.seed)
    calibration = load_calibration(engine.id)
    scores: list[NDArray[np.float64]] = []
    own: list[NDArray[np.bool_]] = []
    for person in sorted(by_person):
        enrolled = _references(photos, rng.permutation(np.array(by_person[person])), options.references)
        if len(enrolled) < options.references or len(by_person[person]) == len(enrolled):
            continue
        profile = make_profile(person, np.stack(list(enrolled.values())), calibration)
        matcher = Matcher((profile,), calibration, options.me, options.maybe)
        best = np.zeros(len(order))
        np.maximum.at(best, positions, matcher.similarities(vectors)[:, 0])
        probe = np.array([path not in enrolled for path in order])
        scores.append(best[probe])
        own.append(np.array([owners[path] == person for path in order])[probe])
    if not scores:
        raise UsageError(f"{job.table}: nobody has more than {counted(options.references, 'photo')} with a face")
    similarity, genuine = np.concatenate(scores), np.concatenate(own)
    at_rate = tar_at_far(similarity, genuine, _FALSE_MATCH_RATES)
    figures = PeopleFigures(
        people=len(scores),
        photos=len(photos),
        no_face=sum(not photo.faces for photo in photos.values()),
        recall=_share(similarity[genuine] >= options.me),
        false_match=_share(similarity[~genuine] >= options.me),
        recall_with_maybe=_share(similarity[genuine] >= options.maybe),
        false_match_with_maybe=_share(similarity[~genuine] >= options.maybe),
        recall_at_false_match={f"{rate:g}": _or_none(recall) for rate, recall in at_rate.items()},
    )
    return Result(figures, reader.unreadable)


def _references(photos: Mapping[str, _Photo], order: Iterable[str], most: int) -> dict[str, Vector]:
    """The embeddings of the first photos in `order` that have a face, as a user would choose them."""
    chosen: dict[str, Vector] = {}
    for path in order:
        vector = photos[path].principal()
        if vector is not None and len(chosen) < most:
            chosen[path] = vector
    return chosen


def evaluate_scenes(job: Job, models: SceneModels, advance: Advance, clip: SceneModels | None = None) -> Result:
    """Each category against the labels. A photo labelled `NAME_maybe` is left out of the figures for NAME.

    With `clip`, CLIP by itself, the same photos are judged by that as well.
    """
    rows = _rows(job, "scenes")
    reader = _Reader(job)
    labels = labels_by_path(rows)
    scores: dict[str, Mapping[str, float]] = {}
    by_clip: dict[str, Mapping[str, float]] = {}
    for batch in _batches(reader.frames(labels, advance)):
        pixels = [frame.pixels for _, frame in batch]
        for (path, frame), judged in zip(batch, models.judge(pixels), strict=True):
            scores[path] = of_photo(judged, frame).scores
        if clip is not None:
            by_clip |= {path: judged.scores for (path, _), judged in zip(batch, clip.judge(pixels), strict=True)}
    judged_for = {name for judged in scores.values() for name in judged} if scores else {*models.thresholds}
    thresholds = {**{name.value: spec.threshold for name, spec in CATEGORIES.items()}, **models.thresholds}
    figures = {name: _category(name, thresholds[name], labels, scores) for name in thresholds if name in judged_for}
    unavailable = [name.value for name in Category if name not in judged_for]
    asked = {} if clip is None else clip.thresholds
    compared = {name: _category(name, threshold, labels, by_clip) for name, threshold in asked.items()}
    others = no_categories(labels, {*Category, *figures, *compared})
    return Result(SceneFigures(len(scores), figures, unavailable, compared), reader.unreadable, others)


def _category(
    category: str,
    threshold: float,
    labels: Mapping[str, frozenset[str]],
    scores: Mapping[str, Mapping[str, float]],
) -> CategoryFigures:
    judged = [path for path in scores if f"{category}{MAYBE}" not in labels[path]]
    values = np.array([scores[path][category] for path in judged], dtype=np.float64)
    positive = np.array([category in labels[path] for path in judged], dtype=np.bool_)
    flagged = values >= threshold
    return CategoryFigures(
        positives=int(positive.sum()),
        ap=_or_none(average_precision(values, positive)),
        auc=_or_none(roc_auc(values, positive)),
        recall_at_precision_90=_or_none(recall_at_precision(values, positive, 0.9)),
        recall_at_1_percent_false_alarms=_or_none(tar_at_far(values, positive, [0.01])[0.01]),
        recall=_share(flagged[positive]),
        false_alarms_per_1000=None if positive.all() else 1000 * float(flagged[~positive].mean()),
    )


def _share(hits: NDArray[np.bool_]) -> float | None:
    return float(hits.mean()) if hits.size else None


def _or_none(value: float) -> float | None:
    # JSON has neither NaN nor infinity.
    return value if np.isfinite(value) else None


class _Reader:
    """Reads the photos that a table names, and keeps count of those that cannot be read."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.unreadable: list[ReadError] = []

    def frames(self, paths: Iterable[str], advance: Advance) -> Iterator[tuple[str, Frame]]:
        for path in paths:
            frame = self._frame(path)
            advance()
            if frame is not None:
                yield path, frame

    def _frame(self, path: str) -> Frame | None:
        # A table that names a missing photo is a wrong table or root: UsageError ends the evaluation.
        if not path or (self._job.root / path).is_dir():
            raise UsageError(f"{self._job.table}: {path or 'an empty path'} is not a photo")
        try:
            source = open_source(self._job.root / path, limits=self._job.limits)
        except UsageError as error:
            raise UsageError(f"{self._job.table} names {path}: {error}; is --root right?") from error
        for entry in source.photos():
            if isinstance(entry, PhotoRef):
                try:
                    return decode(source.read(entry), max_side=SEARCH_SIDE, limits=self._job.limits)
                except ReadFailure as failure:
                    entry = ReadError(entry.path, failure.outcome, str(failure))
            self.unreadable.append(entry)
        return None


@dataclass(frozen=True, slots=True)
class _Photo:
    """What is left of a photo once its pixels are let go: a table may name many thousands."""

    width: int
    height: int
    faces: tuple[Face, ...]

    def principal(self) -> Vector | None:
        """The embedding of the face that the photo is of: large, and near the middle."""
        return max(self.faces, key=self._prominence).embedding if self.faces else None

    def _prominence(self, face: Face) -> float:
        box = face.box
        across = ((box.left + box.right) / self.width - 1, (box.top + box.bottom) / self.height - 1)
        return box.width * box.height * max(0.0, 1 - float(np.hypot(*across)) / 1.5)


def _analysed(reader: _Reader, paths: Iterable[str], engine: FaceEngine, advance: Advance) -> dict[str, _Photo]:
    """The faces of every photo that can be read."""
    found: dict[str, _Photo] = {}
    for batch in _batches(reader.frames(paths, advance)):
        for (path, frame), faces in zip(batch, engine.analyse([frame for _, frame in batch]), strict=True):
            found[path] = _Photo(frame.width, frame.height, faces)
    return found


def _stacked(photos: Mapping[str, _Photo], order: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """All embeddings, (N, dimensions), and for each the position in `order` of the photo that it is from."""
    found = [
        (position, face.embedding)
        for position, path in enumerate(order)
        for face in photos[path].faces
        if face.embedding is not None
    ]
    if not found:
        raise UsageError("no face was found in any photo")
    positions, vectors = zip(*found, strict=True)
    return np.array(positions, np.intp), np.stack(vectors)


def _batches(frames: Iterator[tuple[str, Frame]]) -> Iterator[list[tuple[str, Frame]]]:
    while batch := list(islice(frames, _BATCH)):
        yield batch


def _truth(job: Job, value: str) -> bool:
    if value not in ("0", "1"):
        raise UsageError(f"{job.table}: same must be 0 or 1, not {value!r}")
    return value == "1"


def _rows(job: Job, kind: str) -> list[dict[str, str]]:
    columns = _COLUMNS[kind]
    if job.table.exists() and not job.table.is_file():
        raise UsageError(f"{job.table} is no file; evaluate {kind} reads a table in CSV")
    try:
        with job.table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            present = reader.fieldnames or ()
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{job.table} cannot be read: {error}") from error
    missing = [name for name in columns if name not in present]
    if missing:
        raise UsageError(f"{job.table} has no column {', '.join(missing)}; evaluate {kind} needs {', '.join(columns)}")
    for number, row in enumerate(rows, start=2):
        if any(row[name] is None for name in columns):
            raise UsageError(f"{job.table}: line {number} has too few columns")
    if not rows:
        raise UsageError(f"{job.table} has no rows")
    return rows
