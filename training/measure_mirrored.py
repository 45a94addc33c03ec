"""Whether the mean of an embedding and that of the mirrored chip tells people apart better than the embedding alone.

`python training/measure_mirrored.py LFW [--pairs PAIRS.csv] [--engine dlib] [--home DIR] [--seed 0]`, where LFW is a
folder with one folder of photos for each person. The figures are those of `untag evaluate people` and `pairs`, of the
engine as it is and with the mean in place of every embedding, at the thresholds of the engine as it is.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.models import ModelOptions
from untag.evaluation.evaluate import Job, PeopleOptions, evaluate_pairs, evaluate_people
from untag.faces.composed import ComposedEngine, Embedder
from untag.faces.engine import load_engine
from untag.imaging.limits import DEFAULT_LIMITS
from untag.types import Pixels


@dataclass(frozen=True, slots=True)
class Mirroring(Embedder):
    """An embedder that looks at each chip twice, the second time mirrored."""

    def embed(self, chips: Sequence[Pixels]) -> NDArray[np.float32]:
        mirrored = [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
        mean = (Embedder.embed(self, chips) + Embedder.embed(self, mirrored)) / 2
        if self.unit_length:
            mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
        return np.asarray(mean, np.float32)


def mirroring(engine: ComposedEngine) -> ComposedEngine:
    """The engine with such an embedder. Its id stays, so that the same thresholds count."""
    one = engine.embedder
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return replace(engine, embedder=Mirroring(**fields))


def figures(engine: ComposedEngine, people: Job, pairs: Job | None, options: PeopleOptions) -> dict[str, Any]:
    """Both evaluations."""
    found: dict[str, Any] = {"people": asdict(evaluate_people(people, engine, options, lambda: None).figures)}
    if pairs is not None:
        found["pairs"] = asdict(evaluate_pairs(pairs, engine, lambda: None).figures)
    return found


def main() -> None:
    """Measure both, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=Path, help="a table with the columns left, right and same")
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where models were pulled to, and derived files are kept")
    parser.add_argument("--seed", type=int, default=0, help="which three photos enrol somebody")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = load_engine(options.engine, ModelOptions(options.home or Path(scratch)))
        if not isinstance(engine, ComposedEngine):
            parser.error(f"{options.engine} has no embedder of its own")
        table = Path(scratch) / "people.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("path", "person"))
            rows.writerows(
                (photo.relative_to(options.folder), photo.parent.name) for photo in options.folder.glob("*/*.jpg")
            )
        people = Job(table, options.folder, DEFAULT_LIMITS)
        pairs = None if options.pairs is None else Job(options.pairs, options.folder, DEFAULT_LIMITS)
        how = PeopleOptions(references=3, seed=options.seed, me=0.9, maybe=0.5)
        both = {"as it is": engine, "with the mirrored chip": mirroring(engine)}
        print(json.dumps({name: figures(one, people, pairs, how) for name, one in both.items()}, indent=2))


if __name__ == "__main__":
    main()
