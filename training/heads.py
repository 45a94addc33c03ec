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


@dataclass(frozen=True)
class Linear:
    """Logits are `inputs @ weights + biases`; weights (D, categories)."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    def logits(self, inputs: Floats) -> Floats:
        """(rows, categories)."""
        return np.asarray(inputs @ self.weights.astype(np.float32) + self.biases.astype(np.float32))


def weights_of(truth: NDArray[np.int64], source: NDArray[np.str_]) -> NDArray[np.float64]:
    """How much each photo counts, (photos, categories)."""
    weight = np.zeros(truth.shape)
    for column in range(truth.shape[1]):
        shown, not_shown = truth[:, column] == 1, truth[:, column] == 0
        weight[not_shown, column] = 1 / max(1, not_shown.sum())
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
