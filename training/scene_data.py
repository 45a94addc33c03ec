"""The labelled photos that the scene heads are trained and measured on: what each shows, and which belong together."""

from __future__ import annotations

import argparse
import csv
import io
import re
import tempfile
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.efficientnet import FEATURES, graph_from_weights
from untag.engine.registry import EFFICIENTNET_LITE2
from untag.engine.session import Device, open_session
from untag.scenes.categories import Category
from untag.scenes.classify import BACKBONE_ID, scene_input
from untag.scenes.heads import head_inputs

TRAINED = (
    Category.ALCOHOL,
    Category.PARTY,
    Category.BAR,
    Category.SMOKING,
    Category.WEAPON,
    Category.GAMBLING,
    Category.CROWD,
)
"""The categories with photos to learn from, in the order of all columns here."""

CORRECTIONS = Path(__file__).with_name("scene_corrections.csv")
FOLDS = 5

_SYNONYMS = {Category.GAMBLING: {"casino", "playing_cards"}}
# ImageNet photos labelled "other" whose own class is a drinking vessel or a gun's sheath: no fair negatives.
_UNFAIR = {("n03443371_goblet", Category.ALCOHOL), ("n03527444_holster", Category.WEAPON)}
_SAME_SESSION = 2000  # Flickr numbers its photos in order of upload: nearer ones are mostly of one person's evening
_NEAR_DUPLICATE = 0.80  # cosine of two photos' centred features; half of the pairs above show the same thing again
_BATCH = 16
_COMMON = 20  # photos of which a word was used: less says nothing of what such photos look like


