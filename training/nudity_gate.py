"""Train the gate before open_nsfw: a line that guesses from the features of the first look what open_nsfw would say.

`python training/nudity_gate.py DATA FEATURES models/nudity_gate.npz [--scores FILE.npz]` has open_nsfw judge the
labelled photos and every third captioned one, fits a ridge regression, and prints how many ordinary photos it would be
asked about, guessed by what was learnt from other sources, with the least guess for a photo of which it makes much.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_data import Photos, argument_parser, by_source, load, pack, read_photo
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.engine.weights.efficientnet import FEATURES
from untag.scenes.open_nsfw import load_open_nsfw

_RIDGE = 300.0
_MUCH = 0.2
"""What open_nsfw gives one ordinary photo in a hundred, a quarter of what counts: all these must be asked about."""

_ASKED = 0.4
"""The share of ordinary photos that open_nsfw is asked about: many more than `_MUCH` needs, for nobody here has photos
of what it is for."""


def main() -> None:
    """Train, print and write."""
    parser = argument_parser(__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scores", type=Path, help="kept here, and read from here when they are there")
    options = parser.parse_args()
    photos = load(options.data, options.features)
    chosen = chosen_photos(photos)
    scores = judged(options.data, photos, chosen, options.scores)
    inputs = np.sqrt(photos.inputs[chosen, :FEATURES].clip(0)).astype(np.float64)
    wanted = np.log(scores.clip(1e-4, 1 - 1e-4) / (1 - scores.clip(1e-4, 1 - 1e-4)))
    fold = by_source(photos)[chosen]
    guesses = np.empty(len(chosen))
    for tested in np.unique(fold):
        weights, bias = fitted(inputs[fold != tested], wanted[fold != tested])
        guesses[fold == tested] = inputs[fold == tested] @ weights + bias
    usual, much = photos.ordinary[chosen], scores >= _MUCH
    asks_from = float(np.quantile(guesses[usual], 1 - _ASKED))
    print(f"{len(chosen)} photos, correlation {np.corrcoef(guesses, wanted)[0, 1]:.2f}")
    print(
        f"asked from the guess {asks_from:.2f} on: {(guesses[usual] >= asks_from).mean():.3f} of {usual.sum()} ordinary"
    )
    for least in (0.1, 0.2, 0.3, 0.5, 0.6, 0.8):
        rows = scores >= least
        print(f"  of {rows.sum()} from {least} on, asked {(guesses[rows] >= asks_from).sum()}")
    print(f"  the least guess of those from {_MUCH} on: {np.sort(guesses[much])[:5].round(2)}")
    weights, bias = fitted(inputs, wanted)
    arrays = {"weights": weights.astype(np.float16), "bias": np.float32(bias), "asks_from": np.float32(asks_from)}
    options.output.write_bytes(pack({name: np.asarray(array) for name, array in arrays.items()}))


def chosen_photos(photos: Photos) -> NDArray[np.int64]:
    """All labelled photos, and every third captioned one."""
    captioned = np.flatnonzero(photos.inside("flickr8k"))
    return np.sort(np.concatenate([np.flatnonzero(~photos.inside("flickr8k")), captioned[::3]]))


def judged(data: Path, photos: Photos, chosen: NDArray[np.int64], kept: Path | None) -> NDArray[np.float64]:
    """What open_nsfw says of the photos that were chosen."""
    paths = [photos.paths[row] for row in chosen.tolist()]
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as file:
            known = dict(zip(map(str, file["paths"]), file["scores"].tolist(), strict=True))
        return np.array([known[path] for path in paths])
    model = load_open_nsfw(ModelOptions(Path(), Device.CPU, threads=1))
    scores = [each.scores["nudity"] for path in paths for each in model.judge([read_photo(data / path)])]
    if kept is not None:
        np.savez(kept, paths=np.array(paths), scores=np.array(scores))
    return np.array(scores)


def fitted(inputs: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a ridge regression."""
    mean, middle = inputs.mean(axis=0), wanted.mean()
    centred = inputs - mean
    weights = np.linalg.solve(centred.T @ centred + _RIDGE * np.eye(inputs.shape[1]), centred.T @ (wanted - middle))
    return weights, float(middle - mean @ weights)


if __name__ == "__main__":
    main()
