"""A made-up archive of any size, and a home folder in which all of it is on record, as if it had been scanned.

The files are real: names, folders, sidecars, and pictures of 64 x 48 that differ in their bytes. They are listed by the
sources as in a scan. What the models would say of them is made up: one photo in two shows faces, one in ten somebody
who is enrolled, and one finding in fifty is a lesser copy of another. The judge, the rules and the record are untag's.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from untag.config import Settings, load_settings
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import load_engine
from untag.scan import ScanModels
from untag.scan.judge import Judge, load_judge
from untag.scenes.categories import CATEGORIES
from untag.scenes.installed import load_scene_models
from untag.sources.base import walk_all
from untag.store import (
    Analysis,
    PhotoRecord,
    Reference,
    Store,
    finish_run,
    mark_reported,
    record_batch,
    references,
    start_run,
)
from untag.types import Box, Evidence, Face, Outcome, PhotoRef, SceneScores

PER_FOLDER = 500
BATCH = 500
PICTURES = 40
SIZE = (64, 48)
KINDS = ("plain",) * 7 + ("takeout",) * 2 + ("gallery_dl",)
"""What folders are: photos alone, a Takeout with a JSON file for each photo, what gallery-dl wrote from Instagram."""

_ME, _MAYBE, _TWO_IN_ONE = 0.09, 0.01, 0.02
_NUMBER = re.compile(r"IMG_\d+_(\d{8})\.jpg$")
_OFF_ME, _OFF_MAYBE = 0.3, 0.55
"""How far a face lies from the reference, as distances of dlib's embeddings: surely the person, and perhaps."""


@cache
def _pictures() -> tuple[bytes, ...]:
    luck = np.random.default_rng(0)
    coarse = (luck.integers(0, 255, (6, 8, 3), np.uint8) for _ in range(PICTURES))
    large = (cv2.resize(one, SIZE, interpolation=cv2.INTER_CUBIC) for one in coarse)
    return tuple(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes() for one in large)


