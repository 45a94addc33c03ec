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

from heads import Linear, fit, most_of_crops, share_of_crops, weights_of  # noqa: E402
from scene_data import TRAINED, Photos, argument_parser, by_source, load, pack, within_sources  # noqa: E402
from untag.scenes.categories import Category, Sensitivity  # noqa: E402
from untag.scenes.crops import Region  # noqa: E402
from untag.scenes.heads import INPUTS, SEEN  # noqa: E402
from untag.scenes.space import read_space  # noqa: E402

Floats = NDArray[np.float32]

SPACE = Path(__file__).parents[1] / "models" / "scene_space.npz"

PARTS = ("whole", "named", "joint", "body", "mouth")
"""What a score is made of: heads on what the network says of the whole photo; the log-odds that it names a drink or a
weapon, which no training photo can spoil; heads on where the photo lies in the space of pictures and sentences, and on
what the network says of the surroundings of a body and of a mouth, the strongest of up to two."""

BLEND: Mapping[Category, tuple[float, float, float, float, float]] = {
    **dict.fromkeys(TRAINED, (1.0, 0.0, 0.5, 0.0, 0.0)),
    Category.ALCOHOL: (1.0, 0.6, 0.3, 0.3, 0.0),
    Category.PARTY: (1.0, 0.0, 1.0, 0.0, 0.0),
    Category.BAR: (1.0, 0.0, 0.5, 0.0, 0.6),
    Category.SMOKING: (1.0, 0.0, 0.5, 0.3, 0.6),
    Category.WEAPON: (1.0, 0.6, 0.5, 0.0, 0.0),
    Category.GESTURE: (1.0, 0.0, 0.5, 0.3, 0.3),
}
"""How much each part's standardised score counts. Chosen among few, coarse, by photos with faces that were left out, by
source and within sources alike: what did not help in both is 0."""

ONE_SOURCE = (Category.GESTURE, Category.DRUGS, Category.DOCUMENT, Category.INJURY, Category.GAMBLING, Category.SMOKING)
"""Nearly all their positives are of one source: left out with it, nothing would be there to learn from."""

FALSE_ALARMS = {Sensitivity.STRICT: 3.0, Sensitivity.NORMAL: 10.0, Sensitivity.HIGH: 30.0}
"""Of 1,000 ordinary photos of sources that were not learnt from, how many all categories together may flag."""

WORTH: Mapping[Category, float] = {
    **dict.fromkeys(TRAINED, 1.0),
    Category.ALCOHOL: 3.0,
    Category.PARTY: 2.0,
    Category.GAMBLING: 0.3,
    Category.CROWD: 0.1,
    Category.DRUGS: 0.3,
    Category.DOCUMENT: 0.3,
    Category.INJURY: 0.3,
}
"""How much it counts to find one more hundredth of a category's photos: what people fear most counts most."""

_AT_ONCE = 6  # false alarms of a category that are taken into account at once: what follows one may be worth two
LEAST_THRESHOLD = 0.005
LEAST_CHANCE = 0.2


@dataclass(frozen=True)
class Head:
    """A part's head with its scores in deviations from the mean of ordinary photos; `without` where there is none."""

    linear: Linear
    mean: Floats
    deviation: Floats

    def scores(self, photos: Parts, part: str) -> Floats:
        """(photos, TRAINED); 0, as ordinary as can be, where a photo has no crop."""
        found = photos.combined(self.linear.logits(photos.rows[part]), part)
        return np.asarray(np.nan_to_num((found - self.mean) / self.deviation, nan=0.0))


