"""What it does that photos of one evening speak for each other, as far as photos without a time can tell.

`python training/measure_evenings.py DATA FEATURES [--cache scores.npz]` takes several photos of one source of snapshots
at a time for an evening: a source is mostly one event or one person. They are judged by heads and thresholds that did
not learn from them. Printed is what is found, and flagged wrongly, without and with the evening; then the same for
evenings of ordinary photos alone, whose false alarms must not multiply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from train_scenes import (  # isort: skip  # before numpy: it sets the number of threads
    FALSE_ALARMS,
    Floats,
    Parts,
    choose,
    dealt,
    judged,
    left_out_scores,
    thresholds,
    with_cache,
)

import numpy as np
from numpy.typing import NDArray

from scene_data import TRAINED, Photos, load
from untag.findings.evenings import OF_OCCASIONS, Taken, likelier, spoken_for
from untag.scenes.categories import Sensitivity

_TOGETHER = (3, 6, 12)
_DRAWS = 3000


def main() -> None:
    """Print the tables."""
    options = with_cache(__doc__).parse_args()
    photos = load(options.data, options.features)
    scores = judged(photos, left_out_scores(Parts(photos), cache=options.cache))
    shown, normal, strict = _judged(photos, scores)
    evenings = Evenings(photos, shown, normal, strict)
    snaps = photos.inside("snaps")
    for together in _TOGETHER:
        print(f"## Evenings of {together} photos of one source")
        evenings.print_of(snaps, together)
        print(f"## Evenings of {together} ordinary photos of one source")
        evenings.print_of(snaps & photos.ordinary, together)


def _judged(photos: Photos, scores: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """(photos, TRAINED) each: the probabilities, and the thresholds of `normal` and `strict`, chosen without them."""
    fold = dealt(photos)[0]
    shown, normal, strict = (np.empty(photos.truth.shape, np.float32) for _ in range(3))
    for tested in np.unique(fold):
        out = fold == tested
        probabilities = choose(photos, scores, ~out).probabilities(scores)
        shown[out] = probabilities[out]
        for limits, sensitivity in ((normal, Sensitivity.NORMAL), (strict, Sensitivity.STRICT)):
            limits[out] = thresholds(photos, probabilities, FALSE_ALARMS[sensitivity], ~out)
    return shown, normal, strict


class Evenings:
    """Draws photos of one source, and counts what is flagged without and with the others."""

    def __init__(self, photos: Photos, shown: Floats, normal: Floats, strict: Floats) -> None:
        self._photos, self._shown, self._normal, self._strict = photos, shown, normal, strict

    def print_of(self, chosen: NDArray[np.bool_], together: int) -> None:
        """What is found of each category, and how many ordinary photos are flagged."""
        random = np.random.default_rng(0)
        sources = [
            rows
            for name in np.unique(self._photos.source[chosen])
            if len(rows := np.flatnonzero(chosen & (self._photos.source == name))) >= together
        ]
        before, after = np.zeros((2, len(TRAINED), 2))
        alarms, usual = np.zeros(2), 0
        for _ in range(_DRAWS):
            rows = random.choice(sources[random.integers(len(sources))], together, replace=False)
            alone = self._shown[rows] >= self._normal[rows]
            with_others = self._raised(rows) >= self._normal[rows]
            positive, ordinary = self._photos.truth[rows] == 1, self._photos.ordinary[rows]
            for counts, flagged in ((before, alone), (after, with_others)):
                counts[:, 0] += (flagged & positive).sum(axis=0)
                counts[:, 1] += positive.sum(axis=0)
            alarms += [(flagged[ordinary].any(axis=1)).sum() for flagged in (alone, with_others)]
            usual += int(ordinary.sum())
        for category in OF_OCCASIONS:
            column = [each.value for each in TRAINED].index(category)
            if before[column, 1]:
                of = before[column, 1]
                print(f"  {category}: found {before[column, 0] / of:.3f} alone, {after[column, 0] / of:.3f} together")
        print(f"  false alarms in 1,000: {1000 * alarms[0] / usual:.1f} alone, {1000 * alarms[1] / usual:.1f} together")

    def _raised(self, rows: NDArray[np.int64]) -> Floats:
        # Certain is what reaches the threshold of `strict`: put at 1 here, as it differs from photo to photo.
        sure = np.where(self._shown[rows] >= self._strict[rows], 1.0, 0.0)
        taken = [
            Taken(str(number), str(number), f"2020-01-01T20:{number:02}:00", _by_name(scores))
            for number, scores in enumerate(sure)
        ]
        spoken = spoken_for(taken, dict.fromkeys(OF_OCCASIONS, 1.0))
        raised = self._shown[rows].copy()
        for number in range(len(rows)):
            for name in spoken.get(str(number), ()):
                column = [each.value for each in TRAINED].index(name)
                raised[number, column] = likelier(float(raised[number, column]))
        return raised


def _by_name(scores: Sequence[float] | Floats) -> Mapping[str, float]:
    return dict(zip((each.value for each in TRAINED), map(float, scores), strict=True))


if __name__ == "__main__":
    main()
