"""A face engine put together: a finder of faces with landmarks, alignment by a template, and an embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.engine.session import Device, Session
from untag.faces.align import ChipTemplate, cut_chip
from untag.faces.finder import FaceFinder, FoundFace, Sighting
from untag.faces.quality import measure_quality
from untag.faces.turned import Turn, find_turns, turned
from untag.types import Face, Frame, Pixels, Vector

EMBEDDING_BATCH = 32

SMALLEST_FACE = 16.0
"""Below this many pixels of the original between its edges a face could not be told from another."""

_CLOSE_UP = 80.0
"""Faces below this size in a reduced frame are worth a look at finer pixels."""

_FINE_FACE = 112.0
"""The size that finer pixels give the smallest face, if the original has it: about as large as in a chip."""

_MOST_ENLARGED = 4.0


@dataclass(frozen=True, slots=True)
class Embedder:
    """A network that tells faces apart, on chips that are aligned by `template`.

    `prepare` makes what the graph's input takes of chips (N, size, size, 3) RGB uint8. A network that was trained for
    the cosine has `unit_length`: of vectors of length 1 the squared Euclidean distance is 2 - 2 x cosine, so that one
    distance serves all engines. `batch` is how many chips a run may have.
    """

    session: Session
    input: str
    template: ChipTemplate
    dimensions: int
    unit_length: bool = False
    prepare: Callable[[Pixels], NDArray[Any]] = lambda chips: chips
    batch: int = EMBEDDING_BATCH

    def embed(self, chips: Sequence[Pixels]) -> NDArray[np.float32]:
        """Embeddings (N, dimensions) float32 of aligned chips, each (size, size, 3) RGB uint8."""
        vectors: list[Vector] = []
        for start in range(0, len(chips), self.batch):
            part = np.stack(chips[start : start + self.batch])
            vectors.extend(self.session.run({self.input: self.prepare(part)})[0])
        if not vectors:
            return np.empty((0, self.dimensions), np.float32)
        embeddings = np.stack(vectors)
        if self.unit_length:
            embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), np.float32(1e-12))
        return embeddings


@dataclass(frozen=True, slots=True)
class ComposedEngine:
    """A finder and an embedder that belong together; `id` carries the hashes of their weights."""

    id: str
    device: Device
    finder: FaceFinder
    embedder: Embedder

    def analyse(self, frames: Sequence[Frame]) -> list[tuple[Face, ...]]:
        """The faces in each frame, with their embeddings; one batch of chips spans all frames.

        Where a reduced frame shows small faces its finer pixels are decoded, for as long as it takes to cut the chips.
        A photo in which nobody stands upright is looked at turned by quarters.
        """
        cut = [self._cut(*located) for located in zip(frames, *self._locate(frames), strict=True)]
        embedded = iter(self.embedder.embed([chip for faces in cut for _, chip in faces]))
        return [tuple(self._face(face, chip, next(embedded)) for face, chip in faces) for faces in cut]

    def _locate(self, frames: Sequence[Frame]) -> tuple[list[Sighting], list[int]]:
        """What is seen in each frame, and by how many quarters it had to be turned for that."""
        images = [frame.pixels for frame in frames]
        seen, quarters = self.finder.find(images), [0] * len(images)
        turns = find_turns(self.finder, images, seen)
        again = self.finder.find([turned(images[index], quarter) for index, quarter in turns.items()])
        for (index, quarter), sighting in zip(turns.items(), again, strict=True):
            if sighting.best >= max(seen[index].best, self.finder.crops.face_score):
                seen[index], quarters[index] = sighting, quarter
        return seen, quarters

    def _cut(self, frame: Frame, sighting: Sighting, quarters: int) -> list[tuple[FoundFace, Pixels]]:
        """The faces of a frame in pixels of the original, with their chips."""
        image, scale = turned(frame.pixels, quarters), frame.scale
        faces = [face for face in sighting.faces if face.side >= SMALLEST_FACE * scale]
        finer = _finer(frame, faces)
        if finer is not None:
            enlarged = finer.shape[1] / frame.pixels.shape[1]
            image, scale = turned(finer, quarters), frame.scale * enlarged
            faces = self.finder.look_closer(image, enlarged, [face.scaled(enlarged) for face in faces])
        turn = Turn(quarters, frame.width * scale, frame.height * scale)
        return [
            (turn.back(face).scaled(1 / scale), cut_chip(image, face.landmarks, self.embedder.template))
            for face in faces
            if face.side >= SMALLEST_FACE * scale
        ]

    def _face(self, face: FoundFace, chip: Pixels, vector: Vector) -> Face:
        quality = measure_quality(chip, face.landmarks, face.side, self.finder.layout)
        return Face(face.box, face.score, face.landmarks, quality.overall, vector)


def _finer(frame: Frame, faces: Sequence[FoundFace]) -> Pixels | None:
    """The photo as fine as its smallest face deserves; None when there is nothing to gain, or nothing to be had."""
    smallest = min((face.side for face in faces), default=_CLOSE_UP)
    if frame.finer is None or smallest >= _CLOSE_UP:
        return None
    long_side = max(frame.pixels.shape[:2])
    finer = frame.finer.pixels(round(long_side * min(_MOST_ENLARGED, _FINE_FACE / max(smallest, 1.0))))
    return finer if finer is not None and finer.shape[1] > frame.pixels.shape[1] else None