@dataclass(frozen=True)
class Parts:
    """The labelled photos, and what each part looks at: a row for each photo or, of the regions, for each crop."""

    photos: Photos
    rows: Mapping[str, Floats]

    def combined(self, logits: Floats, part: str) -> Floats:
        """Scores of rows -> of photos, NaN where there is none."""
        if part in list(Region):
            return most_of_crops(logits, self.photos.owners, len(self.photos.paths))
        return logits

    def fit(self, part: str, trained: NDArray[np.bool_]) -> Head:
        """A part's head, of the photos that are `trained` on."""
        photos = self.photos
        if part == "named":
            return self._named(trained)
        truth, source, share = photos.truth, photos.source, np.ones(len(photos.paths), np.float32)
        chosen = trained & (photos.looked | (truth == 1).any(axis=1))
        if part in list(Region):
            owners = photos.owners
            truth, source, share, chosen = truth[owners], source[owners], share_of_crops(photos), chosen[owners]
        weight = weights_of(truth[chosen], source[chosen], share[chosen])
        linear = fit(self.rows[part][chosen], truth[chosen], weight)
        usual = self.combined(linear.logits(self.rows[part]), part)[photos.ordinary & trained]
        return Head(linear, np.nanmean(usual, axis=0), np.nanstd(usual, axis=0) + 1e-6)

    def _named(self, trained: NDArray[np.bool_]) -> Head:
        """The log-odds of the classes of alcohol and weapon, as they are: the last two of what the network says."""
        weights = np.zeros((SEEN, len(TRAINED)))
        weights[SEEN - 2, TRAINED.index(Category.ALCOHOL)] = weights[SEEN - 1, TRAINED.index(Category.WEAPON)] = 1
        linear = Linear(weights, np.zeros(len(TRAINED)))
        usual = linear.logits(self.rows["named"])[self.photos.ordinary & trained]
        return Head(linear, usual.mean(axis=0), usual.std(axis=0) + 1e-6)

    def left_out(self, fold: NDArray[np.int64]) -> dict[str, Floats]:
        """Each part's scores, (photos, TRAINED), by heads that saw no photo of the same fold."""
        scores = {part: np.empty(self.photos.truth.shape, np.float32) for part in self.rows}
        for part in self.rows:
            for tested in np.unique(fold):
                out = fold == tested
                scores[part][out] = self.fit(part, ~out).scores(self, part)[out]
        return scores


def parts_of(photos: Photos) -> Parts:
    """What each part looks at."""
    space = read_space(SPACE.read_bytes())
    crops = {region.value: np.hstack([seen, space.embed(seen)]) for region, seen in photos.crops.items()}
    return Parts(photos, {"whole": photos.inputs, "named": photos.inputs, "joint": space.embed(photos.inputs), **crops})


def blended(scores: Mapping[str, Floats]) -> Floats:
    """The parts' scores -> one for each photo and category."""
    weights = np.array([BLEND[category] for category in TRAINED], np.float32)
    return np.asarray(np.sum([scores[part] * weights[:, column] for column, part in enumerate(PARTS)], axis=0))


def judged(parts: Parts, *, cache: Path | None = None) -> tuple[Floats, dict[str, dict[str, Floats]]]:
    """Every photo's scores by heads that saw no photo of its source, and the parts' scores of both ways of leaving out.

    Positives of `ONE_SOURCE`, and the photos of Flickr8k, are judged by heads that saw others of their source.
    """
    if cache is not None and cache.is_file():
        with np.load(cache, allow_pickle=False) as file:
            ways = {way: {part: file[f"{way}-{part}"] for part in PARTS} for way in ("source", "part")}
    else:
        photos = parts.photos
        ways = {"source": parts.left_out(by_source(photos)), "part": parts.left_out(within_sources(photos))}
        if cache is not None:
            flat = {f"{way}-{part}": values for way, own in ways.items() for part, values in own.items()}
            np.savez(cache, **flat)
    scores, other = blended(ways["source"]), blended(ways["part"])
    for category in ONE_SOURCE:
        column = TRAINED.index(category)
        shown = parts.photos.truth[:, column] == 1
        scores[shown, column] = other[shown, column]
    # Left out as a whole, Flickr8k takes most negatives with it: heads that never saw a camera take it for a gun.
    large = parts.photos.inside("flickr8k")
    scores[large] = other[large]
    return scores, ways


