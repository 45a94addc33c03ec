"""Linear heads: what they look at, how they are fitted, and how the scores of several become one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from untag.engine.weights.efficientnet import DETAILS, FEATURES
from untag.scenes.heads import SEEN

Floats = NDArray[np.float32]

RIDGE = 0.03  # of weights on features whose mean square is 1 for each photo; 0.01 to 0.1 rank alike
EMPHASIS = 4.0
"""How much larger the log-odds of ImageNet classes are made than other inputs, so that the ridge spares them: otherwise
they drown among a thousand features. Half and twice as much do about as well."""
_POSITIVE_SHARE = 0.15
"""What positives weigh together, beside all negatives, in each category."""
_MOST_OF_A_SOURCE = 30
"""Beyond this number positives of one source weigh less and less: it is mostly one man with one beer after another."""
SNAPSHOT = 8.0
"""How much more a negative among the snapshots weighs than one of another set: those are what people have in archives,
and a tenth of the negatives. 4 and 16 do about as well, 1 worse."""
SHRINKAGE = 0.3  # of the covariance towards a multiple of the identity; 0.1 to 0.9 within 0.01


@dataclass(frozen=True)
class Linear:
    """Logits are `inputs @ weights + biases`; weights (D, categories)."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, inputs: Floats) -> Floats:
        """(rows, categories)."""
        return np.asarray(inputs @ self.weights.astype(np.float32) + self.biases.astype(np.float32))


def weights_of(
    truth: NDArray[np.int64], source: NDArray[np.str_], snapshot: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """How much each photo counts, (photos, categories); negatives among the `snapshot`s more, where those are given."""
    weight = np.zeros(truth.shape)
    usual = np.ones(len(truth)) if snapshot is None else np.where(snapshot, SNAPSHOT, 1.0)
    for column in range(truth.shape[1]):
        shown, not_shown = truth[:, column] == 1, truth[:, column] == 0
        weight[not_shown, column] = usual[not_shown] / max(1.0, usual[not_shown].sum())
        own = shown.astype(np.float64)
        for name in np.unique(source[shown]):
            members = shown & (source == name)
            own[members] *= min(1.0, np.sqrt(_MOST_OF_A_SOURCE / members.sum()))
        weight[shown, column] = _POSITIVE_SHARE * own[shown] / max(1e-9, own.sum())
    return weight


def fit(inputs: Floats, truth: NDArray[np.int64], weight: NDArray[np.float64], ridge: float = RIDGE) -> Linear:
    """Ridge-penalised logistic regressions, all categories at once; a column without positives stays at nothing."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-2
    if inputs.shape[1] > FEATURES + DETAILS:
        deviation[FEATURES + DETAILS : SEEN] /= EMPHASIS
    scaled = (inputs - mean) / deviation
    scale = 30 / float(np.sqrt((scaled**2).sum(axis=1).mean()))
    scaled = np.ascontiguousarray(scaled * np.float32(scale), np.float32)
    shown = (truth == 1).astype(np.float64)
    shape = (inputs.shape[1] + 1, truth.shape[1])

    def loss_and_slope(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        parameters = flat.reshape(shape)
        logits = (scaled @ parameters[:-1].astype(np.float32)).astype(np.float64) + parameters[-1]
        loss = float((weight * (np.logaddexp(0, logits) - shown * logits)).sum())
        loss += 0.5 * ridge * float((parameters[:-1] ** 2).sum())
        error = weight * (0.5 * (1 + np.tanh(logits / 2)) - shown)
        slope = scaled.T @ error.astype(np.float32) + ridge * parameters[:-1]
        return loss, np.vstack([slope, error.sum(axis=0)]).ravel()

    options = {"maxiter": 150, "maxcor": 20, "ftol": 1e-8, "gtol": 1e-6}
    found = minimize(loss_and_slope, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    parameters = found.x.reshape(shape)
    weights = parameters[:-1] * scale / deviation[:, None]
    return Linear(weights, parameters[-1] - mean @ weights)


def discriminant(inputs: Floats, truth: NDArray[np.int64], weight: NDArray[np.float64]) -> Linear:
    """Linear discriminant analysis with a shrunk covariance: for many inputs, few of which say anything of a photo."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 0.02
    scaled = ((inputs - mean) / deviation).astype(np.float32)
    covariance = (scaled.T @ scaled / np.float32(len(scaled))).astype(np.float64)
    size = len(covariance)
    covariance *= 1 - SHRINKAGE
    covariance[np.diag_indices(size)] += SHRINKAGE / (1 - SHRINKAGE) * np.trace(covariance) / size
    apart = np.zeros((size, truth.shape[1]))
    for column in range(truth.shape[1]):
        shown, not_shown = truth[:, column] == 1, truth[:, column] == 0
        if shown.any():
            apart[:, column] = _mean(scaled[shown], weight[shown, column]) - _mean(
                scaled[not_shown], weight[not_shown, column]
            )
    weights = np.linalg.solve(covariance, apart) / deviation[:, None]
    return Linear(weights, -mean @ weights)


def _mean(rows: Floats, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weight @ rows / weight.sum())
