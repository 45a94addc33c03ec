"""The labelled photos that the scene heads are trained and measured on: what each shows, and which belong together."""

from __future__ import annotations

import argparse
import csv
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.weights.efficientnet import FEATURES
from untag.engine.weights.torch_weights import read_state_dict
from untag.scenes.categories import Category
from untag.scenes.heads import SEEN, named_odds

TRAINED = (
    Category.ALCOHOL,
    Category.PARTY,
    Category.BAR,
    Category.SMOKING,
    Category.WEAPON,
    Category.GAMBLING,
    Category.CROWD,
    Category.GESTURE,
    Category.DRUGS,
    Category.DOCUMENT,
    Category.INJURY,
)
"""The categories with photos to learn from, in the order of all columns here."""

NAMED = (Category.ALCOHOL, Category.WEAPON)
"""Those of which the inputs have the log-odds that the network names them, in their order."""

SETS = ("snaps", "scenes", "flickr8k")
CORRECTIONS = Path(__file__).with_name("scene_corrections.csv")
FOLDS = 5

_SHOWN: Mapping[str, int] = {"yes": 1, "no": 0, "maybe": -1}
_DRAWN = 6

_SYNONYMS: Mapping[Category, frozenset[str]] = {
    Category.GAMBLING: frozenset({"casino", "playing_cards"}),
    Category.GESTURE: frozenset({"gesture_offensive"}),
    Category.CROWD: frozenset({"sports_crowd"}),
}
_UNSURE: Mapping[Category, frozenset[str]] = {
    # A label that neither says nor denies the category: what whoever labelled was not asked.
    Category.ALCOHOL: frozenset({"nightclub", "festival", "beach_party"}),
    Category.PARTY: frozenset({"nightclub", "nightclub_maybe", "festival", "concert", "dj", "dance_stage", "birthday"}),
    Category.BAR: frozenset({"nightclub", "nightclub_maybe", "restaurant_maybe"}),
    Category.CROWD: frozenset({"concert", "festival", "dance_stage", "parade_festival", "city_street", "nightclub"}),
    Category.DRUGS: frozenset({"syringe", "medicine", "mushrooms"}),
    Category.DOCUMENT: frozenset({"certificate", "graduation"}),
}
_WORDS: Mapping[Category, str] = {
    Category.ALCOHOL: r"beers?|wine|cocktails?|alcohol\w*|liquor|whiske?y|vodka|champagne|martinis?"
    r"|margaritas?|drunk\w*|pints?|keg|drinks?|drinking|toast\w*|bottles?|bar|pub|tavern|bartender|nightclub",
    Category.PARTY: r"party|parties|partying|nightclub|club|disco|rave|celebrat\w*|dancing|costumes?|birthday",
    Category.BAR: r"bar|pub|tavern|nightclub|club|bartender|restaurant|diner|cafe",
    Category.SMOKING: r"smok\w+|cigarettes?|cigars?|hookah|vap\w+|pipe",
    Category.WEAPON: r"guns?|rifles?|pistols?|handguns?|shotguns?|knife|knives|swords?|weapons?|paintball|soldiers?",
    Category.GAMBLING: r"cards?|poker|casino|slot",
    Category.CROWD: r"crowd\w*|audience|parade|protest\w*|spectators|stadium|marathon|festival|many people|large group",
    Category.GESTURE: r"middle finger|finger|gestur\w+|obscene|flipping",
    Category.DRUGS: r"marijuana|weed|drugs?|joint|bong|pills?|syringe",
    Category.DOCUMENT: r"passport|licen[cs]e|badge|card|document|papers?|letter|sign|ticket",
    Category.INJURY: r"blood\w*|wound\w*|injur\w*|bandag\w*|cast|hurt|stretcher|scar|ambulance",
}
"""A photo of which anybody wrote one of these, and which nobody has looked at, is no negative of the category."""

# ImageNet photos labelled "other" whose own class is a drinking vessel or a gun's sheath: no fair negatives.
_UNFAIR = {("n03443371_goblet", Category.ALCOHOL), ("n03527444_holster", Category.WEAPON)}
_NEAR_DUPLICATE = 0.80  # cosine of two photos' centred features; half of the pairs above show the same thing again

_STOCK = "s015"
"""The one source that has every category, and the only one of some: photos by many, bought and sold."""


