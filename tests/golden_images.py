"""Made-up images; what the original network answers to them is in tests/golden (see training/golden_logits.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def golden_images() -> NDArray[np.uint8]:
    """Six made-up images, (6, 224, 224, 3) uint8: noise, squares, ramps, stripes, black, and bright edges on grey."""
    generator = np.random.default_rng(20240501)
    noise = generator.integers(0, 256, (224, 224, 3), dtype=np.uint8)
    coarse = generator.integers(0, 256, (14, 14, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    y, x = np.mgrid[0:224, 0:224]
    ramps = np.stack([x, y, 223 - x], axis=-1).astype(np.uint8)
    stripes = np.where((x // 7 + y // 13) % 2, 230, 25)[..., None].repeat(3, axis=-1).astype(np.uint8)
    edges = np.full((224, 224, 3), 127, np.uint8)
    # The border shows whether the padding is right: four equal sides would hide a swap of top left and bottom right.
    edges[0], edges[:, -1] = (255, 0, 0), (0, 0, 255)
    return np.stack([noise, coarse, ramps, stripes, np.zeros_like(noise), edges])
