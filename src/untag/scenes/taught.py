"""Categories that the user taught with ten photos or so: how they are learnt, judged, and how well that will do.

Linear discriminant analysis against the background of ordinary photos (Fisher 1936, with the covariance shrunk as in
Ledoit and Wolf 2004), as ridge regression on the whitened features, so that photos unlike the category can be learnt
from as well. Constants and figures: training/measure_taught.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.scenes.background import BACKGROUND_SHA256, Background, Floats, load_background
from untag.scenes.categories import Sensitivity
from untag.scenes.heads import logistic
from untag.scenes.taught_files import Examples, load_examples, taught_names
from untag.words import counted

THRESHOLD = 0.5
"""The score from which a taught category counts."""

THRESHOLDS = {Sensitivity.STRICT: 0.65, Sensitivity.NORMAL: THRESHOLD, Sensitivity.HIGH: 0.33}
"""By sensitivity: 0.6 standard deviations of ordinary photos more, and 0.7 less."""

FALSE_ALARMS_PER_1000 = 5.0
"""Of ordinary photos, as a mean over categories; the strangest raise more than twice as many."""

_EDGE = 3.2
"""Standard deviations above the mean of ordinary photos from which a photo counts."""
_SHARE = 0.5
"""It must also be this share as far above as the median example is: what stands far out needs no alarm at the edge."""
_RIDGE = 1.0
_UNLIKE = -0.25
"""What photos unlike the category are learnt as; those like it are 1, ordinary ones 0."""
_NEAR_DUPLICATE = 0.8
"""The cosine of whitened vectors above which two photos show the same moment: neither may tell how the other is
found."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """Leaving one out: of `tried` examples, `found` were found with a head taught without them and without near-copies.

    Of `unlike_tried` photos that were given as unlike, `unlike_found` were flagged in the same way.
    """

    found: int
    tried: int
    unlike_found: int
    unlike_tried: int


@dataclass(frozen=True, slots=True)
class Taught:
    """A category: a whitened photo's product with `weights` (D,), less `edge`, is the logit of its score."""

    name: str
    weights: Floats
    edge: float
    examples: int
    estimate: Estimate


def learn(examples: Examples, background: Background) -> Taught:
    """The category that examples show."""
    rows = background.whiten(np.concatenate([examples.like, examples.unlike]))
    like = len(examples.like)
    products, spreads = rows @ rows.T, background.covariance(rows, rows)
    targets = np.where(np.arange(len(rows)) < like, 1.0, _UNLIKE)
    lengths = np.sqrt(np.maximum(np.diag(products), 1e-12))
    copies = products / np.outer(lengths, lengths) > _NEAR_DUPLICATE
    np.fill_diagonal(copies, True)

    inverse = _inverse(products)
    shares = inverse @ targets

    def judged(row: int) -> float | None:
        """How far out a photo is by what all others teach, or None when none of those is an example."""
        left = np.flatnonzero(copies[row])
        kept = np.flatnonzero(~copies[row])
        if not (kept < like).any():
            return None
        # The solution without some rows, by the inverse of a partitioned matrix: no system is solved anew.
        without = shares[kept] - inverse[np.ix_(kept, left)] @ np.linalg.solve(
            inverse[np.ix_(left, left)], shares[left]
        )
        return float(products[row, kept] @ without) / _deviation(without, spreads[np.ix_(kept, kept)])

    out = [judged(row) for row in range(len(rows))]
    own = [value for value in out[:like] if value is not None]
    other = [value for value in out[like:] if value is not None]
    edge = max(_EDGE, _SHARE * float(np.median(own))) if own else _EDGE
    estimate = Estimate(sum(value >= edge for value in own), len(own), sum(x >= edge for x in other), len(other))
    weights = shares @ rows / _deviation(shares, spreads)
    return Taught(examples.name, weights, edge, like, estimate)


def _inverse(products: Floats) -> Floats:
    """Of the regularised kernel, (K, K)."""
    ridge = _RIDGE * np.trace(products) / len(products) + 1e-12
    return np.asarray(np.linalg.inv(products + ridge * np.eye(len(products))))


def _deviation(shares: Floats, spreads: Floats) -> float:
    """By how much ordinary photos deviate along the rows' sum, each taken with its share."""
    return float(np.sqrt(max(float(shares @ spreads @ shares), 1e-24)))


class TaughtHeads:
    """Every category taught with one backbone. `id` changes whenever a score could."""

    def __init__(self, background: Background, taught: Sequence[Taught], digest: str) -> None:
        self._background = background
        self._weights = np.stack([one.weights for one in taught], axis=1)
        self._edges = np.array([one.edge for one in taught])
        self.id = f"taught-{digest}"
        self.names = tuple(one.name for one in taught)
        self.evidence = {one.name: f"like your {counted(one.examples, 'example')}" for one in taught}

    def scores(self, features: NDArray[np.float32]) -> Floats:
        """(N, D) features -> (N, T), 0 to 1, for the T `names`."""
        return logistic(self._background.whiten(features) @ self._weights - self._edges)


def load_taught(home: Path, backbone: str) -> TaughtHeads | None:
    """The categories in `home` that were taught with this backbone, or None.

    Raises StoreError for a damaged file, ModelError when the background is damaged.
    """
    examples = _examples(home, backbone)
    if not examples:
        return None
    background = load_background(backbone)
    digest = hashlib.sha256(f"{_VERSION} {BACKGROUND_SHA256}".encode())
    for one in examples:
        digest.update(f"\0{one.name}\0{one.like.shape}{one.unlike.shape}".encode())
        digest.update(one.like.tobytes() + one.unlike.tobytes())
    return TaughtHeads(background, [learn(one, background) for one in examples], digest.hexdigest()[:12])


def usable_names(home: Path, backbone: str) -> tuple[str, ...]:
    """The categories in `home` that were taught with this backbone. Raises StoreError for a damaged file."""
    return tuple(one.name for one in _examples(home, backbone))


def _examples(home: Path, backbone: str) -> list[Examples]:
    found = [load_examples(home, name) for name in taught_names(home)]
    return [one for one in found if one.backbone == backbone]
