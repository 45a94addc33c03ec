"""What a scan reads, recalls, records and forgets, with the fake models."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from untag.imaging.limits import Limits
from untag.sources.files import failure, read_file
from untag.store import Store, decide, known_file
from untag.types import PhotoRef, Status

READ = "untag.sources.folder.read_file"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read, as they are read."""
    names: list[str] = []

    def counting(ref: PhotoRef, limits: Limits) -> bytes:
        names.append(Path(ref.path).name)
        return read_file(ref, limits)

    monkeypatch.setattr(READ, counting)
    return names


def summary(untag: Untag, *arguments: str) -> dict[str, object]:
    result = untag.run("scan", untag.photos, "--json", *arguments)
    assert result.status == 0, result.err
    values: dict[str, object] = json.loads(result.out)
    return values


def test_new_and_unchanged(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("b.png", paint(STRANGER, serial=2))
    untag.add("deep/er/c.png", paint(MAYBE, STRANGER, serial=3))
    reads.clear()
    first = summary(untag)
    assert (first["photos"], first["analysed"], first["faces"]) == (3, 3, 4)
    assert (first["me"], first["maybe"], first["new_findings"]) == (1, 1, 2)
    assert sorted(reads) == ["a.png", "b.png", "c.png"]
    assert untag.found() == {"a.png": "me", "c.png": "maybe"}
    reads.clear()
    again = summary(untag)
    assert (again["photos"], again["unchanged"], again["analysed"], again["new_findings"]) == (3, 3, 0, 0)
    assert reads == []
    assert untag.engine.analysed == {1: 1, 2: 1, 3: 1}
    assert untag.found() == {"a.png": "me", "c.png": "maybe"}


def test_a_changed_file_is_read_again(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(ME, serial=2))
    summary(untag)
    untag.add("a.png", paint(STRANGER, serial=3, alcohol=0.3))
    again = summary(untag)
    assert (again["analysed"], again["unchanged"]) == (1, 1)
    assert untag.found() == {"b.png": "me"}


def test_a_moved_file_is_read_but_not_analysed_again(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, serial=1))
    summary(untag)
    path.rename(untag.photos / "renamed.png")
    again = summary(untag)
    assert (again["analysed"], again["copies"], again["removed"], again["new_findings"]) == (0, 1, 1, 0)
    assert untag.found() == {"renamed.png": "me"}
    assert untag.engine.analysed == {1: 1}


@pytest.mark.parametrize("jobs", ["0", "3"])
def test_copies_are_analysed_once(untag: Untag, jobs: str) -> None:
    untag.enroll()
    original = paint(ME, serial=1)
    # More than a batch of the record, so that some copies come before and some after it is written.
    for number in range(150):
        untag.add(f"{number % 7}/{number:03}.png", original)
    untag.add("other.png", paint(STRANGER, serial=2))
    first = summary(untag, "--jobs", jobs)
    assert untag.engine.analysed == {1: 1, 2: 1}
    assert (first["photos"], first["analysed"], first["copies"], first["new_findings"]) == (151, 2, 149, 1)
    found = untag.listed()
    assert len(found) == 150
    originals = [item for item in found if item["duplicate_of"] is None]
    assert len(originals) == 1
    assert {item["duplicate_of"] for item in found} == {None, originals[0]["path"]}
    untag.add("late.png", original)
    assert summary(untag, "--jobs", jobs)["copies"] == 1
    assert len(untag.listed()) == 151


@pytest.mark.parametrize("jobs", ["0", "3"])
def test_copies_of_a_broken_photo_are_each_listed_as_broken(untag: Untag, jobs: str) -> None:
    untag.enroll()
    broken = paint(ME, serial=1)[:-200]
    for number in range(5):
        untag.add(f"{number}.png", broken)
    untag.add("good.png", paint(ME, serial=2))
    for _ in range(2):
        result = untag.run("scan", untag.photos, "--json", "--jobs", jobs)
        assert result.status == 1
        unreadable = json.loads(result.out)["unreadable"]
        assert sorted(Path(item["path"]).name for item in unreadable) == [f"{number}.png" for number in range(5)]
        assert {item["outcome"] for item in unreadable} == {"broken"}
        assert untag.found() == {"good.png": "me"}


