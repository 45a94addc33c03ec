"""A card is given what it is quick at: one size in each session, whatever the photos are. The card is faked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from untag.engine.runtime import cuda
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.ort import onnx_runtime
from untag.engine.runtime.session import Device
from untag.faces.dlib_engine import load_dlib_engine
from untag.faces.engine import FaceEngine
from untag.imaging.decode import decode
from untag.scenes.classify import load_classifier
from untag.scenes.heads import Heads
from untag.scenes.open_nsfw import load_open_nsfw
from untag.types import Frame, Pixels

onnxruntime = onnx_runtime()
_SESSION = onnxruntime.InferenceSession
PORTRAIT = Path(__file__).parents[1] / "sample_photos" / "me" / "portrait.jpg"


class Card:
    """onnxruntime.InferenceSession on a card, which is really a CPU; `sizes` are those of each of its sessions."""

    def __init__(self) -> None:
        self.sizes: list[list[tuple[int, ...]]] = []

    def __call__(self, source: Any, options: Any, providers: list[str], **_: Any) -> Any:
        inner = _SESSION(source, options, providers=["CPUExecutionProvider"])
        if providers[0] != cuda.PROVIDER:
            return inner
        self.sizes.append([])
        return _OnCard(inner, self.sizes[-1])


class _OnCard:
    def __init__(self, inner: Any, sizes: list[tuple[int, ...]]) -> None:
        self._inner, self._sizes = inner, sizes

    def get_providers(self) -> list[str]:
        return [cuda.PROVIDER, "CPUExecutionProvider"]

    def run(self, names: Any, feeds: dict[str, NDArray[Any]]) -> Any:
        self._sizes.extend(values.shape for values in feeds.values())
        return self._inner.run(names, feeds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    card = Card()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [cuda.PROVIDER, "CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(onnxruntime, "InferenceSession", card)
    return card


def pictures() -> list[Pixels]:
    """Of different sizes and numbers of faces."""
    portrait = decode(PORTRAIT.read_bytes(), max_side=480).pixels
    wide = cv2.resize(np.hstack([portrait, portrait[:, ::-1]]), (500, 310))
    return [portrait, np.asarray(wide, np.uint8), np.full((130, 211, 3), 90, np.uint8)]


def embeddings(engine: FaceEngine, photos: list[Pixels]) -> list[Any]:
    frames = [Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0) for pixels in photos]
    return [face.embedding for faces in (*engine.analyse(frames), *engine.analyse(frames[:1])) for face in faces]


def test_faces_are_found_with_one_size_in_each_session(card: Card, tmp_path: Path) -> None:
    photos = pictures()
    on_card = embeddings(load_dlib_engine(ModelOptions(tmp_path, device=Device.CUDA)), photos)
    assert card.sizes
    assert [len(set(sizes)) for sizes in card.sizes] == [1] * len(card.sizes), card.sizes
    on_cpu = embeddings(load_dlib_engine(ModelOptions(tmp_path, device=Device.CPU)), photos)
    assert len(on_cpu) >= 4
    np.testing.assert_allclose(on_card, on_cpu, atol=1e-5)


def test_scenes_are_judged_with_one_size_in_each_session(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Heads, "worth_a_closer_look", lambda _, scores: np.ones(len(scores), bool))
    photos = pictures()
    for load in (load_classifier, load_open_nsfw):
        on_card = load(ModelOptions(tmp_path, device=Device.CUDA))
        judged = [*on_card.judge(photos), *on_card.judge(photos[:1])]
        on_cpu = load(ModelOptions(tmp_path, device=Device.CPU)).judge([*photos, photos[0]])
        for one, other in zip(judged, on_cpu, strict=True):
            both = one.scores.keys() & other.scores.keys()  # one may guess at nudity where the other asks
            assert len(both) >= len(one.scores) - 1
            for name in both:  # a CPU computes in whole numbers
                assert one.scores[name] == pytest.approx(other.scores[name], abs=0.05), name
    assert len(card.sizes) == 2
    assert [len(set(sizes)) for sizes in card.sizes] == [1, 1], card.sizes
