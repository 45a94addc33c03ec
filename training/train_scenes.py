"""Train the scene heads: a logistic regression for each category on what EfficientNet-Lite2 sees.

`python training/train_scenes.py DATA models/scene_heads.npz [--cache features.npz]` writes the heads, and prints the
thresholds for `src/untag/scenes/categories.py` and the hash for `heads.py`; `measure_scenes.py` says how good they are.
The same photos and the same versions of numpy, scipy and onnxruntime give the same bytes.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy: how sums are split among threads changes their last bits

import hashlib  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.optimize import minimize  # noqa: E402

from scene_data import FOLDS, TRAINED, Photos, argument_parser, load, pack  # noqa: E402
from untag.engine.efficientnet import DETAILS, FEATURES  # noqa: E402
from untag.scenes.categories import Category  # noqa: E402

Floats = NDArray[np.float64]

RIDGE = 0.03  # of weights on features whose mean square is 1 for each photo; 0.01 to 0.1 rank alike
EMPHASIS = 4.0
"""How much larger the log-odds of ImageNet classes are made than other inputs, so that the ridge spares them: otherwise
they drown among a thousand features. Half and twice as much do about as well."""

DOUBTFUL = {Category.ALCOHOL: 0.5}
"""Photos of which nobody can tell are learnt from as positives of this weight: somebody holds a cup, of what does not
show. In alcohol that ranks photos that were not learnt from better; in the other categories it does not."""

CAPTION_EMPHASIS = {Category.SMOKING: 2.0}
"""A category with few photos also learns from what people wrote about all others: it sees how strongly each photo looks
like those of which a word was used ("man", "hat", "cigarette"), and this is how much larger that is made than other
inputs. Half as much and half more do nearly as well; categories with more photos do a little worse with it."""

WORD_RIDGE = 1000.0
"""Of the words' weights on inputs whose mean square is 900 for each photo. A tenth and five times do nearly as well."""

FALSE_ALARMS = {
    Category.ALCOHOL: 2.5,
    Category.PARTY: 1.0,
    Category.BAR: 0.5,
    Category.SMOKING: 1.0,
    Category.WEAPON: 1.5,
    Category.GAMBLING: 0.5,
    Category.CROWD: 3.0,
}
"""Of 1,000 ordinary photos, how many each category may flag. Those that crowd flags do show one: a street, a temple."""

LEAST_THRESHOLD = 0.2
"""A photo that shows something with less than one chance in five is not worth pointing at, however rare the alarm."""


@dataclass(frozen=True)
class Linear:
    """Logits are `features @ weights + biases`; weights (1698, categories)."""

    weights: Floats
    biases: Floats

    def logits(self, features: Floats) -> Floats:
        """(photos, categories)."""
        return features @ self.weights + self.biases


def fit(features: Floats, truth: NDArray[np.int64], words: Floats) -> Linear:
    """The heads for all categories; where nobody can tell (-1), `DOUBTFUL` decides. `words` as in `Photos`."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-2
    deviation[FEATURES + DETAILS :] /= EMPHASIS
    inputs = (features - mean) / deviation
    weights, biases = np.empty((len(mean), len(TRAINED))), np.empty(len(TRAINED))
    plain = [category for category in TRAINED if category not in CAPTION_EMPHASIS]
    columns = [TRAINED.index(category) for category in plain]
    weights[:, columns], biases[columns] = _regress(inputs, truth[:, columns], plain)
    directions, told = _look_of_words(inputs, words)
    for category, emphasis in CAPTION_EMPHASIS.items():
        columns = [TRAINED.index(category)]
        both, biases[columns] = _regress(np.hstack([inputs, told * emphasis]), truth[:, columns], [category])
        weights[:, columns] = both[: len(mean)] + directions @ both[len(mean) :] * emphasis
    weights /= deviation[:, None]
    return Linear(weights, biases - mean @ weights)


def _regress(inputs: Floats, truth: NDArray[np.int64], categories: Sequence[Category]) -> tuple[Floats, Floats]:
    """Ridge-penalised logistic regressions, all at once: weights (inputs, categories) and biases (categories,)."""
    scale = _scale(inputs)
    inputs = inputs * scale
    doubtful = np.array([DOUBTFUL.get(category, 0.0) for category in categories])
    weight = np.where(truth >= 0, 1.0, doubtful)
    weight /= weight.sum(axis=0)
    shown = (truth != 0).astype(np.float64)
    shape = (inputs.shape[1] + 1, truth.shape[1])

    def loss_and_slope(flat: Floats) -> tuple[float, Floats]:
        parameters = flat.reshape(shape)
        logits = inputs @ parameters[:-1] + parameters[-1]
        loss = float((weight * (np.logaddexp(0, logits) - shown * logits)).sum())
        loss += 0.5 * RIDGE * float((parameters[:-1] ** 2).sum())
        error = weight * (1 / (1 + np.exp(-logits)) - shown)
        slope = np.vstack([inputs.T @ error + RIDGE * parameters[:-1], error.sum(axis=0)])
        return loss, slope.ravel()

    options = {"maxiter": 500, "maxcor": 20, "ftol": 1e-11, "gtol": 1e-7}
    found = minimize(loss_and_slope, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    if not found.success:
        raise SystemExit(f"the training of {', '.join(categories)} does not end: {found.message}")
    parameters = found.x.reshape(shape)
    return parameters[:-1] * scale, parameters[-1]


def _scale(inputs: Floats) -> float:
    """What makes the mean square of a photo's inputs 900."""
    return 30 / float(np.sqrt((inputs**2).sum(axis=1).mean()))


