"""Measure the scene heads on photos of sources that they did not see: the tables of models/scene_heads.md.

`python training/measure_scenes.py DATA FEATURES [--cache scores.npz] [--plot FILE.svg]` leaves out each source in turn,
prints what is found of it, and with `--plot` draws how much more is found for how many more false alarms. Blend,
calibration and thresholds are chosen without the photos that they are measured on, as the heads are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train_scenes import (  # isort: skip  # before numpy: it sets the number of threads
    FALSE_ALARMS,
    ONE_SOURCE,
    PARTS,
    Floats,
    Parts,
    blended,
    choose,
    dealt,
    judged,
    left_out_scores,
    pool,
    thresholds,
    with_cache,
)

import numpy as np
from numpy.typing import NDArray

from scene_data import TRAINED, Photos, load
from untag.evaluation.metrics import average_precision
from untag.scenes.categories import Category, Sensitivity

_DRAWN = (Category.ALCOHOL, Category.PARTY, Category.BAR, Category.SMOKING, Category.WEAPON, Category.GESTURE)


def main() -> None:
    """Print the tables, and draw the curve."""
    parser = with_cache(__doc__)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    photos = load(options.data, options.features)
    ways = left_out_scores(Parts(photos), cache=options.cache)
    print("## Every part alone, sources left out\n")
    for part in PARTS:
        _print_ranking(photos, ways["source"][part], part)
    scores = judged(photos, ways)
    print("\n## Together, sources left out; of one source alone within it\n")
    _print_ranking(photos, _joined(blended(ways["source"]), blended(ways["part"])), "together")
    print("\n## Photos of the same sources were learnt from\n")
    _print_ranking(photos, blended(ways["part"]), "together")
    print("\n## At the thresholds\n")
    for sensitivity, alarms in FALSE_ALARMS.items():
        _print_counting(photos, flagged(photos, scores, alarms), sensitivity)
    if options.plot is not None:
        print("\n## The curve\n")
        steps = [flagged(photos, scores, alarms.tolist()) for alarms in _steps()]
        options.plot.write_text(_drawn(_curve(photos, steps)), "utf-8")


def flagged(photos: Photos, scores: Mapping[str, Floats], alarms: Sequence[float]) -> NDArray[np.bool_]:
    """(photos, TRAINED): what counts, judged by what is chosen on photos of all other folds.

    Folds are sources, and for categories of one source parts of it.
    """
    left_out, mixed = (_judged_apart(photos, scores, alarms, fold) for fold in dealt(photos))
    return _joined(left_out, mixed)


def _judged_apart(
    photos: Photos, scores: Mapping[str, Floats], alarms: Sequence[float], fold: NDArray[np.int64]
) -> NDArray[np.bool_]:
    counting = np.empty(photos.truth.shape, np.bool_)
    for tested in np.unique(fold):
        out = fold == tested
        shown = choose(photos, scores, ~out).probabilities(scores)
        counting[out] = shown[out] >= thresholds(photos, shown, alarms, ~out)
    return counting


def _steps() -> list[NDArray[np.float64]]:
    """The false alarms of each category on the way from `strict` over `normal` to `high`, and somewhat beyond."""
    strict, normal, high = (np.array(FALSE_ALARMS[each]) for each in Sensitivity)
    between = [(low, high_, share) for low, high_ in ((strict, normal), (normal, high)) for share in (0, 1 / 3, 2 / 3)]
    return [low ** (1 - share) * high_**share for low, high_, share in between] + [high, 1.5 * high]


def _joined(left_out: NDArray[Any], mixed: NDArray[Any]) -> NDArray[Any]:
    """Categories of one source have no photo to choose anything by when it is left out."""
    joined = left_out.copy()
    for category in ONE_SOURCE:
        joined[:, TRAINED.index(category)] = mixed[:, TRAINED.index(category)]
    return joined


def _subsets(photos: Photos, category: Category) -> dict[str, NDArray[np.bool_]]:
    shown = photos.truth[:, TRAINED.index(category)] == 1
    snaps = shown & photos.inside("snaps")
    return {
        "snaps": snaps,
        "of people": snaps & photos.people,
        "amateur": snaps & photos.amateur,
        "amateur, of people": snaps & photos.amateur & photos.people,
        "scenes": shown & photos.inside("scenes"),
        "flickr8k": shown & photos.inside("flickr8k"),
    }


def _print_ranking(photos: Photos, scores: Floats, name: str) -> None:
    """Average precision in `snaps`, and recall at 1 and at 0.5 % false alarms among its ordinary photos."""
    print(f"{name} | AP | positives: recall at 1 %, at 0.5 % of {(photos.ordinary & photos.inside('snaps')).sum()}")
    for category in TRAINED:
        column = TRAINED.index(category)
        values, truth = scores[:, column], photos.truth[:, column]
        within = photos.inside("snaps") & (truth >= 0)
        if (truth[within] == 1).sum() < 5:
            continue
        usual = np.sort(values[photos.ordinary & photos.inside("snaps")])[::-1]
        edges = [usual[int(rate * len(usual))] for rate in (0.01, 0.005)]
        cells = [
            f"{subset}: {rows.sum()}: {' '.join(f'{(values[rows] > edge).mean():.2f}' for edge in edges)}"
            for subset, rows in _subsets(photos, category).items()
            if rows.any()
        ]
        precision = average_precision(values[within], truth[within] == 1)
        print(f"  {category} | {precision:.3f} | {' | '.join(cells)}")


def _print_counting(photos: Photos, flagged: NDArray[np.bool_], sensitivity: Sensitivity) -> None:
    print(f"{sensitivity}: {_alarms(photos, flagged)}")
    for category in TRAINED:
        column = TRAINED.index(category)
        found = [
            f"{subset} {flagged[rows, column].sum()} of {rows.sum()}"
            for subset, rows in _subsets(photos, category).items()
            if rows.any()
        ]
        alarms = 1000 * flagged[pool(photos), column].mean()
        print(f"  {category}: {alarms:.1f} false alarms in 1,000; found: {'; '.join(found)}")


def _alarms(photos: Photos, flagged: NDArray[np.bool_]) -> str:
    """False alarms of all categories together, in all ordinary photos and in each of the two kinds of them."""
    told = []
    for name in ("", "snaps", "flickr8k"):
        usual = pool(photos) & (photos.inside(name) if name else True)
        told.append(f"{1000 * flagged[usual].any(axis=1).mean():.1f} of {usual.sum()} {name or 'ordinary'}")
    deceptive = np.array([any(label.startswith("hardneg") for label in own) for own in photos.labels])
    told.append(f"{1000 * flagged[deceptive & photos.inside('snaps')].any(axis=1).mean():.0f} of what was to deceive")
    return "false alarms in 1,000: " + ", ".join(told)


def _curve(photos: Photos, flagged: Sequence[NDArray[np.bool_]]) -> list[tuple[float, dict[Category, float]]]:
    """For more and more false alarms in 1,000, all categories together, the share found of each."""
    curve = []
    for each in flagged:
        alarms = float(1000 * each[pool(photos)].any(axis=1).mean())
        found = {}
        for category in TRAINED:
            rows = (photos.truth[:, TRAINED.index(category)] == 1) & photos.inside("snaps")
            if rows.sum() >= 10:
                found[category] = float(each[rows, TRAINED.index(category)].mean())
        people = _subsets(photos, Category.ALCOHOL)["amateur, of people"]
        amateurs = each[people, TRAINED.index(Category.ALCOHOL)].mean()
        told = ", ".join(f"{category} {share:.2f}" for category, share in found.items())
        print(f"{alarms:.1f} in 1,000: {told}; alcohol in amateur photos of people {amateurs:.2f}")
        curve.append((alarms, found))
    return curve


def _drawn(curve: list[tuple[float, dict[Category, float]]]) -> str:
    """The curve as SVG: false alarms across, to 40 in 1,000, the share found up."""
    wide, high, edge, most = 640, 400, 50, 40.0
    colours = ("#b3261e", "#9c6b00", "#386a20", "#006a6a", "#2f5bb7", "#7a3f9d")

    def place(alarms: float, share: float) -> str:
        return (
            f"{edge + (wide - 2 * edge) * min(alarms, most) / most:.1f},{high - edge - (high - 2 * edge) * share:.1f}"
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for step in range(0, 11, 2):
        x, y = place(0, step / 10).split(",")
        parts.append(f'<line x1="{x}" y1="{y}" x2="{wide - edge}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{float(x) - 8}" y="{float(y) + 4}" text-anchor="end">{step / 10:.1f}</text>')
    for alarms in range(0, 41, 10):
        x, y = place(alarms, 0).split(",")
        parts.append(f'<text x="{x}" y="{float(y) + 18}" text-anchor="middle">{alarms}</text>')
    parts.append(
        f'<text x="{wide / 2}" y="{high - 12}" text-anchor="middle">'
        "false alarms in 1,000 ordinary photos, all categories together</text>"
    )
    for rank, (category, colour) in enumerate(zip(_DRAWN, colours, strict=True)):
        line = " ".join(place(alarms, found[category]) for alarms, found in curve if alarms <= most)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{wide - 136}" y="{high - 62 - 15 * rank}" fill="{colour}">{category}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