def calibrate(scores: Floats, truth: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Platt's slopes and offsets (Platt 1999, with his smoothed targets) for each column of scores left out."""
    slopes, offsets = np.empty(scores.shape[1]), np.empty(scores.shape[1])
    for column in range(scores.shape[1]):
        known = truth[:, column] >= 0
        values, shown = scores[known, column].astype(np.float64), truth[known, column] == 1
        target = np.where(shown, (shown.sum() + 1) / (shown.sum() + 2), 1 / ((~shown).sum() + 2))

        def loss(
            parameters: NDArray[np.float64], values: NDArray[np.float64] = values, target: NDArray[np.float64] = target
        ) -> float:
            calibrated = parameters[0] * values + parameters[1]
            return float((np.logaddexp(0, calibrated) - target * calibrated).mean())

        slopes[column], offsets[column] = minimize(loss, np.array([1.0, -5.0]), method="BFGS").x
    return slopes, offsets


def calibrated(
    photos: Photos, scores: Floats
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]:
    """The calibration, and the calibrated scores (photos, TRAINED).

    A category that would count from less than one chance in five is lifted to count from one half: its dozen photos
    among thousands say nothing of how often it is met, and a finding weighs its score.
    """
    slopes, offsets = calibrate(scores, photos.truth)
    found = thresholds(photos, probabilities(scores, (slopes, offsets)), FALSE_ALARMS[Sensitivity.NORMAL])
    for column, category in enumerate(TRAINED):
        if found[category] < LEAST_CHANCE:
            offsets[column] -= np.log(found[category] / (1 - found[category]))
    return (slopes, offsets), probabilities(scores, (slopes, offsets))


def probabilities(scores: Floats, calibration: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Calibrated, 0 to 1."""
    slopes, offsets = calibration
    return np.asarray(0.5 * (1 + np.tanh((slopes * scores + offsets) / 2)))


def thresholds(photos: Photos, shown: NDArray[np.float64], alarms: float) -> dict[Category, float]:
    """The scores from which categories count, in whole thousandths, for `alarms` in 1,000 ordinary photos, together.

    Step by step that of the category is lowered which finds most more of its photos, by `WORTH`, for one alarm more.
    """
    usual = shown[pool(photos)]
    levels = [np.append(np.unique(_above(usual[:, column]))[::-1], LEAST_THRESHOLD) for column in range(len(TRAINED))]
    places = [photos.truth[:, column] == 1 for column in range(len(TRAINED))]
    at = [0] * len(TRAINED)

    def found(column: int, level: int) -> float:
        rows = (
            places[column] & photos.inside("snaps")
            if (places[column] & photos.inside("snaps")).any()
            else places[column]
        )
        return float((shown[rows, column] >= levels[column][level]).mean())

    def flagged(column: int, level: int) -> NDArray[np.bool_]:
        return np.asarray(usual[:, column] >= levels[column][level])

    together = np.zeros(len(usual), np.bool_)
    while True:
        steps = [
            (WORTH[TRAINED[column]] * gain / more, column, level)
            for column in range(len(TRAINED))
            for level in range(at[column] + 1, min(at[column] + 1 + _AT_ONCE, len(levels[column])))
            if (gain := found(column, level) - found(column, at[column])) > 0
            and (more := max(0.5, (flagged(column, level) & ~together).sum()))
            and 1000 * (flagged(column, level) | together).mean() <= alarms
        ]
        if not steps:
            return {category: float(levels[column][at[column]]) for column, category in enumerate(TRAINED)}
        _, column, level = max(steps, key=lambda step: (step[0], -step[1]))
        at[column] = level
        together |= flagged(column, level)


def _above(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The whole thousandths just above some scores."""
    return np.asarray(np.minimum(1.0, (np.floor(1000 * values) + 1) / 1000))


def pool(photos: Photos) -> NDArray[np.bool_]:
    """The ordinary photos that false alarms are counted among: those in which faces were looked for."""
    return photos.ordinary & photos.looked


def assembled(
    parts: Parts, calibration: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> dict[str, NDArray[np.generic]]:
    """The arrays of models/scene_heads.npz: heads of all photos, with blend and calibration in their weights."""
    slopes, offsets = calibration
    biases = offsets.copy()
    arrays: dict[str, NDArray[np.generic]] = {"categories": np.array([category.value for category in TRAINED])}
    whole = np.zeros((INPUTS, len(TRAINED)))
    everything = np.ones(len(parts.photos.paths), np.bool_)
    for column, part in enumerate(PARTS):
        head = parts.fit(part, everything)
        factor = slopes * np.array([BLEND[category][column] for category in TRAINED]) / head.deviation
        weights, bias = head.linear.weights * factor, (head.linear.biases - head.mean) * factor
        if part in ("whole", "named"):
            whole[:SEEN], biases = whole[:SEEN] + weights, biases + bias
        elif part == "joint":
            whole[SEEN:], biases = weights, biases + bias
        else:
            # The bias moves to the photo, and where there is no crop its absence takes it back.
            arrays[part], biases = weights.astype(np.float16), biases + bias
            arrays[f"without_{part}"] = (-bias).astype(np.float32)
    # Half precision forgets the last bits, on which two machines would not agree.
    return {**arrays, "whole": whole.astype(np.float16), "biases": biases.astype(np.float32)}


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
    parts = parts_of(load(options.data, options.features))
    scores, _ = judged(parts, cache=options.cache)
    photos = parts.photos
    calibration, shown = calibrated(photos, scores)
    options.output.write_bytes(pack(assembled(parts, calibration)))
    for sensitivity, alarms in FALSE_ALARMS.items():
        for category, threshold in thresholds(photos, shown, alarms).items():
            print(f"{sensitivity} {category}: {threshold:.3f}")
    print(f'HEADS_SHA256 = "{hashlib.sha256(options.output.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
