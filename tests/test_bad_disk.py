"""Disks that give a part of a file or of a folder, and permissions that are missing inside archives."""

from __future__ import annotations

import codecs
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from fakes import ME, Untag, paint
from made_up_archives import MadeUpFiles
from miniature_archives import MINIATURES, unpack
from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS
from untag.imaging.sniff import SNIFF_BYTES
from untag.sources.archive import ZipFiles
from untag.sources.base import open_source
from untag.sources.files import read_file, read_head
from untag.sources.reader import split
from untag.sources.readers import READERS
from untag.sources.reading import StoredPhotos
from untag.sources.sidecars import read_sidecars, sidecar_readers
from untag.sources.summary import survey
from untag.sources.tree import FolderFiles
from untag.types import Outcome, PhotoRef, ReadError

NOBODY = 65534
_read = os.read


def short(descriptor: int, size: int) -> bytes:
    """A read that gives at most 100 bytes at once, as one over a network may."""
    return _read(descriptor, min(size, 100))


def failing_after(good: int) -> Callable[[int, int], bytes]:
    """A read that gives what lies before a bad sector, and fails there."""

    def read(descriptor: int, size: int) -> bytes:
        left = good - os.lseek(descriptor, 0, os.SEEK_CUR)
        if left <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return _read(descriptor, min(size, left))

    return read


def ending_after(good: int) -> Callable[[int, int], bytes]:
    """A read that says that the file ends before it does."""
    return lambda descriptor, size: _read(descriptor, min(size, good - os.lseek(descriptor, 0, os.SEEK_CUR)))


def content(path: Path) -> bytes:
    return read_file(str(path), DEFAULT_LIMITS)


def test_a_file_that_comes_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(os.urandom(12_345))
    monkeypatch.setattr(os, "read", short)
    assert content(path) == path.read_bytes()
    assert read_head(str(path)) == path.read_bytes()[:SNIFF_BYTES]


@pytest.mark.parametrize(
    ("broken", "said"),
    [(failing_after(4096), "it cannot be read from the disk (Input/output error)"), (ending_after(4096), "4,096 of")],
)
def test_a_part_of_a_file_is_not_the_file(
    broken: Callable[[int, int], bytes], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(12_345))
    monkeypatch.setattr(os, "read", broken)
    with pytest.raises(ReadFailure, match=said.replace("(", r"\(").replace(")", r"\)")) as caught:
        content(path)
    assert caught.value.outcome is Outcome.BROKEN


def test_a_file_that_grows_meanwhile_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(1000))

    def growing(descriptor: int, size: int) -> bytes:
        data = _read(descriptor, size)
        with path.open("ab") as file:
            file.write(b"more")
        return data

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(ReadFailure, match=r"1,000 of its 1,004 bytes could be read, or it is being written"):
        content(path)


def test_every_way_to_a_photo_refuses_a_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + bytes(9000))
    monkeypatch.setattr(os, "read", failing_after(4096))
    for source in (open_source(tmp_path), open_source(tmp_path / "a.jpg")):
        (ref,) = source.photos()
        assert isinstance(ref, PhotoRef)
        with pytest.raises(ReadFailure):
            source.read(ref)
    with pytest.raises(ReadFailure):
        StoredPhotos(DEFAULT_LIMITS).read(str(tmp_path / "a.jpg"))
    with pytest.raises(ReadFailure):
        FolderFiles(str(tmp_path)).read("a.jpg", 10_000)


def test_what_was_read_in_part_is_found_by_the_next_scan(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    path = untag.add("a.png", paint(ME, serial=1))
    for broken in (failing_after(200), ending_after(200)):
        with monkeypatch.context() as patch:
            patch.setattr(os, "read", broken)
            result = untag.run("scan", untag.photos, "--json")
        assert [item["path"] for item in json.loads(result.out)["unreadable"]] == [str(path)]
        assert untag.found() == {}
    untag.scan()
    assert untag.found() == {"a.png": "me"}


def test_a_member_that_is_shorter_than_its_archive_says(tmp_path: Path) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(range(256)))
    data = buffer.getvalue()
    directory = data.index(b"PK\x01\x02")
    # The size in the central directory, which is the one that counts; the checksum stays that of the 256 bytes.
    (tmp_path / "a.zip").write_bytes(data[: directory + 24] + (300).to_bytes(4, "little") + data[directory + 28 :])
    with pytest.raises(ReadFailure, match="256 of its 300 bytes are in the archive"):
        ZipFiles(tmp_path / "a.zip").read("a.jpg", 1000)


