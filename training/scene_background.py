"""Make the statistics of ordinary photos that taught categories are told from.

`python training/scene_background.py DATA FEATURES models/scene_background.npz` writes them and prints the
hash for `src/untag/scenes/background.py`. They are a mean and a covariance, of no photo in particular. The same photos
and the same versions of numpy and onnxruntime give the same bytes, but for the last bit of some. The shipped ones were
made when Flickr8k had 2,536 photos here, 2,161 of them ordinary, with the network in floating point.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_data import argument_parser, load, pack
from untag.engine.weights.efficientnet import FEATURES
from untag.scenes.background import Background
from untag.scenes.classify import BACKBONE_ID

AXES = 64  # 32 to 256 rank alike
_LEAST_DEVIATION = 1e-2


def background_of(features: NDArray[np.float64]) -> Background:
    """The statistics of (N, D) features, rounded as they are stored."""
    roots = np.sqrt(np.maximum(features, 0))
    mean, deviation = roots.mean(axis=0), roots.std(axis=0) + _LEAST_DEVIATION
    standard = (roots - mean) / deviation
    values, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
    axes = vectors[:, : -AXES - 1 : -1].T
    axes *= np.sign(axes[np.arange(AXES), np.abs(axes).argmax(axis=1)])[:, np.newaxis]
    return Background(
        BACKBONE_ID,
        mean=mean.astype("f4").astype(np.float64),
        deviation=deviation.astype("f4").astype(np.float64),
        axes=axes.astype("f2").astype(np.float64),
        spread=values[: -AXES - 1 : -1],
        rest=float(values[:-AXES].mean()),
    )


def main() -> None:
    """Make, write, and print the hash."""
    parser = argument_parser(__doc__)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    photos = load(arguments.data, arguments.features)
    made = background_of(photos.inputs[photos.ordinary & photos.inside("flickr8k"), :FEATURES].astype(np.float64))
    arrays = {
        "backbone": np.array(made.backbone),
        "mean": made.mean.astype(np.float32),
        "deviation": made.deviation.astype(np.float32),
        "axes": made.axes.astype(np.float16),
        "spread": made.spread.astype(np.float32),
        "rest": np.array(made.rest, np.float32),
    }
    arguments.output.write_bytes(pack(arrays))
    print(f'BACKGROUND_SHA256 = "{hashlib.sha256(arguments.output.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
