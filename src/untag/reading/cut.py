"""Lines that say a part of a wanted word, made longer to where the rest of it must stand: a box often ends too early.

Pure functions. What is read there counts only when it is the word, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from untag.reading.lines import Line
from untag.reading.words import folded, looks_like

LEAST_LETTERS, LEAST_SHARE, ENOUGH_LETTERS = 3, 0.4, 5
"""A part of a word has three letters and two fifths of it, or five letters."""

_ROOM = 1.25  # letters are not all of one width, and spaces part them
_MOST = 8  # second looks at one photo


Near = Callable[[str], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Longer:
    """Where a word may stand as a whole; `corners` are those of a line."""

    word: str
    corners: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Part:
    """Which share of a word a line says, and how many letters are missing before and after the line."""

    share: float
    before: int
    after: int


def longer_lines(words: Sequence[str], lines: Sequence[Line], near: Near | None = None) -> list[Longer]:
    """Where to look again for words that were not found: those with the largest part read first, at most eight.

    `near` gives the numbers of all words of which a text may have a part; without it each is compared with each line.
    """
    found: list[tuple[float, int, int, Longer]] = []
    for place, line in enumerate(lines):
        if not _runs_across(line.corners):
            continue
        read = looks_like(folded(line.text))
        matcher = SequenceMatcher(None, "", read, autojunk=False)
        for number in range(len(words)) if near is None else near(read):
            part = _part(looks_like(folded(words[number])), read, matcher)
            if part is not None and (part.before or part.after):
                found.append((-part.share, number, place, Longer(words[number], _with_room(line, part))))
    found.sort(key=itemgetter(0, 1, 2))
    return [longer for *_, longer in found[:_MOST]]


def _part(wanted: str, read: str, matcher: SequenceMatcher[str]) -> _Part | None:
    # Few lines have three letters in common with a word: the others need no closer comparison.
    if not any(wanted[at : at + LEAST_LETTERS] in read for at in range(len(wanted) - LEAST_LETTERS + 1)):
        return None
    matcher.set_seq1(wanted)
    in_word, in_line, letters = matcher.find_longest_match()
    if letters < ENOUGH_LETTERS and letters < LEAST_SHARE * len(wanted):
        return None
    missing_after = (len(wanted) - in_word) - (len(read) - in_line)
    return _Part(letters / len(wanted), max(0, in_word - in_line), max(0, missing_after))


def _runs_across(corners: NDArray[np.float32]) -> bool:
    return bool(np.linalg.norm(corners[1] - corners[0]) > np.linalg.norm(corners[3] - corners[0]))


def _with_room(line: Line, part: _Part) -> NDArray[np.float32]:
    """A line's corners with room for the letters that are missing at its ends."""
    upper_left, upper_right, lower_right, lower_left = line.corners
    letter = (upper_right - upper_left) / len(line.text) * _ROOM
    left, right = letter * part.before, letter * part.after
    return np.stack([upper_left - left, upper_right + right, lower_right + right, lower_left - left])
