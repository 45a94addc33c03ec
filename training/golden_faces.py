"""Write tests/golden/dlib_faces.npz: what dlib itself answers to made-up pictures.

The inputs are those of tests/made_up_faces.py, drawn and not stored. Run where untag[reference] is installed:
`python training/golden_faces.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dlib
import numpy as np

from untag.engine.downloads import registry

TESTS = Path(__file__).parents[1] / "tests"
GOLDEN = TESTS / "golden" / "dlib_faces.npz"


def main() -> None:
    """Run dlib's three models and write the golden file."""
    sys.path.insert(0, str(TESTS))
    from made_up_faces import FACE_BOX, drawn_face, made_up_chips

    embedder = dlib.face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))
    predictor = dlib.shape_predictor(str(registry.DLIB_LANDMARKS.locate()))
    detector = dlib.cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
    image = drawn_face()
    # dlib's rectangles include their last pixel.
    edges = (FACE_BOX.left, FACE_BOX.top, FACE_BOX.right - 1, FACE_BOX.bottom - 1)
    shape = predictor(image, dlib.rectangle(*(int(edge) for edge in edges)))
    found = detector(image, 1)
    np.savez_compressed(
        GOLDEN,
        embeddings=np.array([embedder.compute_face_descriptor(chip) for chip in made_up_chips()], np.float32),
        landmarks=np.array([(point.x, point.y) for point in shape.parts()], np.int64),
        face_embedding=np.array(embedder.compute_face_descriptor(image, shape), np.float32),
        boxes=np.array([(r.rect.left(), r.rect.top(), r.rect.right() + 1, r.rect.bottom() + 1) for r in found]),
        scores=np.array([r.confidence for r in found], np.float32),
    )


if __name__ == "__main__":
    main()
