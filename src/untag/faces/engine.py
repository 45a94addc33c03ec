"""A face engine: a detector, landmarks, alignment and an embedder that belong together, with their own thresholds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from untag.engine import registry
from untag.engine.cache import DerivedFile, derived
from untag.engine.dlib_graphs import build_detector, build_embedder
from untag.engine.dlib_weights import ShapePredictor, read_layers, read_shape_predictor
from untag.engine.models import ModelOptions, open_derived
from untag.engine.session import Device, Session
from untag.errors import UsageError
from untag.faces.align import DLIB_TEMPLATE, cut_chip
from untag.faces.detect import DEFAULT_MMOD, MmodDetector, MmodOptions
from untag.faces.landmarks import predict_landmarks
from untag.faces.quality import measure_quality
from untag.types import Box, Face, Frame, Pixels, Vector

EMBEDDING_BATCH = 32


class FaceEngine(Protocol):
    """What the rest of untag needs. `id` names the engine and its weights: vectors of two ids are never compared."""

    @property
    def id(self) -> str: ...

    @property
    def device(self) -> Device: ...

    def analyse(self, frames: Sequence[Frame]) -> list[tuple[Face, ...]]:
        """The faces in each frame, with their embeddings, in batches that span the frames."""
        ...


@dataclass(frozen=True, slots=True)
class DlibEngine:
    """The models of face_recognition: MMOD detector, 5-point landmarks, and the 128-d ResNet embedding."""

    id: str
    device: Device
    detector: MmodDetector
    predictor: ShapePredictor
    embedder: Session

    def analyse(self, frames: Sequence[Frame]) -> list[tuple[Face, ...]]:
        images = [frame.pixels for frame in frames]
        detections = self.detector.detect(images)
        owners = [index for index, found in enumerate(detections) for _ in found]
        boxes = [_whole_pixels(detection.box) for found in detections for detection in found]
        scores = [detection.score for found in detections for detection in found]
        landmarks = predict_landmarks(self.predictor, images, list(zip(owners, boxes, strict=True)))
        # dlib hands whole pixels on, and its embedding was trained on chips that were cut so.
        landmarks = np.round(landmarks)
        chips = [
            cut_chip(images[owner], points, DLIB_TEMPLATE) for owner, points in zip(owners, landmarks, strict=True)
        ]
        embeddings = self.embed(chips)
        faces: list[list[Face]] = [[] for _ in frames]
        for owner, box, score, points, chip, vector in zip(
            owners, boxes, scores, landmarks, chips, embeddings, strict=True
        ):
            enlarge = 1 / frames[owner].scale
            original = box.scaled(enlarge)
            quality = measure_quality(chip, points, min(original.width, original.height))
            faces[owner].append(Face(original, score, points * np.float32(enlarge), quality.overall, vector))
        return [tuple(found) for found in faces]

    def embed(self, chips: Sequence[Pixels]) -> NDArray[np.float32]:
        """Embeddings (N, 128) float32 of aligned chips, each (150, 150, 3)."""
        vectors: list[Vector] = []
        for start in range(0, len(chips), EMBEDDING_BATCH):
            vectors.extend(self.embedder.run({"images": np.stack(chips[start : start + EMBEDDING_BATCH])})[0])
        return np.stack(vectors) if vectors else np.empty((0, 128), np.float32)


def _whole_pixels(box: Box) -> Box:
    return Box(round(box.left), round(box.top), round(box.right), round(box.bottom))


def _build_detector(weights: bytes) -> bytes:
    return build_detector(read_layers(weights))


def _build_embedder(weights: bytes) -> bytes:
    return build_embedder(read_layers(weights))


def _build_landmarks(weights: bytes) -> bytes:
    predictor = read_shape_predictor(weights)
    out = io.BytesIO()
    np.savez(out, **{field.name: getattr(predictor, field.name) for field in fields(predictor)})
    return out.getvalue()


DETECTOR_FILE = DerivedFile(registry.DLIB_DETECTOR, 1, _build_detector)
EMBEDDER_FILE = DerivedFile(registry.DLIB_EMBEDDING, 1, _build_embedder)
LANDMARKS_FILE = DerivedFile(registry.DLIB_LANDMARKS, 1, _build_landmarks)
DERIVED_FILES = (DETECTOR_FILE, LANDMARKS_FILE, EMBEDDER_FILE)

DLIB_ENGINE_ID = f"dlib-{registry.DLIB_DETECTOR.sha256[:6]}-{registry.DLIB_EMBEDDING.sha256[:6]}"


def load_dlib_engine(options: ModelOptions, detection: MmodOptions = DEFAULT_MMOD) -> DlibEngine:
    """The default engine. Builds its graphs when they are not cached yet.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """

    with np.load(io.BytesIO(derived(LANDMARKS_FILE, options.home, options.on_build)), allow_pickle=False) as arrays:
        predictor = ShapePredictor(**{name: arrays[name] for name in arrays.files})
    embedder, detector = open_derived(EMBEDDER_FILE, options), open_derived(DETECTOR_FILE, options)
    return DlibEngine(DLIB_ENGINE_ID, embedder.device, MmodDetector(detector, detection), predictor, embedder)


_ENGINES = {"dlib": load_dlib_engine}
AUTO = "auto"


def load_engine(name: str, options: ModelOptions) -> FaceEngine:
    """The engine of this name, or the best one installed for `auto`.

    Raises UsageError for a name that is none, ModelError and DeviceError as the engine's own loader does.
    """
    chosen = "dlib" if name == AUTO else name
    if chosen not in _ENGINES:
        raise UsageError(f"there is no engine {name!r}; there are {', '.join(_ENGINES)} and {AUTO}")
    return _ENGINES[chosen](options)
