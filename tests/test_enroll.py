"""Enrolment: which photos become references, and what is said about the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import ME, STRANGER, Result, Square, Untag, paint
from untag.store import Store, references


def enroll(untag: Untag, *photos: bytes, person: str = "me", yes: bool = False) -> Result:
    folder = untag.root / "references"
    folder.mkdir(exist_ok=True)
    paths = []
    for data in photos:
        paths.append(folder / f"{len(list(folder.iterdir()))}.png")
        paths[-1].write_bytes(data)
    return untag.run("enroll", *paths, "--person", person, *(["--yes"] if yes else []))


def uses(untag: Untag, person: str = "me") -> dict[str, bool]:
    """The references of a person by file name, and whether each is used."""
    with Store.open(untag.home) as store:
        return {Path(item.path).name: item.used for item in references(store, person)}


def lines(result: Result) -> list[str]:
    """What was said of each photo, without its path."""
    return [f"{line.split('  ')[0].strip()}: {line.split('.png: ')[1]}" for line in result.out.splitlines()]


def test_one_clear_face_each(untag: Untag) -> None:
    result = enroll(untag, paint(ME, serial=1), paint(Square(off=0.1), serial=2), paint(Square(off=0.2), serial=3))
    assert result.status == 0
    assert lines(result) == ["used: one clear face"] * 3
    assert result.err == "me is enrolled with 3 photos\nnext: untag scan FOLDER…\n"
    assert uses(untag) == {"0.png": True, "1.png": True, "2.png": True}


def test_a_single_photo_is_enough_and_more_are_asked_for(untag: Untag) -> None:
    result = enroll(untag, paint(ME, serial=1))
    assert result.status == 0
    assert "me is enrolled with 1 photo\n" in result.err
    assert "add them with: untag enroll PHOTO…" in result.err


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (paint(serial=1), "no face was found; take a photo in which the face is larger and seen from the front"),
        (paint(ME, STRANGER, serial=1), "2 faces were found; crop the photo so that only one is left"),
        (paint(Square(side=50), serial=1), "the face is 50 pixels wide; at least 60 are needed"),
        (paint(Square(clear=False), serial=1), "the face is too blurred, or turned too far away"),
    ],
)
def test_photos_that_cannot_be_used(untag: Untag, picture: bytes, reason: str) -> None:
    result = enroll(untag, picture)
    assert result.status == 1
    assert lines(result) == [f"not used: {reason}"]
    assert "no photo could be used, so me is not enrolled" in result.err
    assert uses(untag) == {}
    assert untag.run("scan", untag.root).status == 2
    # Once somebody is enrolled, the same photo takes nothing from them, and is told of all the same.
    assert enroll(untag, paint(ME, serial=2)).status == 0
    assert enroll(untag, picture).status == 1
    assert list(uses(untag).values()) == [True]


def test_small_faces_in_the_background_do_not_count(untag: Untag) -> None:
    background = [Square(person=person, side=20) for person in (3, 4)]
    result = enroll(untag, paint(Square(side=100), *background, serial=1))
    assert lines(result) == ["used: one clear face"]
    with Store.open(untag.home) as store:
        (reference,) = references(store)
    assert reference.face.box.width == 100


def test_an_outlier_among_four(untag: Untag) -> None:
    pictures = [paint(Square(off=off / 10), serial=off) for off in (0, 1, 2)]
    result = enroll(untag, pictures[0], paint(STRANGER, serial=9), *pictures[1:])
    assert result.status == 1
    said = lines(result)
    assert said[1].startswith("not used: looks unlike the other references")
    assert [said[index] for index in (0, 2, 3)] == ["used: one clear face"] * 3
    assert uses(untag) == {"0.png": True, "1.png": False, "2.png": True, "3.png": True}
    assert "me is enrolled with 3 photos" in result.err
    assert "me: 3 photos, 9" in untag.run("people").out
    assert ", 1 set aside (fake-1)" in untag.run("people").out


def test_two_appearances_are_both_searched_for_and_named(untag: Untag) -> None:
    bearded = [paint(Square(person=3, off=off / 10), serial=20 + off) for off in (0, 1)]
    shaved = [paint(Square(off=off / 10), serial=off) for off in (0, 1, 2)]
    result = enroll(untag, *bearded, *shaved)
    assert [line.split(":")[0] for line in lines(result)] == ["used"] * 5
    assert "me is enrolled with 5 photos\nthe photos fall into 2 appearances" in result.err
    named = [Path(line).name for line in result.err.splitlines() if line.startswith("  ")]
    assert named == ["0.png", "1.png"]
    assert "untag people remove ID" in result.err
    assert untag.run("people").out.startswith("me: 5 photos, 2 appearances (3 + 2), ")
    for name, square in (("a.png", Square(person=3)), ("b.png", ME), ("c.png", STRANGER)):
        untag.add(name, paint(square, serial=40 + ord(name[0])))
    untag.scan()
    assert untag.found() == {"a.png": "me", "b.png": "me"}


def test_a_second_look_that_comes_later_finds_more_at_once(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(Square(off=1.2), serial=2))
    untag.scan()
    assert untag.found() == {"a.png": "me"}
    bearded = [paint(Square(off=1.2 + off / 100), serial=20 + off) for off in (1, 2)]
    assert enroll(untag, *bearded, yes=True).status == 0
    assert ", 2 appearances (2 + 2), " in untag.run("people").out
    assert untag.found() == {"a.png": "me", "b.png": "me"}


def test_a_look_unlike_all_that_was_searched_for_is_looked_for_again(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(STRANGER, serial=2))
    untag.scan()
    enroll(untag, *(paint(Square(person=7, off=off / 10), serial=20 + off) for off in (1, 2)), yes=True)
    untag.engine.analysed.clear()
    untag.scan()
    # The embedding in the second was thrown away when it was like nobody.
    assert dict(untag.engine.analysed) == {2: 1}
    assert untag.found() == {"a.png": "me", "b.png": "me"}


def test_copies_of_an_outlier_are_all_set_aside(untag: Untag) -> None:
    outlier = paint(STRANGER, serial=9)
    result = enroll(untag, paint(ME, serial=1), paint(Square(off=0.1), serial=2), outlier, outlier)
    assert [line.split(":")[0] for line in lines(result)] == ["used", "used", "not used", "not used"]


def test_of_two_that_disagree_the_first_is_believed(untag: Untag) -> None:
    result = enroll(untag, paint(ME, serial=1), paint(STRANGER, serial=2))
    assert [line.split(":")[0] for line in lines(result)] == ["used", "not used"]
    assert uses(untag) == {"0.png": True, "1.png": False}


def test_photos_that_come_later_take_back_what_was_set_aside(untag: Untag) -> None:
    # The second lies beyond `maybe` of the first, and within it of the mean with those that come later.
    enroll(untag, paint(ME, serial=1), paint(Square(off=1.2), serial=2))
    assert uses(untag) == {"0.png": True, "1.png": False}
    enroll(untag, paint(Square(off=0.7), serial=3), paint(Square(off=0.6), serial=4))
    assert uses(untag) == dict.fromkeys(("0.png", "1.png", "2.png", "3.png"), True)


def test_the_same_photo_twice_counts_once(untag: Untag) -> None:
    picture = paint(ME, serial=1)
    assert enroll(untag, picture, picture).status == 0
    assert enroll(untag, picture).err.startswith("me is enrolled with 1 photo\n")
    assert len(uses(untag)) == 1


def test_several_persons(untag: Untag) -> None:
    assert enroll(untag, paint(ME, serial=1), paint(Square(off=0.2), serial=2)).status == 0
    assert enroll(untag, paint(STRANGER, serial=3), person="Ünal 3").status == 0
    assert untag.run("people").out.splitlines() == [
        "me: 2 photos, 97% alike (fake-1)",
        "Ünal 3: 1 photo (fake-1)",
    ]
    untag.add("a.png", paint(ME, serial=4))
    untag.add("b.png", paint(STRANGER, serial=5))
    assert untag.run("scan", untag.photos).status == 0
    assert {(item["person"], item["verdict"]) for item in untag.listed()} == {("me", "me"), ("Ünal 3", "me")}
    assert untag.run("forget", "--person", "me").status == 0
    assert untag.run("people").out == "Ünal 3: 1 photo (fake-1)\n"
    assert [item["person"] for item in untag.listed()] == ["Ünal 3"]


def test_nobody_is_enrolled(untag: Untag) -> None:
    result = untag.run("people")
    assert (result.status, result.out) == (0, "")
    assert result.err == "nobody is enrolled yet; show untag your face with: untag enroll PHOTO…\n"


def test_an_unreadable_file_among_them(untag: Untag) -> None:
    result = enroll(untag, paint(ME, serial=1), b"", b"no photo at all", paint(Square(off=0.1), serial=2))
    assert result.status == 1
    assert lines(result) == [
        "used: one clear face",
        "not used: the file is empty",
        "not used: not an image (it starts like plain text)",
        "used: one clear face",
    ]
    assert "me is enrolled with 2 photos" in result.err


def test_more_photos_than_a_batch_keep_their_order(untag: Untag) -> None:
    pictures = [
        b"" if number % 5 == 3 else paint(Square(off=number / 100), serial=number, side=100) for number in range(20)
    ]
    result = enroll(untag, *pictures)
    assert [line.split(":")[0] == "used" for line in lines(result)] == [number % 5 != 3 for number in range(20)]
    paths = [Path(line.split("  ")[-1].split(": ")[0]).name for line in result.out.splitlines()]
    assert paths == [f"{number}.png" for number in range(20)]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m"])
def test_a_name_that_cannot_be_one(untag: Untag, name: str) -> None:
    result = enroll(untag, paint(ME, serial=1), person=name)
    assert result.status == 2
    assert "a person's name must be printable and not empty" in result.err