def picture(number: int) -> bytes:
    """A JPEG; its comment makes every one another content."""
    plain = _pictures()[number % PICTURES]
    comment = f"made up {number:08}".encode()
    return plain[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + plain[2:]


def make_archive(place: Path, size: str) -> None:
    """Writes so many photos, in folders of some hundreds."""
    root, count = place / "archive", int(size)
    for start in range(0, count, PER_FOLDER):
        group = start // PER_FOLDER
        folder = root / _folder(group)
        folder.mkdir(parents=True)
        for number in range(start, min(count, start + PER_FOLDER)):
            _write(folder, number, KINDS[group % len(KINDS)])


def add_one(place: Path) -> None:
    """Writes one more photo into the first folder."""
    (place / "archive" / _folder(0) / "new.jpg").write_bytes(picture(99_999_999))


def _folder(group: int) -> str:
    year, month = 2005 + group % 20, 1 + group % 12
    match KINDS[group % len(KINDS)]:
        case "takeout":
            return f"Takeout/Google Photos/Album {group}"
        case "gallery_dl":
            return f"downloads/instagram/friend_{group}"
        case _:
            return f"Photos/{year}/{year}-{month:02} Trip {group}"


def _write(folder: Path, number: int, kind: str) -> None:
    name = f"IMG_{20050101 + number % 190000}_{number:08}.jpg"
    (folder / name).write_bytes(picture(number))
    if kind == "takeout":
        (folder / f"{name}.supplemental-metadata.json").write_text(json.dumps(_takeout(name, number)))
    elif kind == "gallery_dl":
        (folder / f"{name}.json").write_text(json.dumps(_instagram(name, number, folder.name)))


def _takeout(name: str, number: int) -> dict[str, object]:
    return {
        "title": name,
        "photoTakenTime": {"timestamp": str(1_300_000_000 + 97 * number), "formatted": "made up"},
        "people": [{"name": f"Person {number % 40}"}],
        "url": f"https://photos.google.com/photo/AF1QipN{number:030}",
    }


def _instagram(name: str, number: int, friend: str) -> dict[str, object]:
    return {
        "category": "instagram",
        "username": friend,
        "post_shortcode": f"C{number:010}",
        "description": f"a caption of photo {number}",
        "date": f"20{10 + number % 14}-0{1 + number % 9}-1{number % 10} 12:00:00",
        "filename": name.rpartition(".")[0],
        "extension": "jpg",
    }


@dataclass(frozen=True, slots=True)
class MadeUp:
    """What the models would say of a batch: the same for the same photo numbers, whenever it is asked."""

    template: np.ndarray
    models: ScanModels
    judge: Judge

    def records(self, refs: list[PhotoRef]) -> list[PhotoRecord]:
        """Each photo as a scan leaves it."""
        numbers = [int(found[1]) for ref in refs if (found := _NUMBER.search(ref.path)) is not None]
        luck = np.random.default_rng(numbers)
        count = luck.choice((0, 1, 2, 4), len(refs), p=(0.5, 0.3, 0.15, 0.05))
        who = luck.random(len(refs))
        return [
            PhotoRecord(
                ref,
                hashlib.sha256(picture(number)).hexdigest(),
                Outcome.OK,
                analysis=self._analysis(
                    ref, number, self._faces(int(max(faces, chance < _ME + _MAYBE)), chance, luck), luck
                ),
            )
            for ref, number, faces, chance in zip(refs, numbers, count, who, strict=True)
        ]

    def _faces(self, count: int, chance: float, luck: np.random.Generator) -> tuple[Face, ...]:
        """So many faces; where `chance` says so the first is of whom the template is."""
        if count == 0:
            return ()
        length = np.linalg.norm(self.template)
        away = luck.standard_normal((count, len(self.template)), np.float32)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        vectors = away * length
        if chance < _ME + _MAYBE:
            vectors[0] = self.template + (_OFF_ME if chance < _ME else _OFF_MAYBE) * away[0]
        lefts = 2 + 14 * np.arange(count)
        return tuple(
            Face(Box(float(left), 10.0, float(left) + 10, 24.0), 0.9, np.full((5, 2), left, np.float32), 0.7, vector)
            for left, vector in zip(lefts, vectors, strict=True)
        )

    def _analysis(self, ref: PhotoRef, number: int, faces: tuple[Face, ...], luck: np.random.Generator) -> Analysis:
        matches = self.judge.match(faces)
        keep = tuple(self.judge.keeps(match) for match in matches)
        scenes = self._scenes(luck) if any(keep) else None
        boxes = tuple(face.box for face in faces)
        evidence = Evidence((ref.origin,), *SIZE, boxes, matches, scenes)
        return Analysis(
            width=SIZE[0],
            height=SIZE[1],
            taken_at=None
            if number % 5 == 0
            else f"20{5 + number % 20:02}-0{1 + number % 9}-1{number % 10}T12:{number % 60:02}:00",
            phash=_hash_of(number),
            pipeline=self.models.pipeline,
            judged_with=self.judge.key,
            engine=self.models.faces.id,
            faces=faces,
            matches=matches,
            keep=keep,
            scenes=scenes,
            assessment=self.judge.assess(evidence),
        )

    def _scenes(self, luck: np.random.Generator) -> SceneScores:
        scores = luck.beta(0.4, 4, len(CATEGORIES))
        names = [str(category) for category in CATEGORIES]
        return SceneScores(
            dict(zip(names, map(float, scores), strict=True)), {names[0]: ("made up",)}, self.models.scenes.id
        )


def _hash_of(number: int) -> int:
    """A perceptual hash; some are near that of the photo before."""
    near = number % round(1 / _TWO_IN_ONE) == 1
    digest = hashlib.blake2b(str(number - near).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") ^ near


def record_archive(place: Path) -> None:
    """Puts the archive on record in the home folder, in which one person is enrolled."""
    settings, options = load_settings(place / "home"), ModelOptions(place / "home")
    models = ScanModels(load_engine(settings.engine, options), load_scene_models(options))
    with Store.open(place / "home") as store:
        judge = load_judge(store, models.faces.id, settings)
        made_up = MadeUp(_template(references(store, engine=models.faces.id)), models, judge)
        run = start_run(store, [str(place / "archive")])
        for refs in _batches(place / "archive", settings):
            record_batch(store, run, made_up.records(refs))
        finish_run(store, run, {})
        mark_reported(store, run)


def _template(enrolled: list[Reference]) -> np.ndarray:
    (vector,) = (one.face.embedding for one in enrolled if one.face.embedding is not None)
    return np.asarray(vector, np.float32)


def _batches(archive: Path, settings: Settings) -> Iterator[list[PhotoRef]]:
    listings = walk_all([archive], limits=settings.limits, exclude=settings.exclusions)
    refs = (entry for listing in listings for entry in listing.photos if isinstance(entry, PhotoRef))
    while batch := list(islice(refs, BATCH)):
        yield batch


if __name__ == "__main__":
    {each.__name__: each for each in (make_archive, add_one, record_archive)}[sys.argv[1]](
        Path(sys.argv[2]), *sys.argv[3:]
    )
