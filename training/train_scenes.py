"""Train the scene heads: for each category linear ones on the whole photo and on what is around the faces in it.

`python training/train_scenes.py DATA FEATURES models/scene_heads.npz` writes the heads, and prints the thresholds for
`src/untag/scenes/categories.py` and the hash for `heads.py`. FEATURES is what `scene_features.py` wrote, and the space
is models/scene_space.npz. `measure_scenes.py` says how good they are. The same photos and the same versions of numpy
and scipy give the same bytes.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy: how sums are split among threads changes their last bits

import argparse  # noqa: E402
import hashlib  # noqa: E402
from collections.abc import Mapping, Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.optimize import minimize  # noqa: E402

from heads import Linear, discriminant, fit, weights_of  # noqa: E402
from scene_data import NAMED, TRAINED, Photos, argument_parser, by_source, load, pack, within_sources  # noqa: E402
from untag.scenes.categories import Category, Sensitivity  # noqa: E402
from untag.scenes.heads import logistic, strongest  # noqa: E402
from untag.scenes.space import read_space  # noqa: E402
from windows import WindowHead, Windows, strengths_of  # noqa: E402

Floats = NDArray[np.float32]
Calibration = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Slopes and offsets of the categories."""

SPACE = Path(__file__).parents[1] / "models" / "scene_space.npz"

FIRST = ("whole", "named", "joint")
CLOSER = ("closer", "windows", "odds", "kinds")
PARTS = (*FIRST, *CLOSER)
"""What a score is made of. At the first look: heads on what the network says of the photo; the log-odds that it names a
drink or a weapon, which no training photo can spoil; heads on where the photo lies in the space of pictures and
sentences. At the closer look: heads on what it says of the photo, and of its windows; what it names in these; and heads
on how strongly any window looks like each of the thousand ImageNet classes."""

FIRST_BLEND = (1.0, 0.6, 0.5)
"""Of the first look alone, for all categories: it decides which photos are looked at closer, and misses nearly none."""

_THING, _SCENE = (1.0, 0.6, 0.5, 0.5, 1.0, 0.6, 1.0), (1.0, 0.6, 1.0, 1.0, 0.5, 0.6, 0.5)
BLEND: Mapping[Category, tuple[float, ...]] = {
    **dict.fromkeys(TRAINED, _SCENE),
    **dict.fromkeys((Category.ALCOHOL, Category.SMOKING, Category.WEAPON, Category.GESTURE), _THING),
}
"""How much each part's standardised score counts: for what is in a hand most in the windows, for a scene in all of it.
Two for all categories, as blends that are chosen for each by the few photos of other sources do worse on the next."""

LENT: Mapping[tuple[Category, Category], float] = {
    (Category.BAR, Category.PARTY): 0.2,
    (Category.PARTY, Category.BAR): 0.2,
    (Category.ALCOHOL, Category.BAR): 0.05,
}
"""How much of one category's score another's gets: a party is likelier where a bar is, and a bar where drinks are."""

ONE_SOURCE = (Category.GESTURE, Category.DRUGS, Category.DOCUMENT, Category.INJURY, Category.GAMBLING, Category.SMOKING)
"""Nearly all their positives are of one source: left out with it, nothing would be there to learn from."""

FALSE_ALARMS: Mapping[Sensitivity, tuple[float, ...]] = {
    Sensitivity.STRICT: (1.0, 0.15, 0.2, 0.06, 0.1, 0.03, 0.02, 0.1, 0.03, 0.04, 0.02),
    Sensitivity.NORMAL: (3.0, 1.2, 1.0, 0.4, 0.7, 0.05, 0.03, 0.6, 0.1, 0.05, 0.06),
    Sensitivity.HIGH: (7.5, 4.0, 4.4, 1.0, 1.5, 0.1, 0.03, 1.4, 0.3, 0.3, 0.2),
}
"""Of 1,000 ordinary photos, how many each of `TRAINED` may flag of those that choose the thresholds. On the sources of
which none chose, all together then flag 2, 9 and 30. Most is spent where most is found for it, and feared most."""

LOOKED_AT_CLOSER = (0.12, 0.02, 0.02, 0.025, 0.03, 0.003, 0.003, 0.003, 0.005, 0.01, 0.005)
"""For each of `TRAINED`, of which share of ordinary photos the first look makes so much that they are looked at closer:
a fifth together. Most for what is small; for gestures least, as the first look takes them for any portrait."""

