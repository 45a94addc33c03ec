"""Walking folders: what is found, in which order, and what is said of the rest."""

from __future__ import annotations

import errno
import inspect
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.config import Settings
from untag.errors import ReadFailure, UsageError
from untag.imaging.limits import Limits
from untag.scan import count_photos
from untag.sources.base import open_source, walk_all
from untag.sources.file import FileSource
from untag.sources.folder import FolderSource
from untag.sources.listing import Source
from untag.sources.names import IMAGE_SUFFIXES
from untag.support.paths import os_path, printable_path
from untag.types import Outcome, PhotoRef, ReadError

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


def make(root: Path, *names: str, data: bytes = JPEG) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def relative(entries: Iterable[PhotoRef | ReadError], root: Path) -> list[str]:
    return [os.path.relpath(entry.path, root) for entry in entries]


def found(root: Path) -> list[str]:
    return relative(FolderSource(root).photos(), root)


def walked(*paths: Path, root: Path) -> list[str]:
    return [name for listing in walk_all(paths) for name in relative(listing.photos, root)]


def test_sorted_by_name_whatever_the_disk_says(tmp_path: Path) -> None:
    make(tmp_path, "b/2.jpg", "b/1.jpg", "a/9.jpg", "a/c/3.jpg", "z.jpg", "B.jpg")
    assert found(tmp_path) == ["B.jpg", "z.jpg", "a/9.jpg", "a/c/3.jpg", "b/1.jpg", "b/2.jpg"]
    assert list(FolderSource(tmp_path).photos()) == list(FolderSource(tmp_path).photos())


def test_a_ref_has_size_time_and_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/x.jpg")
    os.utime(tmp_path / "a/x.jpg", ns=(1, 1_600_000_000_123_456_789))
    monkeypatch.chdir(tmp_path / "a")
    (ref,) = FolderSource(Path("../a/.")).photos()
    assert ref == PhotoRef(str(tmp_path / "a/x.jpg"), "folder", len(JPEG), 1_600_000_000_123_456_789)


def test_folders_come_one_at_a_time(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "a/2.jpg", "b/c/3.jpg", "empty/notes.md")
    folders = FolderSource(tmp_path).folders()
    listed = [(os.path.relpath(found.folder, tmp_path), found.count, len(found.photos)) for found in folders]
    assert listed == [("a", 2, 2), ("b/c", 1, 1)]


def test_walking_is_lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    scanned: list[str] = []
    scandir = os.scandir

    def recording(path: str) -> Any:
        scanned.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", recording)
    next(FolderSource(tmp_path).folders())
    assert scanned == [str(tmp_path), str(tmp_path / "a")]


def test_one_stat_for_each_photo_and_none_for_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "1.jpg", "2.jpg", "notes.md")
    calls: list[str] = []

    class Counting:
        def __init__(self, entry: os.DirEntry[str]) -> None:
            self._entry, self.name, self.path = entry, entry.name, entry.path
            self.is_dir, self.is_symlink = entry.is_dir, entry.is_symlink

        def stat(self) -> os.stat_result:
            calls.append(self.name)
            return self._entry.stat()

    class Scan:
        def __init__(self, path: str) -> None:
            self._iterator = scandir(path)

        def __enter__(self) -> Iterable[Counting]:
            return [Counting(entry) for entry in self._iterator]

        def __exit__(self, *_: object) -> None:
            self._iterator.close()

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", Scan)
    assert len(list(FolderSource(tmp_path).photos())) == 2
    assert sorted(calls) == ["1.jpg", "2.jpg"]


def test_deep_trees_need_no_recursion(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    make(deep, "x.jpg")
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len(inspect.stack(0)) + 100)
        assert len(list(FolderSource(tmp_path).photos())) == 1
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_suffixes_in_any_case(tmp_path: Path, suffix: str) -> None:
    make(tmp_path, f"a.{suffix}", f"b.{suffix.upper()}", f"c.{suffix.title()}")
    assert len(found(tmp_path)) == 3