@dataclass(frozen=True)
class Photos:
    """`truth` (photos, TRAINED): 1 shown, 0 not, -1 nobody can tell. `inputs` (photos, 1698) float32.

    `source` says which photos belong together: no more than one of them may vouch for another.
    `ordinary` photos are those labelled so, but for what was chosen to deceive (`hardneg_*`) and what was seen to show,
    or perhaps to show, any category; and amateur snapshots of which no caption hints at any category. Where one does
    and nothing of it was seen, those of every sixth snapshot are: all of these are looked at closer for what they
    teach, and would count six times.
    `closer` (K,) are the photos that were looked at closer, `closer_inputs` (K, 1698) what the network says of them so;
    `windows` (W, 1280) float16 and `odds` (W, 2) are theirs one after the other, `counts` (K,) of each. `looked` says
    who they are among all.
    `part` numbers near-duplicates within a source alike.
    """

    paths: tuple[str, ...]
    labels: tuple[frozenset[str], ...]
    truth: NDArray[np.int64]
    source: NDArray[np.str_]
    amateur: NDArray[np.bool_]
    people: NDArray[np.bool_]
    ordinary: NDArray[np.bool_]
    inputs: NDArray[np.float32]
    closer: NDArray[np.int64]
    closer_inputs: NDArray[np.float32]
    counts: NDArray[np.int64]
    windows: NDArray[np.float16]
    odds: NDArray[np.float32]
    looked: NDArray[np.bool_]
    part: NDArray[np.int64]

    def labelled(self, label: str) -> NDArray[np.bool_]:
        """Which photos carry a label."""
        return np.array([label in own for own in self.labels])

    def inside(self, folder: str) -> NDArray[np.bool_]:
        """Which photos lie in a folder."""
        return np.array([path.startswith(f"{folder}/") for path in self.paths])


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """What all scripts here take: the folder of the photos, and that of what `scene_features.py` computed of them."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0] if description else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("features", type=Path)
    return parser


def load(data: Path, features: Path) -> Photos:
    """All labelled and captioned photos, with the `features` that `scene_features.py` computed."""
    labels, sources, amateur, people = _labels(data)
    captions = read_captions(data)
    paths: list[str] = []
    inputs = []
    for name in SETS:
        with np.load(features / f"{name}-whole.npz", allow_pickle=False) as file:
            paths += [str(path) for path in file["paths"]]
            inputs.append(file["inputs"])
    number = {path: row for row, path in enumerate(paths)}
    drawn = drawn_by_lot([path for path in paths if path.startswith("flickr8k/")])
    looks = [dict(np.load(features / f"{name}-closer.npz", allow_pickle=False)) for name in SETS]
    closer = np.array([number[str(path)] for look in looks for path in look["paths"]])
    looked = np.zeros(len(paths), np.bool_)
    looked[closer] = True
    rows = _named_anew(np.concatenate(inputs))
    windows = np.concatenate([look["windows"] for look in looks])
    of = tuple(labels.get(path, frozenset()) for path in paths)
    truth = np.array([_truth(path, own, captions.get(path)) for path, own in zip(paths, of, strict=True)])
    source = np.array([sources.get(path) or _source(path) for path in paths])
    snapshot = np.array([path.startswith("flickr8k/") for path in paths])
    innocent = np.array([_innocent(path, captions.get(path), drawn) for path in paths])
    ordinary = np.array(["ordinary" in own for own in of]) | (snapshot & innocent & (truth != 1).all(axis=1))
    doubtful = np.array([any("maybe" in label or label.startswith("hardneg") for label in own) for own in of])
    corrected = {photo for (photo, _), shown in _SEEN.items() if shown != 0}  # what may show anything is not ordinary
    ordinary &= ~doubtful & ~np.array([Path(path).stem in corrected for path in paths])
    return Photos(
        tuple(paths),
        of,
        truth,
        source,
        snapshot | np.array([amateur.get(path, False) for path in paths]),
        np.array([people.get(path, False) for path in paths]),
        ordinary,
        rows,
        closer,
        _named_anew(np.concatenate([look["inputs"] for look in looks])),
        np.concatenate([look["counts"] for look in looks]),
        windows,
        _window_odds(windows),
        looked,
        _parts(rows, source),
    )


@cache
def _classifier() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    state = read_state_dict(EFFICIENTNET_LITE2.read())
    return state["_fc.weight"].astype(np.float32).T, state["_fc.bias"].astype(np.float32)


def class_logits(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 1280) pooled features -> (N, 1000) logits of the ImageNet classes, as the network computes them."""
    weight, bias = _classifier()
    return np.asarray(features @ weight + bias)


def _named_anew(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inputs with the log-odds of the classes that are named today: other classes need no features anew."""
    logits = class_logits(np.ascontiguousarray(inputs[:, :FEATURES]))
    return np.hstack([inputs[:, : SEEN - len(NAMED)], named_odds(logits)])


def _window_odds(windows: NDArray[np.float16]) -> NDArray[np.float32]:
    steps = range(0, len(windows), 10000)
    return np.concatenate([named_odds(class_logits(windows[at : at + 10000].astype(np.float32))) for at in steps])


def _labels(data: Path) -> tuple[dict[str, frozenset[str]], dict[str, str], dict[str, bool], dict[str, bool]]:
    labels, sources, amateur, people = {}, {}, {}, {}
    with (data / "scene_labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            labels[row["path"]] = frozenset(row["labels"].split("|"))
    with (data / "snap_labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            labels[row["path"]] = frozenset(row["labels"].split("|"))
            sources[row["path"]] = row["source"]
            amateur[row["path"]] = row["amateur"] == "yes"
            people[row["path"]] = row["people"] == "yes"
    return labels, sources, amateur, people


def _source(path: str) -> str:
    folder = path.split("/")
    return folder[1] if folder[0] == "scenes" else folder[0]


def read_captions(data: Path) -> dict[str, tuple[str, ...]]:
    """For each photo what people wrote about it."""
    written: defaultdict[str, list[str]] = defaultdict(list)
    with (data / "flickr8k_captions.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            written[row["path"]].append(row["caption"].strip())
    return {path: tuple(lines) for path, lines in written.items()}


def read_photo(path: Path) -> NDArray[np.uint8]:
    """(height, width, 3) RGB; ends the program when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} cannot be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _hinted(captions: tuple[str, ...] | None, category: Category) -> bool:
    return captions is not None and re.search(rf"\b(?:{_WORDS[category]})\b", "\n".join(captions).lower()) is not None


