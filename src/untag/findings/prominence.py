"""Where in the picture you are: what the faces alone show."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import sqrt

from untag.types import Box

CLOSE_FROM = 0.25
"""The side of a face box as a share of the picture's (roots of the areas): head and shoulders fill the picture."""

SMALL_BELOW = 0.03
"""Likewise. A face box is a tenth of a standing person, who then takes up less than about a third of the picture."""

EDGE = 0.125
"""The share of the width or height that counts as the edge, on each side."""

CROWD_FROM = 8
"""Faces, yours included: more than sit at one table."""


class Prominence(StrEnum):
    """What makes you more or less conspicuous in a picture; each stands in the reasons and has its weight."""

    CLOSE = "close"
    SMALL = "small"
    EDGE = "edge"
    ALONE = "alone"
    CROWD = "crowd"


def prominence(own: Sequence[Box], faces: int, width: int, height: int) -> tuple[Prominence, ...]:
    """What holds for the largest of your `own` faces, among `faces` in all, in a picture of this size in pixels.

    | the picture                                          | gives |
    |------------------------------------------------------|-------|
    | your face is a quarter of its side or more           | close |
    | your face is below a 33rd of its side                | small |
    | and its middle is in the outer eighth, at any side   | edge, instead of small |
    | no other face                                        | alone |
    | eight faces or more                                  | crowd |

    Nothing holds for the usual photo of a few people, nor for one in which you were not found.
    """
    if not own:
        return ()
    face = max(own, key=lambda box: box.width * box.height)
    found: list[Prominence] = []
    share = sqrt(face.width * face.height / (width * height))
    if share >= CLOSE_FROM:
        found.append(Prominence.CLOSE)
    elif share < SMALL_BELOW:
        found.append(Prominence.EDGE if _at_edge(face, width, height) else Prominence.SMALL)
    people = faces - len(own) + 1
    if people == 1:
        found.append(Prominence.ALONE)
    elif people >= CROWD_FROM:
        found.append(Prominence.CROWD)
    return tuple(found)


def _at_edge(face: Box, width: int, height: int) -> bool:
    across, down = (face.left + face.right) / 2 / width, (face.top + face.bottom) / 2 / height
    return min(across, 1 - across, down, 1 - down) < EDGE
