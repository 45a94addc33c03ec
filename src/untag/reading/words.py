"""Which of a user's own words stand in the lines of a photo. Pure functions.

Words are compared letter by letter without case, accents, spaces and signs. What has a figure in it, such as the plate
of a car, may also have letters in the place of figures that look like them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.reading.lines import Line

_SPELT_OUT = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_LOOKS_LIKE = str.maketrans("oqdilzsbg", "000112586")
"""Letters that are read for figures, and the reverse, in plates and numbers."""

_ONE_WRONG, _TWO_WRONG = 7, 12
"""From how many letters on one or two of them may be read wrongly."""

_WITHIN, _WITHIN_CJK = 5, 2
"""How long a word must be to be found within a longer one: spaces between words are often not seen."""

_BESIDE = 1.5  # heights of a line between two pieces of a text
_SAME_LINE = 0.5  # of the height that both have in common
MOST_PIECES, _MOST_FOLLOWING = 8, 4

_WRONG_COSTS = 0.1


@dataclass(frozen=True, slots=True)
class Piece:
    """A word as it was read, folded, with how sure that is; `line` is its number, `last` whether its line ends here."""

    text: str
    sureness: float
    line: int
    first: bool
    last: bool


def folded(text: str) -> str:
    """A text as it is compared: letters and figures alone, without case and accents; plain for another script."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_SPELT_OUT)
    return "".join(letter for letter in plain if letter.isalnum())


def looks_like(text: str) -> str:
    """A folded text with one sign for each group of letters and figures that are taken for each other."""
    return text.translate(_LOOKS_LIKE)


def words_found(words: Sequence[str], lines: Sequence[Line]) -> dict[str, float]:
    """Those of `words` that stand in the lines, and how surely, 0 to 1, the surest first."""
    text = Text(lines)
    everywhere = range(len(text.pieces))
    return surest_first({word: likeness_at(folded(word), text, everywhere) for word in dict.fromkeys(words)})


def surest_first(found: Mapping[str, float]) -> dict[str, float]:
    """The words of which anything was found."""
    seen = {word: sureness for word, sureness in found.items() if sureness > 0}
    return dict(sorted(seen.items(), key=lambda item: (-item[1], item[0])))


def _pieces(line: Line, number: int) -> list[Piece]:
    # Signs part words as spaces do: an address on a shirt, a name with a dash.
    parted = "".join(letter if letter.isalnum() or unicodedata.combining(letter) else " " for letter in line.text)
    texts = [text for word in parted.split() if (text := folded(word))]
    last = len(texts) - 1
    return [Piece(text, line.sureness, number, at == 0, at == last) for at, text in enumerate(texts)]


def likeness_at(word: str, text: Text, places: Iterable[int]) -> float:
    """How surely a folded word stands in one of these pieces, or begins with one, 0 to 1."""
    if not word:
        return 0.0
    best = 0.0
    for at in places:
        piece = text.pieces[at]
        best = max(best, piece.sureness * _likeness_within(word, piece.text))
        for read, sureness in _runs(word, at, text):
            best = max(best, sureness * _likeness(word, read))
    return best


def _runs(word: str, at: int, text: Text) -> Iterator[tuple[str, float]]:
    """What is read from a piece on, in one line or on into those that may follow, as far as it may become the word.

    With the least sureness in it. What was read alike on two ways to a piece goes on from there once.
    """
    reached = {(at, text.pieces[at].text): text.pieces[at].sureness}
    for _ in range(MOST_PIECES):
        further: dict[tuple[int, str], float] = {}
        for (here, read), sureness in reached.items():
            if not _may_become(word, read):
                continue
            yield read, sureness
            for there in text.after(here):
                piece = text.pieces[there]
                key = (there, read + piece.text)
                further[key] = max(further.get(key, 0.0), min(sureness, piece.sureness))
        reached = further


def _may_become(word: str, text: str) -> bool:
    """Whether a text is the word's beginning, or all of it, with no more wrong than may be."""
    if has_figure(word):
        return looks_like(word).startswith(looks_like(text))
    allowed = may_be_wrong(word)
    if not allowed:
        return word.startswith(text)
    if not _has_a_part(word, text, allowed):
        return False
    lengths = range(max(0, len(text) - allowed), min(len(word), len(text) + allowed) + 1)
    return any(_distance(word[:length], text, allowed) <= allowed for length in lengths)


