"""How many more photos would count by other settings: that a scan with those settings shows just so many."""

from __future__ import annotations

import json
import random
import re
from io import BytesIO

import pytest
from PIL import Image

import untag as library
from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from untag.types import Status

# Scores on both sides of what alcohol and weapon count from at each sensitivity, and of what an evening makes of them.
SCORES = [0.0, 0.05, 0.09, 0.12, 0.16, 0.2, 0.24, 0.3, 0.5, 0.8, 0.95, 0.99]
DECIDED = [None, None, None, "keep", "untag", "request-removal", "done", "not-me", "is-me"]


def dated(picture: bytes, moment: str) -> bytes:
    exif, out = Image.Exif(), BytesIO()
    exif[0x8769] = {0x9003: moment}
    Image.open(BytesIO(picture)).save(out, "PNG", exif=exif.tobytes())
    return out.getvalue()


def fill(untag: Untag, draw: random.Random) -> list[str]:
    """Photos of several people, of two evenings and none, some of them copies; their names."""
    names = []
    for serial in range(1, 19):
        # Those of one size are near-duplicates.
        who = draw.choice([ME, ME, MAYBE, STRANGER])
        square = Square(who.person, who.off, side=draw.choice([50, 70, 90, 110, 130, 150]))
        data = paint(square, serial=serial, alcohol=draw.choice(SCORES), weapon=draw.choice([0.0, 0.0, *SCORES]))
        if draw.random() < 0.8:
            data = dated(data, f"2019:07:{draw.choice([14, 15])} {draw.choice([20, 21, 22])}:{serial:02}:30")
        names.append(f"{serial}.png")
        untag.add(names[-1], data)
        if draw.random() < 0.2:
            untag.add(f"copy-of-{serial}.png", data)
    return names


def counting(untag: Untag) -> set[frozenset[str]]:
    """The undecided pictures in which something counts."""
    with library.open(untag.home, tend=False) as home:
        groups = home.pictures(status=[Status.OPEN, Status.IS_ME])
    return {
        frozenset({group.finding.sha256, *(copy.sha256 for copy in group.copies)})
        for group in groups
        if any(one.categories for one in (group.finding, *group.copies))
    }


def said_of(untag: Untag, words: str) -> int:
    result = untag.run("list")
    found = re.search(rf"(\d+) more photos? would count {words}", result.err)
    return 0 if found is None else int(found[1])


@pytest.mark.parametrize("seed", range(6))
def test_just_as_many_more_are_shown_after_a_scan_with_the_sensitivity_high(untag: Untag, seed: int) -> None:
    draw = random.Random(seed)
    untag.enroll()
    names = fill(untag, draw)
    config = untag.home / "config.toml"
    settings = draw.choice(["", 'sensitivity = "strict"\n', "evenings = false\n", "[thresholds]\nweapon = 0.3\n"])
    config.write_text(settings)
    untag.scan()
    for name in names:
        if (status := draw.choice(DECIDED)) is not None:
            untag.run("decide", untag.photos / name, "--status", status)
    (untag.photos / names[0]).unlink()
    untag.scan("--exclude", names[1], "--prune")
    before, promised = counting(untag), said_of(untag, "with sensitivity")
    config.write_text('sensitivity = "high"\n' + settings.replace('sensitivity = "strict"\n', ""))
    untag.scan("--exclude", names[1], "--prune")
    assert len(counting(untag) - before) == promised
    assert said_of(untag, "with sensitivity") == 0


def test_coordinates_hide_no_photo_from_the_count(untag: Untag) -> None:
    """Nearly every photo of a phone has some, and they call for no action."""
    untag.enroll()
    data = paint(ME, serial=1, alcohol=0.2)
    exif, out = Image.Exif(), BytesIO()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    Image.open(BytesIO(data)).save(out, "PNG", exif=exif.tobytes())
    untag.add("a.png", out.getvalue())
    untag.scan()
    (row,) = json.loads(untag.run("list", "--format", "json").out)
    assert row["categories"] == {"location": 1.0}
    assert said_of(untag, "with sensitivity") == 1


def test_the_count_is_of_all_and_not_said_of_some(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.2))
    untag.scan()
    assert "would count" in untag.run("list").err
    assert "would count" not in untag.run("list", "--verdict", "maybe").err


def test_what_decisions_hide_is_said_where_they_are_made_and_in_every_list(untag: Untag) -> None:
    untag.enroll()
    for number in range(8):
        untag.add(f"kept{number}.png", paint(Square(side=40 + 12 * number), serial=number, alcohol=0.3))
    untag.add("like.png", paint(Square(side=33), serial=20, alcohol=0.29))
    untag.scan()
    kept = [untag.photos / f"kept{number}.png" for number in range(8)]
    said = untag.run("decide", *kept, "--status", "keep").err
    assert "alcohol will count from" in said and "untag categories" in said
    untag.scan()
    assert not counting(untag)
    assert said_of(untag, "without the thresholds that your decisions moved") == 1
    assert "alcohol will count as usual again" in untag.run("decide", *kept, "--undo").err
    untag.scan()
    assert len(counting(untag)) == 9
    assert said_of(untag, "without") == 0


def test_copies_that_are_decided_about_together_count_as_one_decision(untag: Untag) -> None:
    untag.enroll()
    for number in range(8):
        untag.add(f"copy{number}.png", paint(ME, serial=number, alcohol=0.3))
    untag.scan()
    with library.open(untag.home, tend=False) as home:
        assert len(home.pictures()) == 1
    assert "alcohol" not in untag.run("decide", "--category", "alcohol", "--status", "keep", "--yes").err
    with library.open(untag.home, tend=False) as home:
        assert home.moved_thresholds() == {}
