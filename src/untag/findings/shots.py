"""Files of one shot: a Live Photo and its short video, a raw file and the JPEG that the camera wrote beside it.

Pure. Apple writes `IMG_1.HEIC` and `IMG_1.MOV`, Google's exports hold `PXL_1.MP.jpg` and `PXL_1.MP`. Beside the name it
takes a video as small and as short as such are, and no dates that say otherwise: a card that was counted from the
beginning again has another photo and video of one name. Raw files and JPEGs that differ in their proportions are no
near-duplicates; others are anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from untag.types import Verdict

RAW = ("cr2", "cr3", "nef", "nrw", "arw", "dng", "raf", "orf", "rw2", "pef", "srw")
STILL = ("heic", "heif", "jpg", "jpeg", "avif", "png", "dng")

MOST_BYTES = 30 * 1024 * 1024
"""Three seconds take 2 to 10 MB."""

_MOST_SECONDS = 10.0
_ZONES = 15 * 60
"""Videos give their date in UTC, photos in local time; time zones are quarters of an hour apart."""

_FARTHEST = 14 * 3600
_APART = 10
"""Seconds between the photo and the beginning of its video."""

_RANK = {Verdict.ME: 2, Verdict.MAYBE: 1, Verdict.OTHER: 0}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of what may be one shot. `verdict` is None where it is no finding; `until` is the last second at
    which somebody is to be seen in it."""

    path: str
    sha256: str
    size: int
    taken_at: str | None = None
    verdict: Verdict | None = None
    person: str | None = None
    risk: int = 0
    until: float = 0.0


def suffix_of(path: str) -> str:
    """The lower-case suffix of a path without its dot."""
    return path.rpartition(".")[2].lower()


def stem_of(path: str) -> str:
    """What the names of both files begin with, their folder included: up to the suffix, and to Google's `.MP`."""
    return re.sub(r"(?i)\.mp$", "", path.rpartition(".")[0])


def other_parts(path: str, others: Iterable[str]) -> tuple[str, ...]:
    """Those of the other places of a picture that lie beside the file at `path`, under its name up to the suffix."""
    return tuple(other for other in others if other != path and stem_of(other) == stem_of(path))


def live_photos(found: Iterable[tuple[Part, Sequence[Part]]]) -> dict[str, str]:
    """Maps the SHA-256 of each file that is a lesser part to that of the finding that stands for both.

    `found` are videos and raw files, each with the photos of its name. The finding that is surer to show the person
    stands for both, then the one of the higher risk, then the photo. Findings about different people stay apart.
    """
    standing: dict[str, str] = {}
    for video, photos in found:
        fitting = [photo for photo in photos if _is_live(video, photo)]
        photo = max(fitting, key=lambda one: (*_rank(one), one.path), default=None)
        if photo is None or photo.sha256 == video.sha256 or (photo.verdict is None and video.verdict is None):
            continue
        if photo.verdict is not None and video.verdict is not None and photo.person != video.person:
            continue
        best, lesser = (photo, video) if _rank(photo) >= _rank(video) else (video, photo)
        shown = standing.get(best.sha256, best.sha256)  # by another file of the shot, such as its video
        # One content may lie at several places, beside others; chains would lead from one picture to another.
        if shown != lesser.sha256 and lesser.sha256 not in standing and lesser.sha256 not in standing.values():
            standing[lesser.sha256] = shown
    return standing


def with_copies(standing: Mapping[str, str], copies: Mapping[str, str]) -> dict[str, str]:
    """The same where `copies` maps lesser copies to their representatives: all that is left leads to what is shown."""
    shown = {one: _shown_for(one, standing, copies) for one in (*standing, *copies)}
    return {one: best for one, best in shown.items() if best not in (one, copies.get(one))}


def _shown_for(one: str, standing: Mapping[str, str], copies: Mapping[str, str]) -> str:
    """What stands for a picture in the end: a part of one shot may be the copy of a part of another, and so on.

    Where that leads round in a circle, it is a representative of copies within.
    """
    way: list[str] = []
    while one not in way:
        way.append(one)
        one = standing.get(one) or copies.get(one, one)
    return min(each for each in way[way.index(one) :] if each not in copies)


def _is_live(video: Part, photo: Part) -> bool:
    if stem_of(video.path) != stem_of(photo.path) or not _at_once(video.taken_at, photo.taken_at):
        return False
    if suffix_of(video.path) in RAW:
        return suffix_of(photo.path) not in RAW
    return video.size <= MOST_BYTES and video.until <= _MOST_SECONDS


def _at_once(one: str | None, other: str | None) -> bool:
    """Whether two dates may be of one moment, in whatever time zones; true where one is unknown, or a day alone."""
    if one is None or other is None or len(one) < 19 or len(other) < 19:
        return True
    try:
        apart = abs((datetime.fromisoformat(one[:19]) - datetime.fromisoformat(other[:19])).total_seconds())
    except ValueError:
        return True
    return apart <= _FARTHEST + _APART and min(apart % _ZONES, -apart % _ZONES) <= _APART


def _rank(part: Part) -> tuple[int, int]:
    return (-1, 0) if part.verdict is None else (_RANK[part.verdict], part.risk)
