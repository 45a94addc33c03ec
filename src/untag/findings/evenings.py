"""Photos of one evening: those that somebody took one after the other. They speak for each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

PAUSE = timedelta(hours=3)
"""What lies further apart is another occasion."""
LONGEST = timedelta(hours=16)


def same_evening(moment: str, others: Iterable[str]) -> frozenset[str]:
    """Those of some moments that belong to the evening of one of them, itself included; ISO 8601, local times.

    From one to the next it is at most `PAUSE`, and at most `LONGEST` from the moment. A date without a time is a day of
    its own: it goes with the same date alone.
    """
    if len(moment) <= len("2019-07-14"):
        return frozenset(other for other in others if other == moment)
    start = _time(moment)
    times = {other: _time(other) for other in others if len(other) > len("2019-07-14")} | {moment: start}
    near = {other: time for other, time in times.items() if abs(time - start) <= LONGEST}
    before = sorted((other for other in near if near[other] <= start), key=lambda other: near[other], reverse=True)
    after = sorted((other for other in near if near[other] >= start), key=lambda other: near[other])
    return frozenset(other for way in (before, after) for other in _until_a_pause(way, near, start))


def _until_a_pause(ordered: list[str], times: dict[str, datetime], start: datetime) -> Iterable[str]:
    last = start
    for moment in ordered:
        if abs(times[moment] - last) > PAUSE:
            return
        last = times[moment]
        yield moment


def _time(moment: str) -> datetime:
    """The time as the camera's clock had it: what it says of its zone is left out, since some photos say none."""
    return datetime.fromisoformat(moment).replace(tzinfo=None)


OF_OCCASIONS: Mapping[str, str] = {
    "alcohol": "drinks",
    "party": "a party",
    "bar": "a bar",
    "smoking": "people who smoke",
    "drugs": "drugs",
    "gambling": "gambling",
}
"""The categories that last for an evening, in the words of a finding. A badge or a gesture is of its photo alone."""

_TIMES_THE_ODDS = 2.0

_MOST_IN_A_SECOND = 3
"""Photos taken in one second: of more, that is when they were saved or scanned."""

_NEVER_SET = frozenset(f"{year}-01-01" for year in (1904, 1970, 1980, *range(1990, 2009)))
"""On these days, at midnight, the clocks of cameras begin: what was taken with one that nobody set belongs to any
evening. Whoever removes the battery takes photos within hours; the evening of the day may be real."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A photo of a `person`: its `sha256`, when it was taken (ISO 8601), and how surely it shows each category.

    `picture` is the same for copies, which do not speak for each other.
    """

    sha256: str
    picture: str
    moment: str
    scores: Mapping[str, float]
    person: str | None = None


def spoken_for(photos: Iterable[Taken], certain: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """By SHA-256 the categories that other photos of its evening show for certain: from the scores `certain` on.

    A photo without a time of day, or one that it shares with too many, belongs to no evening, nor does one of a clock
    that was never set. Nobody's evening is another person's: they may have been elsewhere.
    """
    timed = [photo for photo in photos if _says_when(photo.moment)]
    together = Counter(photo.moment[:19] for photo in timed)
    evenings: dict[str | None, list[Taken]] = {}
    for photo in timed:
        if together[photo.moment[:19]] <= _MOST_IN_A_SECOND:
            evenings.setdefault(photo.person, []).append(photo)
    found: dict[str, frozenset[str]] = {}
    for evening in (evening for own in evenings.values() for evening in _evenings(own)):
        showing = {name: _showing(evening, name, certain.get(name, 2.0)) for name in OF_OCCASIONS}
        for photo in evening:
            others = frozenset(name for name, pictures in showing.items() if _another(pictures, photo.picture))
            if others:
                found[photo.sha256] = others
    return found


def _says_when(moment: str) -> bool:
    day, time = moment[:10], moment[11:19]
    return time not in ("", "00:00:00") and (day not in _NEVER_SET or time >= "12")


def _showing(evening: Iterable[Taken], name: str, least: float) -> frozenset[str]:
    return frozenset(photo.picture for photo in evening if photo.scores.get(name, 0.0) >= least)


def _another(pictures: frozenset[str], picture: str) -> bool:
    """Whether there is one beside this; an evening may have thousands, so none is copied."""
    return len(pictures) > (picture in pictures)


def likelier(score: float) -> float:
    """The score of a photo whose evening speaks for a category: twice the odds, so that nothing comes of nothing."""
    return _TIMES_THE_ODDS * score / (1 + (_TIMES_THE_ODDS - 1) * score)


def without_evening(threshold: float) -> float:
    """The least score that may reach a threshold where the evening speaks for it: a hair less than is enough."""
    return threshold / (_TIMES_THE_ODDS - (_TIMES_THE_ODDS - 1) * threshold) - 1e-9


def _evenings(photos: Iterable[Taken]) -> Iterator[list[Taken]]:
    evening: list[Taken] = []
    start = last = datetime.min
    for time, _, photo in sorted((_time(photo.moment), photo.sha256, photo) for photo in photos):
        if evening and (time - last > PAUSE or time - start > LONGEST):
            yield evening
            evening = []
        if not evening:
            start = time
        evening.append(photo)
        last = time
    if evening:
        yield evening
