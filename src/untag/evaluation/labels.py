"""The labels of a table of scenes: which photo has which, and those that name no category."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

MAYBE = "_maybe"
"""What a label ends with where nobody can tell whether the photo shows its category."""


def labels_by_path(rows: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """The labels of each photo, in lower case, joined by | in its row; one in several rows has those of all."""
    labels: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        labels[row["path"]] |= {label.strip().lower() for label in row["labels"].split("|")} - {""}
    return dict(labels)


def no_categories(labels: Mapping[str, frozenset[str]], categories: Collection[str]) -> dict[str, int]:
    """How many photos have each label that names no category, the most first."""
    found = Counter(label for each in labels.values() for label in each if label.removesuffix(MAYBE) not in categories)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