TAIL = 0.02  # of ordinary photos, the highest: what is above them falls off exponentially
LEAST_CHANCE = 0.2
MOST_THRESHOLD = 0.999  # so that something can count


@dataclass(frozen=True)
class Head:
    """A part's head, and the mean and the deviation of its scores of ordinary photos."""

    model: Linear | WindowHead
    mean: Floats
    deviation: Floats


class Parts:
    """The labelled photos, and what each part looks at."""

    def __init__(self, photos: Photos) -> None:
        space = read_space(SPACE.read_bytes())
        closer = np.zeros_like(photos.inputs)
        closer[photos.closer] = photos.closer_inputs
        self.photos = photos
        self.windows = Windows(photos)
        self.rows = {
            "whole": photos.inputs,
            "joint": space.embed(photos.inputs),
            "closer": closer,
            "kinds": strengths_of(photos),
        }
        self._named = {"named": self._odds(photos.inputs[:, -2:]), "odds": self._odds(self._window_odds())}

    def _window_odds(self) -> Floats:
        photos = self.photos
        found = np.full((len(photos.paths), 2), np.nan, np.float32)
        ends = np.cumsum(photos.counts)
        for photo, end, count in zip(photos.closer, ends, photos.counts, strict=True):
            found[photo] = strongest(photos.odds[end - count : end])
        return found

    def _odds(self, odds: Floats) -> Floats:
        """(photos, 2) -> (photos, TRAINED); nothing for all but the two."""
        return np.asarray(odds @ _PLACED)

    def scores(self, part: str, model: Linear | WindowHead) -> Floats:
        """(photos, TRAINED), NaN where there is no closer look."""
        if part in self._named:
            return self._named[part]
        if isinstance(model, WindowHead):
            return self.windows.scores(model)
        scores = model.logits(self.rows[part])
        if part in CLOSER:
            scores[~self.photos.looked] = np.nan
        return scores

    def fit(self, part: str, trained: NDArray[np.bool_]) -> tuple[Head, Floats]:
        """A part's head, of the photos that are `trained` on, and all photos' scores in deviations: 0 where none."""
        photos = self.photos
        if part in self._named:
            model: Linear | WindowHead = Linear(_PLACED.astype(np.float64), np.zeros(len(TRAINED)))
        elif part == "windows":
            model = self.windows.fit(trained)
        else:
            chosen = trained & (photos.looked | ((part in FIRST) & (photos.truth == 1).any(axis=1)))
            truth = photos.truth[chosen]
            weight = weights_of(truth, photos.source[chosen], photos.inside("snaps")[chosen])
            model = (discriminant if part == "kinds" else fit)(self.rows[part][chosen], truth, weight)
        found = self.scores(part, model)
        usual = found[photos.ordinary & trained & (photos.looked if part in CLOSER else True)]
        head = Head(model, usual.mean(axis=0), usual.std(axis=0) + 1e-6)
        return head, np.asarray(np.nan_to_num((found - head.mean) / head.deviation, nan=0.0))

    def left_out(self, fold: NDArray[np.int64]) -> dict[str, Floats]:
        """Each part's scores, (photos, TRAINED), by heads that saw no photo of the same fold."""
        scores = {part: np.empty(self.photos.truth.shape, np.float32) for part in PARTS}
        for part in PARTS:
            for tested in np.unique(fold):
                out = fold == tested
                scores[part][out] = self.fit(part, ~out)[1][out]
        return scores


_PLACED = np.array([[category is named for category in TRAINED] for named in NAMED], np.float32)
_WEIGHTS = np.array([BLEND[category] for category in TRAINED], np.float32).T
_LENDING = np.array([[LENT.get((own, other), float(own is other)) for other in TRAINED] for own in TRAINED], np.float32)


def blended(scores: Mapping[str, Floats]) -> Floats:
    """The parts' scores -> one for each photo and category."""
    own = np.sum([scores[part] * _WEIGHTS[row] for row, part in enumerate(PARTS)], axis=0)
    return np.asarray(own @ _LENDING)


def first_look(scores: Mapping[str, Floats]) -> Floats:
    """(photos, TRAINED) of the first look alone."""
    parts = zip(FIRST, FIRST_BLEND, strict=True)
    return np.asarray(np.sum([scores[part] * np.float32(weight) for part, weight in parts], axis=0))


