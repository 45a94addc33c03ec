"""Photos of one evening speak for each other: which do, how far, and that they do not where it is unsure."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import untag as library
from fakes import ME, STRANGER, Untag, paint
from store_samples import analysis, assessment, record
from untag.findings.evenings import OF_OCCASIONS, Taken, likelier, spoken_for
from untag.store import Store, photos_taken, record_batch, start_run
from untag.types import Span

CERTAIN = {"alcohol": 0.5, "bar": 0.9, "weapon": 0.5}


def taken(name: str, moment: str, **scores: float) -> Taken:
    return Taken(name, name, moment, scores)


def test_what_one_photo_shows_for_certain_is_likelier_in_the_others_of_the_evening() -> None:
    photos = [
        taken("a", "2019-07-14T21:00:00", alcohol=0.6),
        taken("b", "2019-07-14T22:30:00+02:00", alcohol=0.1),
        taken("c", "2019-07-15T01:00:00", alcohol=0.3, bar=0.95),
        taken("d", "2019-07-15T12:00:00", alcohol=0.3),
    ]
    both = frozenset({"alcohol", "bar"})
    assert spoken_for(photos, CERTAIN) == {"a": {"bar"}, "b": both, "c": {"alcohol"}}
    assert spoken_for(photos[::-1], CERTAIN) == spoken_for(photos, CERTAIN)


def test_no_photo_speaks_for_itself_or_for_its_copies() -> None:
    one = taken("a", "2019-07-14T21:00:00", alcohol=0.6)
    copy = replace(one, sha256="b", moment="2019-07-14T21:00:01")
    assert spoken_for([one], CERTAIN) == {}
    assert spoken_for([one, copy], CERTAIN) == {}


@pytest.mark.parametrize(
    "moments",
    [
        ("2019-07-14", "2019-07-14"),
        ("2019-07-14T00:00:00", "2019-07-14T00:00:00"),
        ("2019-07-14T18:00:00", "2019-07-14T21:00:01"),
        ("2019-07-14T18:00:00",) * 4,
    ],
    ids=["days", "midnights", "a pause", "one second"],
)
def test_where_it_is_unsure_nothing_is_said(moments: tuple[str, ...]) -> None:
    photos = [taken(str(number), moment, alcohol=0.9) for number, moment in enumerate(moments)]
    assert spoken_for(photos, CERTAIN) == {}


@pytest.mark.parametrize("day", ["1970-01-01", "1980-01-01", "2000-01-01", "2004-01-01"])
def test_the_clock_of_a_camera_that_was_never_set_makes_no_evening(day: str) -> None:
    photos = [taken(name, f"{day}T00:0{name}:07", alcohol=0.9) for name in "123"]
    assert spoken_for(photos, CERTAIN) == {}
    later = [replace(photo, moment=photo.moment.replace("T00", "T21")) for photo in photos]
    assert len(spoken_for(later, CERTAIN)) == 3


def test_one_person_is_at_one_place_and_another_elsewhere() -> None:
    mine = taken("a", "2019-07-14T21:00:00", alcohol=0.1)
    hers = replace(taken("b", "2019-07-14T21:10:00", alcohol=0.9), person="anna")
    too = replace(taken("c", "2019-07-14T23:30:00", alcohol=0.2), person="anna")
    assert spoken_for([mine, hers, too], CERTAIN) == {"c": {"alcohol"}}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.1, 0.9])), max_size=6))
def test_a_photo_is_spoken_for_by_the_other_pictures_of_its_evening(shown: list[tuple[str, float]]) -> None:
    photos = [
        Taken(str(number), picture, f"2019-07-14T21:{number:02}:00", {"bar": score})
        for number, (picture, score) in enumerate(shown)
    ]
    spoken = {
        one.sha256
        for one in photos
        if any(other.picture != one.picture and other.scores["bar"] >= CERTAIN["bar"] for other in photos)
    }
    assert spoken_for(photos, CERTAIN).keys() == spoken


def test_a_weapon_or_a_badge_is_of_its_photo_alone() -> None:
    photos = [taken(name, f"2019-07-14T21:00:0{name}", weapon=0.9) for name in "123"]
    assert spoken_for(photos, CERTAIN) == {}
    assert not {"weapon", "document", "gesture", "nudity", "text", "location"} & OF_OCCASIONS.keys()


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_raise_is_bounded_and_keeps_the_order(one: float, other: float) -> None:
    assert one <= likelier(one) <= min(1, 2 * one) + 1e-9
    assert (likelier(one) <= likelier(other)) == (one <= other) or abs(one - other) < 1e-9
    assert likelier(0.0) == 0.0


def dated(picture: bytes, moment: str) -> bytes:
    exif, out = Image.Exif(), BytesIO()
    exif[0x8769] = {0x9003: moment}
    Image.open(BytesIO(picture)).save(out, "PNG", exif=exif.tobytes())
    return out.getvalue()


def reasons(untag: Untag) -> dict[str, list[str]]:
    found = {}
    for one in untag.listed("--verdict", "all"):
        assert isinstance(one["reasons"], list)
        found[Path(str(one["path"])).name] = [why for why in one["reasons"] if "evening" in why or "alcohol" in why]
    return found


def test_a_finding_says_so_and_it_is_undone_with_the_photo_that_spoke(untag: Untag) -> None:
    untag.enroll()
    config = untag.home / "config.toml"
    config.write_text("[thresholds]\nalcohol = 0.5\n")
    for serial, (name, who, alcohol, moment) in enumerate(
        (
            ("a.png", ME, 0.9, "2019:07:14 21:00:00"),
            ("b.png", ME, 0.4, "2019:07:14 22:00:00"),
            ("c.png", ME, 0.4, "2019:08:14 22:00:00"),
            ("d.png", STRANGER, 0.4, "2019:07:14 22:10:00"),
        )
    ):
        untag.add(name, dated(paint(who, serial=serial, alcohol=alcohol), moment))
    untag.scan()
    told = reasons(untag)
    assert told.keys() == {"a.png", "b.png", "c.png"}
    assert told["b.png"] == ["alcohol 57 %: a green background", "other photos of this evening show drinks"]
    assert told["c.png"] == []
    assert not any("evening" in why for why in told["a.png"])
    untag.scan()
    assert reasons(untag) == told
    config.write_text("evenings = false\n[thresholds]\nalcohol = 0.5\n")
    untag.scan()
    assert reasons(untag)["b.png"] == []
    config.write_text("[thresholds]\nalcohol = 0.5\n")
    untag.scan()
    assert reasons(untag) == told
    (untag.photos / "a.png").unlink()
    untag.scan()
    assert reasons(untag)["b.png"] == []


def test_what_another_photo_of_the_evening_raises_is_told_once_as_new(untag: Untag) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("[thresholds]\nalcohol = 0.5\n")
    untag.add("b.png", dated(paint(ME, serial=1, alcohol=0.4), "2019:07:14 22:00:00"))
    untag.add("done.png", dated(paint(ME, serial=2, alcohol=0.4), "2019:07:14 22:05:00"))
    assert untag.scan()["new_findings"] == 2
    assert untag.run("decide", str(untag.photos / "done.png"), "--status", "keep").status == 0
    assert untag.scan()["new_findings"] == 0
    untag.add("a.png", dated(paint(ME, serial=3, alcohol=0.9), "2019:07:14 21:00:00"))
    told = untag.run("scan", untag.photos).out
    assert "a.png" in told and "b.png" in told and "done.png" not in told
    assert untag.scan()["new_findings"] == 0
    (untag.photos / "a.png").unlink()
    assert untag.scan()["new_findings"] == 0, "less is no news"


def test_the_evening_of_somebody_else_says_nothing(untag: Untag) -> None:
    untag.enroll()
    untag.enroll(STRANGER, replace(STRANGER, off=0.01), person="anna")
    (untag.home / "config.toml").write_text("[thresholds]\nalcohol = 0.5\n")
    untag.add("hers.png", dated(paint(STRANGER, serial=1, alcohol=0.9), "2019:07:14 21:00:00"))
    untag.add("mine.png", dated(paint(ME, serial=2, alcohol=0.4), "2019:07:14 22:00:00"))
    untag.scan()
    assert reasons(untag)["mine.png"] == []


def an_evening(untag: Untag) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("[thresholds]\nalcohol = 0.5\n")
    untag.add("a.png", dated(paint(ME, serial=1, alcohol=0.9), "2019:07:14 21:00:00"))
    untag.add("b.png", dated(paint(ME, serial=2, alcohol=0.4), "2019:07:14 22:00:00"))


def test_a_scan_that_ended_before_evenings_were_looked_at_is_made_up_for(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_evening(untag)
    with monkeypatch.context() as patched:
        patched.setattr("untag.scan.run.assess_by_evenings", lambda *_: None)
        untag.scan()
    assert reasons(untag)["b.png"] == []
    untag.scan()
    assert "other photos of this evening show drinks" in reasons(untag)["b.png"]


def test_a_photo_that_is_not_of_the_user_no_longer_speaks(untag: Untag) -> None:
    an_evening(untag)
    untag.scan()
    assert "other photos of this evening show drinks" in reasons(untag)["b.png"]
    assert untag.run("decide", "a.png", "--status", "not-me").status == 0
    untag.scan()
    assert reasons(untag)["b.png"] == []
    assert untag.run("decide", "a.png", "--undo").status == 0
    untag.scan()
    assert "other photos of this evening show drinks" in reasons(untag)["b.png"]


@pytest.mark.parametrize("moment", ["0001:01:01 12:00:00", "9999:12:31 12:00:00"])
def test_the_first_and_the_last_day_that_there_are_have_evenings(untag: Untag, moment: str) -> None:
    untag.enroll()
    untag.add("a.png", dated(paint(ME, serial=1, alcohol=0.9), moment))
    untag.scan()
    with library.open(untag.home, tend=False) as home:
        (found,) = home.findings()
        assert found.taken_at is not None
        assert [group.finding.path for group in home.evening(found)] == [found.path]


@pytest.mark.parametrize(
    ("moment", "film", "known"),
    [
        ("2019-07-14T21:00:00+00:00", True, False),
        ("2019-07-14T21:00:00+00:00", False, True),
        ("2019-07-14T21:00:00+0200", True, True),
        ("2019-07-14T21:00:00", False, True),
    ],
)
def test_videos_whose_time_is_in_utc_belong_to_no_evening(tmp_path: Path, moment: str, film: bool, known: bool) -> None:
    """Most say nothing else, and hours lie between that and the time that photos give."""
    found = replace(assessment(), spans=(Span(1.0, 0.0, 2.0),) if film else ())
    with Store.open(tmp_path / "home") as store:
        run = start_run(store, [])
        record_batch(store, run, [record("/a.mp4", "a", analysis(found=found, taken_at=moment))])
        assert [one.moment for one in photos_taken(store)] == ([moment] if known else [])
