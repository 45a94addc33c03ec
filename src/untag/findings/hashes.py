"""Perceptual hashes compared: how many bits differ, and which hashes say anything."""

from __future__ import annotations

from dataclasses import dataclass

from untag.types import Box, Verdict

_FEWEST_BITS = 12


def hamming(left: int, right: int) -> int:
    """How many of the 64 bits of two perceptual hashes differ."""
    return (left ^ right).bit_count()


def is_telling(value: int) -> bool:
    """Whether a perceptual hash identifies its picture; those of one colour or one gradient do not.

    All of 8,032 photos had 32 bits set; a picture that changes along one side only cannot have more than 8.
    """
    return value.bit_count() >= _FEWEST_BITS


@dataclass(frozen=True, slots=True)
class HashedPhoto:
    """What tells whether a photo with a finding is a copy of another one.

    `phash` has 64 bits; `seen` is the run that met the photo first; `taken_at` is ISO 8601 from EXIF, local time.
    `faces` are the boxes of the person's own faces, in pixels of the upright original of `width` by `height`.
    """

    sha256: str
    phash: int
    width: int
    height: int
    verdict: Verdict
    person: str | None
    seen: int
    taken_at: str | None = None
    faces: tuple[Box, ...] = ()
