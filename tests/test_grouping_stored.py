"""Near-duplicates from a scan to the list: which file a finding names, and what a decision or a later scan changes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from store_samples import analysis, assessment, record
from untag.findings.counting import count, count_all
from untag.findings.filters import EVERYTHING, FindingFilter
from untag.scan.judge import group_copies
from untag.store import Store, counted_findings, findings, record_batch, record_decision, replace_findings, start_run
from untag.store.records import ABSENT
from untag.types import Action, Box, Origin, Status, Verdict

HASH = 0xF0F0_F0F0_0F0F_0F0F


def test_the_findings_of_near_duplicates_name_one_file(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = start_run(store, ["/a"])
        big = analysis(found=assessment())
        small = replace(big, width=320, height=240, phash=HASH ^ 0b11 << 7)
        big = replace(big, phash=HASH)
        halved = Box(0.125, 1.0, 15.25, 20.0)
        small = replace(small, assessment=replace(assessment(), faces=(halved,)))
        other = replace(big, phash=0x0123_4567_89AB_CDEF)
        record_batch(
            store,
            run,
            [
                record("/a/1-small", "s1", small),
                record("/a/2-small-again", "s1"),
                record("/a/3-big", "s2", big),
                record("/a/4-big-again", "s2"),
                record("/a/5-other", "s3", other),
            ],
        )

        def copies() -> dict[str, str | None]:
            return {one.path.removeprefix("/a/"): one.duplicate_of for one in findings(store)}

        alone = {
            "1-small": None,
            "2-small-again": "/a/1-small",
            "3-big": None,
            "4-big-again": "/a/3-big",
            "5-other": None,
        }
        together = alone | dict.fromkeys(("1-small", "2-small-again", "4-big-again"), "/a/3-big")
        assert copies() == alone
        group_copies(store)
        assert copies() == together
        group_copies(store)
        assert copies() == together

        def places(*categories: str) -> dict[str, list[str]]:
            found = findings(store, replace(EVERYTHING, categories=frozenset(categories)))
            return {one.path.removeprefix("/a/"): [place.path for place in one.places] for one in found}

        # All of them once, with the file that was seen first, and with another where that is not asked for.
        assert places() == {
            "3-big": ["/a/3-big", "/a/4-big-again", "/a/1-small", "/a/2-small-again"],
            "1-small": [],
            "2-small-again": [],
            "4-big-again": [],
            "5-other": ["/a/5-other"],
        }
        assert {one.picture for one in findings(store) if one.path != "/a/5-other"} == {"s2"}
        record_decision(store, "s2", Status.DONE)
        assert {one.path: one.status for one in findings(store)}["/a/1-small"] is Status.OPEN, "a decision is for one"
        # A scan that is killed before it groups must not leave a photo behind one that was judged otherwise.
        replace_findings(store, run, [("s2", assessment(Verdict.MAYBE))])
        assert copies() == alone
        assert [len(one.places) for one in findings(store)] == [2, 0, 2, 0, 1]
        replace_findings(store, run, [("s2", assessment())])
        assert copies() == together
        replace_findings(store, run, [("s2", None)])
        assert copies() == {key: alone[key] for key in ("1-small", "2-small-again", "5-other")}
        replace_findings(store, run, [("s2", assessment())])
        assert copies() == alone, "what lost its representative is single until it is grouped again"


def test_a_representative_without_a_file_hides_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = start_run(store, ["/a"])
        big = replace(analysis(found=assessment()), phash=HASH, width=640, height=480)
        record_batch(store, run, [record("/a/1", "s1", big), record("/a/2", "s2", big)])
        group_copies(store)
        assert {one.path: one.duplicate_of for one in findings(store)} == {"/a/1": None, "/a/2": "/a/1"}
        record_batch(store, run, [record("/a/1", "s9", analysis(seed=1))])
        assert {one.path: one.duplicate_of for one in findings(store)} == {"/a/2": None}
        group_copies(store)
        assert {one.path: one.duplicate_of for one in findings(store)} == {"/a/2": None}


def smaller(data: bytes, *, taken: str | None = None) -> bytes:
    """The picture at half its size, without what the original says of itself; colours stay what they were."""
    image = Image.open(io.BytesIO(data))
    exif = Image.Exif()
    if taken is not None:
        exif[0x0132] = taken
    out = io.BytesIO()
    image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST).save(out, "PNG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_a_scan_folds_the_copy_that_a_site_made_smaller(untag: Untag, jobs: str) -> None:
    untag.enroll()
    original = paint(ME, STRANGER, serial=1, alcohol=0.9, side=480)
    path = untag.add("z/original.png", original)
    untag.add("a/small.png", smaller(original))
    untag.add("a/small-again.png", smaller(original))
    untag.add("a/other.png", paint(Square(side=110), serial=3, alcohol=0.9, side=480))
    untag.add("a/unsure.png", paint(MAYBE, STRANGER, serial=4, side=480))
    summary = untag.scan("--jobs", jobs)
    assert (summary["analysed"], summary["new_findings"]) == (4, 3), "a photo and its smaller copy are one new photo"
    copies = {Path(str(one["path"])).name: one["duplicate_of"] for one in untag.listed()}
    expected = dict.fromkeys(("small.png", "small-again.png"), str(path))
    assert copies == {"original.png": None, "other.png": None, "unsure.png": None, **expected}
    table = untag.run("list").out
    assert "+2 copies" in table
    assert "2 copies folded in" in table
    report = untag.root / "report.html"
    assert untag.run("report", "--output", report).status == 0
    assert untag.run("decide", path, "--status", "done").status == 0
    assert "+1 copy" in untag.run("list").out, "the copies are still open, so they do not hide behind what is done"
    path.unlink()
    assert untag.scan("--jobs", jobs, "--prune")["removed"] == 1
    copies = {Path(str(one["path"])).name: one["duplicate_of"] for one in untag.listed()}
    assert sorted(str(copies[name]) for name in expected) == sorted(["None", str(untag.photos / "a/small-again.png")])


def test_a_later_copy_is_a_new_finding_and_other_dates_are_other_photos(untag: Untag) -> None:
    untag.enroll()
    original = smaller(paint(ME, STRANGER, serial=1, side=480), taken="2024:05:06 07:08:09")
    untag.add("first.png", original)
    assert untag.scan()["new_findings"] == 1
    untag.add("copy.png", smaller(original))
    untag.add("next.png", smaller(original, taken="2024:05:06 07:08:10"))
    assert untag.scan()["new_findings"] == 2
    copies = {Path(str(one["path"])).name: one["duplicate_of"] for one in untag.listed()}
    assert copies == {"first.png": None, "copy.png": str(untag.photos / "first.png"), "next.png": None}


def test_findings_that_are_judged_again_are_grouped_again(untag: Untag) -> None:
    untag.enroll(ME)
    original = paint(Square(off=1.15), STRANGER, serial=1, side=480)
    path = untag.add("original.png", original)
    untag.add("small.png", smaller(original))
    untag.scan()
    assert untag.listed() == []
    untag.enroll(ME, Square(off=0.9))
    assert {str(one["duplicate_of"]) for one in untag.listed()} == {"None", str(path)}
    forgotten = untag.run("forget", "--person", "me")
    assert (forgotten.status, untag.listed()) == (0, [])


@pytest.mark.parametrize("seed", range(8))
def test_findings_that_are_only_counted_are_counted_alike(tmp_path: Path, seed: int) -> None:
    """What a scan and a report count without reading findings in full, whatever lies where and was decided."""
    luck = Random(seed)
    origins = (Origin(), Origin(platform="facebook", permalink="https://example.org/p/1", poster="Bob"))
    with Store.open(tmp_path) as store:
        for run in (start_run(store, ["/a"]), start_run(store, ["/b"])):
            for number in range(12):
                found = assessment(
                    luck.choice((Verdict.ME, Verdict.ME, Verdict.MAYBE, Verdict.OTHER)),
                    luck.choice((10, 50)),
                    person=luck.choice(("Ada", "Bea", None)),
                    alcohol=luck.choice((0.0, 0.8)),
                )
                found = replace(found, action=luck.choice((Action.KEEP, Action.UNTAG)))
                engine = luck.choice(("dlib", "dlib", ABSENT))
                made = replace(analysis(found=found, engine=engine), phash=HASH ^ luck.choice((0, 1, 2, 1 << 40)))
                content = f"s{number % 9}"
                for copy in range(luck.randrange(1, 3)):
                    path = f"/{luck.choice('ab')}/{luck.randrange(40):02}-{copy}"
                    record_batch(store, run, [record(path, content, made, origin=luck.choice(origins))])
                if luck.random() < 0.4:
                    record_decision(store, content, luck.choice((Status.KEEP, Status.DONE, Status.NOT_ME)))
        group_copies(store)
        assert store.count("near_duplicates") > 0
        new = {f"s{number}" for number in range(0, 9, 2)}
        for wanted in (EVERYTHING, FindingFilter(), FindingFilter(platforms=frozenset({"facebook"}))):
            every = list(findings(store, wanted, places=False))
            assert count_all(counted_findings(store, wanted), new=new) == count(every, new=new)
            assert every or wanted is not EVERYTHING
