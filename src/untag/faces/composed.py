"""A face engine put together: a finder of faces with landmarks, alignment by a template, and an embedder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.session import Device, Session
from untag.faces.align import ChipTemplate, cut_chip
from untag.faces.dark import is_dark, lifted
from untag.faces.finder import NOTHING, Detections, FaceFinder, FoundFace
from untag.faces.quality import measure_quality
from untag.faces.tiles import find, tileable
from untag.faces.turned import Turn, find_turns, turned
from untag.types import Face, Frame, Pixels, Vector

EMBEDDING_BATCH = 32

SMALLEST_FACE = 16.0
"""Below this many pixels of the original between its edges a face cannot be recognised."""

_CLOSE_UP = 80.0
"""Faces below this size in a reduced frame are worth a look at finer pixels."""

_FINE_FACE = 112.0
"""The size that finer pixels give the smallest face, if the original has it: about as large as in a chip."""

_MOST_ENLARGED = 4.0


@dataclass(frozen=True, slots=True)
class Embedder:
    """A network that embeds faces, from chips that are aligned by `template`.

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
class _Located:
    """What is seen in an image as it was searched: turned by `quarters`, perhaps with the light lifted."""

    image: Pixels
    seen: Detections
    quarters: int = 0
    is_lifted: bool = False

    def alike(self, finer: Pixels) -> Pixels:
        """Finer pixels of the photo, shown in the same way."""
        upright = turned(finer, self.quarters)
        return lifted(upright) if self.is_lifted else upright


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
        A photo without an upright face is searched turned by quarters, an elongated one in tiles (`tiles`), and a dark
        one without a face with the light lifted (`dark`).
        """
        cut = self._cut_all(frames)
        embedded = iter(self.embedder.embed([chip for faces in cut for _, chip in faces]))
        return [tuple(self._face(face, chip, next(embedded)) for face, chip in faces) for faces in cut]

    def _cut_all(self, frames: Sequence[Frame]) -> list[list[tuple[FoundFace, Pixels]]]:
        """The faces of each frame in pixels of the original, with their chips."""
        cut: dict[int, list[tuple[FoundFace, Pixels]]] = {}
        usual: list[int] = []
        for index, frame in enumerate(frames):
            finer = tileable(frame)
            if finer is None:
                usual.append(index)
            else:
                # By itself: it takes as much memory as a batch of others.
                (located,) = self._locate([finer])
                cut[index] = self._cut(frame, located)
        for index, located in zip(usual, self._locate([frames[index].pixels for index in usual]), strict=True):
            cut[index] = self._cut(frames[index], located)
        return [cut[index] for index in range(len(frames))]

    def _locate(self, images: Sequence[Pixels]) -> list[_Located]:
        """What is seen in each image, and how it had to be shown for that."""
        located = [_Located(image, seen) for image, seen in zip(images, find(self.finder, images), strict=True)]
        turns = find_turns(self.finder, images, [one.seen for one in located])
        self._look_again(located, {i: _Located(turned(images[i], by), NOTHING, by) for i, by in turns.items()})
        dark = [i for i, one in enumerate(located) if not one.seen.faces and is_dark(images[i])]
        self._look_again(located, {i: _Located(lifted(images[i]), NOTHING, is_lifted=True) for i in dark})
        return located

    def _look_again(self, located: list[_Located], shown: Mapping[int, _Located]) -> None:
        """Replaces what was located by what is seen where an image is shown otherwise, if that is surer.

        In lifted light each face must be: grain and shadows look like more there.
        """
        sure = self.finder.crops.face_score
        quick = any(one.is_lifted for one in shown.values())
        seen = find(self.finder, [one.image for one in shown.values()], quick=quick)
        for (index, one), found in zip(shown.items(), seen, strict=True):
            if found.best >= max(located[index].seen.best, sure):
                faces = [face for face in found.faces if face.score >= sure or not one.is_lifted]
                located[index] = replace(one, seen=replace(found, faces=faces))

    def _cut(self, frame: Frame, located: _Located) -> list[tuple[FoundFace, Pixels]]:
        image, quarters = located.image, located.quarters
        long_side = max(image.shape[:2])
        scale = long_side / max(frame.width, frame.height)
        faces = [face for face in located.seen.faces if face.side >= SMALLEST_FACE * scale]
        finer = _finer(frame, faces, long_side)
        if finer is not None:
            enlarged = max(finer.shape[:2]) / long_side
            image, scale = located.alike(finer), scale * enlarged
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


def _finer(frame: Frame, faces: Sequence[FoundFace], long_side: int) -> Pixels | None:
    """The photo as fine as its smallest face deserves; None when there is nothing to gain, or nothing to be had.

    The faces were found in it with its longer side at `long_side`.
    """
    smallest = min((face.side for face in faces), default=_CLOSE_UP)
    if frame.finer is None or smallest >= _CLOSE_UP:
        return None
    finer = frame.finer.pixels(round(long_side * min(_MOST_ENLARGED, _FINE_FACE / max(smallest, 1.0))))
    return finer if finer is not None and max(finer.shape[:2]) > long_side else None
