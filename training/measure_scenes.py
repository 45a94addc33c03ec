"""Measure the scene heads on photos that they did not see: the tables of models/scene_heads.md.

`python training/measure_scenes.py DATA [--cache features.npz]` repeats the cross-validation of `train_scenes.py` and
prints its figures, at the thresholds that `src/untag/scenes/categories.py` states.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scene_data import TRAINED, Photos, argument_parser, load
from train_scenes import Floats, calibrate, cross_validate, fit_folds, probabilities
from untag.metrics import average_precision, recall_at_precision, roc_auc
from untag.scenes.categories import CATEGORIES, Category

RESAMPLES = 1000


def main() -> None:
    """Print the tables."""
    arguments = argument_parser(__doc__).parse_args()
    photos = load(arguments.data, arguments.cache)
    logits = cross_validate(photos, fit_folds(photos))
    scores = probabilities(logits, calibrate(logits, photos.truth))
    print(
        "| category | positives | negatives | AP (95 %) | AUC | recall at precision .9 | recall | calibration error |"
    )
    for category in TRAINED:
        print(_row(category, photos, scores[:, TRAINED.index(category)]))
    flagged = {category: scores[:, TRAINED.index(category)] >= CATEGORIES[category].threshold for category in TRAINED}
    _print_labelled(photos, scores)
    _print_false_alarms(photos, flagged)
    _print_subsets(photos, flagged)


def _row(category: Category, photos: Photos, scores: Floats) -> str:
    known = photos.truth[:, TRAINED.index(category)] >= 0
    values, shown = scores[known], photos.truth[known, TRAINED.index(category)] == 1
    generator = np.random.default_rng(0)
    resampled = []
    for _ in range(RESAMPLES):
        rows = generator.integers(0, len(values), len(values))
        resampled.append(average_precision(values[rows], shown[rows]))
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    recall = (values[shown] >= CATEGORIES[category].threshold).mean()
    return (
        f"| {category} | {shown.sum()} | {(~shown).sum()} | {average_precision(values, shown):.3f} "
        f"({low:.2f} to {high:.2f}) | {roc_auc(values, shown):.3f} | {recall_at_precision(values, shown, 0.9):.2f} "
        f"| {recall:.2f} | {_calibration_error(values, shown):.3f} |"
    )


def _print_labelled(photos: Photos, scores: Floats) -> None:
    """The same by the labels alone: of photos that have none, and of corrections, nothing is asked."""
    labelled = np.array([bool(own) for own in photos.labels])
    for category in TRAINED:
        shown = photos.labelled(category)
        known = labelled & ~photos.labelled(f"{category}_maybe")
        if shown.any():
            values, truth = scores[known, TRAINED.index(category)], shown[known]
            print(
                f"  {category}, by the labels of {known.sum()}: {truth.sum()} positives, AP "
                f"{average_precision(values, truth):.3f}, AUC {roc_auc(values, truth):.3f}, "
                f"recall {recall_at_precision(values, truth, 0.9):.2f}"
            )


def _calibration_error(values: Floats, shown: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins (Guo et al. 2017)."""
    bins = np.minimum((values * 10).astype(int), 9)
    gaps = [abs(values[bins == each].sum() - shown[bins == each].sum()) for each in range(10)]
    return float(sum(gaps) / len(values))


def _print_false_alarms(photos: Photos, flagged: dict[Category, NDArray[np.bool_]]) -> None:
    labelled = photos.labelled("ordinary")
    for name, subset in (("ordinary snapshots", photos.ordinary), ("of those, labelled so by hand", labelled)):
        alarms = [f"{category} {1000 * found[subset].mean():.1f}" for category, found in flagged.items()]
        together = np.any([found[subset] for found in flagged.values()], axis=0)
        print(f"{name} ({subset.sum()}), false alarms per 1,000: {', '.join(alarms)}; any {1000 * together.mean():.1f}")


def _print_subsets(photos: Photos, flagged: dict[Category, NDArray[np.bool_]]) -> None:
    amateur = photos.inside("flickr8k")
    for category, found in flagged.items():
        shown = photos.truth[:, TRAINED.index(category)] == 1
        subsets = {
            "amateur snapshots that show it": shown & amateur,
            "amateur snapshots labelled so by hand": photos.labelled(category) & amateur,
            "product photos": photos.labelled("product_photo") & shown,
            "other photos that show it": shown & ~amateur & ~photos.labelled("product_photo"),
            "nobody can tell (*_maybe)": photos.labelled(f"{category}_maybe"),
            "hard negatives": photos.labelled(f"hardneg_{category}"),
            "other ImageNet classes": photos.labelled("imagenet_other") & ~shown,
        }
        for name, subset in subsets.items():
            if subset.any():
                print(f"  {category}: {name}: {found[subset].sum()} of {subset.sum()} flagged")


if __name__ == "__main__":
    main()
