"""A folder that did not change is passed over, and everything that could make a difference is still noticed."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import ME, STRANGER, FakeScenes, Square, Untag, paint
from untag.config import Settings
from untag.scan import ScanModels, scan
from untag.scan import stages as scan_stages
from untag.scan.judge import load_judge
from untag.scan.pipeline import Cancel
from untag.sources.base import walk_all
from untag.sources.listing import Entry, Listing
from untag.store import KnownFile, Store, known_files, references, set_reference_use, unchanged_folder
from untag.store.folders import KnownFolder
from untag.types import Origin, Outcome, PhotoRef, ReadError


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders whose files a scan compares with the record one by one, as it does."""
    names: list[str] = []

    def recording(store: Store, folder: str) -> dict[str, KnownFile]:
        names.append(Path(folder).name)
        return known_files(store, folder)

    monkeypatch.setattr("untag.scan.stages.known_files", recording)
    return names


@pytest.fixture
def filled(untag: Untag, looked: list[str]) -> Untag:
    """Folders a, a/deep and b, scanned once: with two photos each, the second of b being a copy of a's first."""
    untag.enroll(ME, Square(off=0.01))
    for number, name in enumerate(("a/1.png", "a/2.png", "a/deep/3.png", "a/deep/4.png", "b/5.png")):
        untag.add(name, paint(ME, STRANGER, serial=number))
    untag.add("b/copy.png", paint(ME, STRANGER, serial=0))
    untag.scan()
    looked.clear()
    return untag


def sql(untag: Untag, statement: str, *parameters: object) -> None:
    with closing(sqlite3.connect(untag.home / "untag.db")) as db, db:
        db.execute(statement, parameters)


def names(untag: Untag) -> list[str]:
    return sorted(untag.found())


EVERYTHING = ["1.png", "2.png", "3.png", "4.png", "5.png", "copy.png"]


def test_unchanged_folders_are_passed_over_from_the_second_scan_on(filled: Untag, looked: list[str]) -> None:
    for _ in range(3):
        again = filled.scan()
        assert (again["photos"], again["unchanged"], again["removed"]) == (6, 6, 0)
        assert names(filled) == EVERYTHING
    assert looked == []


def rewrite(photos: Path) -> None:
    path = photos / "a/1.png"
    before = path.stat()
    data = paint(ME, STRANGER, serial=77)
    path.write_bytes(data.ljust(before.st_size, b"\0"))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns + 1))


def grow(photos: Path) -> None:
    path = photos / "a/1.png"
    before = path.stat()
    path.write_bytes(path.read_bytes() + b"more")
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))


def swap(photos: Path) -> None:
    (photos / "a/2.png").rename(photos / "a/0.png")
    (photos / "a/1.png").rename(photos / "a/2.png")


