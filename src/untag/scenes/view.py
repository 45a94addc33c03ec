"""What the scene models are given of a photo: its pixels, and the faces around which they look closer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from untag.scenes.crops import worth_a_look
from untag.types import Box, Face, Frame, Match, Pixels, Verdict

MOST_FACES = 2
"""Crops cost time: a person's own face and its neighbours are what counts."""


@dataclass(frozen=True, slots=True)
class View:
    """`pixels` are the photo, (height, width, 3) uint8 of any size; `faces` are boxes in them, at most `MOST_FACES`."""

    pixels: Pixels
    faces: tuple[Box, ...] = ()


def view_of(frame: Frame, faces: Sequence[Face], matches: Sequence[Match] | None = None) -> View:
    """A photo with the faces that count: those that may be somebody enrolled, their neighbours, else the largest.

    `matches` has one entry for each face, or is None where nobody is enrolled.
    """
    boxes = [face.box.scaled(frame.scale) for face in faces]
    candidates = worth_a_look(boxes)
    own = [] if matches is None else [each for each in candidates if matches[each].verdict is not Verdict.OTHER]
    others = [each for each in candidates if each not in own]
    if own:
        others.sort(key=lambda each: min(_apart(boxes[each], boxes[mine]) for mine in own))
    return View(frame.pixels, tuple(boxes[each] for each in [*own, *others][:MOST_FACES]))


def _apart(one: Box, other: Box) -> float:
    """The distance between the middles of two faces."""
    across = (one.left + one.right - other.left - other.right) / 2
    down = (one.top + one.bottom - other.top - other.bottom) / 2
    return math.hypot(across, down)
