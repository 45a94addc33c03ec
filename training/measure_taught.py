"""Measure categories that are taught with a few examples: how many like these are found, how many others flagged.

`python training/measure_taught.py DATA [--cache features.npz] [--examples 10]` prints a line for each category. Two of
five folds (near-duplicates and photos of one session share a fold) are searched, for every second choice of the two;
from the other three come the examples, six draws of them, and the statistics of ordinary photos. `told` is what leaving
one out says with the examples alone, `found` what is found among the photos searched, `others` how many of 1,000
ordinary ones are flagged. Then, for pairs that are taken for each other: how many of 1,000 photos unlike the category
are flagged, without and with eight of those as counter-examples.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_background import background_of
from scene_data import FOLDS, TRAINED, Photos, argument_parser, load, read_captions, within_sources
from untag.engine.weights.efficientnet import FEATURES
from untag.scenes.background import Background
from untag.scenes.categories import Category
from untag.scenes.taught import Taught, learn
from untag.scenes.taught_files import Examples

THEMES = {
    "bicycle": (r"\b(bike|bicycle|cycl|bmx|biker)",),
    "dog in snow": (r"\bdogs?\b", r"\bsnow"),
    "horse": (r"\b(horse|rodeo|bronco)",),
    "climbing": (r"\b(climb|rock face|cliff)",),
    "football": (r"\b(football|soccer)",),
    "surf": (r"\bsurf",),
    "skateboard": (r"\bskateboard",),
    "beach": (r"\b(beach|ocean|shore)",),
    "motorbike": (r"\b(motorcycle|motorbike|dirt ?bike|motocross)",),
    "ski": (r"\b(ski|skier|skiing|snowboard)",),
    "basketball": (r"\bbasketball",),
    "camera": (r"\b(camera|photograph)",),
    "stage": (r"\b(guitar|band|stage|concert|microphone)",),
    "food": (r"\b(eat|eating|food|meal|dinner|restaurant)\b",),
    "baby": (r"\b(baby|toddler|infant)",),
}
"""Words, all of which at least three of a photo's five captions have; one of which any has is neither."""

UNLIKE = (("alcohol", "soft drink"), ("dog in snow", "ski"), ("weapon", "soft drink"))
_AGREE = 3
_DRAWS = 6
_UNLIKE = 8
_FEWEST_SEARCHED = 5


@dataclass(frozen=True)
class Theme:
    """Which photos show it, and which may."""

    shown: NDArray[np.bool_]
    possible: NDArray[np.bool_]


def main() -> None:
    """Measure and print."""
    parser = argument_parser(__doc__)
    parser.add_argument("--examples", type=int, default=10)
    arguments = parser.parse_args()
    photos = load(arguments.data, arguments.features)
    themes = _themes(arguments.data, photos)
    fold = within_sources(photos)
    rows: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    pairs: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for number, chosen in enumerate(list(combinations(range(FOLDS), 2))[::2]):
        searched = np.isin(fold, chosen)
        background = background_of(photos.inputs[~searched & photos.ordinary, :FEATURES].astype(np.float64))
        generator = np.random.default_rng(number)
        for name, theme in themes.items():
            for _ in range(_DRAWS):
                like = _draw(generator, theme.shown & ~searched, arguments.examples)
                targets = theme.shown & searched
                if like is None or targets.sum() < _FEWEST_SEARCHED:
                    continue
                taught = _teach(photos, background, like, like[:0])
                others = searched & photos.ordinary & ~theme.possible
                told = taught.estimate.found / taught.estimate.tried if taught.estimate.tried else np.nan
                found = (_flagged(taught, background, photos, part) for part in (targets, others))
                rows[name].append((told, *found))
        for left, right in UNLIKE:
            for _ in range(_DRAWS):
                like = _draw(generator, themes[left].shown & ~themes[right].possible & ~searched, arguments.examples)
                unlike = _draw(generator, themes[right].shown & ~themes[left].possible & ~searched, _UNLIKE)
                if like is None or unlike is None:
                    continue
                parts = [themes[left].shown & ~themes[right].possible, themes[right].shown & ~themes[left].possible]
                for words, given in ((f"{left}, not told of", unlike[:0]), (f"{left}, told of", unlike)):
                    taught = _teach(photos, background, like, given)
                    found = (_flagged(taught, background, photos, part & searched) for part in parts)
                    pairs[f"{words} {right}"].append(tuple(found))
    for name, values in rows.items():
        told, found, others = np.nanmean(values, axis=0)
        print(f"{name:36} told {told:.2f}  found {found:.2f}  others {1000 * others:.1f}")
    for name, pair in pairs.items():
        found, unlike_found = np.mean(pair, axis=0)
        print(f"{name:36} found {found:.2f}  unlike {1000 * unlike_found:.1f}")
    means = np.array([np.nanmean(values, axis=0) for values in rows.values()])
    print(f"{'mean':36} told {means[:, 0].mean():.2f}  found {means[:, 1].mean():.2f}", end="")
    print(f"  others {1000 * means[:, 2].mean():.1f}, at most {1000 * means[:, 2].max():.1f}")


def _themes(data: Path, photos: Photos) -> dict[str, Theme]:
    captions = read_captions(data)
    found = {}
    for name, words in THEMES.items():
        counts = np.array(
            [
                sum(all(re.search(word, text.lower()) for word in words) for text in captions.get(path, ()))
                for path in photos.paths
            ]
        )
        found[name] = Theme(counts >= _AGREE, counts > 0)
    for category in (Category.WEAPON, Category.GAMBLING, Category.CROWD, Category.ALCOHOL):
        truth = photos.truth[:, TRAINED.index(category)]
        found[category.value] = Theme(truth == 1, truth != 0)
    found["soft drink"] = Theme(photos.labelled("hardneg_alcohol"), photos.labelled("hardneg_alcohol"))
    return found


def _draw(generator: np.random.Generator, among: NDArray[np.bool_], count: int) -> NDArray[np.int64] | None:
    rows = np.flatnonzero(among)
    return generator.choice(rows, count, replace=False) if len(rows) >= count else None


def _teach(photos: Photos, background: Background, like: NDArray[np.int64], unlike: NDArray[np.int64]) -> Taught:
    examples, others = (photos.inputs[rows, :FEATURES] for rows in (like, unlike))
    return learn(Examples("measured", background.backbone, examples, others), background)


def _flagged(taught: Taught, background: Background, photos: Photos, part: NDArray[np.bool_]) -> float:
    whitened = background.whiten(photos.inputs[part, :FEATURES])
    return float((whitened @ taught.weights >= taught.edge).mean())


if __name__ == "__main__":
    main()
