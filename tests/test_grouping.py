"""Near-duplicates: which photos are copies of one picture, and how the findings tell."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from untag.findings.grouping import NEAR, group_near_duplicates
from untag.findings.hashes import HashedPhoto, hamming, is_telling
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.imaging.phash import perceptual_hash
from untag.types import Box, Verdict

SAMPLES = Path(__file__).parents[1] / "sample_photos" / "archive"
HASH = 0xAAAA_5555_F0F0_0F0F
PHOTO = HashedPhoto("big", HASH, 1600, 1200, Verdict.ME, "Ada", 1, None, (Box(400, 300, 800, 700),))
SMALL = replace(PHOTO, sha256="small", width=800, height=600, faces=(Box(200, 150, 400, 350),))


def differing(value: int, *bits: int) -> int:
    """The hash with these bits turned."""
    for bit in bits:
        value ^= 1 << bit
    return value


def test_a_smaller_copy_names_the_larger_one() -> None:
    assert group_near_duplicates([SMALL, PHOTO]) == {"small": "big"}
    assert group_near_duplicates([PHOTO]) == group_near_duplicates([]) == {}


@pytest.mark.parametrize(
    "other",
    [
        replace(SMALL, phash=differing(HASH, 1, 13, 26, 40, 63)),
        replace(SMALL, width=825),
        replace(SMALL, width=600, height=800),
        replace(SMALL, verdict=Verdict.MAYBE),
        replace(SMALL, person="Bob"),
        replace(SMALL, faces=(Box(280, 150, 480, 350),)),
        replace(SMALL, faces=(Box(200, 230, 400, 430),)),
        replace(SMALL, faces=()),
    ],
    ids=["hash", "aspect", "turned", "verdict", "person", "moved aside", "moved down", "no face"],
)
def test_what_keeps_photos_apart(other: HashedPhoto) -> None:
    assert group_near_duplicates([PHOTO, other]) == {}


@pytest.mark.parametrize(
    "other",
    [
        replace(SMALL, phash=differing(HASH, 1, 13, 26, 40)),
        replace(SMALL, width=812),
        replace(SMALL, faces=(Box(260, 190, 460, 390),)),
        replace(SMALL, faces=(Box(0, 0, 50, 50), *SMALL.faces)),
    ],
    ids=["hash", "aspect", "face", "one face more"],
)
def test_how_much_copies_may_differ(other: HashedPhoto) -> None:
    assert group_near_duplicates([PHOTO, other]) == {"small": "big"}


def test_photos_taken_at_different_times_are_no_copies() -> None:
    taken = replace(PHOTO, taken_at="2024-05-06T07:08:09+02:00")
    assert group_near_duplicates([taken, replace(SMALL, taken_at="2024-05-06T07:08:10")]) == {}
    assert group_near_duplicates([taken, replace(SMALL, taken_at="2024-05-06T07:08:09")]) == {"small": "big"}
    assert group_near_duplicates([taken, SMALL]) == group_near_duplicates([PHOTO, SMALL])


@pytest.mark.parametrize("value", [0, 1, 1 << 63, 0xFF << 56, 0x8080_8080_8080_8080])
def test_pictures_of_one_colour_or_gradient_are_compared_with_nothing(value: int) -> None:
    assert group_near_duplicates([replace(PHOTO, phash=value), replace(SMALL, phash=value)]) == {}


def test_the_representative_has_most_pixels_then_was_seen_first() -> None:
    late, early = replace(PHOTO, sha256="a", seen=3), replace(PHOTO, sha256="z", seen=2)
    assert group_near_duplicates([late, early, SMALL]) == {"a": "z", "small": "z"}
    assert group_near_duplicates([late, replace(early, seen=3), SMALL]) == {"z": "a", "small": "a"}


def test_a_copy_joins_the_nearest_and_no_chain_drifts() -> None:
    steps = [
        replace(PHOTO, sha256=f"{number}", width=1600 - 4 * number, height=1200 - 3 * number, phash=value)
        for number, value in enumerate((HASH, differing(HASH, 0, 1, 2, 3), differing(HASH, *range(6))))
    ]
    assert group_near_duplicates(steps) == {"1": "0"}, "the third is near the second, but not the first"
    # Two bits from the third and four from the first.
    between = replace(SMALL, phash=differing(HASH, 2, 3, 4, 5))
    assert group_near_duplicates([*steps, between]) == {"1": "0", "small": "2"}


@st.composite
def photos(draw: st.DrawFn) -> list[HashedPhoto]:
    """Photos around three pictures, near them and between them."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        bits = draw(st.sets(st.integers(0, 63), max_size=7))
        scale = draw(st.sampled_from([1, 2, 4]))
        made.append(
            HashedPhoto(
                f"{number:02}",
                differing(draw(st.sampled_from([HASH, ~HASH % 2**64, 0x0F0F_0F0F_3333_3333])), *bits),
                400 * scale,
                300 * scale + draw(st.sampled_from([0, 1, 40])),
                draw(st.sampled_from([Verdict.ME, Verdict.MAYBE])),
                "Ada",
                draw(st.integers(1, 2)),
            )
        )
    return made


