"""Where faces may be: candidates for the detector to confirm, so that it need not search the whole photo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.session import Session
from untag.engine.weights.proposal_graph import LARGEST, SMALLEST, STRIDE
from untag.types import Pixels

_CENTRE_SIZE = (SMALLEST * LARGEST) ** 0.5
_OCTAVE = 0.5

_TILE = 1600
"""Side of the parts in which a large image is searched, which bounds the memory that the network takes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible face: its centre and size in pixels of the image, and the proposal network's confidence, 0 to 1."""

    x: float
    y: float
    size: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ProposalOptions:
    """What to propose: faces of at least `smallest` pixels, up to those whose size is `largest_share` of the image.

    Those above `followed_share` are for faces that lie on their side: where they are upright, the detector finds them
    unaided. Candidates below `confidence` are dropped, and of each image all but the `most` most confident.
    """

    smallest: float = 28.0
    largest_share: float = 0.9
    followed_share: float = 0.3
    confidence: float = 0.2
    most: int = 100


DEFAULT_PROPOSALS = ProposalOptions()


class ProposalNetwork:
    """The proposal network on a session of `engine.weights.proposal_graph.build_proposal_network`."""

    def __init__(self, session: Session, options: ProposalOptions = DEFAULT_PROPOSALS) -> None:
        self._session = session
        self._options = options

    def candidates(self, images: Sequence[Pixels]) -> list[list[Candidate]]:
        """Possible faces in each image, the most confident first. Equal scales of images of one size run together."""
        by_size: dict[tuple[int, ...], list[tuple[int, float, Pixels]]] = defaultdict(list)
        for index, image in enumerate(images):
            for scale, reduced in self._octaves(image):
                by_size[reduced.shape].append((index, scale, reduced))
        found: list[list[Candidate]] = [[] for _ in images]
        for members in by_size.values():
            (cells,) = self._session.run({"images": np.stack([reduced for _, _, reduced in members])})
            for (index, scale, _), maps in zip(members, cells, strict=True):
                found[index].extend(self._peaks(maps, scale))
        return [self._chosen(image, items) for image, items in zip(images, found, strict=True)]

    def largest_followed(self, image: Pixels) -> float:
        """The size of candidates in this image up to which the detector should look at them."""
        long_side: int = max(image.shape[:2])
        return max(self._options.followed_share * long_side, self._options.smallest)

    def _chosen(self, image: Pixels, items: list[Candidate]) -> list[Candidate]:
        # Apart, so that none that is followed goes for one that is not.
        limit, most = self.largest_followed(image), self._options.most
        followed = _distinct([item for item in items if item.size <= limit], most)
        larger = _distinct([item for item in items if limit < item.size <= self._largest(image)], most)
        return sorted([*followed, *larger], key=lambda item: -item.confidence)

    def in_tiles(self, image: Pixels, largest: float) -> list[Candidate]:
        """Possible faces of `smallest` to about `largest` pixels, however large the image: it is searched in parts."""
        height, width = image.shape[:2]
        overlap = int(2 * largest)
        found: list[Candidate] = []
        for top in _starts(height, overlap):
            for left in _starts(width, overlap):
                tile = image[top : top + _TILE, left : left + _TILE]
                share = largest / max(tile.shape[:2])
                proposals = ProposalNetwork(self._session, replace(self._options, largest_share=share))
                found.extend(replace(one, x=one.x + left, y=one.y + top) for one in proposals.candidates([tile])[0])
        return _distinct(found, self._options.most)

    def _largest(self, image: Pixels) -> float:
        long_side: int = max(image.shape[:2])
        return max(self._options.largest_share * long_side, self._options.smallest)

    def _octaves(self, image: Pixels) -> Iterator[tuple[float, Pixels]]:
        height, width = image.shape[:2]
        scale = SMALLEST / self._options.smallest
        reduced = image
        while True:
            # Whole cells only: at most seven pixels at the right and bottom are stretched away.
            size = tuple(max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (width, height))
            # Bilinear takes every pixel into account down to a half, which is as far as one step goes.
            method = cv2.INTER_LINEAR if size[0] * 2 >= reduced.shape[1] else cv2.INTER_AREA
            reduced = np.asarray(cv2.resize(reduced, size, interpolation=method), dtype=np.uint8)
            yield scale, reduced
            if LARGEST / scale >= self._largest(image):
                return
            scale *= _OCTAVE

    def _peaks(self, maps: NDArray[np.float32], scale: float) -> Iterator[Candidate]:
        logits = maps[0]
        # A face lights up several cells; the brightest of each neighbourhood stands for it.
        peaks = (logits >= cv2.dilate(logits, np.ones((3, 3), np.uint8))) & (
            logits > np.log(self._options.confidence / (1 - self._options.confidence))
        )
        for row, column in np.argwhere(peaks):
            logit, size, dx, dy = (float(value) for value in maps[:, row, column])
            cell = STRIDE / scale
            yield Candidate(
                x=(column + dx + 0.5) * cell,
                y=(row + dy + 0.5) * cell,
                size=_CENTRE_SIZE * 2.0**size / scale,
                confidence=1 / (1 + float(np.exp(-logit))),
            )


def _starts(extent: int, overlap: int) -> list[int]:
    """Where tiles begin along a side of the image, so that they overlap and the last one ends with it."""
    count = max(1, -(-(extent - overlap) // (_TILE - overlap)))
    return [round(index * (extent - _TILE) / (count - 1)) if count > 1 else 0 for index in range(count)]


def _distinct(candidates: list[Candidate], most: int) -> list[Candidate]:
    """Without those that another octave or a neighbouring cell proposed as well."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda item: -item.confidence):
        if len(kept) == most:
            break
        if not any(
            np.hypot(candidate.x - other.x, candidate.y - other.y) < 0.35 * max(candidate.size, other.size)
            and 0.6 < candidate.size / other.size < 1.7
            for other in kept
        ):
            kept.append(candidate)
    return kept
