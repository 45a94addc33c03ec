"""A list of words, however long, made ready to be looked for in the lines of photos.

Most words of a list have nothing in common with what a photo says. A word that stands in it has some letters in a row
with it: which words those can be is looked up by the letters of the text, and they alone are compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from untag.reading.cut import ENOUGH_LETTERS, LEAST_LETTERS, LEAST_SHARE, Longer, longer_lines
from untag.reading.lines import Line
from untag.reading.words import (
    MOST_PIECES,
    Text,
    folded,
    has_figure,
    likeness_at,
    looks_like,
    may_be_wrong,
    surest_first,
)

_MOST_LETTERS = 5
"""Of a row that is looked up: from longer ones there are too many ways through lines that may follow each other."""


class WordIndex:
    """The words of a list that may stand in some lines."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(dict.fromkeys(words))
        self._numbers = {word: number for number, word in enumerate(self._words)}
        self._folded = tuple(map(folded, self._words))
        self._rows: set[str] = set()
        self._at: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._part: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self._folded):
            for row, place in _rows_of(word):
                self._rows.add(row)
                self._at[row, place].append(number)
            for row in _rows_of_part(looks_like(word)):
                self._part[row].append(number)
        self._last = max((place for _, place in self._at), default=0)
        self._part_lengths = sorted({len(row) for row in self._part})

    def found(self, lines: Sequence[Line]) -> dict[str, float]:
        """As `words_found` has it."""
        text = Text(lines)
        look = _Look(text, self._rows, self._at, self._last)
        places: dict[int, list[int]] = defaultdict(list)
        for at in range(len(text.pieces)):
            for number in look.near(at):
                places[number].append(at)
        likeness = {
            self._words[number]: likeness_at(self._folded[number], text, places[number]) for number in sorted(places)
        }
        return surest_first(likeness)

    def longer_lines(self, found: Iterable[str], lines: Sequence[Line]) -> list[Longer]:
        """As `longer_lines` has it, for the words that were not found."""
        without = {self._numbers[word] for word in found}
        return longer_lines(self._words, lines, lambda text: self._parts_in(text) - without)

    def _parts_in(self, text: str) -> set[int]:
        rows = (row for length in self._part_lengths for row in _each_row(text, length))
        return {number for row in rows for number in self._part.get(row, ())}


def _rows_of(word: str) -> set[tuple[str, int]]:
    """Letters in a row, as `looks_like` has them, each with all places of it in texts that are the word.

    So many letters may be wrong, and of one part more than that one is read as it is, about where it is in the word.
    """
    wrong = 0 if has_figure(word) else may_be_wrong(word)
    size = len(word) // (wrong + 1)
    starts = range(0, size * (wrong + 1), size) if size else ()
    return {
        (looks_like(word[start : start + size])[:_MOST_LETTERS], place)
        for start in starts
        for place in range(max(0, start - wrong), start + wrong + 1)
    }


def _rows_of_part(word: str) -> set[str]:
    """The same for a text that is a part of the word, long enough for a second look."""
    least = max(LEAST_LETTERS, min(ENOUGH_LETTERS, math.ceil(LEAST_SHARE * len(word))))
    return set(_each_row(word, least))


def _each_row(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


class _Look:
    """What may be found from each piece of a text on; what was looked up once is kept."""

    def __init__(self, text: Text, rows: Set[str], table: Mapping[tuple[str, int], Sequence[int]], last: int) -> None:
        self._text = text
        self._rows = rows
        self._table = table
        self._last = last
        self._beginnings: dict[tuple[int, int], set[str]] = {}
        self._known: dict[tuple[int, int], list[str]] = {}
        self._found: dict[tuple[int, int], set[int]] = {}

    def near(self, at: int) -> set[int]:
        """The numbers of the words that may be a text which begins with this piece, or stand within the piece."""
        within = (row for start in range(len(self._text.pieces[at].text)) for row in self._rows_at(at, start))
        near = {number for row in within for number in self._table.get((row, 0), ())}
        states = {(at, 0)}
        for _ in range(MOST_PIECES):
            near.update(*(self._near_in(*state) for state in states))
            states = {
                (there, further)
                for here, before in states
                if (further := before + len(self._text.pieces[here].text)) <= self._last
                for there in self._text.after(here)
            }
        return near

    def _near_in(self, at: int, before: int) -> set[int]:
        """Those with a row in a piece to which so many letters lead."""
        key = at, before
        if key not in self._found:
            length = min(len(self._text.pieces[at].text), self._last - before + 1)
            rows = ((row, before + start) for start in range(length) for row in self._rows_at(at, start))
            self._found[key] = {number for place in rows for number in self._table.get(place, ())}
        return self._found[key]

    def _rows_at(self, at: int, start: int) -> list[str]:
        """The rows of any word that are read from a place on, on all ways through the pieces."""
        key = at, start
        if key not in self._known:
            read = map(looks_like, self._read_from(at, start, _MOST_LETTERS))
            rows = {text[:length] for text in read for length in range(1, len(text) + 1)}
            self._known[key] = [row for row in rows if row in self._rows]
        return self._known[key]

    def _read_from(self, at: int, start: int, letters: int) -> set[str]:
        """What is read from a place on, so many letters of it; less only where nothing follows."""
        here = self._text.pieces[at].text[start : start + letters]
        left = letters - len(here)
        if left == 0:
            return {here}
        return {here + further for there in self._text.after(at) for further in self._beginning(there, left)} or {here}

    def _beginning(self, at: int, letters: int) -> set[str]:
        key = at, letters
        if key not in self._beginnings:
            self._beginnings[key] = self._read_from(at, 0, letters)
        return self._beginnings[key]
