"""A photo -> how surely it shows nudity, with nsfwjs (MobileNetV2, github.com/infinitered/nsfwjs).

EXPERIMENTAL: not measured. Inputs, outputs and classes are those that nsfwjs documents; another graph is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.pull import NSFWJS
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import OrtSession, open_session
from untag.errors import ModelError
from untag.scenes.categories import Category
from untag.types import Pixels, SceneScores

SIDE = 224
CLASSES = ("drawing", "hentai", "neutral", "porn", "sexy")
"""The graph's outputs in order (nsfwjs, src/nsfw_classes.ts)."""

THRESHOLD = 0.5
MODEL_ID = f"nsfwjs@{NSFWJS.sha256[:12]}v1"

# `sexy`, which nsfwjs has for all that is suggestive, is not nudity: swimwear and evening dresses are in it.
_NUDE = ("porn", "hentai")
_WORTH_NAMING = 0.05


def nsfwjs_input(rgb: Pixels) -> Pixels:
    """A photo, (height, width, 3) uint8 of any size, squashed to (224, 224, 3) uint8 as nsfwjs does.

    By plain bilinear sampling from corner to corner (tf.image.resizeBilinear with alignCorners), which is what the
    network's published results come from; averaging would be smoother than what it knows.
    """
    height, width = rgb.shape[:2]
    scale = np.array([[(width - 1) / (SIDE - 1), 0, 0], [0, (height - 1) / (SIDE - 1), 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgb, scale, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


class NudityModel:
    """nsfwjs on one graph: (N, 224, 224, 3) float32 RGB, 0 to 1 -> (N, 5) probabilities."""

    id = MODEL_ID
    # The guess that spares open_nsfw a photo was made for open_nsfw.
    preferred = frozenset({Category.NUDITY.value})
    only: frozenset[str] = frozenset()

    def __init__(self, session: OrtSession) -> None:
        """Raises ModelError when the graph takes or gives anything else, which it is tried for."""
        match list(session.inputs.items()):
            case [(name, (None | 1, None | 224, None | 224, None | 3))]:
                self._input = name
            case inputs:
                raise ModelError(f"nsfwjs has the inputs {inputs}, not photos of 224 x 224 pixels, channels last")
        self._session = session
        self.classify(np.zeros((1, SIDE, SIDE, 3), np.uint8))

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge whole photos."""
        return [score for photo in photos for score in self.classify(nsfwjs_input(photo)[np.newaxis])]

    def classify(self, images: NDArray[np.uint8]) -> list[SceneScores]:
        """Judge photos, (N, 224, 224, 3) uint8 as `nsfwjs_input` makes them; N may be 0.

        One by one, for a graph of 8 bits scales its values by the largest of a batch.
        """
        if images.ndim != 4 or images.shape[1:] != (SIDE, SIDE, 3) or images.dtype != np.uint8:
            raise ValueError(f"images are (N, {SIDE}, {SIDE}, 3) uint8, not {images.shape} {images.dtype}")
        return [self._judge(image[np.newaxis] / np.float32(255)) for image in images]

    def _judge(self, image: NDArray[np.float32]) -> SceneScores:
        found = np.asarray(self._session.run({self._input: image})[0], np.float64)
        if found.shape != (1, len(CLASSES)) or not (found.min() > -0.01 and abs(found.sum() - 1) < 0.02):
            raise ModelError(f"nsfwjs gives {found.tolist()}, not {len(CLASSES)} probabilities")
        shares = dict(zip(CLASSES, found[0].tolist(), strict=True))
        score = min(1.0, max(0.0, sum(shares[name] for name in _NUDE)))
        words = tuple(name for name in sorted(_NUDE, key=lambda name: -shares[name]) if shares[name] >= _WORTH_NAMING)
        return SceneScores({Category.NUDITY.value: score}, {Category.NUDITY.value: words}, MODEL_ID)


def load_nudity(options: ModelOptions) -> NudityModel:
    """nsfwjs.

    Raises ModelError when the weights are missing, damaged or of another shape, DeviceError when the device does not
    really run.
    """
    session = open_session(NSFWJS.read(options.home), device=options.device, threads=options.threads)
    return NudityModel(session)
