"""Perceptual hashes: copies are near, other pictures are far, and SQLite can hold them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from untag.findings.hashes import hamming
from untag.imaging.phash import perceptual_hash
from untag.types import Pixels

GOLDEN = 0x807F557A554A156B
HASHES = st.integers(0, 2**64 - 1)


def picture(seed: int, width: int = 640, height: int = 480) -> Pixels:
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), tuple(rng.integers(0, 255, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, radius = (int(value) for value in rng.integers((0, 0, 20), (width, height, 150)))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(rng.integers(0, 255, 3).tolist()))
    return np.asarray(image)


def saved(pixels: Pixels, size: tuple[int, int], quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        return np.asarray(image)


@pytest.mark.parametrize("seed", range(10))
def test_a_smaller_worse_copy_is_near(seed: int) -> None:
    original = picture(seed)
    assert hamming(perceptual_hash(original), perceptual_hash(saved(original, (213, 160), 40))) <= 6


def test_other_pictures_are_far() -> None:
    hashes = [perceptual_hash(picture(seed)) for seed in range(30)]
    distances = [hamming(left, right) for i, left in enumerate(hashes) for right in hashes[:i]]
    assert min(distances) > 10
    assert 28 < np.mean(distances) < 36


def test_one_colour_is_stable() -> None:
    hashes = {perceptual_hash(np.full((50, 70, 3), shade, np.uint8)) for shade in range(1, 256)}
    assert len(hashes) == 1


def test_the_hash_of_a_known_picture() -> None:
    # Stored hashes are compared with new ones for years: a change of this value needs a migration.
    rows, columns = np.mgrid[0:96, 0:128]
    channels = (rows * 5 + columns, rows * columns // 40, (rows - 40) ** 2 // 9 + columns * 2)
    pixels = np.stack(channels, axis=2).clip(0, 255).astype(np.uint8)
    assert hamming(perceptual_hash(pixels), GOLDEN) <= 1


@given(HASHES, HASHES)
def test_hamming_counts_differing_bits(left: int, right: int) -> None:
    distance = hamming(left, right)
    expected = format(left, "064b"), format(right, "064b")
    assert distance == sum(a != b for a, b in zip(*expected, strict=True))
    assert hamming(left, left) == 0
    assert hamming(left, left ^ (2**64 - 1)) == 64
