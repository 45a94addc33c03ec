"""How often `untag enroll` asks: for photos of one person, which it should not, and of several, which it should.

`python training/measure_enrolment.py LFW [--engine dlib] [--home DIR] [--cache FILE] [--draws 300]`, where LFW is a
folder with one folder of photos for each person. Each line is that many draws of people and of their photos.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from calibrate_engines import embed_once
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import load_engine
from untag.people.calibrate import Calibration, load_calibration
from untag.people.review import weigh
from untag.store import Reference
from untag.types import Box, Face

Drawn = tuple[list[int], list[int]]
"""The positions of the photos that are enrolled before, and of those that come new."""


class Draws:
    """Draws photos of people, by their positions among all."""

    def __init__(self, persons: np.ndarray[tuple[int], np.dtype[np.str_]]) -> None:
        self._random = np.random.default_rng(0)
        self._photos = [np.flatnonzero(persons == name) for name in np.unique(persons)]

    def of(self, *counts: int) -> list[list[int]]:
        """So many photos of each of different people."""
        left = list(self._random.permutation(len(self._photos)))
        drawn = []
        for count in counts:
            chosen = next(index for index in left if len(self._photos[index]) >= count)
            left.remove(chosen)
            drawn.append(self._random.choice(self._photos[chosen], count, replace=False).tolist())
        return drawn


def together(people: list[list[int]]) -> list[int]:
    return [position for own in people for position in own]


def cases(draws: Draws) -> dict[str, Callable[[], Drawn]]:
    def folder(*counts: int) -> Callable[[], Drawn]:
        return lambda: ([], together(draws.of(*counts)))

    def later(own: int, more: int, *strangers: int) -> Callable[[], Drawn]:
        def draw() -> Drawn:
            me, *others = draws.of(own + more, *strangers)
            return me[:own], me[own:] + together(others)

        return draw

    return {
        "3 photos of one person": folder(3),
        "10 photos of one person": folder(10),
        "30 photos of one person": folder(30),
        "5 more of somebody with 3": later(3, 5),
        "5 more of somebody with 3, and one of a stranger": later(3, 5, 1),
        "8 of one, one of a stranger": folder(8, 1),
        "10 strangers": folder(*[1] * 10),
        "66 strangers": folder(*[1] * 66),
        "5 people, 4 photos each": folder(*[4] * 5),
        "a stranger's photo for somebody with 3": later(3, 0, 1),
        "4 photos of a stranger for somebody with 3": later(3, 0, 4),
        "4 photos of a stranger for somebody with one": later(1, 0, 4),
    }


def asked(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]], drawn: Drawn, calibration: Calibration) -> bool:
    """Whether untag would ask."""
    before, new = (
        [
            Reference("me", "", str(at), "", Face(Box(0, 0, 1, 1), 1.0, np.zeros((5, 2), np.float32), 1.0, vectors[at]))
            for at in positions
        ]
        for positions in drawn
    )
    return bool(weigh(before, new, calibration).reasons)


def main() -> None:
    """Embed the photos, draw, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where models were pulled to, and derived files are kept")
    parser.add_argument("--cache", type=Path, help="an .npz: read when there, else written, to try something again")
    parser.add_argument("--draws", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = load_engine(options.engine, ModelOptions(options.home or Path(scratch)))
    vectors, persons = embed_once(engine, options.folder, options.cache)
    calibration = load_calibration(engine.id)
    print(f"| {engine.id} | asked |\n|---|---|")
    for name, draw in cases(Draws(persons)).items():
        count = sum(asked(vectors, draw(), calibration) for _ in range(options.draws))
        print(f"| {name} | {100 * count / options.draws:.1f} % |", flush=True)


if __name__ == "__main__":
    main()