def test_an_archive_on_a_failing_disk_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(BytesIO):
        def seek(self, position: int, whence: int = 0) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("io.open", lambda *_: Failing(b"PK"))
    with pytest.raises(ReadFailure, match="it cannot be read from the disk"):
        ZipFiles(tmp_path / "a.zip")


def test_a_folder_that_is_listed_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / "folder" / name).write_bytes(b"x")
    scandir = os.scandir

    @contextmanager
    def failing(path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        def children() -> Iterator[os.DirEntry[str]]:
            with scandir(path) as found:
                yield from sorted(found, key=lambda child: child.name)[:2]
            if path == str(tmp_path / "folder"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        yield children()

    monkeypatch.setattr(os, "scandir", failing)
    error, *photos = open_source(tmp_path).photos()
    assert isinstance(error, ReadError)
    assert (error.path, error.outcome) == (str(tmp_path / "folder"), Outcome.BROKEN)
    assert "only a part of the folder was scanned" in error.error
    assert [Path(photo.path).name for photo in photos] == ["a.jpg", "b.jpg"]
    assert [error.path for error in FolderFiles(str(tmp_path / "folder")).errors] == [str(tmp_path / "folder")]


def test_what_a_reader_could_not_sniff_is_said(tmp_path: Path) -> None:
    class Denied(MadeUpFiles):
        def read(self, name: str, max_bytes: int) -> bytes:
            if name.endswith(".json"):
                raise ReadFailure(Outcome.NO_PERMISSION, "you have no permission to read this")
            return super().read(name, max_bytes)

    files = Denied({"a.jpg": b"x", "a.jpg.json": b"{}", "b.jpg.json": b"{}"})
    told = read_sidecars(files, sidecar_readers(files.names, split(READERS)[1]))
    assert {error.path for error in told.errors} == {"archive/a.jpg.json", "archive/b.jpg.json"}


# --- without permission ---------------------------------------------------------------------------------------------


@contextmanager
def somebody() -> Iterator[None]:
    """As a user who may not read everything: not even the standard library, if it is another user's."""
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has no users to change to")
    if os.geteuid() != 0:
        yield
        return
    for codec in ("cp437", "utf-8-sig", "cp1252"):
        codecs.lookup(codec)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that everybody may use; those that pytest makes are the owner's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o777)
        shutil.rmtree(folder)


def test_a_locked_folder_in_a_download_keeps_its_findings(untag: Untag, open_to_all: Path) -> None:
    untag = replace(untag, root=open_to_all)
    untag.enroll()
    media = untag.photos / "photos_and_videos" / "album"
    untag.add("photos_and_videos/album/a.png", paint(ME, serial=1))
    untag.add("photos_and_videos/album/b.png", paint(ME, serial=2))
    untag.add("posts/your_posts_1.json", b"[]")
    untag.scan()
    before = untag.found()
    assert before == {"a.png": "me", "b.png": "me"}
    if os.geteuid() == 0:
        for path in open_to_all.rglob("*"):
            os.chown(path, NOBODY, NOBODY)
    with somebody():
        for mode in (0o444, 0o000, 0o111):
            media.chmod(mode)
            result = untag.run("scan", untag.photos, "--json")
            said = json.loads(result.out)
            assert said["removed"] == 0
            unreadable = {item["path"] for item in said["unreadable"]}
            assert unreadable == {str(media)} if mode != 0o444 else {str(media / "a.png"), str(media / "b.png")}
            assert {item["outcome"] for item in said["unreadable"]} == {"no-permission"}
            assert untag.found() == before
        media.chmod(0o755)
        untag.scan()
        assert untag.found() == before


@pytest.mark.parametrize("name", MINIATURES)
def test_each_locked_folder_of_each_download_is_told_of(name: str, open_to_all: Path) -> None:
    unpack(MINIATURES[name], open_to_all / "archive")
    folders = sorted({path.parent for path in (open_to_all / "archive").rglob("*") if path.is_file()})
    survey([open_to_all], DEFAULT_LIMITS, READERS)  # what it imports, somebody else may not be allowed to read
    for folder in folders:
        # A page for the browser beside an archive that cannot be recognised any more tells of nothing.
        inside = {str(path) for path in folder.iterdir() if path.is_file() and path.name != "Your archive.html"}
        folder.chmod(0o444)
        with somebody():
            found = survey([open_to_all], DEFAULT_LIMITS, READERS)
        folder.chmod(0o755)
        told = {error.path for error in found.unreadable}
        assert inside <= told or str(folder) in told, folder


def test_sidecars_that_may_not_be_read(open_to_all: Path) -> None:
    for name, data in {"a.jpg": b"x", "a.jpg.json": b"{}", "b.jpg": b"x", "b.xmp": b"<x/>"}.items():
        (open_to_all / name).write_bytes(data)
    for name in ("a.jpg.json", "b.xmp"):
        (open_to_all / name).chmod(0)
    with somebody():
        found = survey([open_to_all], DEFAULT_LIMITS, READERS)
    assert {Path(error.path).name for error in found.unreadable} == {"a.jpg.json", "b.xmp"}
    assert {error.outcome for error in found.unreadable} == {Outcome.NO_PERMISSION}


def test_archives_of_one_name_in_locked_folders_are_each_told_of(open_to_all: Path) -> None:
    for folder in ("a", "b"):
        (open_to_all / folder).mkdir()
        (open_to_all / folder / "photos.zip").write_bytes(b"PK")
        (open_to_all / folder).chmod(0o444)
    with somebody():
        found = survey([open_to_all], DEFAULT_LIMITS, READERS)
    assert [error.path for error in found.unreadable] == [str(open_to_all / f"{name}/photos.zip") for name in "ab"]


# --- with a real disk -----------------------------------------------------------------------------------------------


def test_a_preload_that_gives_little_at_a_time(shared: Path, tmp_path: Path) -> None:
    code = shared / "cases" / "bad_sector" / "eio.c"
    if not code.is_file() or shutil.which("gcc") is None:
        pytest.skip("the preload is not here, or there is no compiler")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "eio.so", code, "-ldl"], cwd=tmp_path, check=True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jpg").write_bytes(os.urandom(600_000))
    program = (
        "import hashlib, sys; from pathlib import Path; from untag.sources.base import open_source\n"
        "source = open_source(Path(sys.argv[1])); (ref,) = source.photos()\n"
        "print(hashlib.sha256(source.read(ref)).hexdigest(), hashlib.sha256(Path(ref.path).read_bytes()).hexdigest())"
    )
    environment = {**os.environ, "SHORT_PAT": "/folder/", "LD_PRELOAD": str(tmp_path / "eio.so")}
    command = [sys.executable, "-c", program, str(tmp_path / "folder")]
    ours, whole = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert ours == whole


def test_a_disk_with_a_bad_sector(untag: Untag, tmp_path: Path) -> None:
    """A file system of which the last part cannot be read: a loop device over a file that was cut off."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root can mount a file system")
    image, place = tmp_path / "disk.img", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-b", "1024", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        # Text after the end of a PNG file is no part of the picture: cut off anywhere in it, the photo decodes.
        (place / "a.png").write_bytes(paint(ME, serial=1) + bytes(2_000_000))
    finally:
        subprocess.run(["umount", place], check=True)
    whole = image.read_bytes()
    good = whole.index(paint(ME, serial=1)) + 1_000_000
    untag.enroll()
    for length, found in ((good - good % 4096, {}), (len(whole), {"a.png": "me"})):
        image.write_bytes(whole)
        subprocess.run(["mount", "-o", "loop,ro", image, place], check=True)
        try:
            os.truncate(image, length)
            result = untag.run("scan", place, "--json")
        finally:
            subprocess.run(["umount", place], check=True)
        assert [item["outcome"] for item in json.loads(result.out)["unreadable"]] == ([] if found else ["broken"])
        assert untag.found() == found
