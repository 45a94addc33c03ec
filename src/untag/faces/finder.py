"""What finds faces, as the engines see it: a finder of boxes and landmarks that can also look at details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from untag.faces.landmarks import LandmarkLayout
from untag.faces.proposals import Candidate
from untag.types import Box, Pixels


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face before alignment: box and landmarks (5, 2) float32 in pixels of the image that was searched."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]

    @property
    def side(self) -> float:
        """The shorter side of its box."""
        return min(self.box.width, self.box.height)

    def scaled(self, factor: float) -> FoundFace:
        """The same face in an image enlarged by `factor`."""
        return FoundFace(self.box.scaled(factor), self.score, self.landmarks * np.float32(factor))


@dataclass(frozen=True, slots=True)
class Detections:
    """What was detected in an image: faces, and candidates for more (`hints`); both with the most certain first."""

    faces: list[FoundFace]
    hints: list[Candidate]

    @property
    def best(self) -> float:
        """The score of the most certain face, 0 when there is none."""
        return self.faces[0].score if self.faces else 0.0


NOTHING = Detections([], [])


@dataclass(frozen=True, slots=True)
class CropRules:
    """What a finder's scores say, and the crops that it scores: `side` pixels square, with a face of `face` pixels.

    A photo with a face of `upright` or more stands upright. One without may lie on its side or head when a turned crop
    of it scores more than what was found in it, and at least `face_score`.
    """

    side: int
    face: float
    upright: float
    face_score: float


class FaceFinder(Protocol):
    """Finds faces and their landmarks, which it orders as `layout` says."""

    @property
    def layout(self) -> LandmarkLayout: ...

    @property
    def crops(self) -> CropRules: ...

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        """What is detected in each image; `quick` leaves out a second search of those with no face, or small ones."""
        ...

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        """The score of the best face in each of (N, side, side, 3) crops that follow the rules: (N,) float32."""
        ...

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        """The `faces`, found in a copy reduced `enlarged` times, as `image` shows them, and others too small for it.

        Their boxes and landmarks are given and returned in pixels of `image`.
        """
        ...
