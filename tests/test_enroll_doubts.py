"""Nobody's profile is poisoned unasked: photos of several people, or of somebody else, are stored only on a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fakes import ME, STRANGER, Result, Square, Untag, paint
from untag.cli.app import untag as command_line
from untag.store import Store, references

_Kept = list[tuple[int | None, str, bool, str | None]]


def stored(untag: Untag, person: str = "me") -> _Kept:
    """All that is on record of a person's references."""
    with Store.open(untag.home) as store:
        return [(item.id, item.sha256, item.used, item.note) for item in references(store, person)]


def folder(untag: Untag, *squares: Square, name: str = "given") -> Path:
    """A folder with one photo of each."""
    at = untag.root / name
    at.mkdir()
    for number, square in enumerate(squares):
        (at / f"{number}.png").write_bytes(paint(square, serial=len(name) * 1000 + number))
    return at


def several(people: int, photos: int) -> list[Square]:
    return [Square(person=3 + person, off=off / 20) for person in range(people) for off in range(photos)]


REFUSED = {
    "four people": (several(4, 2), "fall into 4 appearances, as those of several people do"),
    "a folder of strangers": (several(9, 1), "8 photos look unlike all the others"),
    "two who are alike, and two others": ([*several(1, 2), *several(3, 1)[1:]], "2 photos look unlike all the others"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_of_several_people_enrols_nobody(untag: Untag, case: str) -> None:
    squares, reason = REFUSED[case]
    given = folder(untag, *squares)
    result = untag.run("enroll", given)
    assert result.status == 2
    assert reason in result.err
    assert "nothing was stored; if all of these show me, say so with --yes" in result.err
    assert stored(untag) == []
    assert untag.run("enroll", given, "--yes").status == (0 if case == "four people" else 1)
    assert len(stored(untag)) == len(squares)


def test_three_appearances_are_a_life(untag: Untag) -> None:
    result = untag.run("enroll", folder(untag, *several(3, 2)))
    assert result.status == 0
    assert "3 appearances" in result.err


AGAINST = {
    "somebody else": (several(1, 2), "2 photos look unlike those enrolled before"),
    "one stranger": ([STRANGER], "1 photo looks unlike all the others"),
    "among good ones": ([Square(off=0.2), *several(1, 2)], "2 photos look unlike those enrolled before"),
}


@pytest.mark.parametrize("case", AGAINST)
def test_photos_unlike_what_is_enrolled_change_nothing_unasked(untag: Untag, case: str) -> None:
    squares, reason = AGAINST[case]
    untag.enroll()
    before = stored(untag)
    given = folder(untag, *squares)
    result = untag.run("enroll", given)
    assert result.status == 2
    assert reason in result.err
    assert stored(untag) == before
    untag.run("enroll", given, "--yes")
    assert len(stored(untag)) == len(before) + len(squares)


def test_many_of_somebody_else_do_not_push_out_the_only_photo(untag: Untag) -> None:
    untag.enroll(ME)
    before = stored(untag)
    result = untag.run("enroll", folder(untag, *several(1, 5)))
    assert result.status == 2
    assert "5 photos look unlike those enrolled before" in result.err
    assert "1 photo looks unlike the new ones and would not be used any more" in result.err
    assert stored(untag) == before


def test_one_that_is_wrong_among_many_is_set_aside_without_a_question(untag: Untag) -> None:
    untag.enroll()
    result = untag.run("enroll", folder(untag, Square(off=0.2), Square(off=0.3), STRANGER))
    assert result.status == 1
    assert [used for _, _, used, _ in stored(untag)] == [True] * 4 + [False]


def test_what_was_taken_once_is_not_asked_about_again(untag: Untag) -> None:
    given = folder(untag, *several(4, 2))
    assert untag.run("enroll", given, "--yes").status == 0
    assert untag.run("enroll", given).status == 0
    assert untag.run("enroll", folder(untag, Square(person=3, off=0.01), name="more")).status == 0


def test_other_people_are_no_reason(untag: Untag) -> None:
    untag.enroll()
    assert untag.run("enroll", folder(untag, STRANGER), "--person", "Ben").status == 0


@pytest.mark.parametrize(("answer", "status", "count"), [("y\n", 0, 4), ("n\n", 1, 2), ("\n", 1, 2)])
def test_on_a_terminal_untag_asks(
    untag: Untag, monkeypatch: pytest.MonkeyPatch, answer: str, status: int, count: int
) -> None:
    untag.enroll()
    given = folder(untag, *several(1, 2))
    monkeypatch.setattr("untag.cli.enroll.is_asking", lambda: True)
    result = CliRunner().invoke(
        command_line, ["--home", str(untag.home), "enroll", str(given)], input=answer, standalone_mode=False
    )
    assert result.return_value == status
    assert "Do all of these show me?" in result.output
    assert ("nothing was stored" in result.output) is (status == 1)
    assert len(stored(untag)) == count


def shown(untag: Untag, person: str = "me") -> list[str]:
    result = untag.run("people", "show", person)
    assert result.status == 0
    return [re.sub(r"  /.*/", "  ", line) for line in result.out.splitlines()]


def test_show_says_what_each_photo_contributes(untag: Untag) -> None:
    untag.enroll()
    untag.run("enroll", folder(untag, *several(1, 2)), "--yes")
    untag.run("enroll", folder(untag, STRANGER, name="other"), "--yes")
    lines = shown(untag)
    assert [line.split(",")[0].split(":")[0] for line in lines] == [
        "1  used",
        "2  used",
        "3  used",
        "4  used",
        "5  set aside",
    ]
    assert re.fullmatch(r"1  used, appearance 1 of 2 photos, \d+% like the others  9000.png \(fake-1\)", lines[0])
    assert "appearance 2 of 2 photos" in lines[2]
    assert "looks unlike the other references, so it is not used" in lines[4]


def test_how_alike_a_photo_is_to_the_others(untag: Untag) -> None:
    """By hand: the mean over the other photos in use of the calibrated similarity of each pair."""
    from fakes import CALIBRATION
    from untag.people.calibrate import Calibration

    squares = (ME, Square(off=0.3), Square(off=0.9))
    untag.enroll(*squares)
    calibration = Calibration(*(float(CALIBRATION[name]) for name in ("maybe", "me", "maybe_shift", "me_shift")))
    for square, line in zip(squares, shown(untag), strict=True):
        others = [abs(square.off - other.off) for other in squares if other != square]
        expected = calibration.similarity(others).mean()
        assert f", {expected:.0%} like the others" in line


def test_a_single_photo_is_like_nobody(untag: Untag) -> None:
    untag.enroll(ME)
    (line,) = shown(untag)
    assert line.startswith("1  used, appearance 1 of 1 photo  9000.png")


def test_nobody_of_that_name(untag: Untag) -> None:
    untag.enroll()
    result = untag.run("people", "show", "Eve")
    assert (result.status, result.out) == (2, "")
    assert "nobody called Eve is enrolled; see: untag people" in result.err


def test_taking_a_photo_back_judges_again_without_a_rescan(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(Square(person=3), serial=2))
    untag.run("enroll", folder(untag, *several(1, 1)), "--yes", "--person", "me")
    untag.run("enroll", folder(untag, Square(person=3, off=0.05), name="second"), "--yes")
    untag.scan()
    assert untag.found() == {"a.png": "me", "b.png": "me"}
    untag.engine.analysed.clear()
    for number in (3, 4):
        result = untag.run("people", "remove", str(number))
        assert result.status == 0
        assert "back from me, and judged again what was scanned" in result.err
    assert untag.found() == {"a.png": "me"}
    assert not untag.engine.analysed
    assert [number for number, *_ in stored(untag)] == [1, 2]


def test_what_a_wrong_photo_had_pushed_out_comes_back(untag: Untag) -> None:
    untag.enroll(ME)
    untag.run("enroll", folder(untag, *several(1, 2)), "--yes")
    assert [used for _, _, used, _ in stored(untag)] == [False, True, True]
    assert untag.run("people", "remove", "2").status == 0
    assert [used for _, _, used, _ in stored(untag)] == [True, False]


def test_taking_back_the_last_photo(untag: Untag) -> None:
    untag.enroll(ME)
    untag.add("a.png", paint(ME, serial=1))
    untag.scan()
    result = untag.run("people", "remove", "1")
    assert result.status == 0
    assert "me has no photo any more; add some with: untag enroll PHOTO…" in result.err
    assert untag.listed() == []
    assert untag.run("people").err.startswith("nobody is enrolled yet")


def test_the_face_of_a_photo_taken_back_is_erased(untag: Untag) -> None:
    untag.enroll()
    embedding = Square(off=0.01).embedding.tobytes()
    assert any(embedding in file.read_bytes() for file in untag.home.iterdir() if file.is_file())
    untag.run("people", "remove", "2")
    assert not any(embedding in file.read_bytes() for file in untag.home.iterdir() if file.is_file())


@pytest.mark.parametrize("number", ["7", "-1", "0"])
def test_no_such_photo(untag: Untag, number: str) -> None:
    untag.enroll()
    before = stored(untag)
    result: Result = untag.run("people", "remove", "--", number)
    assert result.status == 2
    assert f"no reference has the id {number}; see: untag people show NAME" in result.err
    assert stored(untag) == before


def test_a_name_of_a_page_is_none(untag: Untag) -> None:
    result = untag.run("enroll", folder(untag, Square(person=3)), "--person", "n" * 201)
    assert result.status == 2
    assert "at most 200 characters; this one has 201" in result.err
