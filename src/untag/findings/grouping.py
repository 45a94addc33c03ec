"""Which findings are copies of one picture: made smaller, compressed again, a little brighter.

Pure. Two photos are near-duplicates when their perceptual hashes differ in at most `NEAR` bits, their aspect ratios
agree, they show the same person with the same verdict and the face in the same place, and no two dates say otherwise.

`NEAR` is measured. 1,465 photos against copies of themselves: at most 4 bits differ in 99.6 % of copies of a quarter of
the side as JPEG of quality 40, in 99.9 % of half the side and quality 60, in all of full size and quality 40 or 60, in
99.8 % of those 10 % brighter; but only in 78 % of those cropped by 3 %, the others of which stay findings of their own.
8,032 photos against each other, 21 million pairs of agreeing aspect ratio: 36 pairs differ in at most 4 bits, and 4 of
these are different pictures, all of a thing alone on white; of 12,656 pairs of photos of the same person, 2, both of
them the same picture. With 6 bits the first portraits of different people fall together, with 8 dozens do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from untag.findings.hashes import HashedPhoto, hamming, is_telling
from untag.types import Box

NEAR = 4
"""Bits of 64."""

ASPECT_TOLERANCE = 0.02
"""The share by which aspect ratios may differ: what rounding makes of a thumbnail."""

FACE_TOLERANCE = 0.35
"""How far the middle of a face may have moved, in widths and heights of its box.

The hash sees 32x32 pixels: somebody who walks through a wide view changes nothing in it, but is somewhere else. The
detector found the same face of 156 smaller copies within 0.18, 99 % within 0.13.
"""

# Hashes that differ in at most NEAR bits are equal in at least one of NEAR + 1 disjoint parts. Each part has bits from
# all over the hash, since neighbouring frequencies go together and would make some keys very common.
_PARTS = tuple(sum(1 << bit for bit in range(part, 64, NEAR + 1)) for part in range(NEAR + 1))


def group_near_duplicates(photos: Sequence[HashedPhoto]) -> dict[str, str]:
    """Maps the SHA-256 of each lesser copy to that of its representative; the order of `photos` does not matter.

    Photos are taken from the one with the most pixels (then the one seen earliest, then by SHA-256) downwards. Each
    joins the nearest representative so far that it is a near-duplicate of, or becomes one itself. So every copy is near
    its own representative: there are no chains that lead from one picture to another.
    """
    representatives: dict[str, str] = {}
    tables: defaultdict[tuple[object, ...], list[HashedPhoto]] = defaultdict(list)
    for photo in sorted(photos, key=_rank):
        if not is_telling(photo.phash):
            continue
        keys = [(photo.verdict, photo.person, part, photo.phash & part) for part in _PARTS]
        best: HashedPhoto | None = None
        least = NEAR + 1
        for candidate in (other for key in keys for other in tables.get(key, ())):
            distance = hamming(candidate.phash, photo.phash)
            # Of two that are as near, the one of the higher rank; a lower table may hold it.
            if distance > least or (distance == least and best is not None and _rank(best) <= _rank(candidate)):
                continue
            if distance <= NEAR and _agree(candidate, photo):
                best, least = candidate, distance
        if best is None:
            for key in keys:
                tables[key].append(photo)
        else:
            representatives[photo.sha256] = best.sha256
    return representatives


def _rank(photo: HashedPhoto) -> tuple[int, int, str]:
    return (-photo.width * photo.height, photo.seen, photo.sha256)


def _agree(left: HashedPhoto, right: HashedPhoto) -> bool:
    """Whether everything but the hash speaks for copies of one picture."""
    wide, tall = left.width * right.height, right.width * left.height
    if abs(wide - tall) > ASPECT_TOLERANCE * max(wide, tall):
        return False
    # A burst has several photos a second apart.
    if left.taken_at is not None and right.taken_at is not None and not _same_moment(left.taken_at, right.taken_at):
        return False
    if not left.faces or not right.faces:
        return left.faces == right.faces
    return any(_same_place(_share(one, left), _share(other, right)) for one in left.faces for other in right.faces)


def _same_moment(one: str, other: str) -> bool:
    """Whether two moments may be one: a copy may have lost the offset behind the seconds, or say a date alone."""
    known = min(len(one), len(other), 19)
    return one[:known] == other[:known]


def _share(box: Box, photo: HashedPhoto) -> Box:
    """A box as shares of the photo's width and height."""
    return Box(box.left / photo.width, box.top / photo.height, box.right / photo.width, box.bottom / photo.height)


def _same_place(one: Box, other: Box) -> bool:
    across = abs(one.left + one.right - other.left - other.right) / 2
    down = abs(one.top + one.bottom - other.top - other.bottom) / 2
    return across <= FACE_TOLERANCE * max(one.width, other.width) and down <= FACE_TOLERANCE * max(
        one.height, other.height
    )
