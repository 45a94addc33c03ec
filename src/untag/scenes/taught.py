"""Categories that the user taught with ten photos or so: how they are learnt, judged, and how well that will do.

Linear discriminant analysis against the background of ordinary photos (Fisher 1936, with the covariance shrunk as in
Ledoit and Wolf 2004), as ridge regression on the whitened features, so that photos unlike the category can be learnt
from as well. Constants and figures: training/measure_taught.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.errors import StoreError, UsageError
from untag.scenes.background import BACKGROUND_SHA256, Background, Floats, load_background
from untag.scenes.categories import Sensitivity
from untag.scenes.heads import logistic
from untag.scenes.space import SPACE_SHA256, Space, load_space
from untag.scenes.taught_files import Examples, check_width, load_examples, taught_names
from untag.scenes.words import WORDS_SHA256, TextTower, load_words
from untag.support.words import counted

THRESHOLD = 0.5
"""The score from which a taught category counts."""

THRESHOLDS = {Sensitivity.STRICT: 0.65, Sensitivity.NORMAL: THRESHOLD, Sensitivity.HIGH: 0.33}
"""By sensitivity: 0.6 standard deviations of ordinary photos more, and 0.7 less."""

FALSE_ALARMS_PER_1000 = 5.0
"""Of ordinary snapshots, as a mean over categories; the strangest raise more than twice as many."""
ELSEWHERE_PER_1000, ELSEWHERE_WITH_WORDS_PER_1000 = 100.0, 40.0
"""Of photos of other sources, those chosen to deceive among them: without words for the category, and with them."""

_EDGE = 3.2
"""Standard deviations above the mean of ordinary photos from which a photo counts."""
_SHARE = 0.5
"""It must also be this share as far above as the median example is: what stands far out needs no alarm at the edge."""
_WORDS_EDGE = 3.0
"""The same for words: there about as many ordinary photos are flagged, as a mean over words (docs/models.md)."""
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
    """A category: a whitened photo's product with `weights` (D,), less `edge`, is the logit of its score.

    Where there are `words`, so is how near the photo is to them, less the same for all words; with both, their mean.
    """

    name: str
    weights: Floats
    edge: float
    examples: int
    estimate: Estimate
    words: str = ""

    @property
    def false_alarms_per_1000(self) -> float:
        """How many of 1,000 ordinary photos it is expected to flag wrongly, at least."""
        return FALSE_ALARMS_PER_1000

    @property
    def false_alarms_elsewhere_per_1000(self) -> float:
        """The same at most, of photos unlike those that it was measured on."""
        return ELSEWHERE_WITH_WORDS_PER_1000 if self.words else ELSEWHERE_PER_1000


def learn(examples: Examples, background: Background) -> Taught:
    """The category that examples show, or words alone describe. Raises StoreError for those that are damaged."""
    check_width(examples, len(background.mean))
    if len(examples.like) == 0:
        nothing = Estimate(0, 0, 0, 0)
        return Taught(examples.name, np.zeros_like(background.mean), 0.0, 0, nothing, examples.words)
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
    return Taught(examples.name, weights, edge, like, estimate, examples.words)


def _inverse(products: Floats) -> Floats:
    """Of the regularised kernel, (K, K)."""
    ridge = _RIDGE * np.trace(products) / len(products) + 1e-12
    return np.asarray(np.linalg.inv(products + ridge * np.eye(len(products))))


def _deviation(shares: Floats, spreads: Floats) -> float:
    """By how much ordinary photos deviate along the rows' sum, each taken with its share."""
    return float(np.sqrt(max(float(shares @ spreads @ shares), 1e-24)))


class TaughtHeads:
    """Every category taught with one backbone. `id` changes whenever a score could."""

    def __init__(
        self, background: Background, taught: Sequence[Taught], digest: str, said: Described | None = None
    ) -> None:
        """`said` is needed where one of them has words."""
        self._background = background
        self._said = said
        self._has_examples = np.array([one.examples > 0 for one in taught])
        self._words = [one.words for one in taught]
        self._weights = np.stack([one.weights for one in taught], axis=1)
        self._edges = np.array([one.edge for one in taught])
        self.id = f"taught-{digest}"
        self.names = tuple(one.name for one in taught)
        self.evidence = {one.name: _why(one) for one in taught}

    def scores(self, features: NDArray[np.float32], vectors: NDArray[np.float32]) -> Floats:
        """(N, D) features and (N, 384) vectors of the shared space -> (N, T), 0 to 1, for the T `names`."""
        logits = self._background.whiten(features) @ self._weights - self._edges
        for column, words in enumerate(self._words):
            if words and self._said is not None:
                near = self._said.nearness(vectors, words) - _WORDS_EDGE
                logits[:, column] = (logits[:, column] + near) / 2 if self._has_examples[column] else near
        return logistic(logits)


class Described:
    """How near photos are to words, in the space of pictures and sentences; each text is read once."""

    def __init__(self, space: Space, tower: TextTower, texts: Iterable[str]) -> None:
        """Raises StoreError for words that cannot be read: they were kept, as others were known or allowed."""
        self._space = space
        self._sentences = {text: _read(tower, text) for text in texts}

    def nearness(self, vectors: NDArray[np.float32], text: str) -> Floats:
        """(N, 384) -> (N,), in standard deviations above ordinary photos."""
        return self._space.nearness(vectors, self._sentences[text]).astype(np.float64)


def _read(tower: TextTower, words: str) -> NDArray[np.float32]:
    try:
        return tower.read(words).vector
    except UsageError as error:
        raise StoreError(f"A category was taught with words that say nothing now: {error}. Teach it again.") from error


def _why(taught: Taught) -> str:
    examples = f"like your {counted(taught.examples, 'example')}"
    if not taught.words:
        return examples
    return f"near to your words: {taught.words}" if taught.examples == 0 else f"{examples}, and near to your words"


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
    texts = [one.words for one in examples if one.words]
    said = None
    if texts:
        digest.update("\0".join((SPACE_SHA256, WORDS_SHA256, *texts)).encode())
        said = Described(load_space(), load_words(), texts)
    return TaughtHeads(background, [learn(one, background) for one in examples], digest.hexdigest()[:12], said)


def usable_names(home: Path, backbone: str) -> tuple[str, ...]:
    """The categories in `home` that were taught with this backbone. Raises StoreError for a damaged file."""
    return tuple(one.name for one in _examples(home, backbone))


def _examples(home: Path, backbone: str) -> list[Examples]:
    found = [load_examples(home, name) for name in taught_names(home)]
    return [one for one in found if one.backbone == backbone]