def _innocent(path: str, captions: tuple[str, ...] | None, drawn: frozenset[str]) -> bool:
    """Whether no caption hints at anything, or nothing of all that it hints at was seen in one of those `drawn`."""
    hinted = [category for category in TRAINED if _hinted(captions, category)]
    unseen = all(_SEEN.get((Path(path).stem, category.value)) == 0 for category in hinted)
    return not hinted or (unseen and path in drawn)


def drawn_by_lot(paths: Sequence[str]) -> frozenset[str]:
    """Every sixth of thousands of photos, which stand for all of them."""
    return frozenset(paths[::_DRAWN])


def _corrections() -> dict[tuple[str, str], int]:
    with CORRECTIONS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    seen = {(row["photo"], Category(row["category"]).value): _SHOWN[row["shown"]] for row in rows}
    if len(seen) != len(rows):
        raise SystemExit(f"{CORRECTIONS} says something of a photo twice")
    return seen


_SEEN = _corrections()
"""What was seen by eye in a photo: 1 shown, 0 not, -1 nobody can tell."""


def settled_by_eye() -> frozenset[str]:
    """The names of photos that were seen to show something which no label says, or not to show what words hint at."""
    return frozenset(photo for (photo, _), shown in _SEEN.items() if shown != -1)


def _truth(path: str, own: frozenset[str], captions: tuple[str, ...] | None) -> list[int]:
    return [_shown(Path(path).stem, own, captions, category) for category in TRAINED]


def _shown(stem: str, own: frozenset[str], captions: tuple[str, ...] | None, category: Category) -> int:
    """What was seen by eye stands above what the labels say, and that above doubt by what people wrote."""
    if (stem, category.value) in _SEEN:
        return _SEEN[stem, category.value]
    if category in own or _SYNONYMS.get(category, frozenset()) & own:
        return -1 if "ordinary" in own and category is Category.CROWD else 1
    if f"{category}_maybe" in own or (stem, category) in _UNFAIR or _UNSURE.get(category, frozenset()) & own:
        return -1
    return -1 if not own and _hinted(captions, category) else 0


def _parts(rows: NDArray[np.float32], source: NDArray[np.str_]) -> NDArray[np.int64]:
    """The number of the group of near-duplicates, by way of others, that a photo is in; within its source alone."""
    part = np.arange(len(rows))
    for name in np.unique(source):
        members = np.flatnonzero(source == name)
        own = rows[members, :FEATURES] - rows[:, :FEATURES].mean(axis=0)
        own /= np.linalg.norm(own, axis=1, keepdims=True)
        for left, right in np.argwhere(np.triu(own @ own.T > _NEAR_DUPLICATE, 1)):
            one, other = part[members[left]], part[members[right]]
            part[members[part[members] == other]] = one
    return part


def by_source(photos: Photos) -> NDArray[np.int64]:
    """The fold in which each photo is tested, whole sources together: those that judge a photo never saw its source.

    The sources that are large, or of one thing alone, are folds of their own.
    """
    alone = [["flickr8k"], [_STOCK], ["guns333"], ["beer_dipsum", "soft_drink_bottles"], ["imagenet_sample_1000"]]
    number = {name: fold for fold, names in enumerate(alone) for name in names}
    sizes = [0] * FOLDS
    counts = {name: int((photos.source == name).sum()) for name in np.unique(photos.source)}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if name not in number:
            smallest = sizes.index(min(sizes))
            number[name] = len(alone) + smallest
            sizes[smallest] += counts[name]
    return np.array([number[name] for name in photos.source])


def within_sources(photos: Photos) -> NDArray[np.int64]:
    """Another deal, for categories that one source alone has: near-duplicates together, sources taken apart."""
    fold = np.empty(len(photos.paths), np.int64)
    generator = np.random.default_rng(0)
    parts = np.unique(photos.part)
    dealt = dict(zip(generator.permutation(parts).tolist(), np.arange(len(parts)) % FOLDS, strict=True))
    for row, part in enumerate(photos.part.tolist()):
        fold[row] = dealt[part]
    return fold


def pack(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """An .npz without the time of day in it, which numpy.savez writes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), member.getvalue())
    return packed.getvalue()
