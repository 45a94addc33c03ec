"""Measure how well the place of a bottle or a gun in a photo is known, where nobody has marked any.

`python training/measure_spots.py DATA [--cache features.npz]` cuts beers and guns out of the product photos on white,
puts each into an ordinary snapshot of the same part of the cross-validation, and asks heads that saw neither.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_data import FOLDS, TRAINED, Photos, load, read_photo
from train_scenes import calibrate, cross_validate, fit  # sets the threads before numpy
from untag.engine.efficientnet import INPUT_SIZE, graph_from_weights
from untag.engine.registry import EFFICIENTNET_LITE2
from untag.engine.session import Device, open_session
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.classify import SceneClassifier, scene_input
from untag.scenes.heads import Heads
from untag.types import Pixels, SceneScores

CUT_OUTS = {Category.ALCOHOL: "beer_dipsum", Category.WEAPON: "guns333"}
PICTURES = 300  # of each category, in each fold
_WHITE = 14  # how far a background may be from white
_HEIGHTS = (0.18, 0.60)  # of the thing, as a share of the picture's
_BATCH = 16


@dataclass(frozen=True)
class Thing:
    """A cut-out: its pixels, and how much of each belongs to it, 0 to 1."""

    pixels: Pixels
    opacity: NDArray[np.float32]


def main() -> None:
    """Print, for each category, how far off the spots are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "scene-features.npz")
    arguments = parser.parse_args()
    photos = load(arguments.data, arguments.cache)
    found = {category: np.concatenate(list(offsets(arguments.data, photos, category))) for category in CUT_OUTS}
    print("| category | pictures | flagged | the spot is within 0.2 | 0.3 | the middle is within 0.2 | 0.3 |")
    for category, rows in found.items():
        flagged = rows[rows[:, 0] >= CATEGORIES[category].threshold]
        shares = [(flagged[:, column] < limit).mean() for column in (1, 2) for limit in (0.2, 0.3)]
        print(f"| {category} | {len(rows)} | {len(flagged)} | {' | '.join(f'{share:.2f}' for share in shares)} |")


def offsets(data: Path, photos: Photos, category: Category) -> Iterator[NDArray[np.float64]]:
    """For each fold (pictures, 3): the score; and how far the thing is from the spot, and from the middle."""
    column = TRAINED.index(category)
    slopes, biases = calibrate(cross_validate(photos), photos.truth)
    graph = open_session(graph_from_weights(EFFICIENTNET_LITE2.read()), device=Device.CPU, threads=2)
    generator = np.random.default_rng(0)
    shown = photos.inside(CUT_OUTS[category]) & (photos.truth[:, column] == 1)
    for fold in range(FOLDS):
        other = photos.fold != fold
        trained = fit(photos.features[other], photos.truth[other], photos.words[other])
        heads = Heads(
            (category.value,),
            (trained.weights[:, [column]] * slopes[column]).astype(np.float32),
            (trained.biases[[column]] * slopes[column] + biases[column]).astype(np.float32),
        )
        classifier = SceneClassifier(graph, heads)
        things = [
            thing for row in np.flatnonzero(shown & ~other) if (thing := cut_out(read_photo(data / photos.paths[row])))
        ]
        snapshots = np.flatnonzero(photos.ordinary & ~other)
        made = []
        for _ in range(PICTURES if things else 0):
            snapshot = scene_input(read_photo(data / photos.paths[generator.choice(snapshots)]))
            made.append(put_into(snapshot, things[generator.integers(len(things))], generator))
        for start in range(0, len(made), _BATCH):
            batch = made[start : start + _BATCH]
            judged = classifier.classify(np.stack([picture for picture, _ in batch]))
            yield np.array([_offsets(one, category, where) for one, (_, where) in zip(judged, batch, strict=True)])


def _offsets(judged: SceneScores, category: Category, where: tuple[float, float]) -> tuple[float, float, float]:
    spot = judged.spots.get(category)
    off = np.inf if spot is None else np.hypot(spot.across - where[0], spot.down - where[1])
    return judged.scores[category], float(off), float(np.hypot(0.5 - where[0], 0.5 - where[1]))


def cut_out(photo: Pixels) -> Thing | None:
    """The thing in front of a white background; None where the background is another."""
    framed = cv2.copyMakeBorder(photo, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    mask = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
    flags = cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY
    cv2.floodFill(framed, mask, (0, 0), (0, 0, 0), (_WHITE,) * 3, (_WHITE,) * 3, flags)
    thing = cv2.erode((mask[2:-2, 2:-2] == 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    if not 0.02 < thing.mean() < 0.92:
        return None
    left, top, width, height = cv2.boundingRect(thing)
    inside = np.s_[top : top + height, left : left + width]
    return Thing(photo[inside], thing[inside].astype(np.float32))


def put_into(snapshot: Pixels, thing: Thing, generator: np.random.Generator) -> tuple[Pixels, tuple[float, float]]:
    """A snapshot (320, 320, 3) with the thing in it, turned, dimmed and blurred a little, and where its middle is."""
    size = INPUT_SIZE
    height, width = thing.opacity.shape
    scale = min(generator.uniform(*_HEIGHTS) * size / height, 0.5 * size / width)
    across, down = generator.uniform(0.1, 0.9), generator.uniform(0.3, 0.95)
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), generator.normal(0, 12), scale)
    turned[:, 2] += across * size - width / 2, down * size - height / 2
    pixels, opacity = (
        cv2.GaussianBlur(
            cv2.warpAffine(layer.astype(np.float32), turned, (size, size), flags=cv2.INTER_AREA), (0, 0), 0.8
        )
        for layer in (thing.pixels, thing.opacity)
    )
    dimmed = pixels * np.clip((snapshot.mean() + 40) / 140, 0.4, 1.1)
    mixed = snapshot * (1 - opacity[..., None]) + dimmed * opacity[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8), (across, down)


if __name__ == "__main__":
    main()
