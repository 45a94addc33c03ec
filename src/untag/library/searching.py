"""Photos by what they show, in words."""

from __future__ import annotations

from dataclasses import dataclass

from untag.scenes.searching import LOOKS_LIKE_IT, Hit, search_words
from untag.scenes.space import load_space
from untag.scenes.words import load_words
from untag.store import Store


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The nearest photos first; `searched` is how many could be, `passed_over` how many could not.

    Those were recognised only after they were read: what they show was not kept then. `unknown` are the words that
    were left out.
    """

    hits: tuple[Hit, ...]
    searched: int
    passed_over: int
    unknown: tuple[str, ...]

    @property
    def looks_like_it(self) -> bool:
        """Whether the nearest photo looks like the words at all."""
        return bool(self.hits) and self.hits[0].nearness >= LOOKS_LIKE_IT


def search(store: Store, words: str, limit: int) -> SearchResult:
    """The `limit` photos that are nearest. Raises UsageError when no word is known."""
    sentence = load_words().read(words)
    found = search_words(store, load_space(), sentence, limit)
    return SearchResult(found.hits, found.searched, found.passed_over, tuple(sentence.unknown))
