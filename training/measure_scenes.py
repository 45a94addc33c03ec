"""Measure how well the embedded model judges each category it claims, and the ways of preparing a photo for it.

`python training/measure_scenes.py DATA` prints the tables of docs/models.md. DATA has `scene_labels.csv` (path, labels
joined by |) and `flickr8k_captions.csv` (path, caption). A label that ends in `_maybe` is not scored for its category,
`hardneg_` labels count as negatives and are also reported alone.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.efficientnet import INPUT_SIZE, graph_from_weights
from untag.engine.registry import EFFICIENTNET_LITE0
from untag.engine.session import Device, open_session
from untag.metrics import average_precision, recall_at_precision, roc_auc
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category
from untag.scenes.classify import SceneClassifier, scene_input
from untag.types import Pixels

BATCH = 16
# A caption with one of these words may describe a photo that some category should find: not an ordinary photo.
RISKY = re.compile(
    r"\b(beer|wine|drink\w*|alcohol\w*|bottles?|glass|glasses|bar|cocktails?|champagne|toast\w*|guns?|rifles?|pistols?"
    r"|weapons?|swords?|soldiers?|military|paintball|hunt\w*|smok\w*|cigar\w*|party|partying|club|pub|casino|cards?)\b"
)
# ImageNet photos labelled "other" whose class one of the sums contains: neither positive nor a fair negative.
UNFAIR = {"n03443371_goblet", "n03527444_holster"}


@dataclass(frozen=True)
class Photo:
    """One labelled photo; `ordinary` when nothing in its labels or captions is of any category."""

    path: str
    labels: frozenset[str]
    ordinary: bool


Preparation = Callable[[Pixels], list[Pixels]]


def load(data: Path) -> list[Photo]:
    """The labelled photos, and those with captions only."""
    captions: dict[str, str] = defaultdict(str)
    with (data / "flickr8k_captions.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            captions[row["path"]] += f" {row['caption'].lower()}"
    with (data / "scene_labels.csv").open(newline="") as file:
        labels = {row["path"]: frozenset(row["labels"].split("|")) for row in csv.DictReader(file)}
    photos = []
    for path in sorted({*labels, *captions}):
        of = labels.get(path, frozenset())
        ordinary = path in captions and (not of or "ordinary" in of) and not RISKY.search(captions[path])
        if Path(path).stem not in UNFAIR and (data / path).is_file():
            photos.append(Photo(path, of, ordinary))
    return photos


def score(data: Path, photos: list[Photo], classifier: SceneClassifier, prepare: Preparation) -> NDArray[np.float64]:
    """(photos, categories) scores; a preparation that gives two images of a photo has their scores averaged."""
    rows = []
    for start in range(0, len(photos), BATCH):
        prepared = [prepare(_read(data / photo.path)) for photo in photos[start : start + BATCH]]
        results = iter(classifier.classify(np.stack([image for images in prepared for image in images])))
        for images in prepared:
            found = [next(results).scores for _ in images]
            rows.append([np.mean([scores[category] for scores in found]) for category in AVAILABLE])
    return np.array(rows)


def _read(path: Path) -> Pixels:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} cannot be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _squash(rgb: Pixels) -> Pixels:
    method = cv2.INTER_AREA if rgb.shape[0] * rgb.shape[1] > INPUT_SIZE**2 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (INPUT_SIZE, INPUT_SIZE), interpolation=method), dtype=np.uint8)


def _crop(rgb: Pixels) -> Pixels:
    side = min(rgb.shape[:2])
    top, left = (rgb.shape[0] - side) // 2, (rgb.shape[1] - side) // 2
    return _squash(np.ascontiguousarray(rgb[top : top + side, left : left + side]))


def _letterbox(rgb: Pixels) -> Pixels:
    side = max(rgb.shape[:2])
    top, left = (side - rgb.shape[0]) // 2, (side - rgb.shape[1]) // 2
    square = np.full((side, side, 3), 127, np.uint8)
    square[top : top + rgb.shape[0], left : left + rgb.shape[1]] = rgb
    return _squash(square)


PREPARATIONS: dict[str, Preparation] = {
    "geometric-mean crop": lambda rgb: [scene_input(rgb)],
    "squash": lambda rgb: [_squash(rgb)],
    "centre crop": lambda rgb: [_crop(rgb)],
    "letterbox": lambda rgb: [_letterbox(rgb)],
    "mean of squash and crop": lambda rgb: [_squash(rgb), _crop(rgb)],
}


def _masks(photos: list[Photo], category: Category) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which photos are scored for a category, and which of those show it."""
    positive = np.array([category.value in photo.labels for photo in photos])
    unsure = np.array([f"{category.value}_maybe" in photo.labels for photo in photos])
    labelled = np.array([bool(photo.labels) or photo.ordinary for photo in photos])
    return labelled & ~(unsure & ~positive), positive


def main() -> None:
    """Print the tables."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python training/measure_scenes.py DATA")
    data = Path(sys.argv[1])
    photos = load(data)
    session = open_session(graph_from_weights(EFFICIENTNET_LITE0.read()), device=Device.CPU)
    classifier = SceneClassifier(session)
    scores = score(data, photos, classifier, PREPARATIONS["geometric-mean crop"])
    _print_categories(photos, scores)
    print("\n| preparation | " + " | ".join(f"AP {category}" for category in AVAILABLE) + " |")
    for name, prepare in PREPARATIONS.items():
        compared = scores if name == "geometric-mean crop" else score(data, photos, classifier, prepare)
        figures = []
        for column, category in enumerate(AVAILABLE):
            scored, positive = _masks(photos, category)
            figures.append(f"{average_precision(compared[scored, column], positive[scored]):.3f}")
        print(f"| {name} | " + " | ".join(figures) + " |")


def _print_categories(photos: list[Photo], scores: NDArray[np.float64]) -> None:
    ordinary = np.array([photo.ordinary for photo in photos])
    flagged_any = np.zeros(len(photos), bool)
    print("| category | positives | negatives | AP | AUC | recall at precision .9 | recall | false alarms per 1000 |")
    for column, category in enumerate(AVAILABLE):
        scored, positive = _masks(photos, category)
        values, truth = scores[scored, column], positive[scored]
        flagged = scores[:, column] >= CATEGORIES[category].threshold
        flagged_any |= flagged
        print(
            f"| {category} | {truth.sum()} | {(~truth).sum()} | {average_precision(values, truth):.3f} "
            f"| {roc_auc(values, truth):.3f} | {recall_at_precision(values, truth, 0.9):.2f} "
            f"| {flagged[positive].mean():.2f} | {1000 * flagged[ordinary].mean():.1f} |"
        )
        subsets = {
            "hard negatives": np.array([f"hardneg_{category}" in photo.labels for photo in photos]),
            "other ImageNet classes": np.array(["imagenet_other" in photo.labels for photo in photos]),
            "positives among amateur snapshots": positive & np.array(["flickr8k" in photo.path for photo in photos]),
            "positives among product photos": positive & np.array(["product_photo" in p.labels for p in photos]),
            "other positives": positive
            & np.array(["flickr8k" not in p.path and "product_photo" not in p.labels for p in photos]),
        }
        for name, subset in subsets.items():
            print(f"  {category}: {name}: {flagged[subset].sum()} of {subset.sum()} flagged")
    print(f"ordinary photos: {ordinary.sum()}; any category: {1000 * flagged_any[ordinary].mean():.1f} per 1000")


if __name__ == "__main__":
    main()
