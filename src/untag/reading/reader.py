"""Looks in a photo for a user's own words, and for what looks like a card: the category `text`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from untag.engine.downloads.registry import OCR_DETECTION, OCR_RECOGNITION
from untag.engine.runtime.models import ModelOptions
from untag.errors import ModelError, UsageError
from untag.reading.cards import cards_found
from untag.reading.index import WordIndex
from untag.reading.lines import SIDE, Line, LineReader, load_line_reader
from untag.reading.words import folded, words_found
from untag.scenes.categories import Category
from untag.types import Pixels, SceneScores

_VERSION = 4  # of how lines are found and compared, and in which frames
_NEEDS = "text_words and text_cards in config.toml need an extra"


@dataclass(frozen=True, slots=True)
class TextWanted:
    """What is looked for in the text of photos: `words`, and, with `cards`, what looks like a card."""

    words: tuple[str, ...] = ()
    cards: bool = False

    @property
    def anything(self) -> bool:
        """Whether photos are read at all."""
        return self.cards or bool(self.words)


class TextReader:
    """Reads photos for what is wanted. Nothing else of what it reads is told to anybody, or kept.

    `id` changes whenever a score could. The words are in it as a hash, which a guess could confirm; but whoever reads
    the database reads config.toml as well.
    """

    def __init__(self, lines: LineReader, wanted: TextWanted) -> None:
        """Raises UsageError for a word with letters that cannot be read."""
        for number, word in enumerate(wanted.words, start=1):
            unread = _unreadable(word, lines.letters)
            if unread:
                raise UsageError(
                    f"text_words: entry {number} has letters that the text model does not know ({', '.join(unread)}); "
                    "it reads Latin, Greek in part, Chinese and Japanese letters. Take it out of config.toml"
                )
        self._lines = lines
        self._wanted = wanted
        self._index = WordIndex(wanted.words)
        models = f"{OCR_DETECTION.sha256[:8]}+{OCR_RECOGNITION.sha256[:8]}"
        asked = hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
        self.id = f"{models}-{SIDE}v{_VERSION}-{asked}"

    def added(self, scenes: SceneScores, frames: Iterable[Pixels]) -> SceneScores:
        """What a photo or video shows, with what is read in any of its frames, (height, width, 3) uint8 each."""
        found: dict[str, float] = {}
        for frame in frames:
            for said, sureness in self.found(frame).items():
                found[said] = max(sureness, found.get(said, 0.0))
        found = dict(sorted(found.items(), key=lambda item: -item[1]))
        name = Category.TEXT.value
        return replace(
            scenes,
            scores={**scenes.scores, name: max(found.values(), default=0.0)},
            evidence={**scenes.evidence, name: tuple(found)},
        )

    def found(self, photo: Pixels) -> dict[str, float]:
        """The words and kinds of cards in a photo, as a finding says them, with how surely, the surest first."""
        lines = self._lines.read(photo)
        cards = cards_found(lines) if self._wanted.cards else {}
        words = {f'"{word}"': sureness for word, sureness in self._words(photo, lines).items()}
        both = {**words, **{card.value: sureness for card, sureness in cards.items()}}
        return dict(sorted(both.items(), key=lambda item: -item[1]))

    def _words(self, photo: Pixels, lines: Sequence[Line]) -> dict[str, float]:
        """The words in the lines, and those of which a line has a part and a second look beside it the rest."""
        found = self._index.found(lines)
        for place in self._index.longer_lines(found, lines):
            read = self._lines.read_at(photo, [place.corners])
            sureness = words_found([place.word], read).get(place.word, 0.0)
            if sureness > found.get(place.word, 0.0):
                found[place.word] = sureness
        return found


def load_text_reader(options: ModelOptions, wanted: TextWanted) -> TextReader | None:
    """The reader; None where nothing is wanted.

    Raises ModelError when the extra is missing or damaged, UsageError for a word that cannot be read, DeviceError when
    the device does not really run.
    """
    if not wanted.anything:
        return None
    try:
        OCR_DETECTION.locate()
    except ModelError as error:
        raise ModelError(f"{_NEEDS}: {error}") from error
    return TextReader(load_line_reader(options), wanted)


def _unreadable(word: str, letters: frozenset[str]) -> Sequence[str]:
    return sorted({letter for letter in folded(word) if letters.isdisjoint((letter, letter.upper()))})