def test_names_of_texts_are_trusted_and_no_others(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.mp4", "c.jpg.part", "d.json", "e.html", "f.")
    assert found(tmp_path) == ["a.txt", "b.mp4", "c.jpg.part", "f."]


def test_files_without_a_suffix_are_looked_into(tmp_path: Path) -> None:
    make(tmp_path, "1234_n")
    make(tmp_path, "Makefile", data=b"all:\n")
    make(tmp_path, "nothing", data=b"")
    assert found(tmp_path) == ["1234_n"]


def test_hidden_and_system_folders_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.jpg", "._x.jpg", ".thumbnails/t.jpg", ".Trash-1000/t.jpg", "@eaDir/t.jpg", "__MACOSX/t.jpg")
    make(tmp_path, "#recycle/t.jpg", "$RECYCLE.BIN/t.jpg", "kept/x.jpg")
    assert found(tmp_path) == ["kept/x.jpg"]
    assert found(tmp_path / ".thumbnails") == ["t.jpg"]


def test_a_folder_called_like_a_photo(tmp_path: Path) -> None:
    make(tmp_path, "album.jpg/x.jpg")
    assert found(tmp_path) == ["album.jpg/x.jpg"]


# --- fingerprints --------------------------------------------------------------------------------------------------


def fingerprint(root: Path) -> bytes | None:
    (listing,) = FolderSource(root).folders()
    return listing.fingerprint


def test_a_fingerprint_changes_with_names_sizes_and_times_and_with_nothing_else(tmp_path: Path) -> None:
    def photo(name: str, *, size: int = 10, time_ns: int = 10**18) -> None:
        make(tmp_path, name, data=JPEG[:size])
        os.utime(tmp_path / name, ns=(time_ns, time_ns))

    photo("a.jpg")
    photo("b.jpg")
    first = fingerprint(tmp_path)
    assert first is not None
    seen: list[bytes | None] = [first]
    photo("b.jpg", size=11)
    seen.append(fingerprint(tmp_path))
    photo("b.jpg", time_ns=10**18 + 1)
    seen.append(fingerprint(tmp_path))
    photo("c.jpg")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "b.jpg").unlink()
    seen.append(fingerprint(tmp_path))
    # Two photos change places.
    photo("a.jpg", size=12)
    seen.append(fingerprint(tmp_path))
    photo("a.jpg")
    photo("c.jpg", size=12)
    seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == len(seen)
    (tmp_path / "c.jpg").unlink()
    photo("b.jpg")
    make(tmp_path, "notes.md", ".hidden.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5, 10**18))
    assert fingerprint(tmp_path) == first


def test_what_must_be_looked_at_every_time_has_no_fingerprint(tmp_path: Path) -> None:
    make(tmp_path / "links", "x.jpg")
    (tmp_path / "links/gone.jpg").symlink_to(tmp_path / "nowhere")
    make(tmp_path / "named", "1.jpg", "2.jpg")
    make(tmp_path / "other", "3.jpg")
    told = {
        (Path(listing.folder).name, listing.count): listing.fingerprint is None
        for listing in walk_all([tmp_path, tmp_path / "named/1.jpg"])
    }
    # The file named, the rest of its folder, and a folder with an error.
    assert told == {("named", 1): True, ("links", 2): True, ("other", 1): False}


def test_counting_makes_no_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/1.jpg", "a/2.jpg", "3.jpg")
    monkeypatch.setattr("untag.sources.folder.PhotoRef", lambda *_: pytest.fail("an entry was made"))
    assert count_photos([tmp_path], Settings(tmp_path)) == 3


# --- links ---------------------------------------------------------------------------------------------------------


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    make(tmp_path / "outside", "o.jpg")
    make(tmp_path / "in", "x.jpg")
    (tmp_path / "in/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "in/file.jpg").symlink_to(tmp_path / "outside/o.jpg")
    assert found(tmp_path / "in") == ["file.jpg", "x.jpg", "folder/o.jpg"]
    (ref, *_) = FolderSource(tmp_path / "in").photos()
    assert isinstance(ref, PhotoRef)
    assert ref.size == len(JPEG)


def test_loops_end(tmp_path: Path) -> None:
    make(tmp_path, "a/b/x.jpg")
    (tmp_path / "a/b/up").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to(tmp_path / "a")
    assert found(tmp_path) == ["a/b/x.jpg"]


def test_a_link_does_not_rename_photos(tmp_path: Path) -> None:
    make(tmp_path, "real/sub/x.jpg")
    (tmp_path / "a-link").symlink_to(tmp_path / "real")
    assert found(tmp_path) == ["real/sub/x.jpg"]


def test_broken_links_count_only_when_they_are_called_like_photos(tmp_path: Path) -> None:
    for name in ("gone.jpg", "gone.txt", "gone"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    gone, around = FolderSource(tmp_path).photos()
    assert isinstance(gone, ReadError) and isinstance(around, ReadError)
    assert (Path(gone.path).name, gone.outcome) == ("gone.jpg", Outcome.MISSING)
    assert (Path(around.path).name, around.outcome) == ("round.png", Outcome.MISSING)
    assert "leads back to itself" in around.error


# --- things that are no files --------------------------------------------------------------------------------------


@pytest.mark.timeout(20)
def test_pipes_and_sockets_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
        assert found(tmp_path) == []


@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_a_photo_does_not_hang(tmp_path: Path) -> None:
    make(tmp_path, "x.jpg")
    source = FolderSource(tmp_path)
    (ref,) = source.photos()
    (tmp_path / "x.jpg").unlink()
    os.mkfifo(tmp_path / "x.jpg")
    assert refusal(source, ref).outcome is Outcome.MISSING


# --- permission and failing disks ----------------------------------------------------------------------------------


def deny(monkeypatch: pytest.MonkeyPatch, name: str, path: Path, number: int = errno.EACCES) -> None:
    """Make the function `name` of os fail for `path`, as it would for another user or a bad disk; root may read all."""
    original = getattr(os, name)

    def failing(target: Any, *args: Any, **options: Any) -> Any:
        if str(target) == str(path):
            raise OSError(number, os.strerror(number), str(target))
        return original(target, *args, **options)

    monkeypatch.setattr(os, name, failing)


def refusal(source: Source, ref: PhotoRef | ReadError) -> ReadFailure:
    assert isinstance(ref, PhotoRef)
    with pytest.raises(ReadFailure) as caught:
        source.read(ref)
    return caught.value


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "private/x.jpg", "public/y.jpg")
    deny(monkeypatch, "scandir", tmp_path / "private")
    error, ref = FolderSource(tmp_path).photos()
    assert error == ReadError(
        str(tmp_path / "private"), Outcome.NO_PERMISSION, "folder not scanned: you have no permission to read this"
    )
    assert ref.path == str(tmp_path / "public/y.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_real_permissions(tmp_path: Path) -> None:
    make(tmp_path, "private/x.jpg", "locked.jpg", "locked")
    for path, mode in (("private", 0), ("locked.jpg", 0), ("locked", 0)):
        (tmp_path / path).chmod(mode)
    try:
        source = FolderSource(tmp_path)
        unknown, photo, folder = source.photos()
        assert isinstance(unknown, ReadError) and isinstance(folder, ReadError)
        assert unknown.outcome is folder.outcome is Outcome.NO_PERMISSION
        assert refusal(source, photo).outcome is Outcome.NO_PERMISSION
    finally:
        (tmp_path / "private").chmod(0o700)


def test_a_folder_that_vanishes_during_the_walk(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    folders = FolderSource(tmp_path).folders()
    next(folders)
    shutil.rmtree(tmp_path / "b")
    (listing,) = folders
    assert (listing.folder, listing.count, listing.fingerprint) == (str(tmp_path / "b"), 1, None)
    assert [entry.outcome for entry in listing.photos if isinstance(entry, ReadError)] == [Outcome.MISSING]


def test_a_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "x.jpg")
    source = FolderSource(tmp_path)
    (ref,) = source.photos()
    deny(monkeypatch, "open", tmp_path / "x.jpg", errno.EIO)
    error = refusal(source, ref)
    assert error.outcome is Outcome.BROKEN
    assert "cannot be read from the disk" in str(error)


def test_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "full.jpg")
    make(tmp_path, "empty.jpg", data=b"")
    make(tmp_path, "large.jpg", data=bytes(1001))
    make(tmp_path, "gone.jpg", "denied.jpg")
    source = FolderSource(tmp_path, limits=Limits(max_bytes=1000))
    refs = {Path(ref.path).name: ref for ref in source.photos() if isinstance(ref, PhotoRef)}
    (tmp_path / "gone.jpg").unlink()
    deny(monkeypatch, "open", tmp_path / "denied.jpg")
    assert source.read(refs["full.jpg"]) == JPEG
    assert str(refusal(source, refs["empty.jpg"])) == "the file is empty"
    outcomes = {
        name: refusal(source, refs[name]).outcome for name in ("empty.jpg", "large.jpg", "gone.jpg", "denied.jpg")
    }
    assert outcomes == {
        "empty.jpg": Outcome.EMPTY,
        "large.jpg": Outcome.TOO_LARGE,
        "gone.jpg": Outcome.MISSING,
        "denied.jpg": Outcome.NO_PERMISSION,
    }


# --- names that are not UTF-8 --------------------------------------------------------------------------------------


def test_undecodable_names_print_store_and_open(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(JPEG + b"bytes")
    except OSError:
        pytest.skip("this file system accepts only UTF-8 names")
    make(tmp_path, r"\xff.jpg", data=JPEG + b"literal")
    make(tmp_path, os.fsdecode(b"caf\xe9/x.jpg"))
    source = FolderSource(tmp_path)
    contents = {}
    connection = sqlite3.connect(":memory:")
    for ref in source.photos():
        assert isinstance(ref, PhotoRef)
        (stored,) = connection.execute("select ?", (ref.path,)).fetchone()
        contents[os.path.relpath(stored, tmp_path)] = source.read(ref)
    connection.close()
    assert contents == {
        r"\xff.jpg": JPEG + b"bytes",
        r"\x5cxff.jpg": JPEG + b"literal",
        r"caf\xe9/x.jpg": JPEG,
    }
    assert {listing.folder for listing in source.folders()} == {str(tmp_path), str(tmp_path / r"caf\xe9")}


def test_what_opens_a_photo_is_what_the_walk_found(tmp_path: Path) -> None:
    """No source finds a file again by the text that is shown of it, in a folder, in an archive or alone."""
    make(tmp_path / "folder", r"\xff.jpg")
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("trip/a.jpg", JPEG)
    for place in (tmp_path / "folder", tmp_path / "photos.zip", tmp_path / "folder" / r"\xff.jpg"):
        for listing in walk_all([place]):
            for ref in listing.photos:
                assert isinstance(ref, PhotoRef)
                assert listing.source.read(replace(ref, path="shown otherwise")) == JPEG


NAMES = st.one_of(
    st.binary(min_size=1, max_size=20).filter(lambda name: b"/" not in name and b"\0" not in name),
    st.lists(st.sampled_from([b"\\", b"x", b"5", b"c", b"f", b"\xff", b"\xc3\xa9", b"8"]), min_size=1).map(b"".join),
)


@given(NAMES)
def test_any_name_survives_being_printed(name: bytes) -> None:
    path = os.fsdecode(name)
    shown = printable_path(path)
    shown.encode()
    assert os_path(shown) == path


@given(NAMES, NAMES)
def test_two_names_never_look_alike(left: bytes, right: bytes) -> None:
    assert (printable_path(os.fsdecode(left)) == printable_path(os.fsdecode(right))) == (left == right)


def test_ordinary_names_are_left_alone() -> None:
    for name in ("IMG_0001.JPG", "Été à la plage/été.jpg", r"C\o\x\xyz.jpg", "日本.png", "a\u202eb.jpg"):
        assert printable_path(name) == name


# --- several arguments ---------------------------------------------------------------------------------------------


def test_overlapping_arguments_give_each_photo_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "a/b/2.jpg", "c/3.jpg")
    everything = ["a/1.jpg", "a/b/2.jpg", "c/3.jpg"]
    a, b, one = tmp_path / "a", tmp_path / "a/b", tmp_path / "a/1.jpg"
    for paths in ([tmp_path, a, b], [b, a, tmp_path], [tmp_path, tmp_path], [tmp_path, one], [one, tmp_path, one]):
        assert sorted(walked(*paths, root=tmp_path)) == everything


def test_overlap_through_links(tmp_path: Path) -> None:
    make(tmp_path, "real/1.jpg", "real/2.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert walked(tmp_path / "real", tmp_path / "link", root=tmp_path) == ["real/1.jpg", "real/2.jpg"]
    assert walked(tmp_path / "link/1.jpg", tmp_path / "real", root=tmp_path) == ["link/1.jpg", "real/2.jpg"]


def test_named_files_are_taken_whatever_they_are_called(tmp_path: Path) -> None:
    make(tmp_path, "scan.dat", ".hidden.jpg")
    assert walked(tmp_path / "scan.dat", tmp_path / ".hidden.jpg", tmp_path, root=tmp_path) == [
        "scan.dat",
        ".hidden.jpg",
    ]


def test_equal_names_in_other_folders_are_other_photos(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/1.jpg")
    os.link(tmp_path / "a/1.jpg", tmp_path / "b/hard.jpg")
    assert walked(tmp_path / "a/1.jpg", tmp_path, root=tmp_path) == ["a/1.jpg", "b/1.jpg", "b/hard.jpg"]


def test_listings_carry_the_source_that_reads_them(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "2.jpg")
    for listing in walk_all([tmp_path / "a", tmp_path / "2.jpg"]):
        for ref in listing.photos:
            assert isinstance(ref, PhotoRef)
            assert listing.source.read(ref) == JPEG
            assert listing.source.name == ref.source == "folder"
            assert listing.folder == str(Path(ref.path).parent)


def test_a_wrong_path_is_refused_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail("the walk began"))
    with pytest.raises(UsageError, match=r"no such file or folder: .*typo"):
        walk_all([tmp_path, tmp_path / "typo"])
    with pytest.raises(UsageError, match="no such file or folder"):
        open_source(Path(__file__) / "below-a-file")


def test_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        open_source(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(UsageError, match="cannot be opened"):
        open_source(tmp_path / "round")


def test_a_file_that_vanishes_before_its_turn(tmp_path: Path) -> None:
    make(tmp_path, "x.jpg")
    source = open_source(tmp_path / "x.jpg")
    assert isinstance(source, FileSource)
    assert len(list(source.photos())) == len(list(source.photos())) == 1
    (tmp_path / "x.jpg").unlink()
    (error,) = source.photos()
    assert isinstance(error, ReadError)
    assert error.outcome is Outcome.MISSING