@dataclass(frozen=True)
class Photos:
    """`truth` (photos, TRAINED): 1 shown, 0 not, -1 nobody can tell. `features` (photos, 1698) float64.

    `words` (photos, words) is the root of how often five people, describing the photo, used each of the commoner
    words; a row of NaN where nobody described it.
    `ordinary` photos are amateur snapshots that are labelled so, or of which neither label, nor caption, nor a look at
    them says that they show any category.
    `fold` is the part of the cross-validation in which a photo is tested.
    """

    paths: tuple[str, ...]
    labels: tuple[frozenset[str], ...]
    truth: NDArray[np.int64]
    ordinary: NDArray[np.bool_]
    features: NDArray[np.float64]
    words: NDArray[np.float64]
    fold: NDArray[np.int64]

    def labelled(self, label: str) -> NDArray[np.bool_]:
        """Which photos carry a label."""
        return np.array([label in own for own in self.labels])

    def inside(self, folder: str) -> NDArray[np.bool_]:
        """Which photos lie in a folder."""
        return np.array([f"{folder}/" in path for path in self.paths])


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """What all scripts here take: the folder of the photos, and where their features are kept."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "scene-features.npz")
    return parser


def load(data: Path, cache: Path) -> Photos:
    """All photos of `scene_labels.csv` and `flickr8k_captions.csv` that are there; features are kept in `cache`."""
    labels = _labels(data)
    captions = read_captions(data)
    paths = tuple(sorted(path for path in {*labels, *captions} if (data / path).is_file()))
    of = tuple(labels.get(path, frozenset()) for path in paths)
    truth = _truth(paths, of)
    unlabelled = np.array([not own or "ordinary" in own for own in of])
    captioned = np.array([path in captions for path in paths])
    ordinary = unlabelled & (truth == 0).all(axis=1) & captioned
    ordinary |= np.array(["ordinary" in own for own in of])
    features = _features(data, paths, cache)
    fold = _folds(_groups(paths, features), truth, captioned)
    return Photos(paths, of, truth, ordinary, features, _words(paths, captions), fold)


def _labels(data: Path) -> dict[str, frozenset[str]]:
    with (data / "scene_labels.csv").open(newline="") as file:
        return {row["path"]: frozenset(row["labels"].split("|")) for row in csv.DictReader(file)}


def read_captions(data: Path) -> dict[str, str]:
    """For each photo all that was written about it."""
    written: defaultdict[str, list[str]] = defaultdict(list)
    with (data / "flickr8k_captions.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            written[row["path"]].append(row["caption"].lower())
    return {path: "\n".join(lines) for path, lines in written.items()}


def _words(paths: tuple[str, ...], captions: dict[str, str]) -> NDArray[np.float64]:
    counts = {path: Counter(re.findall("[a-z]{3,}", captions[path])) for path in paths if path in captions}
    photos = Counter(word for count in counts.values() for word in count)
    common = sorted(word for word, number in photos.items() if number >= _COMMON)
    missing = [np.nan] * len(common)
    return np.sqrt([[counts[path][word] for word in common] if path in counts else missing for path in paths])


def _truth(paths: tuple[str, ...], labels: tuple[frozenset[str], ...]) -> NDArray[np.int64]:
    # What the labels say stands; corrections only fill in what they leave open.
    with CORRECTIONS.open(newline="") as file:
        seen = {(row["photo"], row["category"]): {"yes": 1, "maybe": -1}[row["shown"]] for row in csv.DictReader(file)}
    truth = np.zeros((len(paths), len(TRAINED)), np.int64)
    for row, (path, own) in enumerate(zip(paths, labels, strict=True)):
        stem = Path(path).stem
        for column, category in enumerate(TRAINED):
            if category in own or _SYNONYMS.get(category, set()) & own:
                truth[row, column] = 1
            elif f"{category}_maybe" in own or (stem, category) in _UNFAIR:
                truth[row, column] = -1
            else:
                truth[row, column] = seen.get((stem, category.value), 0)
            if "ordinary" in own:  # such as a street full of people
                truth[row, column] = min(truth[row, column], -abs(truth[row, column]))
    return truth


def _features(data: Path, paths: tuple[str, ...], cache: Path) -> NDArray[np.float64]:
    if cache.is_file():
        with np.load(cache) as stored:
            if str(stored["backbone"]) == BACKBONE_ID and tuple(stored["paths"]) == paths:
                return np.asarray(stored["features"], np.float64)
    # Two threads, whatever the machine has: how sums are split among threads changes their last bits.
    session = open_session(graph_from_weights(EFFICIENTNET_LITE2.read()), device=Device.CPU, threads=2)
    batches = []
    for start in range(0, len(paths), _BATCH):
        images = [scene_input(read_photo(data / path)) for path in paths[start : start + _BATCH]]
        batches.append(head_inputs(*session.run({"images": np.stack(images)})[:3]))
    features = np.concatenate(batches)
    np.savez(cache, backbone=np.array(BACKBONE_ID), paths=np.array(paths), features=features)
    return features.astype(np.float64)


def read_photo(path: Path) -> NDArray[np.uint8]:
    """(height, width, 3) RGB; ends the program when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} cannot be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _groups(paths: tuple[str, ...], features: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each photo the number of its group: near-duplicates and photos of one session, directly or by others."""
    parent = list(range(len(paths)))

    def root(member: int) -> int:
        while parent[member] != member:
            member = parent[member]
        return member

    centred = features[:, :FEATURES] - features[:, :FEATURES].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    for left, right in np.argwhere(np.triu(centred @ centred.T > _NEAR_DUPLICATE, 1)):
        parent[root(int(left))] = root(int(right))
    uploads = sorted((int(Path(path).stem.split("_")[0]), row) for row, path in enumerate(paths) if "flickr8k/" in path)
    for (earlier, left), (later, right) in pairwise(uploads):
        if later - earlier < _SAME_SESSION:
            parent[root(left)] = root(right)
    return np.array([root(row) for row in range(len(paths))])


def _folds(groups: NDArray[np.int64], truth: NDArray[np.int64], amateur: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Whole groups are dealt to the folds in turn, those with the rarest category first, from a fixed shuffle."""
    rarest = np.argsort((truth == 1).sum(axis=0), kind="stable")
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[int(group)].append(row)
    strata: defaultdict[tuple[int, bool], list[list[int]]] = defaultdict(list)
    for rows in members.values():
        shown = (truth[rows] == 1).any(axis=0)
        first = next((rank for rank, column in enumerate(rarest) if shown[column]), len(rarest))
        strata[first, bool(amateur[rows].any())].append(rows)
    fold = np.empty(len(groups), np.int64)
    generator = np.random.default_rng(0)
    total = np.zeros(FOLDS)
    for key in sorted(strata):
        sizes = np.zeros(FOLDS)
        shuffled = [strata[key][position] for position in generator.permutation(len(strata[key]))]
        for rows in sorted(shuffled, key=len, reverse=True):
            smallest = min(range(FOLDS), key=lambda each: (sizes[each], total[each]))
            fold[rows] = smallest
            sizes[smallest] += len(rows)
            total[smallest] += len(rows)
    return fold


def pack(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """An .npz without the time of day in it, which numpy.savez writes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), member.getvalue())
    return packed.getvalue()
