"""Photos that an earlier engine has analysed, after the home has got another one: each scan moves some of them along.

Until a photo has moved, its verdicts are those of the earlier engine, by that engine's own references. Embeddings of
two engines are never compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from untag.config import Settings
from untag.errors import ModelError
from untag.people.index import discard_index
from untag.scan.judge import judge_again, load_judge
from untag.scan.stages import Earlier, ScanModels
from untag.store import Store, photos_by_engine


@dataclass(frozen=True, slots=True)
class Move:
    """How a scan treats the photos of earlier engines: `most` of them are moved, None for all.

    `by` has, for each engine whose verdicts count until then, the judge that gives them.
    """

    by: Sequence[Earlier] = ()
    most: int | None = None


ALL_AT_ONCE = Move()
"""Photos of other engines are read again, whatever these have said."""


def plan_move(store: Store, models: ScanModels, settings: Settings, *, most: int | None, all_scenes: bool) -> Move:
    """What to do with the photos of engines other than that of `models`.

    Only an engine with which somebody is enrolled, and whose thresholds this version knows, has verdicts that count.
    """
    found = []
    for engine in photos_by_engine(store):
        if engine != models.faces.id:
            with suppress(ModelError):
                judge = load_judge(store, engine, settings, all_scenes=all_scenes)
                if judge.persons:
                    found.append(Earlier(engine, models.pipeline_of(engine), judge))
    return Move(tuple(found), most)


def judge_moving(store: Store, move: Move, run_id: int) -> None:
    """Judge again what earlier engines have analysed, where their profiles or the rules have changed."""
    for earlier in move.by:
        judge_again(store, earlier.engine, earlier.judge, run_id, absent=False)


def still_to_move(store: Store, move: Move) -> int:
    """How many photos have the verdicts of earlier engines still; the index of one that has none left is erased."""
    left = photos_by_engine(store) if move.by else {}
    for earlier in move.by:
        if earlier.engine not in left:
            discard_index(store, earlier.engine)
    return sum(left.get(earlier.engine, 0) for earlier in move.by)
