"""iCloud Photos as privacy.apple.com gives them: `Photo Details.csv` beside the photos, and a CSV for each album."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from io import StringIO
from posixpath import splitext

from untag.errors import ReadFailure
from untag.sources.names import is_named_photo
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import read_error, text
from untag.sources.worded_dates import worded_time
from untag.types import Origin, Outcome, ReadError

PLATFORM = "icloud"

MAX_CSV_BYTES = 16 * 1024 * 1024
"""A row has about two hundred bytes; Apple begins a new file long before this."""

_DETAILS = re.compile(r"(?:.*/)?photo details(?:-(\d{1,9}))?\.csv", re.IGNORECASE | re.ASCII | re.DOTALL)
_ALBUM = re.compile(r"(?:.*/)?albums/([^/]+)\.csv", re.IGNORECASE | re.DOTALL)
_MEMORIES = re.compile(r"(?:.*/)?memories/[^/]+\.csv", re.IGNORECASE | re.DOTALL)
_NAME = "imgname"
_COUNTED = re.compile(r"(.*)-(\d{1,4})(\.[^.]*)?", re.DOTALL | re.ASCII)
_SHARED = re.compile(r"(?:.*/)?icloud shared albums?[^/]*/(?:.*/)?([^/]+)/[^/]+", re.IGNORECASE | re.DOTALL)
_SHARED_TOP = re.compile(r"(?:.*/)?icloud shared albums?[^/]*/", re.IGNORECASE | re.DOTALL)


class ICloud:
    """The photos of an iCloud account, one part or all of them."""

    name = "icloud"
    platform = PLATFORM
    # No "photos": most people have a folder of that name. The details that lie in it say as much.
    top_names = frozenset(("photo details.csv", "albums", "memories", "recently deleted", "icloud shared albums"))

    def sniff(self, files: Files) -> bool:
        """Whether there is a file of details, or the folder of shared albums."""
        return any(_DETAILS.fullmatch(name) or _SHARED_TOP.match(name) for name in files.names)

    def describe(self, files: Files) -> Description:
        """When each photo was taken and came to iCloud, and the first of its albums; it names no people."""
        tables = _Tables(files)
        described: defaultdict[str, list[Origin]] = defaultdict(list)
        albums: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(files.names, key=_numbered):
            if _DETAILS.fullmatch(name):
                folder = name.rpartition("/")[0]
                for row in tables.read(name):
                    photo = f"{folder}/{row[_NAME]}" if folder else row[_NAME]
                    described[_key(photo)].append(_origin(row))
            elif (match := _ALBUM.fullmatch(name)) is not None:
                for row in tables.read(name, one_column=True):
                    albums[_key(row[_NAME])].append(match[1])
            elif _MEMORIES.fullmatch(name):
                tables.understood.append(name)
        photos = photos_of(files)
        keys = {_key(name) for name in photos}
        same_name: defaultdict[str, int] = defaultdict(int)
        for name in photos:
            same_name[_last(name)] += 1
        origins: dict[str, Origin] = {}
        for name in photos:
            known = _described(described, _key(name), keys) or Origin(PLATFORM)
            # An album names no folder: of two photos of one name either may be meant.
            titles = albums.get(_last(name), []) if same_name[_last(name)] == 1 else []
            origins[name] = Origin(
                PLATFORM,
                album=min(titles, default=None) or _shared_album(name),
                taken_at=known.taken_at,
                posted_at=known.posted_at,
            )
        return Description(origins=origins, understood=frozenset(tables.understood), errors=tuple(tables.errors))


@dataclass(slots=True)
class _Tables:
    files: Files
    understood: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)

    def read(self, name: str, *, one_column: bool = False) -> list[Mapping[str, str]]:
        """The rows of a CSV that names photos, by the headings in lower case. An empty file has none.

        With `one_column` the first column has the names, whatever its heading.
        """
        try:
            lines = StringIO(self.files.read(name, MAX_CSV_BYTES).decode("utf-8-sig", "replace"), newline="")
            heading, *rows = csv.reader(lines)
        except ReadFailure as failure:
            if failure.outcome is Outcome.EMPTY:
                self.understood.append(name)
            else:
                self.errors.append(read_error(self.files, name, failure))
            return []
        except (csv.Error, ValueError):
            self.errors.append(self._wrong(name))
            return []
        keys = [key.strip().lower() for key in heading]
        if one_column and keys and _NAME not in keys:
            if is_named_photo(heading[0].strip()):  # there is no heading
                rows.insert(0, heading)
            keys[0] = _NAME
        if _NAME not in keys:
            self.errors.append(self._wrong(name))
            return []
        self.understood.append(name)
        found = (dict(zip(keys, row, strict=False)) for row in rows)
        return [row for row in found if text(row.get(_NAME)) is not None]

    def _wrong(self, name: str) -> ReadError:
        return ReadError(self.files.shown(name), Outcome.BROKEN, "it is not a table of photos")


READER = ICloud()


def _origin(row: Mapping[str, str]) -> Origin:
    return Origin(PLATFORM, taken_at=_time(row.get("originalcreationdate")), posted_at=_time(row.get("importdate")))


def _shared_album(name: str) -> str | None:
    """The folder of a photo below those of shared albums, which is called as the album is; it says no names."""
    match = _SHARED.fullmatch(name)
    return None if match is None or _SHARED_TOP.fullmatch(f"{match[1]}/") else match[1]


def _described(described: Mapping[str, list[Origin]], name: str, photos: Set[str]) -> Origin | None:
    """The row of a photo. Of several photos of one name the second is called `a-1.jpg`, in the order of the rows;
    where it is not here, nothing says which row is whose."""
    rows = described.get(name)
    if rows is not None:
        stem, suffix = splitext(name)
        return rows[0] if len(set(rows)) == 1 or f"{stem}-1{suffix}" in photos else None
    counted = _COUNTED.fullmatch(name)
    if counted is None:
        return None
    rows = described.get(f"{counted[1]}{counted[3] or ''}", [])
    place = int(counted[2])
    return rows[place] if 0 < place < len(rows) else None


def _numbered(name: str) -> tuple[str, int, str]:
    """The order of files; of several tables of one folder that without a number is the first."""
    match = _DETAILS.fullmatch(name)
    return name.rpartition("/")[0], int(match[1] or 0) if match is not None else 0, name


def _key(name: str) -> str:
    return name.casefold()


def _last(name: str) -> str:
    return _key(name.rpartition("/")[2])


def _time(value: str | None) -> str | None:
    """`Friday October 06,2023 12:11 PM GMT`: English in the exports seen."""
    return None if value is None else worded_time(value)
