"""Pictures that are cut off: looked at as far as they go, reported every time, and never taken for whole ones."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes import ME, STRANGER, Untag, paint

CUT = "the picture is cut off"


def halved(serial: int, *, side: int = 240) -> bytes:
    """A PNG with a face in its upper half, without its lower half."""
    picture = np.asarray(Image.open(BytesIO(paint(ME, serial=serial, side=side)))).copy()
    # Noise takes room, so that half of the bytes are half of the picture.
    picture[side // 2 :, :, 1:] = np.random.default_rng(serial).integers(0, 90, (side - side // 2, side, 2), np.uint8)
    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()[: len(out.getvalue()) // 2]


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    untag.enroll()
    untag.add("cut.png", halved(5))
    untag.add("whole.png", paint(STRANGER, serial=6))
    return untag


def unreadable(untag: Untag, *options: str) -> dict[str, str]:
    """What a scan could not read, or not all of: `--strict` makes it fail for what was so before, too."""
    result = untag.run("scan", untag.photos, "--json", "--strict", *options)
    assert result.status == 1, result.err
    return {Path(item["path"]).name: item["error"] for item in json.loads(result.out)["unreadable"]}


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_face_in_what_is_left_is_a_finding_and_the_file_is_told_of(scanned: Untag, jobs: int) -> None:
    told = unreadable(scanned, "--jobs", str(jobs))
    assert list(told) == ["cut.png"]
    assert CUT in told["cut.png"]
    assert scanned.found() == {"cut.png": "me"}


def test_a_rescan_remembers_both_and_looks_at_nothing_again(scanned: Untag) -> None:
    unreadable(scanned)
    scanned.engine.analysed.clear()
    assert CUT in unreadable(scanned)["cut.png"]
    assert scanned.found() == {"cut.png": "me"}
    assert scanned.engine.analysed == {}


def test_a_copy_found_at_once_or_later_is_told_of_as_well(scanned: Untag) -> None:
    shutil.copy(scanned.photos / "cut.png", scanned.photos / "same.png")
    assert sorted(unreadable(scanned)) == ["cut.png", "same.png"]
    shutil.copy(scanned.photos / "cut.png", scanned.photos / "later.png")
    assert sorted(unreadable(scanned)) == ["cut.png", "later.png", "same.png"]
    assert sorted(scanned.found()) == ["cut.png", "later.png", "same.png"]
    assert sum(scanned.engine.analysed.values()) <= 3


def test_a_cut_off_picture_that_was_moved_is_still_told_of(scanned: Untag) -> None:
    unreadable(scanned)
    (scanned.photos / "cut.png").rename(scanned.photos / "moved.png")
    assert CUT in unreadable(scanned)["moved.png"]
    assert scanned.found() == {"moved.png": "me"}


def test_the_whole_picture_in_its_place_is_whole(scanned: Untag) -> None:
    unreadable(scanned)
    scanned.add("cut.png", paint(ME, serial=5))
    result = scanned.run("scan", scanned.photos, "--json")
    assert (result.status, json.loads(result.out)["unreadable"]) == (0, [])
    assert scanned.found() == {"cut.png": "me"}


def test_another_profile_is_matched_with_it_too(scanned: Untag) -> None:
    unreadable(scanned)
    scanned.enroll(STRANGER, person="Bob")
    unreadable(scanned)
    assert scanned.found() == {"cut.png": "me", "whole.png": "me"}


def test_one_of_which_nothing_is_left_is_only_told_of(scanned: Untag) -> None:
    (scanned.photos / "cut.png").write_bytes(halved(5)[:60])
    assert list(unreadable(scanned)) == ["cut.png"]
    assert scanned.found() == {}


def test_inspect_shows_the_face_and_the_outcome(scanned: Untag) -> None:
    result = scanned.run("inspect", scanned.photos / "cut.png", "--json")
    seen = json.loads(result.out)
    assert result.status == 1
    assert (seen["outcome"], len(seen["faces"]), seen["width"]) == ("broken", 1, 240)
    assert CUT in seen["error"]
    words = scanned.run("inspect", scanned.photos / "cut.png").out
    assert CUT in words
    assert "1 face" in words


def test_it_enrols_nobody(untag: Untag) -> None:
    untag.add("cut.png", halved(5))
    result = untag.run("enroll", untag.photos / "cut.png")
    assert result.status == 1
    assert CUT in result.out + result.err
