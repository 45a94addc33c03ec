"""Dark photos: who is in them is found with the light lifted, and bright photos are left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from test_elongated import SquareFinder, engine
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.faces.composed import ComposedEngine
from untag.faces.dark import is_dark, lifted
from untag.faces.engine import load_engine
from untag.faces.finder import Detections, FoundFace
from untag.faces.geometry import iou
from untag.imaging.decode import decode
from untag.people.calibrate import load_calibration
from untag.types import Frame, Pixels

PORTRAIT = Path(__file__).parents[1] / "sample_photos" / "me" / "portrait.jpg"


def frame(pixels: Pixels) -> Frame:
    return Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0)


def scene(light: float, *, background: int = 40) -> Pixels:
    """A bright block on grey, in so much light."""
    image = np.full((600, 800, 3), background, np.uint8)
    image[200:400, 300:500] = 255
    return np.asarray(image * light, np.uint8)


def test_what_is_dark_is_seen_with_the_light_lifted() -> None:
    made = engine()
    assert isinstance(made.finder, SquareFinder)
    (faces,) = made.analyse([frame(scene(0.05))])
    assert len(made.finder.shapes) == 2
    assert len(faces) == 1
    assert faces[0].box.left == pytest.approx(300, abs=8)
    assert faces[0].box.right == pytest.approx(500, abs=8)


@pytest.mark.parametrize(
    ("pixels", "looks"),
    [
        (scene(1.0), 1),
        (np.full((600, 800, 3), 100, np.uint8), 1),
        (scene(0.05), 2),
        (np.zeros((600, 800, 3), np.uint8), 2),
    ],
    ids=["somebody, bright", "nobody, bright", "dark", "black"],
)
def test_only_dark_photos_of_nobody_are_looked_at_again(pixels: Pixels, looks: int) -> None:
    made = engine()
    assert isinstance(made.finder, SquareFinder)
    made.analyse([frame(pixels)])
    assert len(made.finder.shapes) == looks


class UnsureFinder(SquareFinder):
    """Sees everything, but is not sure of it."""

    def _look(self, image: Pixels) -> Detections:
        seen = super()._look(image)
        return Detections([FoundFace(face.box, 0.49, face.landmarks) for face in seen.faces], seen.hints)


def test_in_lifted_light_a_face_must_be_sure() -> None:
    usual = engine()
    unsure = ComposedEngine("toy", Device.CPU, UnsureFinder(), usual.embedder)
    assert unsure.analyse([frame(scene(0.05))]) == [()]
    assert len(unsure.analyse([frame(scene(1.0))])[0]) == 1


class SizedFinder(SquareFinder):
    """Is sure of what is large."""

    def _look(self, image: Pixels) -> Detections:
        seen = super()._look(image)
        scored = [FoundFace(face.box, 0.9 if face.side > 150 else 0.4, face.landmarks) for face in seen.faces]
        return Detections(sorted(scored, key=lambda face: -face.score), seen.hints)


def test_one_sure_face_does_not_vouch_for_the_others_in_lifted_light() -> None:
    bright = scene(1.0)
    bright[40:100, 40:100] = 255
    made = ComposedEngine("toy", Device.CPU, SizedFinder(), engine().embedder)
    assert len(made.analyse([frame(bright)])[0]) == 2
    assert len(made.analyse([frame(np.asarray(bright * 0.05, np.uint8))])[0]) == 1


def test_a_shadow_on_a_fifth_of_the_photo_is_dark() -> None:
    image = np.full((1000, 1000, 3), 220, np.uint8)
    image[:, :180] = 5
    assert not is_dark(image)
    image[:, :230] = 5
    assert is_dark(image)


@pytest.mark.parametrize(("level", "dark"), [(15, True), (16, False)])
def test_dusk_is_not_dark(level: int, dark: bool) -> None:
    """From a tenth of the photo below 24 on, four times as many had a second look (docs/models.md)."""
    assert is_dark(np.full((300, 300, 3), level, np.uint8)) is dark


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (3, 5)])
def test_photos_of_any_size(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    assert is_dark(image)
    assert lifted(image).shape == image.shape


def test_lifting_keeps_what_is_bright_and_orders_what_is_dark() -> None:
    ramp = np.repeat(np.repeat(np.arange(0, 32, dtype=np.uint8)[None, :, None], 64, axis=0), 3, axis=2)
    ramp = np.repeat(ramp, 8, axis=1)
    grey = cv2.cvtColor(lifted(ramp), cv2.COLOR_RGB2GRAY).astype(int)
    columns = grey.mean(axis=0)
    assert columns[-1] > 200
    assert np.median(grey) > 80


def underexposed(light: float, noise: float) -> Callable[[Pixels], Pixels]:
    grain = np.random.default_rng(0)
    return lambda pixels: np.clip(pixels * light + grain.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8)


DARK: dict[str, Callable[[Pixels], Pixels]] = {
    "a twentieth of the light": underexposed(0.05, 2),
    "a thirtieth of the light": underexposed(1 / 30, 1),
}


@pytest.mark.parametrize("name", DARK)
def test_the_real_engine_knows_somebody_in_the_dark(tmp_path: Path, name: str) -> None:
    bright = decode(PORTRAIT.read_bytes(), max_side=800).pixels
    real = load_engine("dlib", ModelOptions(tmp_path, Device.CPU, threads=1))
    (own,), (dark,) = real.analyse([frame(bright), frame(DARK[name](bright))])
    assert iou(own.box, dark.box) > 0.5
    assert own.embedding is not None
    assert dark.embedding is not None
    apart = np.linalg.norm(own.embedding - dark.embedding)
    assert load_calibration(real.id).similarity(apart) > 0.9


def test_the_real_case(tmp_path: Path, shared: Path) -> None:
    case = shared / "cases" / "dark" / "dark10.jpg"
    if not case.is_file():
        pytest.skip(f"{case} is not here")
    real = load_engine("dlib", ModelOptions(tmp_path, Device.CPU, threads=1))
    (faces,) = real.analyse([decode(case.read_bytes(), max_side=1600)])
    assert len(faces) == 1
