"""The archives that are parts of one download: which they are, and their files as if they were one archive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from posixpath import splitext

from untag.errors import ReadFailure
from untag.sources.archive import ArchiveFiles
from untag.sources.content import Content
from untag.sources.kinds import Kind, may_be_photo
from untag.sources.names import suffix_of, without_archive_suffix
from untag.sources.reader import Files, is_photo
from untag.types import Outcome

_SAYS_SOMETHING = frozenset(("json", "txt"))


def are_parts(archives: Sequence[ArchiveFiles]) -> bool:
    """Whether archives can be parts of one download: no photo's name is that of another photo in another part, and no
    file at the top, such as the text of a chat, that of another file."""
    photos: dict[str, tuple[int, int]] = {}
    tops: dict[str, tuple[int, int]] = {}
    prefixes = _prefixes(archives)
    for archive, prefix in zip(archives, prefixes, strict=True):
        outer = wrapping(archive)
        for name in archive.names:
            common = name[len(prefix) :]
            if _is_top(name, outer) and tops.setdefault(common, archive.checksum(name)) != archive.checksum(name):
                return False
            other = may_be_photo(name) and photos.setdefault(common, archive.stat(name)) != archive.stat(name)
            if other and is_photo(archive, name):
                return False
    return True


def _prefixes(archives: Sequence[ArchiveFiles]) -> list[str]:
    """What names begin with that is only the part's own: folders that are called as the parts are."""
    outer = [wrapping(archive) for archive in archives]
    known = [folder for folder in outer if folder is not None]
    own = len(known) == len(outer) and len(set(known)) > 1 and len({part_key(folder) for folder in known}) == 1
    return [f"{folder}/" if own else "" for folder in outer]


def wrapping(files: Files) -> str | None:
    """The folder that all files lie in, where there is one."""
    top = {name.partition("/")[0] for name in files.names}
    return top.pop() if len(top) == 1 and all("/" in name for name in files.names) else None


def _is_top(name: str, outer: str | None) -> bool:
    """Whether a file lies at the top and holds what a download says, rather than a page to look at it."""
    inside = name if outer is None else name[len(outer) + 1 :]
    return "/" not in inside and suffix_of(inside) in _SAYS_SOMETHING


class MergedFiles:
    """The `Files` of several parts of one download.

    What is the same in two parts counts once. Another file of the same name, such as the table of a part's own photos,
    has the number of its part in its name here; it is shown under its own.
    """

    def __init__(self, parts: Sequence[ArchiveFiles]) -> None:
        self._of: dict[str, tuple[ArchiveFiles, str]] = {}
        self.collapsed = 0
        for number, (part, prefix) in enumerate(zip(parts, _prefixes(parts), strict=True), 1):
            for name in part.names:
                common = name[len(prefix) :]
                first, own = self._of.setdefault(common, (part, name))
                if first is part:
                    continue
                if first.checksum(own) == part.checksum(name):
                    self.collapsed += 1
                else:
                    self._of[self._renamed(common, number)] = (part, name)
        self._names = sorted(self._of)

    def _renamed(self, name: str, number: int) -> str:
        stem, suffix = splitext(name)
        while (renamed := f"{stem}-{number}{suffix}") in self._of:
            number += 1
        return renamed

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def __contains__(self, name: object) -> bool:
        return name in self._of

    def shown(self, name: str) -> str:
        part, own = self._of[name]
        return part.shown(own)

    def stat(self, name: str) -> tuple[int, int]:
        part, own = self._of[name]
        return part.stat(own)

    def read(self, name: str, max_bytes: int) -> bytes:
        if name not in self._of:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        part, own = self._of[name]
        return part.read(own, max_bytes)

    def content(self, name: str) -> Content:
        if name not in self._of:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        part, own = self._of[name]
        return part.content(own)

    def kind(self, name: str) -> Kind:
        part, own = self._of[name]
        return part.kind(own)


_COUNTED = re.compile(r"(?:[-_ ]+|(?=\())(?:part \d{1,3} of \d{1,3}|\(?\d{1,3}\)?)$", re.IGNORECASE)
_DATED = re.compile(r"\d{4}[-_.]\d{2}[-_.]\d{2}$")
_META = re.compile(r"^((?:facebook|instagram|meta)-.+)-[A-Za-z0-9]{8}$", re.IGNORECASE)


def part_key(name: str) -> str:
    """What the names of the parts of one download have in common: no counter at the end, no random letters."""
    stem = without_archive_suffix(name) or name
    uncounted = stem if _DATED.search(stem) else _COUNTED.sub("", stem)
    meta = _META.match(stem) or _META.match(uncounted)
    return (uncounted if meta is None else meta[1]).casefold()


def group_parts(paths: Iterable[str]) -> Iterator[list[str]]:
    """The archives in one folder, those together that are parts of one download, in the order of their names."""
    groups: dict[str, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(part_key(Path(path).name), []).append(path)
    yield from groups.values()


def parts_by_folder(paths: Iterable[str]) -> Iterator[list[str]]:
    """`group_parts` of archives in several folders: parts lie beside each other."""
    folders: dict[str, list[str]] = {}
    for path in sorted(paths):
        folders.setdefault(str(Path(path).parent), []).append(path)
    for beside in folders.values():
        yield from group_parts(beside)
