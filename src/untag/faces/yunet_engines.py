"""The engines on YuNet, whose weights the user pulls: three embedders, and what each wants of its chips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.pull import AURAFACE, RETAIL_0095_GRAPH, RETAIL_0095_WEIGHTS, SFACE, YUNET
from untag.engine.downloads.registry import DownloadableWeights
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, OrtSession, open_session
from untag.engine.weights.openvino_ir import build_retail_0095
from untag.errors import ModelError
from untag.faces.align import ARCFACE_TEMPLATE, RETAIL_TEMPLATE
from untag.faces.composed import EMBEDDING_BATCH, ComposedEngine, Embedder
from untag.faces.yunet import YunetFinder
from untag.types import Pixels


def engine_id(name: str, embedder: DownloadableWeights) -> str:
    """The id of an engine: its name and the hashes of its weights, so that other weights are another engine."""
    return f"{name}-{YUNET.sha256[:6]}-{embedder.sha256[:6]}"


def load_yunet_0095(options: ModelOptions) -> ComposedEngine:
    """YuNet and face-reidentification-retail-0095 (256-d). Builds the graph at every load: half a second.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    graph = build_retail_0095(RETAIL_0095_GRAPH.read(options.home), RETAIL_0095_WEIGHTS.read(options.home))
    session = _open(graph, options).steadied(EMBEDDING_BATCH)
    embedder = Embedder(session, "images", RETAIL_TEMPLATE, 256, unit_length=True)
    return _engine(engine_id("yunet+0095", RETAIL_0095_WEIGHTS), session.device, embedder, options)


def load_yunet_sface(options: ModelOptions) -> ComposedEngine:
    """YuNet and SFace (128-d). Raises as `load_yunet_0095` does."""
    session = _open(SFACE.read(options.home), options)
    return _engine(engine_id("yunet+sface", SFACE), session.device, _upstream(session, 128, sface_input), options)


def load_yunet_auraface(options: ModelOptions) -> ComposedEngine:
    """YuNet and AuraFace v1 (512-d). Raises as `load_yunet_0095` does."""
    session = _open(AURAFACE.read(options.home), options)
    embedder = _upstream(session, 512, auraface_input)
    return _engine(engine_id("yunet+auraface", AURAFACE), session.device, embedder, options)


def sface_input(chips: Pixels) -> NDArray[np.float32]:
    """(N, 3, 112, 112) RGB, 0 to 255: FaceRecognizerSF swaps OpenCV's BGR (objdetect/src/face_recognize.cpp)."""
    return _blob(chips, 1.0, 0.0)


def auraface_input(chips: Pixels) -> NDArray[np.float32]:
    """(N, 3, 112, 112) RGB, -1 to 1, as InsightFace's ArcFaceONNX (insightface/model_zoo/arcface_onnx.py)."""
    return _blob(chips, 1 / 127.5, 127.5)


def _blob(chips: Sequence[Pixels] | Pixels, scale: float, mean: float) -> NDArray[np.float32]:
    return np.asarray(cv2.dnn.blobFromImages(list(chips), scale, mean=(mean, mean, mean)), np.float32)


def _upstream(session: OrtSession, dimensions: int, prepare: Callable[[Pixels], NDArray[Any]]) -> Embedder:
    """An embedder on a graph as its authors exported it, which knows what its input is called and how many it takes."""
    match list(session.inputs.items()):
        case [(name, (batch, 3, 112, 112))]:
            runs = EMBEDDING_BATCH if batch is None else batch
        case inputs:
            raise ModelError(f"a face embedding has the inputs {inputs}, not one of 112 x 112 pixels")
    steady = session.steadied(runs)
    return Embedder(steady, name, ARCFACE_TEMPLATE, dimensions, unit_length=True, prepare=prepare, batch=runs)


def _engine(name: str, device: Device, embedder: Embedder, options: ModelOptions) -> ComposedEngine:
    finder = _open(YUNET.read(options.home), options.for_any_size)
    return ComposedEngine(name, device, YunetFinder(finder), embedder)


def _open(graph: bytes, options: ModelOptions) -> OrtSession:
    return open_session(graph, device=options.device, threads=options.threads)