def test_deleted_files_are_forgotten_and_decisions_stay(untag: Untag) -> None:
    untag.enroll()
    data = paint(ME, serial=1)
    path = untag.add("a.png", data)
    untag.add("b.png", paint(ME, serial=2))
    summary(untag)
    assert untag.run("decide", path, "--status", "keep").status == 0
    path.unlink()
    assert summary(untag)["removed"] == 1
    assert untag.found() == {"b.png": "me"}
    untag.add("back.png", data)
    summary(untag)
    assert {Path(str(item["path"])).name: item["status"] for item in untag.listed()} == {
        "b.png": "open",
        "back.png": "keep",
    }


def test_scanning_one_folder_forgets_nothing_of_another(untag: Untag) -> None:
    untag.enroll()
    untag.add("one/a.png", paint(ME, serial=1))
    untag.add("two/b.png", paint(ME, serial=2))
    summary(untag)
    shutil.rmtree(untag.photos / "one")
    assert untag.run("scan", untag.photos / "two").status == 0
    assert untag.found() == {"a.png": "me", "b.png": "me"}


def test_overlapping_paths_count_once(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("in/a.png", paint(ME, serial=1))
    untag.add("in/deep/b.png", paint(ME, serial=2))
    result = untag.run("scan", untag.photos, path, untag.photos / "in", untag.photos / "in" / ".." / "in", "--json")
    assert json.loads(result.out)["photos"] == 2
    assert untag.engine.analysed == {1: 1, 2: 1}
    assert sorted(untag.found()) == ["a.png", "b.png"]


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a scan records, without what counts up by itself."""
    queries = {
        "files": "SELECT path, folder, source, size, sha256, outcome, error FROM files ORDER BY path",
        "photos": "SELECT sha256, width, height, phash, pipeline, people_key, engine, discarded FROM photos ORDER BY 1",
        "faces": "SELECT sha256, ordinal, embedding, person, verdict, similarity FROM faces ORDER BY 1, 2",
        "scenes": "SELECT * FROM scenes ORDER BY 1, 2",
        "findings": "SELECT sha256, person, verdict, similarity, risk, categories, reasons, action FROM findings"
        " ORDER BY 1",
    }
    with closing(sqlite3.connect(home / "untag.db")) as db:
        return {name: db.execute(query).fetchall() for name, query in queries.items()}


def test_sequential_equals_threaded(untag: Untag) -> None:
    for number in range(40):
        faces = [Square(person=number % 3, off=(number * 7 % 23) / 10, seed=number)]
        if number % 4 == 0:
            faces.append(Square(person=9, seed=number))
        untag.add(f"{number % 5}/{number}.png", paint(*faces, serial=number, alcohol=(number % 10) / 10))
        if number % 6 == 0:
            untag.add(f"copy/{number}.png", paint(*faces, serial=number, alcohol=(number % 10) / 10))
    untag.add("zero.png", b"")
    untag.add("text.jpg", b"no photo")
    recorded = []
    for jobs in (0, 4):
        shutil.rmtree(untag.home, ignore_errors=True)
        untag.enroll()
        assert untag.run("scan", untag.photos, "--jobs", str(jobs)).status == 1
        recorded.append(rows(untag.home))
        assert untag.engine.analysed == dict.fromkeys(range(40), 1)
    assert len(recorded[0]["files"]) == 49
    assert recorded[0] == recorded[1]


def edit_config(untag: Untag, text: str) -> None:
    untag.home.mkdir(exist_ok=True)
    (untag.home / "config.toml").write_text(text)


def test_verdicts_and_findings_follow_the_configured_thresholds(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("sure.png", paint(ME, serial=1, alcohol=0.6))
    untag.add("unsure.png", paint(MAYBE, serial=2))
    summary(untag)
    assert untag.found() == {"sure.png": "me", "unsure.png": "maybe"}
    assert untag.listed("--category", "alcohol")[0]["categories"] == {"alcohol": 0.6}
    reads.clear()
    edit_config(untag, "me_similarity = 0.6\n[thresholds]\nalcohol = 0.7\n")
    again = summary(untag)
    assert untag.found() == {"sure.png": "me", "unsure.png": "me"}
    assert untag.listed("--category", "alcohol") == []
    assert (again["analysed"], reads) == (0, [])
    edit_config(untag, "maybe_similarity = 0.8\n")
    summary(untag)
    assert untag.found() == {"sure.png": "me"}
    edit_config(untag, "[severities]\nalcohol = 0.01\n")
    summary(untag)
    assert {Path(str(item["path"])).name: item["action"] for item in untag.listed()} == {
        "sure.png": "keep",
        "unsure.png": "review",
    }
    assert (untag.engine.analysed, reads) == ({1: 1, 2: 1}, [])


def test_a_better_profile_judges_again_without_the_photos(untag: Untag, reads: list[str]) -> None:
    untag.enroll(ME)
    # 1.15 away from the first reference, 0.7 from the mean of both.
    untag.add("old.png", paint(Square(off=1.15), serial=1))
    summary(untag)
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
    summary(untag)
    assert sorted(untag.found()) == ["alone.png", "both.png"]
    untag.enroll(STRANGER, Square(person=7, off=0.02), person="Bob")
    reads.clear()
    again = summary(untag)
    assert sorted(reads) == ["both.png", "friend.png"]
    assert (again["analysed"], again["unchanged"], again["new_findings"]) == (2, 2, 1)
    assert {Path(str(item["path"])).name: item["person"] for item in untag.listed()} == {
        "alone.png": "me",
        "both.png": "me",
        "friend.png": "Bob",
    }
    reads.clear()
    assert summary(untag)["unchanged"] == 4
    assert reads == []


def test_bystanders_that_were_kept_need_no_second_reading(untag: Untag, reads: list[str]) -> None:
    edit_config(untag, "keep_bystanders = true\n")
    untag.enroll()
    untag.add("friend.png", paint(STRANGER, serial=1))
    summary(untag)
    untag.enroll(STRANGER, person="Bob")
    reads.clear()
    assert untag.found() == {"friend.png": "me"}
    assert summary(untag)["unchanged"] == 1
    assert reads == []


def test_all_scenes(untag: Untag) -> None:
    untag.enroll()
    untag.add("bar.png", paint(STRANGER, serial=1, alcohol=0.9))
    untag.add("hill.png", paint(serial=2))
    summary(untag)
    assert untag.found("--verdict", "all") == {}
    assert summary(untag, "--all-scenes")["new_findings"] == 1
    assert untag.found("--verdict", "all") == {"bar.png": "other"}
    assert untag.found() == {}
    assert untag.engine.analysed == {1: 1, 2: 1}


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
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 1


def test_a_decided_photo_is_not_new(untag: Untag) -> None:
    untag.enroll()
    data = paint(ME, serial=1)
    path = untag.add("a.png", data)
    summary(untag)
    with Store.open(untag.home) as store:
        known = known_file(store, str(path))
        assert known is not None and known.sha256 is not None
        decide(store, known.sha256, Status.DONE)
    path.unlink()
    summary(untag)
    untag.add("again.png", data)
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 0
    assert [item["status"] for item in untag.listed()] == ["done"]


def test_what_the_disk_could_not_give_is_tried_again(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, serial=1))

    def failing(*_: object) -> bytes:
        raise failure(OSError(5, "Input/output error"))

    with monkeypatch.context() as patch:
        patch.setattr(READ, failing)
        result = untag.run("scan", untag.photos)
        assert result.status == 1
        assert f"{path}: it cannot be read from the disk (Input/output error)" in result.err
    assert summary(untag)["analysed"] == 1
    assert untag.found() == {"a.png": "me"}


def test_damaged_content_is_not_read_twice(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("zero.png", b"")
    untag.add("text.jpg", b"no photo")
    assert untag.run("scan", untag.photos).status == 1
    reads.clear()
    result = untag.run("scan", untag.photos)
    assert result.status == 1
    assert "the file is empty" in result.err
    assert "text.jpg: not an image (it starts like plain text)" in result.err
    assert reads == []
