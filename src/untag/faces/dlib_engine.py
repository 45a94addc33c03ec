"""The default engine, the models of face_recognition: MMOD detector, 5-point landmarks, 128-d ResNet embedding."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads import registry
from untag.engine.runtime.cache import DerivedFile, derived
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.dlib_graphs import build_canvas_detector, build_detector, build_embedder
from untag.engine.weights.dlib_weights import ShapePredictor, read_layers, read_shape_predictor
from untag.engine.weights.proposal_graph import build_proposal_network
from untag.faces.align import DLIB_TEMPLATE
from untag.faces.composed import EMBEDDING_BATCH, ComposedEngine, Embedder
from untag.faces.detect import DEFAULT_MMOD, Detection, MmodDetector, suppress
from untag.faces.finder import CropRules, Detections, FoundFace
from untag.faces.landmarks import DLIB_LAYOUT, LandmarkLayout, predict_landmarks
from untag.faces.proposals import ProposalNetwork
from untag.support.assets import read_asset
from untag.types import Box, Pixels

_CROPS = CropRules(side=160, face=80.0, upright=1.017, face_score=0.3)
"""Measured: of photos that stand upright all but one in ten have a face that scores 1.017 or more (LFW; one in fifty of
those of `faces` has none). Turned by a quarter a third of them have a face, and one in ten scores 0.987 or more."""

_CROPS_AT_ONCE = 64
"""On a card: nine tenths of what an H200 does at most."""

_HINT = 0.5
"""Turned faces are proposed with this confidence or more in all but one photo in fifty."""

_AMONG_SMALL = 40.0
"""Where the frame shows a face below this size there may be others that are too small for it."""

_FINER = 1.3
"""By how much pixels must be finer to show faces that the frame does not."""


@dataclass(frozen=True, slots=True)
class DlibFinder:
    """MMOD boxes, with the landmarks of a shape predictor in them."""

    detector: MmodDetector
    predictor: ShapePredictor

    @property
    def layout(self) -> LandmarkLayout:
        return DLIB_LAYOUT

    @property
    def crops(self) -> CropRules:
        return _CROPS

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        """What is to be seen in each image; the landmarks of all images are found together."""
        seen = self.detector.search(images, quick=quick)
        faces = self._with_landmarks(images, [detections for detections, _ in seen])
        hints = [[one for one in candidates if one.confidence >= _HINT] for _, candidates in seen]
        return [Detections(*found) for found in zip(faces, hints, strict=True)]

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        return self.detector.score_crops(crops)

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        """See `FaceFinder`. Among small faces there may be smaller ones, which are proposed in finer pixels only."""
        detections = [Detection(face.box, face.score) for face in faces]
        smallest = min((face.side for face in faces), default=np.inf)
        if enlarged >= _FINER and smallest < _AMONG_SMALL * enlarged:
            more = self.detector.detect_smaller(image, _AMONG_SMALL * enlarged, detections)
            detections = suppress([*detections, *more], self.detector.max_overlap)
        return self._with_landmarks([image], [detections])[0]

    def _with_landmarks(self, images: Sequence[Pixels], found: Sequence[Sequence[Detection]]) -> list[list[FoundFace]]:
        # dlib hands whole pixels on, and its embedding was trained on chips that were cut so.
        located = [(index, _whole_pixels(one.box)) for index, detections in enumerate(found) for one in detections]
        landmarks = iter(np.round(predict_landmarks(self.predictor, images, located)))
        boxes = (box for _, box in located)
        return [[FoundFace(next(boxes), one.score, next(landmarks)) for one in detections] for detections in found]


def _whole_pixels(box: Box) -> Box:
    return Box(round(box.left), round(box.top), round(box.right), round(box.bottom))


def _build_detector(weights: bytes) -> bytes:
    return build_detector(read_layers(weights))


def _build_canvas_detector(weights: bytes) -> bytes:
    return build_canvas_detector(read_layers(weights))


def _build_embedder(weights: bytes) -> bytes:
    return build_embedder(read_layers(weights))


def _build_landmarks(weights: bytes) -> bytes:
    predictor = read_shape_predictor(weights)
    out = io.BytesIO()
    np.savez(out, **{field.name: getattr(predictor, field.name) for field in fields(predictor)})
    return out.getvalue()


DETECTOR_FILE = DerivedFile(registry.DLIB_DETECTOR, 2, _build_detector)
CANVAS_DETECTOR_FILE = DerivedFile(registry.DLIB_DETECTOR, 1, _build_canvas_detector, "canvas-")
EMBEDDER_FILE = DerivedFile(registry.DLIB_EMBEDDING, 1, _build_embedder)
LANDMARKS_FILE = DerivedFile(registry.DLIB_LANDMARKS, 1, _build_landmarks)

PROPOSALS_SHA256 = "0aa35ca72bccc5399a9f3b9859e6136687711e8a54a04950f092f9397c9d1d1d"
"""Of models/face_proposals.npz. It is no part of the engine's id: where a face is found does not change its vector."""

DLIB_ENGINE_ID = f"dlib-{registry.DLIB_DETECTOR.sha256[:6]}-{registry.DLIB_EMBEDDING.sha256[:6]}"


def load_dlib_engine(options: ModelOptions) -> ComposedEngine:
    """The default engine. Builds its graphs when they are not cached yet.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    with np.load(io.BytesIO(derived(LANDMARKS_FILE, options.home, options.on_build)), allow_pickle=False) as arrays:
        predictor = ShapePredictor(**{name: arrays[name] for name in arrays.files})
    session = open_derived(EMBEDDER_FILE, options).steadied(EMBEDDING_BATCH)
    detector = open_derived(DETECTOR_FILE, options.for_any_size)
    crops = None if session.device is Device.CPU else open_derived(DETECTOR_FILE, options).steadied(_CROPS_AT_ONCE)
    graph = build_proposal_network(read_asset("face_proposals.npz", PROPOSALS_SHA256))
    proposals = ProposalNetwork(open_session(graph, device=detector.device, threads=options.threads))
    finder = DlibFinder(MmodDetector(detector, DEFAULT_MMOD, proposals, crops), predictor)
    embedder = Embedder(session, "images", DLIB_TEMPLATE, 128)
    return ComposedEngine(DLIB_ENGINE_ID, session.device, finder, embedder)
