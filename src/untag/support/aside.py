"""Files on their way to their place: written whole in the home folder, then moved; a kill leaves nothing elsewhere.

What is being written lies in `home/parts`, locked by its writer, and a part that nobody holds is swept by the next
command. A target on another file system is copied through a file that has no name (O_TMPFILE, Linux), so that a kill
leaves nothing there either. Where there are no such files, or a file is to be replaced, the name that is used for a
moment is noted in `home/parts` first, so that the next command finds it.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from untag.errors import UsageError
from untag.support.erase import destroy, flush_folder
from untag.support.file_lock import HELD, lock
from untag.support.home import make_home, make_private_folder

_FOLDER = "parts"
_PART = ".part"
_ELSEWHERE = ".elsewhere"
_MARK = ".untag-"
_CHUNK = 1 << 20
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS, errno.EACCES, errno.EPERM}
"""What systems answer that make no file without a name, or that let nobody link one."""


class Part:
    """A file that is being written, for now at `path`. Made by `new_part`."""

    def __init__(self, home: Path, path: Path, handle: int) -> None:
        self._home = home
        self.path = path
        self._handle = handle

    def write(self, data: bytes) -> None:
        """Append. Raises OSError."""
        _write_all(self._handle, data)

    def install(self, target: Path, *, place: Callable[[Path, Path], None] | None = None) -> None:
        """Put the whole file, surely on the disk, at `target`, in place of what is there.

        Raises OSError, and UsageError where a device or the like is there.

        `place` renames it there, `move_into_place` unless something else is given.
        """
        _must_be_ordinary(target)
        os.fsync(self._handle)
        if os.name == "nt":  # which renames no open file
            os.close(self._handle)
            self._handle = -1
        try:
            (move_into_place if place is None else place)(self.path, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_into_place(self._home, self.path, target)

    def close(self) -> None:
        """Erase what was not put anywhere."""
        if os.name == "nt" and self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        with suppress(OSError):  # what cannot be erased now, the next command erases
            destroy(self.path)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        _tidy(self._home)


@contextmanager
def new_part(home: Path) -> Iterator[Part]:
    """A new empty part in the home folder, which is made if need be. Raises OSError, and as `make_home` does."""
    make_home(home)
    path, handle = _claim(home, _PART)
    part = Part(home, path, handle)
    try:
        yield part
    finally:
        part.close()


def _must_be_ordinary(target: Path) -> None:
    """Raises UsageError for a device, a pipe or the like: root would put a file in its place, for everybody."""
    if target.exists() and not target.is_dir() and not target.is_file():
        raise UsageError(f"{target} is no ordinary file, so nothing is put in its place; choose another name")


def move_into_place(path: Path, target: Path) -> None:
    """Rename a file whose content is on the disk, and bring that to the disk as well. Raises OSError."""
    path.replace(target)
    flush_folder(target.parent)


def part_files(home: Path) -> list[Path]:
    """All that is unfinished: what lies in the home folder, and the parts elsewhere that are noted there."""
    here = sorted((home / _FOLDER).glob("*"))
    elsewhere = [place for path in here if path.suffix == _ELSEWHERE if (place := _noted(path)) is not None]
    return [*(place for place in elsewhere if place.exists()), *here]


def sweep(home: Path) -> int:
    """Erase the parts of writers that are gone; returns how many files. What cannot be erased now is left for later."""
    count = sum(_sweep(path) for path in sorted((home / _FOLDER).glob("*")))
    _tidy(home)
    return count


def _sweep(path: Path) -> int:
    count = 0
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return 0
    try:
        lock(handle)  # refused while the writer lives
        if path.suffix == _ELSEWHERE:
            place = _noted(path)
            if place is not None and place.parent.is_dir() and place.exists():
                destroy(place)
                count += 1
            elif place is not None and not place.parent.is_dir():
                return 0  # a disk that is away may come back
        if os.name == "nt":
            os.close(handle)
            handle = -1
        destroy(path)
        return count + (path.suffix == _PART)
    except OSError:
        return count
    finally:
        if handle >= 0:
            os.close(handle)


def _tidy(home: Path) -> None:
    """Take the folder of parts away when nothing is in it."""
    with suppress(OSError):
        (home / _FOLDER).rmdir()


def _claim(home: Path, suffix: str) -> tuple[Path, int]:
    """A new file in the folder of parts, open and locked."""
    folder = home / _FOLDER
    while True:
        make_private_folder(folder)
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}{suffix}"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileNotFoundError:
            continue  # another process was tidy
        try:
            lock(handle)
        except OSError as error:
            if error.errno in HELD:
                os.close(handle)
                continue  # a sweep was quicker, and erases it
            # A file system without locks: a sweep cannot lock it either, and leaves it.
        if os.name == "nt" or os.fstat(handle).st_nlink:
            return path, handle
        os.close(handle)


def _copy_into_place(home: Path, path: Path, target: Path) -> None:
    handle = _unnamed(target.parent)
    if handle is not None:
        try:
            _copy(path, handle)
            _link(home, handle, target)
            return
        except OSError as error:
            if error.errno not in _NO_UNNAMED:
                raise
        finally:
            os.close(handle)
    _copy_named(home, path, target)


def _unnamed(folder: Path) -> int | None:
    """A new file without a name in a folder, gone when its writer is; None where there is no such file."""
    kind = getattr(os, "O_TMPFILE", None)
    if kind is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, kind | os.O_RDWR, 0o600)
    except OSError as error:
        if error.errno in _NO_UNNAMED:
            return None
        raise


def _link(home: Path, handle: int, target: Path) -> None:
    """Give a file without a name its name; what has that name is replaced through one that is noted."""
    with _elsewhere(home, target) as aside:
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            # With a folder given, Python asks for the file behind the link of /proc, not for the link.
            os.link(f"/proc/self/fd/{handle}", aside.name, dst_dir_fd=folder)
        finally:
            os.close(folder)
        move_into_place(aside, target)


def _copy_named(home: Path, path: Path, target: Path) -> None:
    with _elsewhere(home, target) as aside:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _copy(path, handle)
        finally:
            os.close(handle)
        move_into_place(aside, target)


@contextmanager
def _elsewhere(home: Path, target: Path) -> Iterator[Path]:
    """A name beside the target, noted in the home folder for as long as a file may have it."""
    aside = target.absolute().with_name(f"{_MARK}{secrets.token_hex(8)}{_PART}")
    note, handle = _claim(home, _ELSEWHERE)
    try:
        _write_all(handle, os.fsencode(aside))
        os.fsync(handle)
        flush_folder(note.parent)
        try:
            yield aside
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)
        with suppress(OSError):
            note.unlink(missing_ok=True)


def _noted(note: Path) -> Path | None:
    """The part that a note names; None when it names none: nothing else is ever erased for a note's sake."""
    try:
        place = Path(os.fsdecode(note.read_bytes()))
    except (OSError, ValueError):
        return None
    ours = place.name.startswith(_MARK) and place.name.endswith(_PART)
    return place if ours and place.is_absolute() and not place.is_symlink() else None


def _copy(path: Path, handle: int) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            _write_all(handle, chunk)
    os.fsync(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
