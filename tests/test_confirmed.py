"""`untag enroll --confirmed`: what the user decided about photos makes the profile better."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import MAYBE, ME, STRANGER, Result, Square, Untag, paint
from untag.store import Store, references

PHOTOS = {
    "sure.png": paint(ME, serial=1),
    "maybe.png": paint(MAYBE, serial=2),
    "lookalike.png": paint(Square(off=0.8, seed=5), serial=3),
    "open.png": paint(Square(off=0.7), serial=4),
    "both.png": paint(Square(off=0.3), Square(person=3), serial=5),
    "unclear.png": paint(Square(off=0.1, clear=False), serial=6),
    "stranger.png": paint(STRANGER, serial=7),
}


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    """Somebody enrolled with two photos, and an archive that was scanned."""
    untag.enroll()
    for name, data in PHOTOS.items():
        untag.add(name, data)
    untag.scan()
    return untag


def decide(untag: Untag, status: str, *names: str) -> None:
    assert untag.run("decide", *(untag.photos / name for name in names), "--status", status).status == 0


def confirm(untag: Untag, *arguments: str, status: int = 0) -> dict[str, str]:
    """What was said of each photo, by its name."""
    result = untag.run("enroll", "--confirmed", *arguments)
    assert result.status == status, result.err
    return said(result)


def said(result: Result) -> dict[str, str]:
    found = {}
    for line in result.out.splitlines():
        mark, _, rest = line.partition("  ")
        path, note = rest.strip().split(": ")
        found[Path(path).name] = f"{mark.strip()}: {note}" if mark == "used" else note
    return found


def used(untag: Untag, person: str = "me") -> set[str]:
    with Store.open(untag.home) as store:
        return {Path(item.path).name for item in references(store, person) if item.used}


FIRST = {"9000.png", "9001.png"}


@pytest.mark.parametrize("status", ["keep", "untag", "request-removal", "done"])
def test_what_was_decided_is_added(scanned: Untag, status: str) -> None:
    decide(scanned, status, "maybe.png")
    scanned.engine.analysed.clear()
    assert confirm(scanned) == {"maybe.png": "used: confirmed by you"}
    assert used(scanned) == FIRST | {"maybe.png"}
    assert not scanned.engine.analysed


def test_the_rest_is_judged_again(scanned: Untag) -> None:
    assert scanned.found()["open.png"] == "maybe"
    decide(scanned, "keep", "maybe.png")
    confirm(scanned)
    assert scanned.found()["open.png"] == "me"


def test_not_me_is_never_added(scanned: Untag) -> None:
    decide(scanned, "keep", "lookalike.png")
    decide(scanned, "not-me", "lookalike.png")
    result = scanned.run("enroll", "--confirmed")
    assert (result.status, result.out) == (0, "")
    assert "no photo of me is confirmed; confirm some with: untag decide PHOTO" in result.err
    assert used(scanned) == FIRST
    scanned.run("decide", scanned.photos / "lookalike.png", "--undo")
    assert confirm(scanned).keys() == {"lookalike.png"}


def test_a_decision_that_changes_takes_the_reference_back(scanned: Untag) -> None:
    decide(scanned, "keep", "maybe.png", "sure.png")
    confirm(scanned)
    decide(scanned, "not-me", "maybe.png")
    assert confirm(scanned) == {"sure.png": "used: confirmed by you"}
    assert used(scanned) == FIRST | {"sure.png"}
    assert "1 set aside" in scanned.run("people").out
    scanned.run("decide", scanned.photos / "maybe.png", "--undo")
    confirm(scanned)
    assert used(scanned) == FIRST | {"sure.png", "maybe.png"}


def test_a_photo_that_is_not_me_cannot_be_enrolled_either(scanned: Untag) -> None:
    decide(scanned, "not-me", "lookalike.png")
    result = scanned.run("enroll", scanned.photos / "lookalike.png")
    assert said(result) == {"lookalike.png": "you decided that it is not-me, so it is not used"}
    assert used(scanned) == FIRST


def test_twice_is_once(scanned: Untag) -> None:
    decide(scanned, "done", "sure.png", "maybe.png", "both.png")
    first = confirm(scanned)
    with Store.open(scanned.home) as store:
        before = [(item.path, item.used, item.face.box) for item in references(store)]
    assert confirm(scanned) == first
    with Store.open(scanned.home) as store:
        assert [(item.path, item.used, item.face.box) for item in references(store)] == before


def test_only_the_persons_own_face_and_only_a_clear_one(scanned: Untag) -> None:
    decide(scanned, "keep", "both.png", "unclear.png", "stranger.png")
    assert confirm(scanned, status=1) == {
        "both.png": "used: confirmed by you",
        "unclear.png": "the face is too blurred, or turned too far away",
    }
    with Store.open(scanned.home) as store:
        (added,) = [item for item in references(store) if item.path.endswith("both.png")]
    assert added.face.embedding is not None
    assert abs(added.face.embedding - Square(off=0.3).embedding).max() < 1e-6


def test_the_most_similar_of_two_faces_counts(scanned: Untag) -> None:
    scanned.add("twice.png", paint(Square(off=0.9), Square(off=0.2), serial=9))
    scanned.scan()
    decide(scanned, "keep", "twice.png")
    confirm(scanned)
    with Store.open(scanned.home) as store:
        (added,) = [item for item in references(store) if item.path.endswith("twice.png")]
    assert added.face.embedding is not None
    assert abs(added.face.embedding - Square(off=0.2).embedding).max() < 1e-6


def test_persons_are_kept_apart(scanned: Untag) -> None:
    scanned.enroll(Square(person=3), Square(person=3, off=0.01), person="Ben")
    scanned.add("ben.png", paint(Square(person=3, off=0.2), serial=10))
    scanned.scan()
    decide(scanned, "keep", "sure.png", "ben.png", "both.png")
    # The finding of the one with both is Ben's: what was decided about it is no word on whose the other face is.
    assert confirm(scanned, "--person", "Ben").keys() == {"ben.png", "both.png"}
    assert confirm(scanned).keys() == {"sure.png"}
    assert used(scanned, "Ben") & used(scanned) == set()


def test_a_photo_that_is_gone_is_left_out(scanned: Untag) -> None:
    decide(scanned, "keep", "sure.png", "maybe.png")
    (scanned.photos / "sure.png").unlink()
    scanned.scan()
    assert confirm(scanned).keys() == {"maybe.png"}


def test_nobody_is_enrolled_yet(untag: Untag) -> None:
    result = untag.run("enroll", "--confirmed")
    assert result.status == 1
    assert "no photo of me is confirmed" in result.err


def test_photos_or_confirmed_but_not_both(untag: Untag) -> None:
    for arguments in ((), ("--confirmed", untag.photos)):
        result = untag.run("enroll", *arguments)
        assert result.status == 2
        assert "say either PHOTO… or --confirmed" in result.err