@settings(max_examples=300)
@given(photos(), st.randoms(use_true_random=False))
def test_groups_of_whatever_photos(made: list[HashedPhoto], chance: random.Random) -> None:
    found = group_near_duplicates(made)
    shuffled = list(made)
    chance.shuffle(shuffled)
    assert group_near_duplicates(shuffled) == found, "the order does not matter"
    by_hash = {photo.sha256: photo for photo in made}
    heads = [photo for photo in made if photo.sha256 not in found]
    assert not set(found.values()) & found.keys(), "a representative is nobody's copy"
    for lesser, head in ((by_hash[one], by_hash[other]) for one, other in found.items()):
        assert hamming(lesser.phash, head.phash) <= NEAR
        assert (lesser.verdict, lesser.width <= head.width) == (head.verdict, True)
        assert group_near_duplicates([lesser, head]) == {lesser.sha256: head.sha256}
        for other in heads:
            if group_near_duplicates([lesser, other]) == {lesser.sha256: other.sha256}:
                assert hamming(lesser.phash, head.phash) <= hamming(lesser.phash, other.phash), "the nearest one"
    for one, other in combinations(heads, 2):
        same_shape = abs(one.width / one.height - other.width / other.height) < 0.01
        near = hamming(one.phash, other.phash) <= NEAR and same_shape and one.verdict is other.verdict
        assert not near, "two that are near are never both representatives"


def test_the_sample_photos_have_the_copies_that_were_made(tmp_path: Path) -> None:
    paths = sorted(path for path in SAMPLES.rglob("*") if path.suffix in {".jpg", ".webp"})
    if not paths:
        pytest.skip("the sample photos are not here")
    hashed = []
    for path in paths:
        frame = decode(path.read_bytes(), max_side=1600, limits=Limits())
        value = perceptual_hash(frame.pixels)
        assert is_telling(value), path
        name = path.relative_to(SAMPLES).as_posix()
        hashed.append(HashedPhoto(name, value, frame.width, frame.height, Verdict.ME, "me", 1, frame.taken_at))
    found = group_near_duplicates(hashed)
    assert {Path(one).name: Path(other).name for one, other in found.items()} == {
        "1000000000203.jpg": "IMG_20230916_203114.jpg",
        "IMG_20240713_112233.jpg": "1000000000301.jpg",
        "1000000000601.jpg": "1000000000502.jpg",
        "1000000000605.jpg": "10102_1000000000102_20102_n_1000000000102.jpg",
        "10103_1000000000103_20103_n_1000000000103.jpg": "1000000000604.jpg",
        "IMG_20231224_181530.jpg": "20231224_181530.jpg",
    }, json.dumps(found, indent=1)