def dealt(photos: Photos) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The folds by source, and within sources."""
    return by_source(photos), within_sources(photos)


def left_out_scores(parts: Parts, *, cache: Path | None = None) -> dict[str, dict[str, Floats]]:
    """The parts' scores by heads that saw no photo of the same `source`, or of the same `part` of any."""
    if cache is not None and cache.is_file():
        with np.load(cache, allow_pickle=False) as file:
            return {way: {part: file[f"{way}-{part}"] for part in PARTS} for way in ("source", "part")}
    source, part = dealt(parts.photos)
    ways = {"source": parts.left_out(source), "part": parts.left_out(part)}
    if cache is not None:
        flat = {f"{way}-{part}": values for way, own in ways.items() for part, values in own.items()}
        np.savez(cache, allow_pickle=False, **flat)
    return ways


def judged(photos: Photos, ways: Mapping[str, Mapping[str, Floats]]) -> dict[str, Floats]:
    """Each part's scores by heads that saw no photo of the source.

    Positives of `ONE_SOURCE`, and the photos of Flickr8k, are judged by heads that saw others of their source.
    """
    large = photos.inside("flickr8k")
    found = {}
    for part in PARTS:
        scores, other = ways["source"][part].copy(), ways["part"][part]
        for category in ONE_SOURCE:
            column = TRAINED.index(category)
            shown = photos.truth[:, column] == 1
            scores[shown, column] = other[shown, column]
        # Left out as a whole, Flickr8k takes most negatives with it: heads that never saw a camera take it for a gun.
        scores[large] = other[large]
        found[part] = scores
    return found


def calibrate(photos: Photos, scores: Floats, judging: NDArray[np.bool_]) -> Calibration:
    """Platt's slopes and offsets (Platt 1999, with his smoothed targets) for each column of scores left out."""
    slopes, offsets = np.empty(scores.shape[1]), np.empty(scores.shape[1])
    for column in range(scores.shape[1]):
        known = judging & photos.looked & (photos.truth[:, column] >= 0)
        values, shown = scores[known, column].astype(np.float64), photos.truth[known, column] == 1
        target = np.where(shown, (shown.sum() + 1) / (shown.sum() + 2), 1 / ((~shown).sum() + 2))

        def loss(
            parameters: NDArray[np.float64], values: NDArray[np.float64] = values, target: NDArray[np.float64] = target
        ) -> float:
            calibrated = parameters[0] * values + parameters[1]
            return float((np.logaddexp(0, calibrated) - target * calibrated).mean())

        slopes[column], offsets[column] = minimize(loss, np.array([1.0, -5.0]), method="BFGS").x
    return slopes, offsets


@dataclass(frozen=True)
class Chosen:
    """What is chosen by scores of photos that were left out: how they become probabilities, and the gates."""

    calibration: Calibration
    first: Calibration
    gates: NDArray[np.float64]

    def probabilities(self, scores: Mapping[str, Floats]) -> NDArray[np.float64]:
        """(photos, TRAINED), 0 to 1: of the first look where that is all that a photo gets."""
        first = probabilities(first_look(scores), self.first)
        closer = np.asarray(first >= self.gates).any(axis=1)
        together = probabilities(blended(scores), self.calibration)
        return np.where(closer.reshape(-1, 1), together, first)


def choose(photos: Photos, scores: Mapping[str, Floats], judging: NDArray[np.bool_]) -> Chosen:
    """By the photos `judging` alone.

    A category that would count from less than one chance in five is lifted to count from one half: its dozen photos
    among thousands say nothing of how often it is met, and a finding weighs its score.
    """
    first = first_look(scores)
    slopes, offsets = calibrate(photos, blended(scores), judging)
    initial = calibrate(photos, first, judging)
    gates = gates_of(probabilities(first, initial)[pool(photos) & judging])
    chosen = Chosen((slopes, offsets), initial, gates)
    found = thresholds(photos, chosen.probabilities(scores), FALSE_ALARMS[Sensitivity.NORMAL], judging)
    low = found < LEAST_CHANCE
    offsets[low] -= np.log(found[low] / (1 - found[low]))
    return chosen


