"""Live Photos: a photo and its short video are two files and one finding; chance namesakes stay two."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ME, STRANGER, Square, Untag, paint
from made_up_videos import EXACT, video
from store_samples import analysis, assessment, record
from untag.findings.counting import count, fold
from untag.findings.filters import EVERYTHING
from untag.findings.shots import Part, live_photos, stem_of, with_copies
from untag.scan.judge import group_copies
from untag.store import Store, findings, record_batch, replace_findings, start_run
from untag.types import Span, Verdict

PHOTO = Part("/a/IMG_1.HEIC", "photo", 2_000_000, "2020-05-01T12:00:00+02:00", Verdict.ME, "me", 40)
VIDEO = Part("/a/IMG_1.MOV", "video", 3_000_000, "2020-05-01T12:00:01", Verdict.ME, "me", 30, 2.0)


@pytest.mark.parametrize(
    ("photo", "video", "stands"),
    [
        (PHOTO, VIDEO, {"video": "photo"}),
        (PHOTO, replace(VIDEO, risk=50), {"photo": "video"}),
        (replace(PHOTO, verdict=Verdict.MAYBE, risk=90), VIDEO, {"photo": "video"}),
        (replace(PHOTO, verdict=None), VIDEO, {"photo": "video"}),
        (PHOTO, replace(VIDEO, verdict=None), {"video": "photo"}),
        (PHOTO, replace(VIDEO, taken_at="2020-05-01T10:00:01+00:00"), {"video": "photo"}),  # written in UTC
        (PHOTO, replace(VIDEO, taken_at=None), {"video": "photo"}),
        (replace(PHOTO, taken_at="2020-05-01"), VIDEO, {"video": "photo"}),
        (replace(PHOTO, verdict=None), replace(VIDEO, verdict=None), {}),
        (PHOTO, replace(VIDEO, person="ana"), {}),
        (PHOTO, replace(VIDEO, size=200_000_000), {}),
        (PHOTO, replace(VIDEO, until=95.0), {}),
        (PHOTO, replace(VIDEO, taken_at="2020-05-01T12:07:00"), {}),
        (PHOTO, replace(VIDEO, taken_at="2021-05-01T12:00:00"), {}),
        (PHOTO, replace(VIDEO, path="/a/IMG_2.MOV"), {}),
    ],
)
def test_a_photo_and_its_video_are_one(photo: Part, video: Part, stands: dict[str, str]) -> None:
    assert live_photos([(video, [photo])]) == stands


def test_a_raw_file_and_its_jpeg_are_one() -> None:
    raw = Part("/a/1.CR2", "raw", 60_000_000, "2020-05-01T12:00:00", Verdict.ME, "me", 40)
    beside = Part("/a/1.jpg", "jpeg", 9_000_000, "2020-05-01T12:00:00", Verdict.ME, "me", 40)
    moving = Part("/a/1.mov", "video", 3_000_000, None, Verdict.ME, "me", 90)
    assert live_photos([(raw, [beside])]) == {"raw": "jpeg"}
    assert live_photos([(raw, [replace(beside, verdict=None)])]) == {"jpeg": "raw"}
    assert live_photos([(raw, [replace(beside, taken_at="2020-05-01T12:05:00")])]) == {}
    assert live_photos([(raw, [replace(beside, path="/a/1.dng")])]) == {}
    assert live_photos([(moving, [beside]), (raw, [beside])]) == {"jpeg": "video", "raw": "video"}


def test_names_of_both_files_begin_alike() -> None:
    assert stem_of("/a/IMG_1.HEIC") == stem_of("/a/IMG_1.mov") == "/a/IMG_1"
    assert stem_of("/a/PXL_1.MP.jpg") == stem_of("/a/PXL_1.MP") == stem_of("/a/PXL_1.MP.mp4") == "/a/PXL_1"
    assert stem_of("/a.mov/b.jpg") == "/a.mov/b"


def test_nothing_leads_from_one_picture_to_another() -> None:
    twice = replace(PHOTO, path="/b/IMG_1.HEIC"), replace(VIDEO, path="/b/IMG_1.MOV", sha256="other")
    standing = live_photos([(VIDEO, [PHOTO]), (twice[1], [twice[0]])])
    assert standing == {"video": "photo", "other": "photo"}
    # Copies of either lead to what is shown; what is one already stays so.
    assert with_copies(standing, {"photo": "large", "small": "video"}) == {
        "video": "large",
        "other": "large",
        "small": "large",
    }
    assert with_copies({"video": "photo"}, {"photo": "video"}) == {}
    assert not set(standing) & set(standing.values())


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")),
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")),
)
def test_parts_that_are_copies_of_other_shots_parts_lead_to_what_is_shown(
    standing: dict[str, str], copies: dict[str, str]
) -> None:
    standing = {part: best for part, best in standing.items() if part not in standing.values()}
    copies = {copy: best for copy, best in copies.items() if copy not in copies.values()}
    leads = copies | with_copies(standing, copies)
    assert not set(leads) & set(leads.values()), "nobody is hidden behind what is hidden itself"
    for one, other in (copies | standing).items():
        assert leads.get(one, one) == leads.get(other, other)


def listed(store: Store) -> dict[str, tuple[str | None, list[str]]]:
    return {one.path: (one.duplicate_of, [place.path for place in one.places]) for one in findings(store)}


def test_the_finding_names_both_files_whichever_shows_somebody(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = start_run(store, ["/a"])
        moving = replace(assessment(), spans=(Span(1.0, 1.0, 2.0),))
        batch = [
            record("/a/1.heic", "p1", analysis(found=assessment())),
            record("/a/1.mov", "v1", analysis(found=moving)),
            record("/a/2.jpg", "p2", analysis()),
            record("/a/2.MP", "v2", analysis(found=moving)),
            record("/a/3.jpg", "p3", analysis(found=assessment())),
            record("/a/3.mp4", "v3", analysis()),
            record("/a/b/3.mp4", "v4", analysis(found=moving)),
            record("/a/4.nef", "p4", analysis(found=assessment())),
            record("/a/4.jpg", "j4", analysis()),
            record("/a/5.jpg", "p5", analysis(found=replace(assessment(), verdict=Verdict.MAYBE))),
            record("/a/5.mov", "v5", analysis(found=moving)),
        ]
        record_batch(store, run, batch)
        group_copies(store)
        assert listed(store) == {
            "/a/1.heic": (None, ["/a/1.heic", "/a/1.mov"]),
            "/a/1.mov": ("/a/1.heic", []),
            "/a/2.MP": (None, ["/a/2.MP", "/a/2.jpg"]),
            "/a/3.jpg": (None, ["/a/3.jpg", "/a/3.mp4"]),
            "/a/b/3.mp4": (None, ["/a/b/3.mp4"]),
            "/a/4.nef": (None, ["/a/4.nef", "/a/4.jpg"]),
            "/a/5.mov": (None, ["/a/5.mov", "/a/5.jpg"]),
            "/a/5.jpg": ("/a/5.mov", []),
        }
        assert count(findings(store)).photos == 6
        groups = {group.finding.path: group for group in fold(findings(store))}
        assert [place.path for place in groups["/a/5.mov"].places] == ["/a/5.mov", "/a/5.jpg"]
        assert groups["/a/2.MP"].finding.spans, "it says when"
        of_me = list(findings(store, replace(EVERYTHING, verdicts=frozenset({Verdict.ME}))))
        assert "/a/5.mov" in {one.path for one in of_me}
        # The photo shows nobody any more: the video stands for both.
        replace_findings(store, run, [("p1", None)])
        assert listed(store)["/a/1.mov"] == (None, ["/a/1.mov"])
        group_copies(store)
        assert listed(store)["/a/1.mov"] == (None, ["/a/1.mov", "/a/1.heic"])


def test_somebody_whom_only_the_movement_shows_is_one_finding_of_both_files(untag: Untag) -> None:
    untag.enroll()
    untag.add("IMG_1.png", paint(STRANGER, serial=1))
    untag.add("IMG_1.mov", video([paint(STRANGER, serial=2), paint(ME, serial=3, alcohol=0.9)], EXACT))
    large = Square(side=180)
    untag.add("IMG_2.png", paint(large, serial=4, weapon=0.9))
    untag.add("IMG_2.mov", video([paint(STRANGER, Square(side=30), serial=5), paint(serial=6, weapon=0.4)], EXACT))
    assert untag.scan()["new_findings"] == 2
    found = {str(one["path"]).rpartition("/")[2]: one for one in untag.listed()}
    moving = found["IMG_1.mov"]
    assert moving["seen"] == [{"best": 1.0, "from": 1.0, "until": 1.0}]
    assert names_in(moving) == ["IMG_1.mov", "IMG_1.png"]
    assert names_in(found["IMG_2.png"]) == ["IMG_2.png", "IMG_2.mov"]
    assert str(found["IMG_2.mov"]["duplicate_of"]).endswith("IMG_2.png")
    untag.run("decide", "IMG_1.mov", "--status", "request-removal")
    assert f"and with it {untag.photos}/IMG_1.png" in untag.run("act", "--print").out
    (group,) = json.loads(untag.run("act", "--format", "json").out)["groups"]
    assert [path.rpartition("/")[2] for path in group["photos"][0]["beside"]] == ["IMG_1.png"]


def names_in(finding: dict[str, object]) -> list[str]:
    return [str(place["path"]).rpartition("/")[2] for place in finding["places"]]  # type: ignore[attr-defined]


def test_what_is_decided_about_a_shot_holds_for_both_files(untag: Untag) -> None:
    untag.enroll()
    untag.add("IMG_1.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("IMG_1.mov", video([paint(ME, serial=2), paint(serial=3)], EXACT))
    untag.scan()
    assert "recorded 2 decisions" in untag.run("decide", "IMG_1.png", "--status", "keep").err
    assert untag.listed() == []
    assert "took back 2 decisions" in untag.run("decide", "IMG_1.png", "--undo").err
    assert len(untag.listed()) == 2
    # The video alone, to which the photo's risk does not pass, is no word about the photo; nor is who it shows.
    untag.run("decide", "IMG_1.mov", "--status", "keep")
    assert [str(one["path"]).rpartition("/")[2] for one in untag.listed()] == ["IMG_1.png"]
    untag.run("decide", "IMG_1.mov", "--undo")
    untag.run("decide", "IMG_1.png", "--status", "not-me")
    assert [str(one["path"]).rpartition("/")[2] for one in untag.listed()] == ["IMG_1.mov"]
    untag.run("decide", "IMG_1.png", "--undo")
    untag.run("decide", "IMG_1.png", "--status", "keep")
    (untag.photos / "IMG_1.png").unlink()
    untag.scan()
    assert untag.listed() == []
