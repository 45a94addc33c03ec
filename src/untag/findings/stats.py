"""Findings counted: by year, category, platform, poster and status, and what is left when decisions are carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from untag.types import Action, Status, Verdict

GONE = frozenset({Status.DONE})
LEAVING = frozenset({Status.DONE, Status.UNTAG, Status.REQUEST_REMOVAL})


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted of one finding. `moment` is when it was taken, or else posted, ISO 8601; None: not known."""

    picture: str
    verdict: Verdict
    risk: int
    action: Action
    categories: tuple[str, ...]
    status: Status
    moment: str | None
    platform: str | None
    poster: str | None
    absent: bool
    first_run: int


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the scan before the last: when that ended, the first run after it, and the decisions since."""

    moment: str | None
    first_run: int
    decided: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Stats:
    """Photos of somebody enrolled, copies counted once and without those that are `not-me`.

    A photo counts for each of its platforms and posters, in the year in which it was taken or else posted, and under
    its own status; photos without any are under "". `flagged` show something that calls for an action; `now` are
    flagged ones that are not done, and `planned` what is left of them once all decisions are carried out. `keep` are
    the photos to leave online: what was decided so, or shows nothing that calls for an action.
    """

    photos: int
    by_year: Mapping[str, int]
    by_category: Mapping[str, int]
    by_platform: Mapping[str, int]
    by_poster: Mapping[str, int]
    by_status: Mapping[Status, int]
    flagged: int
    now: int
    planned: int
    keep: int
    not_me: int
    without_file: int
    new: int
    since: Since


class _Picture:
    """One photo while its files come by."""

    __slots__ = ("best", "moments", "platforms", "posters", "statuses")

    def __init__(self, first: Tally) -> None:
        self.best = first
        self.moments: set[str] = set()
        self.platforms: set[str] = set()
        self.posters: set[str] = set()
        self.statuses: set[Status] = set()

    def add(self, one: Tally) -> None:
        if one.risk > self.best.risk:
            self.best = one
        self.statuses.add(one.status)
        for values, value in (
            (self.moments, one.moment),
            (self.platforms, one.platform),
            (self.posters, one.poster),
        ):
            if value is not None:
                values.add(value)

    @property
    def status(self) -> Status:
        """That of a copy that is still open, which must not hide behind one that is done."""
        return Status.OPEN if Status.OPEN in self.statuses else self.best.status

    @property
    def flagged(self) -> bool:
        one = self.best
        return one.verdict is Verdict.ME and bool(one.categories) and one.action is not Action.KEEP


def statistics(tallies: Iterable[Tally], since: Since) -> Stats:
    """Counts findings as they come, keeping little of each."""
    pictures: dict[str, _Picture] = {}
    for one in tallies:
        pictures.setdefault(one.picture, _Picture(one)).add(one)
    yours = [one for one in pictures.values() if one.status is not Status.NOT_ME]
    flagged = [one for one in yours if one.flagged]
    return Stats(
        photos=len(yours),
        by_year=dict(sorted(Counter(min(one.moments, default="")[:4] for one in yours).items())),
        by_category=_ranked(name for one in yours for name in one.best.categories),
        by_platform=_ranked(name for one in yours for name in one.platforms or {""}),
        by_poster=_ranked(name for one in yours for name in one.posters or {""}),
        by_status={status: sum(one.status is status for one in pictures.values()) for status in Status},
        flagged=len(flagged),
        now=sum(one.status not in GONE for one in flagged),
        planned=sum(one.status not in LEAVING for one in flagged),
        keep=sum(one.status is Status.KEEP or (_is_harmless(one) and one.status not in LEAVING) for one in yours),
        not_me=len(pictures) - len(yours),
        without_file=sum(one.best.absent for one in yours),
        new=sum(one.best.first_run >= since.first_run for one in yours),
        since=since,
    )


def _is_harmless(one: _Picture) -> bool:
    return one.best.action is Action.KEEP


def _ranked(names: Iterable[str]) -> dict[str, int]:
    """How often each name comes, the commonest first; those of nobody last."""
    counted = Counter(names)
    return dict(sorted(counted.items(), key=lambda item: (item[0] == "", -item[1], item[0])))
