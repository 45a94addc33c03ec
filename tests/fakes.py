"""Made-up pictures of coloured squares, and models that see a face in each square: the whole program without a network.

The colour of a square says whose face it is and how far its embedding lies from that person's own, the background says
what the scene shows. Every picture carries a serial number, so that a test can ask what was analysed, and how often.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.scenes import installed as installed  # `install` patches it, also where nothing else imports it
from untag.scenes.space import SPACE_ID
from untag.types import Box, Face, Frame, Pixels, SceneScores, Vector

ENGINE_ID = "fake-1"
DIMENSIONS = 128
SIDE = 240
CALIBRATION = {"maybe": 1.0, "me": 0.5, "maybe_shift": 0.0, "me_shift": 0.0}
"""Similarity is 90 % at a distance of 0.5, 50 % at 1, 25 % (the edge of what is kept) at 1.25."""

_CLEAR, _UNCLEAR = 100, 200


@dataclass(frozen=True)
class Square:
    """A face: `person` 0 to 50, `off` from that person's own embedding (0 to 2.5, as a distance), towards `seed`."""

    person: int = 0
    off: float = 0.0
    seed: int = 0
    side: int = 70
    clear: bool = True

    @property
    def colour(self) -> tuple[int, int, int]:
        return (self.person + (_CLEAR if self.clear else _UNCLEAR), round(self.off * 100), self.seed)

    @property
    def embedding(self) -> Vector:
        return embedding_of(self.colour)


ME = Square()
MAYBE = Square(off=0.8)
NEAR = Square(off=1.15)
STRANGER = Square(person=7)


def embedding_of(colour: tuple[int, int, int]) -> Vector:
    """The embedding, (128,) float32, of a face of this colour; different people are about 14 apart."""
    red, green, blue = colour
    person = (red - _CLEAR) % _CLEAR
    own = np.random.default_rng(person).standard_normal(DIMENSIONS)
    away = np.random.default_rng(1000 + blue).standard_normal(DIMENSIONS)
    return np.asarray(own + green / 100 * away / np.linalg.norm(away), dtype=np.float32)


def paint(*squares: Square, serial: int = 0, alcohol: float = 0.0, weapon: float = 0.0, side: int = SIDE) -> bytes:
    """A PNG with these faces beside each other; those of one picture must differ in colour."""
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[:] = (0, round(alcohol * 100), round(weapon * 100))
    left = 4
    for square in squares:
        pixels[20 : 20 + square.side, left : left + square.side] = square.colour
        left += square.side + 4
    pixels[-1, -1] = (serial >> 16, serial >> 8 & 255, serial & 255)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def serial_of(frame: Frame) -> int:
    """The serial number of a decoded picture."""
    red, green, blue = (int(value) for value in frame.pixels[-1, -1])
    return red << 16 | green << 8 | blue


@dataclass
class FakeEngine:
    """Sees the squares. `analysed` counts how often each serial number was looked at; `delay` is seconds a batch.

    Its embeddings are those of `embedding_of`, `turned` by so many places: engines that differ in it are no match.
    It sees nobody of the persons that it is `blind_to`.
    """

    id: str = ENGINE_ID
    device: Device = Device.CPU
    delay: float = 0.0
    analysed: Counter[int] = field(default_factory=Counter)
    on_analyse: Callable[[int], None] = lambda _: None
    turned: int = 0
    blind_to: frozenset[int] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def analyse(self, frames: Sequence[Frame]) -> list[tuple[Face, ...]]:
        with self._lock:
            self.analysed.update(serial_of(frame) for frame in frames)
        for frame in frames:
            self.on_analyse(serial_of(frame))
        time.sleep(self.delay)
        return [tuple(self._seen(_faces(frame))) for frame in frames]

    def _seen(self, faces: Sequence[Face]) -> Iterator[Face]:
        unseen = [embedding_of((_CLEAR + person, 0, 0)) for person in self.blind_to]
        for face in faces:
            assert face.embedding is not None
            if all(np.linalg.norm(face.embedding - vector) > 3 for vector in unseen):
                yield replace(face, embedding=np.roll(face.embedding, self.turned))


