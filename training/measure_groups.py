"""How clean the groups of `Untag.suggest_people` are, and the references that are chosen of them.

`python training/measure_groups.py LFW [--engine dlib] [--home DIR] [--cache FILE] [--draws 20] [--photos 500]`, where
LFW is a folder with one folder of photos for each person. Each draw is so many photos of all; then those of the people
with most photos are often in it, as a person and their friends are in their archive, and hundreds are strangers.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibrate_engines import embed_once
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import load_engine
from untag.people.calibrate import Calibration, load_calibration
from untag.people.suggest import MOST_REFERENCES, FaceGroup, SeenFace, best_faces, group_faces
from untag.types import Box, Face

SHOWN = 12
"""Groups are looked at as far as a page shows them."""

Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Names = np.ndarray[tuple[int], np.dtype[np.str_]]


@dataclass
class Tally:
    """What was counted over all draws."""

    faces: int = 0
    strayed: int = 0
    groups: int = 0
    mixed: int = 0
    references: int = 0
    wrong: int = 0
    people: int = 0
    whole: float = 0.0

    def add(self, groups: list[FaceGroup], often: Counter[str], calibration: Calibration) -> None:
        """Counts the shown groups of one draw; `often` says in how many photos everybody is."""
        for group in groups:
            names = Counter(seen.path for seen in group.faces)
            ((owner, own),) = names.most_common(1)
            self.faces += len(group.faces)
            self.strayed += len(group.faces) - own
            self.groups += 1
            self.mixed += own < len(group.faces)
            chosen = best_faces(group, MOST_REFERENCES, calibration)
            self.references += len(chosen)
            self.wrong += sum(seen.path != owner for seen in chosen)
        for name, count in often.most_common(SHOWN):
            self.people += 1
            self.whole += max(sum(seen.path == name for seen in group.faces) for group in groups) / count


def draw(vectors: Vectors, persons: Names, photos: int, random: np.random.Generator) -> list[SeenFace]:
    """Faces of random photos; the path of each is whose it is."""
    landmarks = np.zeros((5, 2), np.float32)
    return [
        SeenFace(str(persons[at]), str(at), Face(Box(0, 0, 100, 100), 1.0, landmarks, 1.0, vectors[at]), b"")
        for at in random.permutation(len(persons))[:photos]
    ]


def measure(vectors: Vectors, persons: Names, calibration: Calibration, options: argparse.Namespace) -> Tally:
    """The tally of all draws."""
    tally = Tally()
    for seed in range(options.draws):
        seen = draw(vectors, persons, options.photos, np.random.default_rng(seed))
        groups = list(group_faces(seen, calibration)[:SHOWN])
        tally.add(groups, Counter(one.path for one in seen), calibration)
    return tally


def main() -> None:
    """Embed the photos, draw, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where models were pulled to, and derived files are kept")
    parser.add_argument("--cache", type=Path, help="an .npz: read when there, else written, to try something again")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--photos", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = load_engine(options.engine, ModelOptions(options.home or Path(scratch)))
    vectors, persons = embed_once(engine, options.folder, options.cache)
    tally = measure(vectors, persons, load_calibration(engine.id), options)
    print(f"{engine.id}, {options.draws} draws of {options.photos} photos, the {SHOWN} largest groups of each")
    print(f"faces of somebody else in a group: {tally.strayed} of {tally.faces}; mixed groups: {tally.mixed}")
    print(f"references of somebody else: {tally.wrong} of {tally.references}")
    print(f"of a person's photos in their largest group: {tally.whole / tally.people:.1%}")


if __name__ == "__main__":
    main()
