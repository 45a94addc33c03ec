"""The default engine, the models of face_recognition: MMOD detector, 5-point landmarks, 128-d ResNet embedding."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from untag.assets import read_asset
from untag.engine import registry
from untag.engine.cache import DerivedFile, derived
from untag.engine.dlib_graphs import build_detector, build_embedder
from untag.engine.dlib_weights import ShapePredictor, read_layers, read_shape_predictor
from untag.engine.models import ModelOptions, open_derived
from untag.engine.scout_graph import build_scout
from untag.engine.session import open_session
from untag.faces.align import DLIB_TEMPLATE
from untag.faces.composed import ComposedEngine, Embedder, FoundFace
from untag.faces.detect import DEFAULT_MMOD, MmodDetector, MmodOptions
from untag.faces.landmarks import DLIB_LAYOUT, LandmarkLayout, predict_landmarks
from untag.faces.scout import DEFAULT_SCOUT, Scout, ScoutOptions
from untag.types import Box, Pixels


@dataclass(frozen=True, slots=True)
class DlibFinder:
    """MMOD boxes, with the landmarks of a shape predictor in them."""

    detector: MmodDetector
    predictor: ShapePredictor

    @property
    def layout(self) -> LandmarkLayout:
        return DLIB_LAYOUT

    def find(self, images: Sequence[Pixels]) -> list[list[FoundFace]]:
        """The faces in each image, the most certain first; the landmarks of all images are found together."""
        # dlib hands whole pixels on, and its embedding was trained on chips that were cut so.
        found = [
            [(_whole_pixels(detection.box), detection.score) for detection in detections]
            for detections in self.detector.detect(images)
        ]
        located = [(index, box) for index, faces in enumerate(found) for box, _ in faces]
        landmarks = iter(np.round(predict_landmarks(self.predictor, images, located)))
        return [[FoundFace(box, score, next(landmarks)) for box, score in faces] for faces in found]


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

DLIB_ENGINE_ID = f"dlib-{registry.DLIB_DETECTOR.sha256[:6]}-{registry.DLIB_EMBEDDING.sha256[:6]}"


def load_dlib_engine(
    options: ModelOptions, detection: MmodOptions = DEFAULT_MMOD, scouting: ScoutOptions = DEFAULT_SCOUT
) -> ComposedEngine:
    """The default engine. Builds its graphs when they are not cached yet.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    with np.load(io.BytesIO(derived(LANDMARKS_FILE, options.home, options.on_build)), allow_pickle=False) as arrays:
        predictor = ShapePredictor(**{name: arrays[name] for name in arrays.files})
    session, detector = open_derived(EMBEDDER_FILE, options), open_derived(DETECTOR_FILE, options)
    scout_graph = build_scout(read_asset("face_scout.npz"))
    scout = Scout(open_session(scout_graph, device=options.device, threads=options.threads), scouting)
    finder = DlibFinder(MmodDetector(detector, detection, scout), predictor)
    return ComposedEngine(DLIB_ENGINE_ID, session.device, finder, Embedder(session, "images", DLIB_TEMPLATE, 128))
