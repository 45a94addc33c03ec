"""What a scan reads, recalls, records and forgets, with the fake models."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from untag.sources.files import failure


def test_new_and_unchanged(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("b.png", paint(STRANGER, serial=2))
    untag.add("deep/er/c.png", paint(MAYBE, STRANGER, serial=3))
    reads.clear()
    first = untag.scan()
    assert (first["photos"], first["analysed"], first["faces"]) == (3, 3, 4)
    assert (first["me"], first["maybe"], first["new_findings"]) == (1, 1, 2)
    assert sorted(reads) == ["a.png", "b.png", "c.png"]
    assert untag.found() == {"a.png": "me", "c.png": "maybe"}
    reads.clear()
    again = untag.scan()
    assert (again["photos"], again["unchanged"], again["analysed"], again["new_findings"]) == (3, 3, 0, 0)
    assert reads == []
    assert untag.engine.analysed == {1: 1, 2: 1, 3: 1}
    assert untag.found() == {"a.png": "me", "c.png": "maybe"}


def test_a_changed_file_is_read_again(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(ME, serial=2))
    untag.scan()
    untag.add("a.png", paint(STRANGER, serial=3, alcohol=0.3))
    again = untag.scan()
    assert (again["analysed"], again["unchanged"]) == (1, 1)
    assert untag.found() == {"b.png": "me"}


def test_a_moved_file_is_read_but_not_analysed_again(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, serial=1))
    untag.scan()
    path.rename(untag.photos / "renamed.png")
    again = untag.scan()
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
    first = untag.scan("--jobs", jobs)
    assert untag.engine.analysed == {1: 1, 2: 1}
    assert (first["photos"], first["analysed"], first["copies"], first["new_findings"]) == (151, 2, 149, 1)
    found = untag.listed()
    assert len(found) == 150
    originals = [item for item in found if item["duplicate_of"] is None]
    assert len(originals) == 1
    assert {item["duplicate_of"] for item in found} == {None, originals[0]["path"]}
    untag.add("late.png", original)
    assert untag.scan("--jobs", jobs)["copies"] == 1
    assert len(untag.listed()) == 151


@pytest.mark.parametrize("jobs", ["0", "3"])
def test_copies_of_a_broken_photo_are_each_listed_as_broken(untag: Untag, jobs: str) -> None:
    untag.enroll()
    broken = paint(ME, serial=1)[:-200]
    for number in range(5):
        untag.add(f"{number}.png", broken)
    untag.add("good.png", paint(ME, serial=2))
    for status in (1, 0):
        result = untag.run("scan", untag.photos, "--json", "--jobs", jobs)
        assert result.status == status
        unreadable = json.loads(result.out)["unreadable"]
        assert sorted(Path(item["path"]).name for item in unreadable) == [f"{number}.png" for number in range(5)]
        assert {item["outcome"] for item in unreadable} == {"broken"}
        # Their upper parts are looked at all the same.
        assert untag.found() == dict.fromkeys(["good.png", *(f"{number}.png" for number in range(5))], "me")


def test_deleted_files_are_forgotten_and_decisions_stay(untag: Untag) -> None:
    untag.enroll()
    data = paint(ME, serial=1)
    path = untag.add("a.png", data)
    untag.add("b.png", paint(ME, serial=2))
    untag.scan()
    assert untag.run("decide", path, "--status", "keep").status == 0
    path.unlink()
    assert untag.scan()["removed"] == 1
    assert untag.found() == {"b.png": "me"}
    untag.add("back.png", data)
    untag.scan()
    assert {Path(str(item["path"])).name: item["status"] for item in untag.listed("--status", "all")} == {
        "b.png": "open",
        "back.png": "keep",
    }


def test_scanning_one_folder_forgets_nothing_of_another(untag: Untag) -> None:
    untag.enroll()
    untag.add("one/a.png", paint(ME, serial=1))
    untag.add("two/b.png", paint(ME, serial=2))
    untag.scan()
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


def test_what_the_disk_could_not_give_is_tried_again(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, serial=1))

    def failing(*_: object) -> bytes:
        raise failure(OSError(5, "Input/output error"))

    with monkeypatch.context() as patch:
        patch.setattr("untag.sources.folder.read_file", failing)
        result = untag.run("scan", untag.photos)
        assert result.status == 1
        assert f"{path}: it cannot be read from the disk (Input/output error)" in result.err
    assert untag.scan()["analysed"] == 1
    assert untag.found() == {"a.png": "me"}


def test_damaged_content_is_not_read_twice(untag: Untag, reads: list[str]) -> None:
    untag.enroll()
    untag.add("zero.png", b"")
    untag.add("text.jpg", b"no photo")
    assert untag.run("scan", untag.photos).status == 1
    reads.clear()
    result = untag.run("scan", untag.photos, "--strict")
    assert result.status == 1
    assert "the file is empty" in result.err
    assert "text.jpg: not an image (it starts like plain text)" in result.err
    assert reads == []