def _has_a_part(word: str, text: str, wrong: int) -> bool:
    """Whether one of the parts of a text, of one more than may be wrong, stands in the word about where it must."""
    size = len(text) // (wrong + 1)
    starts = range(0, size * (wrong + 1), size) if size else ()
    return not starts or any(
        word.find(text[at : at + size], max(0, at - wrong), at + size + wrong) >= 0 for at in starts
    )


def _likeness(word: str, read: str) -> float:
    """1 for the same letters, less for each that is wrong, 0 beyond what may be."""
    if word == read:
        return 1.0
    if has_figure(word):
        # One figure more or less is another car.
        return 1 - _WRONG_COSTS if looks_like(word) == looks_like(read) else 0.0
    allowed = may_be_wrong(word)
    wrong = _distance(word, read, allowed)
    return 1 - _WRONG_COSTS * wrong if wrong <= allowed else 0.0


def may_be_wrong(word: str) -> int:
    """How many letters of a folded word without figures may be read wrongly."""
    return 2 if len(word) >= _TWO_WRONG else 1 if len(word) >= _ONE_WRONG else 0


def _likeness_within(word: str, read: str) -> float:
    """The same for a word that was read together with those beside it."""
    least = _WITHIN_CJK if any(letter >= "\u2e80" for letter in word) else _WITHIN
    if len(word) < least or len(read) <= len(word):
        return 0.0
    if word in read:
        return 1 - _WRONG_COSTS
    return 1 - 2 * _WRONG_COSTS if has_figure(word) and looks_like(word) in looks_like(read) else 0.0


def has_figure(word: str) -> bool:
    """Whether a word is one whose figures count, such as a plate."""
    return any(letter.isdigit() for letter in word)


def _distance(one: str, other: str, most: int) -> int:
    """How many letters must be changed, added or left out (Levenshtein 1966); more than `most`: anything above."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        above, row = row, [number]
        for place, other_letter in enumerate(other, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != other_letter)))
        if min(row) > most:
            return most + 1
    return row[-1]


class Text:
    """The pieces of text in a photo, and which lines may go on with the text of which, found out when it is asked."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.pieces = [piece for number, line in enumerate(lines) for piece in _pieces(line, number)]
        self._corners = [line.corners for line in lines]
        self._middles = np.array([line.corners.mean(axis=0) for line in lines]).reshape(-1, 2)
        self._starts = {piece.line: at for at, piece in enumerate(self.pieces) if piece.first}
        self._following: dict[int, list[int]] = {}

    def after(self, at: int) -> Sequence[int]:
        """The pieces that may follow one: the next in its line, or the first of those beside its end or below."""
        piece = self.pieces[at]
        if not piece.last:
            return [at + 1]
        if piece.line not in self._following:
            self._following[piece.line] = self._lines_after(piece.line)
        return self._following[piece.line]

    def _lines_after(self, number: int) -> list[int]:
        far = np.linalg.norm(self._middles - self._middles[number], axis=1)
        found: list[int] = []
        for other in far.argsort(kind="stable").tolist():
            if other != number and other in self._starts and _goes_on(self._corners[number], self._corners[other]):
                found.append(self._starts[other])
                if len(found) == _MOST_FOLLOWING:
                    break
        return found


def _goes_on(here: NDArray[np.float32], there: NDArray[np.float32]) -> bool:
    """Whether a line goes on with the text of another, seen along that other's own direction."""
    along = here[1] - here[0]
    length = float(np.linalg.norm(along))
    if length == 0:
        return False
    across = along / length
    down = np.array([-across[1], across[0]])
    height = float(np.linalg.norm(here[3] - here[0]))
    left, right = _reach(here, across), _reach(there, across)
    top, bottom = _reach(here, down), _reach(there, down)
    same_line = _common(top, bottom) >= _SAME_LINE * min(top[1] - top[0], bottom[1] - bottom[0])
    same_column = _common(left, right) > 0
    beside = -_SAME_LINE * height <= right[0] - left[1] <= _BESIDE * height
    below = -_SAME_LINE * height <= bottom[0] - top[1] <= _BESIDE * height
    return (same_line and beside) or (same_column and below)


def _reach(corners: NDArray[np.float32], direction: NDArray[np.float32]) -> tuple[float, float]:
    places = corners @ direction
    return float(places.min()), float(places.max())


def _common(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])