def gates_of(usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores at the first look, (photos, TRAINED), that `LOOKED_AT_CLOSER` of ordinary photos reach."""
    return np.array([np.quantile(usual[:, column], 1 - share) for column, share in enumerate(LOOKED_AT_CLOSER)])


def probabilities(scores: Floats, calibration: Calibration) -> NDArray[np.float64]:
    """Calibrated, 0 to 1."""
    slopes, offsets = calibration
    return logistic((slopes * scores + offsets).astype(np.float64))


def thresholds(
    photos: Photos, shown: NDArray[np.float64], alarms: Sequence[float], judging: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(TRAINED,) the scores from which categories count, for `alarms` of each in 1,000 ordinary photos `judging`.

    Read off an exponential tail, not off the photos that happen to be highest (peaks over threshold, Pickands 1975):
    just above one of these a threshold flatters itself.
    """
    certain = np.clip(shown, 1e-12, 1 - 1e-12)
    logits = np.log(certain / (1 - certain))
    usual = np.sort(logits[pool(photos) & judging], axis=0)[::-1]
    many = int(TAIL * len(usual))
    excess = (usual[:many] - usual[many]).mean(axis=0)
    rates = np.array(alarms) / 1000
    return np.minimum(MOST_THRESHOLD, logistic(usual[many] + excess * np.log(many / len(usual) / rates)))


def pool(photos: Photos) -> NDArray[np.bool_]:
    """The ordinary photos that false alarms are counted among: those in which faces were looked for."""
    return photos.ordinary & photos.looked


def assembled(parts: Parts, chosen: Chosen, trained: NDArray[np.bool_]) -> dict[str, NDArray[np.generic]]:
    """The arrays of models/scene_heads.npz: heads of photos, with blend and calibration in their weights."""
    heads = {part: parts.fit(part, trained)[0] for part in PARTS}
    slopes, offsets = chosen.calibration
    # (TRAINED, TRAINED): from a part's score of each category to what it adds to each.
    factors = {
        part: (_WEIGHTS[row] / heads[part].deviation)[:, None] * _LENDING * slopes for row, part in enumerate(PARTS)
    }
    first_slopes, first_offsets = chosen.first
    first = {part: np.diag(first_slopes * FIRST_BLEND[row] / heads[part].deviation) for row, part in enumerate(FIRST)}
    arrays = {
        "first": _looking(heads, first),
        "first_biases": first_offsets + sum(_bias(heads[part]) @ first[part] for part in FIRST),
        "gates": chosen.gates,
        "whole": _looking(heads, factors),
        "closer": heads["closer"].model.weights @ factors["closer"],
        "windows": heads["windows"].model.weights,
        "strength": factors["windows"],
        "odds": heads["odds"].model.weights @ factors["odds"],
        "kinds": heads["kinds"].model.weights @ factors["kinds"],
        "biases": offsets + sum(_bias(heads[part]) @ factors[part] for part in PARTS),
    }
    # Half precision forgets the last bits, on which two machines would not agree.
    halves = {name: array.astype(np.float16 if array.ndim == 2 else np.float32) for name, array in arrays.items()}
    return {"categories": np.array([category.value for category in TRAINED]), **halves}


def _looking(heads: Mapping[str, Head], factors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(INPUTS, TRAINED): the parts of the first look as one."""
    whole = heads["whole"].model.weights @ factors["whole"]
    whole[-2:] += heads["named"].model.weights @ factors["named"]
    return np.vstack([whole, heads["joint"].model.weights @ factors["joint"]])


def _bias(head: Head) -> NDArray[np.float64]:
    return np.asarray(head.model.biases - head.mean)


def with_cache(description: str | None) -> argparse.ArgumentParser:
    """What this script and `measure_scenes.py` take."""
    parser = argument_parser(description)
    parser.add_argument("--cache", type=Path, help="an .npz with the scores of photos left out: read when there")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write, and print what `categories.py` and `heads.py` state."""
    parser = with_cache(__doc__)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    photos = load(options.data, options.features)
    parts = Parts(photos)
    scores = judged(photos, left_out_scores(parts, cache=options.cache))
    everything = np.ones(len(photos.paths), np.bool_)
    chosen = choose(photos, scores, everything)
    options.output.write_bytes(pack(assembled(parts, chosen, everything)))
    shown = chosen.probabilities(scores)
    for sensitivity, alarms in FALSE_ALARMS.items():
        found = thresholds(photos, shown, alarms, everything)
        for category, threshold in zip(TRAINED, found.tolist(), strict=True):
            print(f"{sensitivity} {category}: {threshold:.3f}")
    print(f'HEADS_SHA256 = "{hashlib.sha256(options.output.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
