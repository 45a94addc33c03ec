"""A face engine put together: a finder of faces with landmarks, alignment by a template, and an embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from untag.engine.session import Device, Session
from untag.faces.align import ChipTemplate, cut_chip
from untag.faces.landmarks import LandmarkLayout
from untag.faces.quality import measure_quality
from untag.types import Box, Face, Frame, Pixels, Vector

EMBEDDING_BATCH = 32


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face before alignment: box and landmarks (5, 2) float32 in pixels of the image that was searched."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]


class FaceFinder(Protocol):
    """Finds faces and their landmarks, which it orders as `layout` says."""

    @property
    def layout(self) -> LandmarkLayout: ...

    def find(self, images: Sequence[Pixels]) -> list[list[FoundFace]]:
        """The faces in each image, the most certain first."""
        ...


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
        """The faces in each frame, with their embeddings; one batch of chips spans all frames."""
        found = self.finder.find([frame.pixels for frame in frames])
        chips = [
            cut_chip(frame.pixels, face.landmarks, self.embedder.template)
            for frame, faces in zip(frames, found, strict=True)
            for face in faces
        ]
        embedded = iter(zip(chips, self.embedder.embed(chips), strict=True))
        return [
            tuple(self._face(face, *next(embedded), 1 / frame.scale) for face in faces)
            for frame, faces in zip(frames, found, strict=True)
        ]

    def _face(self, face: FoundFace, chip: Pixels, vector: Vector, enlarge: float) -> Face:
        box = face.box.scaled(enlarge)
        quality = measure_quality(chip, face.landmarks, min(box.width, box.height), self.finder.layout)
        return Face(box, face.score, face.landmarks * np.float32(enlarge), quality.overall, vector)
