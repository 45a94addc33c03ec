"""The real dlib models, built once for a test run from the installed weights, and dlib itself where it is installed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from untag.engine.downloads import registry
from untag.engine.runtime.session import Device, Session, open_session
from untag.engine.weights.dlib_graphs import build_detector, build_embedder
from untag.engine.weights.dlib_weights import ShapePredictor, read_layers, read_shape_predictor
from untag.types import Pixels


@cache
def detector() -> Session:
    return open_session(build_detector(read_layers(registry.DLIB_DETECTOR.read())), device=Device.CPU)


@cache
def embedder() -> Session:
    return open_session(build_embedder(read_layers(registry.DLIB_EMBEDDING.read())), device=Device.CPU)


@cache
def predictor() -> ShapePredictor:
    return read_shape_predictor(registry.DLIB_LANDMARKS.read())


def embed(chips: Pixels) -> NDArray[np.float32]:
    """(N, 128) float32 of chips (N, 150, 150, 3)."""
    return np.asarray(embedder().run({"images": chips})[0], dtype=np.float32)


@cache
def reference() -> Any:
    """dlib, or the end of the test that wants it."""
    return pytest.importorskip("dlib", reason="parity is measured against dlib; install untag[reference]")


@cache
def reference_predictor() -> Any:
    return reference().shape_predictor(str(registry.DLIB_LANDMARKS.locate()))


@cache
def reference_embedder() -> Any:
    return reference().face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))


@cache
def reference_detector() -> Any:
    return reference().cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
