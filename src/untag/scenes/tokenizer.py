"""Text -> CLIP's tokens: byte pair encoding with the vocabulary that OpenAI published with CLIP.

Our own because the library for it, `tokenizers`, requires huggingface_hub and so an HTTP client; untag installs nothing
that uses the network. Method: Sennrich et al. 2016, as in openai/CLIP, clip/simple_tokenizer.py.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError, UsageError

CONTEXT = 77
"""How many tokens CLIP's text encoder takes, the first and the last one included."""

_MERGES = 49_152 - 256 - 2  # the file has more; CLIP was trained with this many
_CONTRACTION = re.compile(r"'(?:s|t|re|ve|m|ll|d)")
_END_OF_WORD = "</w>"


class Tokenizer:
    """CLIP's tokenizer."""

    def __init__(self, vocabulary: bytes) -> None:
        """`vocabulary` is bpe_simple_vocab_16e6.txt.gz: a heading, then pairs to merge, the most frequent first.

        Raises ModelError when it is not such a file.
        """
        try:
            lines = gzip.decompress(vocabulary).decode("utf-8").split("\n")[1 : _MERGES + 1]
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise ModelError(f"the vocabulary of the tokenizer cannot be read: {error}") from error
        merges = [tuple(line.split()) for line in lines if line]
        if not merges or any(len(pair) != 2 for pair in merges):
            raise ModelError("the vocabulary of the tokenizer is not a list of pairs")
        letters = _byte_letters()
        tokens = [*letters.values(), *(letter + _END_OF_WORD for letter in letters.values()), *map("".join, merges)]
        self._letters = letters
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._ids = {token: number for number, token in enumerate(tokens)}
        self.start = len(tokens)
        self.end = self.start + 1

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, between those for its start and its end; as many as it takes."""
        return [self.start, *(self._ids[part] for word in _words(text) for part in self._parts(word)), self.end]

    def batch(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tokens of each text, filled up with the end token, and 1 where they count: both (N, 77).

        Raises UsageError for a text that is too long: what CLIP would cut off, the user would never miss.
        """
        ids = np.full((len(texts), CONTEXT), self.end, np.int64)
        mask = np.zeros((len(texts), CONTEXT), np.int64)
        for row, text in enumerate(texts):
            tokens = self.encode(text)
            if len(tokens) > CONTEXT:
                raise UsageError(f"{text!r} has {len(tokens)} tokens, and CLIP takes {CONTEXT}: make it shorter")
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return ids, mask

    def _parts(self, word: str) -> list[str]:
        """A word as the largest parts that are in the vocabulary, by merging the most frequent pair first."""
        parts = [self._letters[byte] for byte in word.encode("utf-8")]
        parts[-1] += _END_OF_WORD
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged: list[str] = []
            for part in parts:
                # A part that was just merged is longer than the first of the pair, so nothing is merged twice.
                if merged and (merged[-1], part) == best:
                    merged[-1] += part
                else:
                    merged.append(part)
            parts = merged
        return parts


def _byte_letters() -> dict[int, str]:
    """A printable character for each byte, in CLIP's order (GPT-2, bytes_to_unicode)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + rank) for rank, byte in enumerate(others)}


def _words(text: str) -> Iterator[str]:
    """CLIP's words: contractions, runs of letters, single digits, runs of anything else; lower case, no spaces."""
    text = unicodedata.normalize("NFC", text).lower()
    position = 0
    while position < len(text):
        contraction = _CONTRACTION.match(text, position)
        kind = _kind(text[position])
        end = position + 1
        if contraction is not None:
            end = contraction.end()
        elif kind != "N":
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        if kind != " ":
            yield text[position:end]
        position = end


def _kind(character: str) -> str:
    """L for a letter, N for a number, a space, or P for all else: re has no classes of Unicode categories."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "P"
