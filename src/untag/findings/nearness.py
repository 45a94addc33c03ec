"""How near to you a thing is in the picture: the glass beside your face counts for more than one at the far end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import hypot, sqrt

from untag.types import Box, Spot

NEAR_FACES, NEAR_SIDE = 3.0, 0.1
"""A hand is up to about three faces from a face. The share of the picture's side is how roughly a spot is known."""

FAR_FACES, FAR_SIDE = 4.0, 0.15
"""Further than an arm reaches, and than a spot is usually off. In between nothing is said."""


class Nearness(StrEnum):
    """Whether a thing is where you are in the picture; each stands in the reasons and has its weight."""

    NEAR = "near"
    FAR = "far"


def nearness(spot: Spot, own: Sequence[Box], width: int, height: int) -> Nearness | None:
    """How near `spot` is to the nearest of your `own` faces, in a picture of this size in pixels.

    | the distance from the middle of your face               | gives |
    |---------------------------------------------------------|-------|
    | up to three faces, and a tenth of the picture's side    | near  |
    | more than four faces, and 15 % of the picture's side    | far   |

    A side is the root of an area. None in between, and where you were not found.
    """
    if not own:
        return None
    side = sqrt(width * height)
    x, y = spot.across * width, spot.down * height

    def beyond(box: Box, faces: float, share: float) -> bool:
        distance = hypot(x - (box.left + box.right) / 2, y - (box.top + box.bottom) / 2)
        return distance > faces * sqrt(box.width * box.height) + share * side

    if not all(beyond(box, NEAR_FACES, NEAR_SIDE) for box in own):
        return Nearness.NEAR
    return Nearness.FAR if all(beyond(box, FAR_FACES, FAR_SIDE) for box in own) else None
