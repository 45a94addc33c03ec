"""Measure how well the place of a bottle or a gun in a photo is known, where nobody has marked any.

`python training/measure_spots.py DATA FEATURES [--cache scores.npz]` cuts beers and guns out of product photos,
puts each into an ordinary snapshot of the same part of the cross-validation, and asks heads that saw neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train_scenes import Parts, assembled, choose, judged, left_out_scores, with_cache  # isort: skip  # before numpy: it sets the number of threads

from scene_data import FOLDS, TRAINED, Photos, load, pack, read_photo, within_sources
from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.efficientnet import INPUT_SIZE, window_classes_from_weights
from untag.scenes.backbone import int8_graph_from_weights
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.classify import SceneClassifier, scene_input
from untag.scenes.heads import read_heads
from untag.scenes.space import load_space
from untag.types import Pixels, SceneScores

CUT_OUTS = {Category.ALCOHOL: "beer_dipsum", Category.WEAPON: "guns333"}
PICTURES = 300  # of each category, in each fold
_WHITE = 14  # how far a background may be from white
_HEIGHTS = (0.18, 0.60)  # of the thing, as a share of the picture's; a wide one is as high as half the width allows
_ACROSS, _DOWN = (0.10, 0.90), (0.30, 0.95)  # where its middle is: on tables and in hands, hardly ever at the top
_BATCH = 16

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thing:
    """A cut-out: its pixels, and how much of each belongs to it, 0 to 1."""

    pixels: Pixels
    opacity: NDArray[np.float32]


def main() -> None:
    """Print, for each category, how far off the spots are."""
    arguments = with_cache(__doc__).parse_args()
    photos = load(arguments.data, arguments.features)
    parts, fold = Parts(photos), within_sources(photos)
    scores = judged(photos, left_out_scores(parts, cache=arguments.cache))
    chosen = choose(photos, scores, np.ones(len(photos.paths), np.bool_))
    weights = EFFICIENTNET_LITE2.read()
    graphs = int8_graph_from_weights(weights), window_classes_from_weights(weights)
    network, classes = (open_session(graph, device=Device.CPU, threads=2) for graph in graphs)
    generator = np.random.default_rng(0)
    offs: dict[Category, list[NDArray[np.float64]]] = {category: [] for category in CUT_OUTS}
    for tested in range(FOLDS):
        heads = read_heads(pack(assembled(parts, chosen, fold != tested)))
        classifier = SceneClassifier(network, classes, heads, load_space())
        for category in CUT_OUTS:
            pictures = made_pictures(arguments.data, photos, category, fold == tested, generator)
            offs[category].append(offsets(classifier, category, pictures))
    found = {category: np.concatenate(rows) for category, rows in offs.items()}
    print("| category | pictures | flagged | with a spot | within 0.2 | 0.3 | the middle within 0.2 | 0.3 |")
    for category, rows in found.items():
        flagged = rows[rows[:, 0] >= CATEGORIES[category].threshold]
        located = flagged[np.isfinite(flagged[:, 1])]
        shares = [f"{(located[:, column] < limit).mean():.2f}" for column in (1, 2) for limit in (0.2, 0.3)]
        print("|", " | ".join([category, *(str(len(part)) for part in (rows, flagged, located)), *shares]), "|")


def made_pictures(
    data: Path, photos: Photos, category: Category, tested: NDArray[np.bool_], generator: np.random.Generator
) -> list[tuple[Pixels, tuple[float, float]]]:
    """Snapshots with a thing of the category in them, both of the `tested` photos, and where it is."""
    shown = tested & (photos.source == CUT_OUTS[category]) & (photos.truth[:, TRAINED.index(category)] == 1)
    cut = [cut_out(read_photo(data / photos.paths[row])) for row in np.flatnonzero(shown)]
    things = [thing for thing in cut if thing is not None]
    snapshots = np.flatnonzero(photos.ordinary & tested)
    made = []
    for _ in range(PICTURES):
        snapshot = scene_input(read_photo(data / photos.paths[generator.choice(snapshots)]))
        made.append(put_into(snapshot, things[generator.integers(len(things))], generator))
    return made


def offsets(
    classifier: SceneClassifier, category: Category, pictures: list[tuple[Pixels, tuple[float, float]]]
) -> Floats:
    """(pictures, 3): the score; and how far the thing is from the spot, and from the middle."""
    rows = []
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH]
        judged = classifier.judge([picture for picture, _ in batch])
        rows += [_offsets(one, category, where) for one, (_, where) in zip(judged, batch, strict=True)]
    return np.array(rows)


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
    small = max(1, round(width * scale)), max(1, round(height * scale))
    across, down = generator.uniform(*_ACROSS), generator.uniform(*_DOWN)
    turned = cv2.getRotationMatrix2D((small[0] / 2, small[1] / 2), generator.normal(0, 12), 1)
    turned[:, 2] += across * size - small[0] / 2, down * size - small[1] / 2
    layers = []
    for layer in (thing.pixels, thing.opacity):
        reduced = cv2.resize(layer.astype(np.float32), small, interpolation=cv2.INTER_AREA)
        layers.append(cv2.GaussianBlur(cv2.warpAffine(reduced, turned, (size, size)), (0, 0), 0.8))
    pixels, opacity = layers
    dimmed = pixels * np.clip((snapshot.mean() + 40) / 140, 0.4, 1.1)
    mixed = snapshot * (1 - opacity[..., None]) + dimmed * opacity[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8), (across, down)


if __name__ == "__main__":
    main()
