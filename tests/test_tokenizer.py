"""CLIP's tokenizer: the ids of the published vocabulary, and the rules on a small one made up here."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from untag.engine.downloads.pull import CLIP_VOCABULARY
from untag.errors import ModelError, UsageError
from untag.scenes.tokenizer import Tokenizer

# As Hugging Face's `tokenizers` 0.23.3 gives them with CLIP's own rules and this vocabulary.
PUBLISHED = {
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "a diagram": [320, 22697],
    "Hello, World! it's 2024": [3306, 267, 1002, 256, 585, 568, 273, 271, 273, 275],
    "naïve café — ½ price №5 ٣": [1097, 35689, 563, 15304, 2005, 33613, 2827, 8604, 500, 276, 149, 352],
    "日本語のテスト 🍺🍻": [39121, 44353, 34002, 252, 21575, 2429, 228, 32421, 486, 31081, 13167],
    "underscore_word __x__": [1473, 4431, 318, 2653, 3838, 343, 3838],
    "don't''s ''' 's": [847, 713, 8445, 338, 6, 8445, 568],
    "\t tabs\nand  spaces  ": [29163, 537, 9006],
    "aaaaaaaaaaaaaa bbbbb": [23126, 44413, 1174, 33535],
    "x²+y³=z": [343, 41175, 266, 344, 126, 367, 284, 345],
}


def made_up(*merges: str) -> Tokenizer:
    return Tokenizer(gzip.compress("\n".join(["#version", *merges, ""]).encode()))


@pytest.mark.parametrize("text", PUBLISHED)
def test_the_ids_are_those_that_clip_was_trained_with(shared: Path, text: str) -> None:
    tokenizer = Tokenizer((shared / "models" / CLIP_VOCABULARY.file).read_bytes())
    assert tokenizer.encode(text) == [49406, *PUBLISHED[text], 49407]


def test_the_most_frequent_pair_is_merged_first() -> None:
    # "abc": b and c come first in the list, so a and b never meet.
    tokenizer = made_up("b c</w>", "a b", "ab c</w>")
    assert tokenizer.encode("abc") == [515, 64, 512, 516]
    assert made_up("a b", "b c</w>", "ab c</w>").encode("abc") == [515, 514, 516]


def test_a_letter_that_repeats_is_merged_in_pairs_from_the_left() -> None:
    assert made_up("a a").encode("aaaa") == [513, 512, 64, 64 + 256, 514]


def test_an_unknown_word_is_its_bytes() -> None:
    assert made_up("a a").encode("é") == [513, 127, 102 + 256, 514]  # C3 A9


def test_a_batch_is_filled_up_and_masked() -> None:
    tokenizer = made_up("a a")
    ids, mask = tokenizer.batch(["b", "bcd"])
    assert ids.shape == mask.shape == (2, 77)
    assert ids.dtype == mask.dtype == np.int64
    assert mask.sum(axis=1).tolist() == [3, 5]
    assert (ids[mask == 0] == tokenizer.end).all()


def test_a_text_that_clip_would_cut_off_is_refused() -> None:
    tokenizer = made_up("a a")
    tokenizer.batch(["b" * 75])
    with pytest.raises(UsageError, match="78 tokens"):
        tokenizer.batch(["b" * 76])


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"#version\n"), gzip.compress(b"#version\na b c\n")],
    ids=["empty", "no gzip", "no merges", "three words"],
)
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="vocabulary"):
        Tokenizer(data)
