"""What a scan makes of photos that are on record when profiles, thresholds or wishes have changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from untag.store import Store, known_file, photo_evidence, record_decision
from untag.types import Status


def edit_config(untag: Untag, text: str) -> None:
    untag.home.mkdir(exist_ok=True)
    (untag.home / "config.toml").write_text(text)


def test_verdicts_and_findings_follow_the_configured_thresholds(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("sure.png", paint(ME, serial=1, alcohol=0.6))
    untag.add("unsure.png", paint(MAYBE, serial=2))
    untag.scan()
    assert untag.found() == {"sure.png": "me", "unsure.png": "maybe"}
    assert untag.listed("--category", "alcohol")[0]["categories"] == {"alcohol": 0.6}
    reads.clear()
    edit_config(untag, "me_similarity = 0.6\n[thresholds]\nalcohol = 0.7\n")
    again = untag.scan()
    assert untag.found() == {"sure.png": "me", "unsure.png": "me"}
    assert untag.listed("--category", "alcohol") == []
    assert (again["analysed"], reads) == (0, [])
    edit_config(untag, "maybe_similarity = 0.8\n")
    untag.scan()
    assert untag.found() == {"sure.png": "me"}
    edit_config(untag, "[severities]\nalcohol = 0.01\n")
    untag.scan()
    assert {Path(str(item["path"])).name: item["action"] for item in untag.listed()} == {
        "sure.png": "keep",
        "unsure.png": "review",
    }
    assert (untag.engine.analysed, reads) == ({1: 1, 2: 1}, [])


def test_a_better_profile_judges_again_without_the_photos(untag: Untag, reads: list[str]) -> None:
    untag.enroll(ME)
    # 1.15 away from the first reference, 0.7 from the mean of both.
    untag.add("old.png", paint(Square(off=1.15), serial=1))
    untag.scan()
    assert untag.found() == {}
    shutil.rmtree(untag.photos)
    reads.clear()
    untag.enroll(ME, Square(off=0.9))
    assert untag.found() == {"old.png": "maybe"}
    assert untag.engine.analysed == {}
    assert reads and "old.png" not in reads


def test_photos_of_bystanders_are_read_again_for_a_new_person(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("alone.png", paint(ME, serial=1))
    untag.add("friend.png", paint(STRANGER, serial=2))
    untag.add("both.png", paint(ME, STRANGER, serial=3))
    untag.add("empty.png", paint(serial=4))
    untag.scan()
    assert sorted(untag.found()) == ["alone.png", "both.png"]
    untag.enroll(STRANGER, Square(person=7, off=0.02), person="Bob")
    reads.clear()
    again = untag.scan()
    assert sorted(reads) == ["both.png", "friend.png"]
    assert (again["analysed"], again["unchanged"], again["new_findings"]) == (2, 2, 1)
    assert {Path(str(item["path"])).name: item["person"] for item in untag.listed()} == {
        "alone.png": "me",
        "both.png": "me",
        "friend.png": "Bob",
    }
    reads.clear()
    assert untag.scan()["unchanged"] == 4
    assert reads == []


def test_bystanders_that_were_kept_need_no_second_reading(untag: Untag, reads: list[str]) -> None:
    edit_config(untag, "keep_bystanders = true\n")
    untag.enroll()
    untag.add("friend.png", paint(STRANGER, serial=1))
    untag.scan()
    untag.enroll(STRANGER, person="Bob")
    reads.clear()
    assert untag.found() == {"friend.png": "me"}
    assert untag.scan()["unchanged"] == 1
    assert reads == []


def test_all_scenes(untag: Untag) -> None:
    untag.enroll()
    untag.add("bar.png", paint(STRANGER, serial=1, alcohol=0.9))
    untag.add("hill.png", paint(serial=2))
    untag.scan()
    assert untag.found("--verdict", "all") == {}
    assert untag.scan("--all-scenes")["new_findings"] == 1
    assert untag.found("--verdict", "all") == {"bar.png": "other"}
    assert untag.found() == {}
    assert untag.engine.analysed == {1: 2, 2: 2}
    assert untag.scan("--all-scenes")["unchanged"] == 2


def test_only_scenes_that_may_matter_are_judged(untag: Untag) -> None:
    untag.enroll()
    for serial, who in enumerate((ME, MAYBE, STRANGER)):
        untag.add(f"{serial}.png", paint(who, serial=serial, alcohol=0.9))
    untag.add("hill.png", paint(serial=9, alcohol=0.9))
    untag.scan()
    with Store.open(untag.home) as store:
        classified = {Path(seen.places[0].path).name: seen.scenes is not None for seen in photo_evidence(store)}
    assert classified == {"0.png": True, "1.png": True, "2.png": False, "hill.png": False}


def test_fail_on_new(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(STRANGER, serial=1))
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 0
    untag.add("b.png", paint(ME, serial=2))
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 3
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 0
    untag.add("c.png", paint(MAYBE, serial=3))
    untag.add("zero.png", b"")
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 3
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 0, "the zero bytes were told of as well"


def test_a_decided_photo_is_not_new(untag: Untag) -> None:
    untag.enroll()
    data = paint(ME, serial=1)
    path = untag.add("a.png", data)
    untag.scan()
    with Store.open(untag.home) as store:
        known = known_file(store, str(path))
        assert known is not None and known.sha256 is not None
        record_decision(store, known.sha256, Status.DONE)
    path.unlink()
    untag.scan("--prune")
    untag.add("again.png", data)
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 0
    assert [item["status"] for item in untag.listed("--status", "all")] == ["done"]