def _look_of_words(inputs: Floats, words: Floats) -> tuple[Floats, Floats]:
    """Ridge regression of the words on the inputs: its weights (inputs, words), and how much each photo looks like each
    (photos, words), as told by the others: photos that have words themselves are left out one at a time.
    """
    known = ~np.isnan(words).any(axis=1)
    scale = _scale(inputs)
    scaled = inputs * scale
    own = scaled[known]
    target = (words[known] - words[known].mean(axis=0)) / (words[known].std(axis=0) + 1e-6)
    products = own @ own.T
    inverse = np.linalg.inv(products + WORD_RIDGE * np.eye(len(own)))
    weights = own.T @ (inverse @ target)
    told = scaled @ weights
    influence = (products * inverse).sum(axis=1)[:, None]
    told[known] = (told[known] - influence * target) / (1 - influence)
    deviation = told.std(axis=0) + 1e-6
    return weights * scale / deviation, told / deviation


def fit_folds(photos: Photos) -> list[tuple[NDArray[np.bool_], Linear]]:
    """For each fold which photos are in it, and heads that saw neither those nor their near-duplicates."""
    rows = photos.features, photos.truth, photos.words
    tested = [photos.fold == fold for fold in range(FOLDS)]
    return [(fold, fit(*(values[~fold] for values in rows))) for fold in tested]


def cross_validate(photos: Photos, folds: Sequence[tuple[NDArray[np.bool_], Linear]]) -> Floats:
    """(photos, TRAINED) logits, each of the heads that did not see the photo; `folds` as `fit_folds` gives them."""
    logits = np.empty(photos.truth.shape)
    for tested, heads in folds:
        logits[tested] = heads.logits(photos.features[tested])
    return logits


def calibrate(logits: Floats, truth: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Platt's slopes and offsets (Platt 1999, with his smoothed targets) for each column of out-of-fold logits."""
    slopes, offsets = np.empty(logits.shape[1]), np.empty(logits.shape[1])
    for column in range(logits.shape[1]):
        known = truth[:, column] >= 0
        values, shown = logits[known, column], truth[known, column] == 1
        target = np.where(shown, (shown.sum() + 1) / (shown.sum() + 2), 1 / ((~shown).sum() + 2))

        def loss(parameters: Floats, values: Floats = values, target: Floats = target) -> float:
            calibrated = parameters[0] * values + parameters[1]
            return float((np.logaddexp(0, calibrated) - target * calibrated).mean())

        slopes[column], offsets[column] = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return slopes, offsets


def probabilities(logits: Floats, calibration: tuple[Floats, Floats]) -> Floats:
    """Calibrated, 0 to 1."""
    slopes, offsets = calibration
    return np.asarray(1 / (1 + np.exp(-(slopes * logits + offsets))))


def thresholds(scores: Floats, photos: Photos) -> dict[Category, float]:
    """The lowest score, in whole percent, from which each category raises no more than its share of false alarms."""
    found = {}
    for category, share in FALSE_ALARMS.items():
        column = TRAINED.index(category)
        negatives = np.sort(scores[photos.ordinary, column])[::-1]
        percent = np.floor(100 * negatives[int(share * len(negatives) / 1000)]) + 1
        found[category] = max(LEAST_THRESHOLD, float(percent / 100))
    return found


def main() -> None:
    """Train, write, and print what `categories.py` and `heads.py` state."""
    parser = argument_parser(__doc__)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    photos = load(arguments.data, arguments.cache)
    out_of_fold = cross_validate(photos, fit_folds(photos))
    calibration = calibrate(out_of_fold, photos.truth)
    trained = fit(photos.features, photos.truth, photos.words)
    arrays = {
        "categories": np.array([category.value for category in TRAINED]),
        # Half precision forgets the last bits, on which two machines would not agree, and moves no score by 0.001.
        "weights": (trained.weights * calibration[0]).astype(np.float16),
        "biases": (trained.biases * calibration[0] + calibration[1]).astype(np.float32),
    }
    arguments.output.write_bytes(pack(arrays))
    for category, threshold in thresholds(probabilities(out_of_fold, calibration), photos).items():
        print(f"{category}: threshold={threshold:.2f}")
    print(f'HEADS_SHA256 = "{hashlib.sha256(arguments.output.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
