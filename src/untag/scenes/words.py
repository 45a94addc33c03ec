"""A sentence -> where it lies in the space of pictures and sentences: untag's own small text tower.

Word vectors and one layer of a transformer (Vaswani et al. 2017), taught by training/text_tower.py to answer as
all-MiniLM-L6-v2 does; the parameters ship in models/scene_words.npz. It knows some 13,000 English words.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError, UsageError
from untag.scenes.space import WIDTH, unit
from untag.support.assets import read_asset

WORDS_SHA256 = "deb731aa31a954b7a3b9a58eb75364a44ad57bc54c14510f8b1c2e09bdaa01e5"
MOST_WORDS = 24
"""Of a sentence; what comes later would have no say, so a longer one is refused."""
MOST_LETTERS = 400
"""Of a description, all that is between its words included: it is shown in findings."""

DEPTH = 128
HEADS = 4
WIDE = 256
SHAPES: Mapping[str, tuple[int, ...]] = {
    "places": (MOST_WORDS, DEPTH),
    "query": (DEPTH, DEPTH),
    "key": (DEPTH, DEPTH),
    "value": (DEPTH, DEPTH),
    "mix": (DEPTH, DEPTH),
    "widen": (DEPTH, WIDE),
    "widen_bias": (WIDE,),
    "narrow": (WIDE, DEPTH),
    "narrow_bias": (DEPTH,),
    "out": (DEPTH, WIDTH),
    "out_bias": (WIDTH,),
}
"""The parameters beside the word vectors."""

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("'s", ""))

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Where a sentence lies, (384,), and those of its words that are not known: they had no say."""

    vector: Floats
    unknown: tuple[str, ...]


class TextTower:
    """`vocabulary` are the known words, `vectors` (V, 128) theirs, and `layers` the arrays of `SHAPES`, float32."""

    def __init__(self, vocabulary: Mapping[str, int], vectors: Floats, layers: Mapping[str, Floats]) -> None:
        self._vocabulary = vocabulary
        self._vectors = vectors
        self._layers = layers

    def read(self, text: str) -> Sentence:
        """Raises UsageError for a text without a known word, one of other letters than Latin ones, or a long one."""
        words = words_of(text)
        if len(words) > MOST_WORDS or len(text) > MOST_LETTERS:
            long = f"{len(words)} and {len(text)}"
            raise UsageError(
                f"a description has {MOST_WORDS} words and {MOST_LETTERS} letters at most, not {long}: make it shorter"
            )
        if not words:
            raise UsageError(f"there is no word in {text!r} that could be looked for; describe a photo in English")
        rows = {word: self._row(word) for word in words}
        unknown = tuple(dict.fromkeys(word for word in words if rows[word] is None))
        known = [row for word in words if (row := rows[word]) is not None]
        if not known:
            raise UsageError(
                f"untag knows no word of {text!r}: it knows some {len(self._vocabulary) // 1000},000 English ones"
            )
        return Sentence(self._embed(known), unknown)

    def _row(self, word: str) -> int | None:
        """Of a word, or of what it is a form of."""
        if word in self._vocabulary:
            return self._vocabulary[word]
        for ending, instead in _ENDINGS:
            stem = word.removesuffix(ending) + instead
            if word.endswith(ending) and len(stem) > 2 and stem in self._vocabulary:
                return self._vocabulary[stem]
        return None

    def _embed(self, rows: list[int]) -> Floats:
        own = self._layers
        value = self._vectors[rows] + own["places"][: len(rows)]
        value = value + self._attend(_normal(value)) @ own["mix"]
        wide = np.maximum(_normal(value) @ own["widen"] + own["widen_bias"], 0)
        value = value + wide @ own["narrow"] + own["narrow_bias"]
        return unit(value.mean(axis=0) @ own["out"] + own["out_bias"])

    def _attend(self, value: Floats) -> Floats:
        query, key, seen = (
            (value @ self._layers[name]).reshape(len(value), HEADS, -1).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(DEPTH / HEADS)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return np.asarray((shares @ seen).transpose(1, 0, 2).reshape(len(value), DEPTH), np.float32)


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case and without accents; letters of other scripts are words that nobody knows."""
    plain = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).lower()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = re.findall(r"[^\W\d_]+(?:'[a-z]+)?", plain)
    return [word if _WORD.fullmatch(word) else unicodedata.normalize("NFC", word) for word in found]


def _normal(value: Floats) -> Floats:
    """Layer normalisation without parameters of its own."""
    mean = value.mean(axis=-1, keepdims=True)
    return np.asarray((value - mean) / np.sqrt(value.var(axis=-1, keepdims=True) + 1e-5), np.float32)


def load_words() -> TextTower:
    """The text tower that ships with untag. Raises ModelError when it is missing or not the pinned one."""
    return read_words(read_asset("scene_words.npz", WORDS_SHA256))


def read_words(data: bytes) -> TextTower:
    """A text tower from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            words = bytes(file["words"]).decode("utf-8").split("\n")
            vectors = file["vectors"].astype(np.float32) * file["scales"].astype(np.float32)[:, None]
            layers = {name: file[name].astype(np.float32) for name in SHAPES}
    except (KeyError, ValueError, TypeError, IndexError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_words.npz holds no text tower; install untag again") from error
    if vectors.shape != (len(words), DEPTH) or any(layers[name].shape != shape for name, shape in SHAPES.items()):
        raise ModelError("models/scene_words.npz holds a text tower of another shape; install untag again")
    return TextTower({word: row for row, word in enumerate(words)}, vectors, layers)