CHANGES: dict[str, tuple[Callable[[Path], Any], set[str], dict[str, int], list[str]]] = {
    # What happens; folders looked into; what the next scan says of it; the findings then.
    "another time": (rewrite, {"a"}, {"analysed": 1, "unchanged": 5, "removed": 0}, EVERYTHING),
    "another size": (grow, {"a"}, {"analysed": 1, "unchanged": 5, "removed": 0}, EVERYTHING),
    "added": (
        lambda photos: (photos / "a/9.png").write_bytes(paint(ME, serial=9)),
        {"a"},
        {"analysed": 1, "unchanged": 6, "removed": 0},
        sorted([*EVERYTHING, "9.png"]),
    ),
    "deleted": (
        lambda photos: (photos / "a/2.png").unlink(),
        {"a"},
        {"analysed": 0, "unchanged": 5, "removed": 1},
        ["1.png", "3.png", "4.png", "5.png", "copy.png"],
    ),
    "renamed": (
        lambda photos: (photos / "a/1.png").rename(photos / "a/new.png"),
        {"a"},
        {"analysed": 0, "copies": 1, "unchanged": 5, "removed": 1},
        ["2.png", "3.png", "4.png", "5.png", "copy.png", "new.png"],
    ),
    "renamed onto each other": (
        swap,
        {"a"},
        {"analysed": 0, "copies": 2, "unchanged": 4, "removed": 1},
        ["0.png", "2.png", "3.png", "4.png", "5.png", "copy.png"],
    ),
    "moved": (
        lambda photos: (photos / "a/1.png").rename(photos / "b/1.png"),
        {"a", "b"},
        {"analysed": 0, "copies": 1, "unchanged": 5, "removed": 1},
        EVERYTHING,
    ),
    "a folder deleted": (
        lambda photos: shutil.rmtree(photos / "b"),
        set(),
        {"analysed": 0, "unchanged": 4, "removed": 2},
        ["1.png", "2.png", "3.png", "4.png"],
    ),
    "a folder above deleted": (
        lambda photos: shutil.rmtree(photos / "a"),
        set(),
        {"analysed": 0, "unchanged": 2, "removed": 4},
        ["5.png", "copy.png"],
    ),
    "a folder renamed": (
        lambda photos: (photos / "a").rename(photos / "c"),
        {"c", "deep"},
        {"analysed": 0, "copies": 4, "unchanged": 2, "removed": 4},
        EVERYTHING,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_folder_is_looked_into_once_and_no_other(filled: Untag, looked: list[str], change: str) -> None:
    happens, folders, said, found = CHANGES[change]
    filled.scan()
    happens(filled.photos)
    again = filled.scan()
    assert {key: again[key] for key in said} == said
    assert set(looked) == folders
    assert names(filled) == found
    looked.clear()
    last = filled.scan()
    assert (last["unchanged"], last["removed"]) == (len(found), 0)
    assert looked == []
    assert names(filled) == found


def test_every_file_of_a_folder_that_is_passed_over_for_long_is_kept(filled: Untag, looked: list[str]) -> None:
    for number in range(3):
        filled.add(f"b/new{number}.png", paint(ME, serial=50 + number))
        assert filled.scan()["removed"] == 0
    assert set(looked) == {"b"}
    (filled.photos / "a/1.png").unlink()
    again = filled.scan()
    assert (again["removed"], again["unchanged"]) == (1, 8)


# --- what is on record ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "folders", "said"),
    [
        ("DELETE FROM files WHERE path LIKE '%/a/1.png'", {"a"}, {"analysed": 0, "copies": 1, "unchanged": 5}),
        ("UPDATE files SET size = size + 1 WHERE path LIKE '%/2.png'", {"a"}, {"copies": 1, "unchanged": 5}),
        ("UPDATE files SET outcome = 'missing' WHERE path LIKE '%/5.png'", {"b"}, {"copies": 1, "unchanged": 5}),
        ("UPDATE files SET caption = 'new' WHERE path LIKE '%/5.png'", {"b"}, {"copies": 1, "unchanged": 5}),
        ("DELETE FROM photos WHERE sha256 = :shared", {"a", "b"}, {"analysed": 1, "copies": 1, "unchanged": 4}),
        (
            "UPDATE photos SET pipeline = 'other' WHERE sha256 = :shared",
            {"a", "b"},
            {"analysed": 1, "copies": 1, "unchanged": 4},
        ),
        (
            "UPDATE photos SET people_key = NULL, discarded = 1 WHERE sha256 = :shared",
            {"a", "b"},
            {"analysed": 1, "copies": 1, "unchanged": 4},
        ),
    ],
)
def test_a_row_that_changed_has_its_folders_looked_into(
    filled: Untag, looked: list[str], statement: str, folders: set[str], said: dict[str, int]
) -> None:
    with closing(sqlite3.connect(filled.home / "untag.db")) as db, db:
        (shared,) = db.execute("SELECT sha256 FROM files WHERE path LIKE '%/copy.png'").fetchone()
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(statement, {"shared": shared})
    again = filled.scan()
    assert set(looked) == folders
    assert {key: again[key] for key in said} == said
    assert names(filled) == EVERYTHING
    looked.clear()
    assert filled.scan()["unchanged"] == 6
    assert looked == []


def test_a_content_that_lies_elsewhere_too_survives_there(filled: Untag, looked: list[str]) -> None:
    (filled.photos / "b/copy.png").unlink()
    assert filled.run("scan", filled.photos / "b").status == 0
    assert filled.scan()["unchanged"] == 5
    (filled.photos / "a/1.png").unlink()
    filled.scan()
    looked.clear()
    assert names(filled) == ["2.png", "3.png", "4.png", "5.png"]
    # Its analysis went with its last file.
    filled.engine.analysed.clear()
    filled.add("b/back.png", paint(ME, STRANGER, serial=0))
    assert filled.scan()["analysed"] == 1
    assert looked == ["b"]


def test_new_models_look_into_every_folder(filled: Untag, looked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_stages, "_ANALYSIS_VERSION", -1)
    again = filled.scan()
    assert (again["analysed"], again["copies"], again["unchanged"]) == (5, 1, 0)
    looked.clear()
    assert filled.scan()["unchanged"] == 6
    assert looked == []


def test_a_new_release_looks_into_every_folder_once(
    filled: Untag, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_stages, "__version__", "99")
    assert filled.scan()["unchanged"] == 6
    assert set(looked) == {"a", "deep", "b"}
    looked.clear()
    filled.scan()
    assert looked == []


def test_somebody_new_and_somebody_forgotten_have_photos_read_again(filled: Untag, reads: list[str]) -> None:
    filled.enroll(STRANGER, person="Bob")
    reads.clear()
    again = filled.scan()
    assert (again["analysed"], again["copies"]) == (5, 1)
    reads.clear()
    assert filled.scan()["unchanged"] == 6
    assert filled.run("forget", "--person", "Bob").status == 0
    assert filled.scan()["unchanged"] == 6
    assert reads == []
    # Bob's embeddings were erased, so he is to be looked for again.
    filled.enroll(STRANGER, person="Bob")
    reads.clear()
    assert filled.scan()["analysed"] == 5
    assert sorted(reads) == EVERYTHING


def test_bystanders_that_are_forgotten_are_read_again_for_somebody_new(
    untag: Untag, looked: list[str], reads: list[str]
) -> None:
    (untag.home).mkdir(parents=True)
    (untag.home / "config.toml").write_text("keep_bystanders = true\n")
    untag.enroll()
    untag.add("a/1.png", paint(STRANGER, serial=1))
    untag.scan()
    untag.enroll(STRANGER, person="Bob")
    untag.scan()
    untag.run("forget", "--person", "Bob")
    untag.scan()
    assert untag.run("forget", "--bystanders").status == 0
    looked.clear()
    reads.clear()
    assert untag.scan()["unchanged"] == 1
    assert (looked, reads) == (["a"], []), "the rows changed, but say that nothing is to be done"
    untag.enroll(STRANGER, person="Bob")
    assert untag.scan()["analysed"] == 1


def test_a_reference_that_is_set_aside_has_every_folder_looked_into(filled: Untag, looked: list[str]) -> None:
    with Store.open(filled.home) as store:
        set_reference_use(store, references(store)[0], used=False, note="blurred")
    assert filled.scan()["unchanged"] == 6
    assert set(looked) == {"a", "deep", "b"}


def test_the_rules_in_force_have_every_folder_looked_into(filled: Untag, looked: list[str]) -> None:
    assert filled.scan("--all-scenes")["unchanged"] == 6
    assert set(looked) == {"a", "deep", "b"}


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_damaged_photos_are_listed_by_every_scan_without_looking(filled: Untag, looked: list[str]) -> None:
    filled.add("a/zero.png", b"")
    filled.add("b/text.png", b"no photo")
    said = []
    for status in (1, 0, 0):
        looked.clear()
        result = filled.run("scan", filled.photos, "--json")
        assert result.status == status
        said.append(sorted(json.loads(result.out)["unreadable"], key=lambda error: error["path"]))
    assert looked == []
    assert said[0] == said[1] == said[2]
    assert [(Path(error["path"]).name, error["outcome"]) for error in said[0]] == [
        ("zero.png", "empty"),
        ("text.png", "not-an-image"),
    ]


def test_a_folder_that_cannot_be_listed_for_a_while_is_kept(
    filled: Untag, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def denied(path: str) -> Any:
        if path == str(filled.photos / "a"):
            raise PermissionError(13, "denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        result = filled.run("scan", filled.photos, "--json")
        assert result.status == 4
        assert json.loads(result.out)["removed"] == 0
        assert json.loads(result.out)["away"] == [str(filled.photos / "a")]
    assert names(filled) == EVERYTHING
    assert filled.scan()["unchanged"] == 6
    (filled.photos / "a/1.png").unlink()
    assert filled.scan()["removed"] == 1


def test_a_link_to_nothing_keeps_its_folder_from_being_passed_over(filled: Untag, looked: list[str]) -> None:
    (filled.photos / "a/gone.png").symlink_to(filled.photos / "nowhere")
    for status in (1, 0):
        looked.clear()
        result = filled.run("scan", filled.photos)
        assert result.status == status
        assert "gone.png: it does not exist" in result.err
        assert looked == ["a"]


# --- parts of what was scanned, and scans that end early -----------------------------------------------------------


def test_scans_of_overlapping_folders_forget_only_what_is_gone(filled: Untag, looked: list[str]) -> None:
    assert filled.run("scan", filled.photos / "a/deep").status == 0
    assert filled.run("scan", filled.photos / "a", filled.photos / "a/deep").status == 0
    assert looked == []
    (filled.photos / "a/1.png").unlink()
    (filled.photos / "b/5.png").unlink()
    assert filled.run("scan", filled.photos / "a").status == 0
    assert looked == ["a"]
    assert names(filled) == ["2.png", "3.png", "4.png", "5.png", "copy.png"]
    assert filled.scan()["removed"] == 1
    assert names(filled) == ["2.png", "3.png", "4.png", "copy.png"]


def test_a_file_asked_for_by_name_has_its_folder_looked_into(filled: Untag, looked: list[str]) -> None:
    hidden = filled.add("a/.hidden.png", paint(ME, serial=60))
    result = filled.run("scan", hidden, filled.photos, "--json")
    assert (json.loads(result.out)["analysed"], json.loads(result.out)["removed"]) == (1, 0)
    assert set(looked) == {"a"}
    assert ".hidden.png" in names(filled)
    # It is no part of the folder unless it is asked for.
    assert filled.scan()["removed"] == 1
    assert names(filled) == EVERYTHING
    looked.clear()
    assert filled.run("scan", filled.photos / "a/1.png").status == 0
    assert filled.scan()["unchanged"] == 6
    assert looked == ["a"], "for the file alone, not for the folder after it"


def scan_until(untag: Untag, photos: Path, stop_after: int) -> bool:
    """Scans with one thread, and stops once so many entries came out; whether there were so many."""
    settings = Settings(untag.home, jobs=0)
    cancel = Cancel()
    left = stop_after

    def on_photo() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            cancel.set()

    with Store.open(untag.home) as store:
        models = ScanModels(untag.engine, FakeScenes())  # type: ignore[arg-type]
        judge = load_judge(store, untag.engine.id, settings)
        return scan(store, [photos], models, judge, settings, on_photo=on_photo, cancel=cancel).interrupted


@pytest.mark.parametrize("stop_after", range(1, 8))
def test_after_a_scan_that_was_stopped_nothing_is_missed(filled: Untag, looked: list[str], stop_after: int) -> None:
    filled.add("a/7.png", paint(ME, serial=70))
    filled.add("a/deep/8.png", paint(ME, serial=71))
    filled.add("b/9.png", paint(ME, serial=72))
    (filled.photos / "a/1.png").unlink()
    (filled.photos / "b/5.png").unlink()
    filled.engine.analysed.clear()
    assert scan_until(filled, filled.photos, stop_after)
    again = filled.scan()
    assert (again["photos"], again["removed"]) == (7, 2)
    assert filled.engine.analysed == {70: 1, 71: 1, 72: 1}
    found = ["2.png", "3.png", "4.png", "7.png", "8.png", "9.png", "copy.png"]
    assert names(filled) == found
    looked.clear()
    assert filled.scan()["unchanged"] == 7
    assert looked == []
    assert names(filled) == found


def test_a_folder_passed_over_by_a_stopped_scan_and_gone_since_is_forgotten(filled: Untag) -> None:
    assert scan_until(filled, filled.photos, 4)
    shutil.rmtree(filled.photos / "a")
    assert filled.scan()["removed"] == 4
    assert names(filled) == ["5.png", "copy.png"]


# --- other sources -------------------------------------------------------------------------------------------------


def test_a_source_whose_fingerprint_tells_of_origins_has_new_ones_recorded(
    filled: Untag, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caption = "first"

    def captioned(listing: Listing) -> Listing:
        assert listing.fingerprint is not None

        def entries() -> list[Entry]:
            origin = Origin(caption=caption)
            return [replace(entry, origin=origin) for entry in listing.entries if isinstance(entry, PhotoRef)]

        return replace(listing, fingerprint=listing.fingerprint + caption.encode(), list_entries=entries)

    def walk(paths: Sequence[Path], **options: Any) -> Iterator[Listing]:
        return map(captioned, walk_all(paths, **options))

    monkeypatch.setattr("untag.scan.run.walk_all", walk)
    for caption in ("first", "second"):
        assert filled.scan()["copies"] == 6
        looked.clear()
        assert filled.scan()["unchanged"] == 6
        assert looked == []
        with Store.open(filled.home) as store:
            known = known_files(store, str(filled.photos / "a"))
        assert {file.origin.caption for file in known.values()} == {caption}


def test_an_error_that_a_source_finds_only_on_looking_is_told_every_time(
    filled: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    def troubled(listing: Listing) -> Listing:
        # In the place of a photo on record, which therefore stays there.
        wrong = ReadError(str(filled.photos / "b/5.png"), Outcome.BROKEN, "cut short")
        refs = [entry for entry in listing.entries if isinstance(entry, PhotoRef)]
        entries: list[Entry] = [wrong if ref.path == wrong.path else ref for ref in refs]
        return replace(listing, fingerprint=b"the same", list_entries=lambda: entries)

    def walk(paths: Sequence[Path], **options: Any) -> Iterator[Listing]:
        return map(troubled, walk_all(paths, **options))

    monkeypatch.setattr("untag.scan.run.walk_all", walk)
    for _ in range(3):
        assert "5.png: cut short" in filled.run("scan", filled.photos / "b").err


# --- everything at once --------------------------------------------------------------------------------------------


def recorded(home: Path) -> dict[str, list[Any]]:
    tables = {
        "files": "SELECT path, folder, source, size, mtime_ns, sha256, outcome, error FROM files ORDER BY path",
        "photos": "SELECT sha256, pipeline, people_key, discarded FROM photos ORDER BY 1",
        "findings": "SELECT sha256, person, verdict, similarity, risk FROM findings ORDER BY 1",
        "faces": "SELECT sha256, ordinal, embedding IS NULL, person, verdict FROM faces ORDER BY 1, 2",
    }
    with closing(sqlite3.connect(home / "untag.db")) as db:
        return {name: db.execute(query).fetchall() for name, query in tables.items()}


def some_change(chance: random.Random, photos: Path, serial: int) -> None:
    """Adds, changes, damages, copies, moves or deletes a file, or moves or deletes a folder."""
    files = sorted(path for path in photos.rglob("*.png") if path.is_file())
    folders = [photos / name for name in ("a", "a/b", "a/b/c", "d", "d/e")]
    target = chance.choice(folders) / f"{serial}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    squares = chance.choice([(ME,), (STRANGER,), (ME, STRANGER), ()])
    match chance.choice(["add", "add", "add", "change", "damage", "copy", "move", "delete", "move all", "delete all"]):
        case "add":
            target.write_bytes(paint(*squares, serial=serial))
        case "change" if files:
            chance.choice(files).write_bytes(paint(*squares, serial=serial))
        case "damage" if files:
            chance.choice(files).write_bytes(chance.choice([b"", b"no photo"]))
        case "copy" if files:
            shutil.copy2(chance.choice(files), target)
        case "move" if files:
            chance.choice(files).rename(target)
        case "delete" if files:
            chance.choice(files).unlink()
        case "move all":
            source = chance.choice(folders[3:])
            if source.exists() and not (photos / f"moved{serial}").exists():
                source.rename(photos / f"moved{serial}")
        case "delete all":
            shutil.rmtree(chance.choice(folders[2:]), ignore_errors=True)


@pytest.mark.parametrize("seed", range(4))
def test_with_and_without_passing_over_everything_is_recorded_the_same(
    untag: Untag, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Two homes see the same changes and the same scans; one compares every file every time."""
    chance = random.Random(seed)
    thorough = Untag(untag.root / "thorough", untag.engine, untag.invoke)
    passed_over = 0

    def counting(store: Store, folder: str, digest: bytes) -> KnownFolder | None:
        nonlocal passed_over
        known = unchanged_folder(store, folder, digest)
        passed_over += known is not None
        return known

    for home in (untag, thorough):
        home.enroll()
    for number, name in enumerate(("a", "a/b", "a/b/c", "d", "d/e", "f", "g", "h")):
        untag.add(f"{name}/{900 + number}.png", paint(ME, STRANGER, serial=900 + number))
    for step in range(16):
        for number in range(chance.choice([0, 1, 3])):
            some_change(chance, untag.photos, step * 10 + number)
        if step in (5, 10):
            person = {5: "Bob", 10: "me"}[step]
            for home in (untag, thorough):
                home.enroll(*((STRANGER,) if step == 5 else (ME, Square(off=0.3))), person=person)
        stopped = chance.random() < 0.3
        part = "." if stopped else chance.choice([".", ".", "a", "a/b"])
        root = untag.photos / part if (untag.photos / part).exists() else untag.photos
        said = []
        for home, shortcut in ((untag, counting), (thorough, lambda *_: None)):
            with monkeypatch.context() as patch:
                patch.setattr("untag.scan.stages.unchanged_folder", shortcut)
                if stopped:
                    scan_until(home, untag.photos, 2)
                summary = json.loads(home.run("scan", root, "--json", "--jobs", "0").out)
            summary["unreadable"].sort(key=lambda error: error["path"])
            # How far a stopped scan came depends on how many entries pass together.
            counts = ("photos", "unreadable") if stopped else ("photos", "unreadable", "analysed", "copies", "removed")
            said.append({key: summary[key] for key in counts})
        assert said[0] == said[1]
        assert recorded(untag.home) == recorded(thorough.home)
    assert passed_over > 5