def _faces(frame: Frame) -> tuple[Face, ...]:
    pixels = frame.pixels
    found = []
    for colour in np.unique(pixels[pixels[..., 0] >= _CLEAR].reshape(-1, 3), axis=0):
        rows, columns = np.nonzero((pixels == colour).all(axis=2))
        box = Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
        box = box.scaled(1 / frame.scale)
        landmarks = np.full((5, 2), [box.left, box.top], np.float32)
        quality = 0.9 if colour[0] < _UNCLEAR else 0.1
        vector = embedding_of((int(colour[0]), int(colour[1]), int(colour[2])))
        found.append(Face(box, 1.0, landmarks, quality, vector))
    return tuple(sorted(found, key=lambda face: face.box.left))


def vector_of(pixels: Pixels) -> Vector:
    """What FakeScenes says that a photo shows: a unit vector made of the first value of its background."""
    shown = np.zeros(384, np.float32)
    shown[int(pixels[0, 0, 1])] = 1
    return shown


class FakeScenes:
    """Reads the scores of alcohol and weapon from the background, in place of SceneModels."""

    id = "fake-scenes"
    space = SPACE_ID
    thresholds: Mapping[str, float] = MappingProxyType({"alcohol": 0.5, "weapon": 0.5})

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        return [
            SceneScores(
                {"alcohol": float(photo[0, 0, 1]) / 100, "weapon": float(photo[0, 0, 2]) / 100},
                {"alcohol": ("a green background",)},
                self.id,
                vector=vector_of(photo),
                space=self.space,
            )
            for photo in photos
        ]


def install(patch: Callable[[str, object], None], engine: FakeEngine, **others: FakeEngine) -> None:
    """Makes `dlib` mean the fake engine, for the library and the command line; `patch` sets a dotted name.

    `others` are further engines by their names, with which their ids begin.
    """

    def loading(fake: FakeEngine) -> Callable[[ModelOptions], FakeEngine]:
        return lambda _: fake

    def load_scene_models(_: ModelOptions) -> FakeScenes:
        return FakeScenes()

    calibrated = {fake.id: CALIBRATION for fake in (engine, *others.values())}

    def read_asset(_: str, __: str) -> bytes:
        return json.dumps({"engines": calibrated}).encode()

    named = {"dlib": engine, **others}
    patch("untag.faces.engine._ENGINES", {name: loading(fake) for name, fake in named.items()})
    patch("untag.scenes.installed.load_scene_models", load_scene_models)
    patch("untag.people.calibrate.read_asset", read_asset)


@dataclass
class Result:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@dataclass
class Untag:
    """A home folder, a folder of photos and the command line, in this process and with the fake models."""

    root: Path
    engine: FakeEngine
    invoke: Callable[[list[str]], Result]

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    def run(self, *arguments: str | Path) -> Result:
        """Runs one command with this home folder."""
        return self.invoke(["--home", str(self.home), *map(str, arguments)])

    def add(self, name: str, data: bytes) -> Path:
        """Puts a file into the folder of photos."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def enroll(self, *squares: Square, person: str = "me") -> None:
        """Enrols a person from pictures outside the folder of photos: two of person 0, unless other faces are given."""
        folder = self.root / f"enrol-{person}"
        folder.mkdir(parents=True, exist_ok=True)
        for square in squares or (ME, Square(off=0.01)):
            number = 9000 + square.person * 500 + round(square.off * 100)
            (folder / f"{number}.png").write_bytes(paint(square, serial=number))
        assert self.run("enroll", folder, "--person", person).status == 0
        self.engine.analysed.clear()

    def scan(self, *arguments: str) -> dict[str, object]:
        """Scans the folder of photos, all of them readable; what `--json` says of it."""
        result = self.run("scan", self.photos, "--json", *arguments)
        assert result.status == 0, result.err
        summary: dict[str, object] = json.loads(result.out)
        return summary

    def listed(self, *arguments: str) -> list[dict[str, object]]:
        """The findings as `untag list --format json` has them."""
        result = self.run("list", "--format", "json", *arguments)
        assert result.status == 0, result.err
        findings: list[dict[str, object]] = json.loads(result.out)
        return findings

    def found(self, *arguments: str) -> dict[str, object]:
        """The verdict of every finding by file name."""
        return {Path(str(item["path"])).name: item["verdict"] for item in self.listed(*arguments)}


def damage_assets(patch: Callable[[str, object], None], folder: Path) -> None:
    """An installation in `folder` in which every shipped model has a few bytes too many."""
    models = folder / "untag" / "models"
    models.mkdir(parents=True)
    for path in (Path(__file__).parents[1] / "models").iterdir():
        (models / path.name).write_bytes(path.read_bytes() + b"more")
    patch("untag.support.assets.__file__", str(models.parent / "support" / "assets.py"))
