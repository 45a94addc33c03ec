"""A file of decisions: ids, paths or links, one a line, or the CSV or JSON of `untag list` with an edited status."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untag.errors import UsageError
from untag.types import Status

_NAMED_BY = ("id", "sha256", "path", "permalink")
"""The columns that name a photo, the surest first."""
_MOST_BYTES = 1 << 30
_COMMENT = re.compile(r"#(?![,;\t])")
"""A column may be called "#", for the number of the row."""
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
"""A first line by which Excel says what separates the columns."""
_STATUS = "status"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the photo as it is named, its status where it has one, and the line it begins in, from 1."""

    line: int
    photo: str
    status: Status | None


def read_decisions(path: Path) -> list[Row]:
    """The rows of a file. Raises UsageError when it cannot be read, or is none of these, with the line."""
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is too large to be a list of photos")
        return parse_decisions(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def parse_decisions(data: bytes) -> list[Row]:
    """The rows of the bytes of a file, in UTF-8, or in what spreadsheets write: UTF-16, or Windows' Latin letters."""
    text = _decoded(data)
    if text.lstrip().startswith(("[", "{")):
        return list(_from_json(text))
    lines = text.splitlines()
    before = _before_header(lines)
    delimiter = _delimiter(lines[before], lines[:before]) if before < len(lines) else None
    # What stands before the header is left out, but keeps its place: rows are named by their lines.
    return list(_from_lines(lines) if delimiter is None else _from_csv(text, delimiter, before))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _before_header(lines: list[str]) -> int:
    """How many lines come before the first that says something: empty ones, comments, and Excel's `sep=;`."""
    return next((number for number, line in enumerate(lines) if not _says_nothing(line)), len(lines))


def _says_nothing(line: str) -> bool:
    text = line.strip().strip('"')
    return not text.strip(",;\t ") or _COMMENT.match(text) is not None or _SEPARATOR.fullmatch(text) is not None


def _delimiter(header: str, before: list[str]) -> str | None:
    """What separates the columns, where a line is a header that names photos; None where it is none.

    Excel may have said it in a line of its own before.
    """
    said = [match[1] for line in before if (match := _SEPARATOR.fullmatch(line.strip("\r\n ").strip('"')))]
    for delimiter in (*said, ",", ";", "\t"):
        names = {name.strip(' "').casefold() for name in header.split(delimiter)}
        if names & set(_NAMED_BY) and (len(names) > 1 or names == {"id"}):
            return delimiter
    return "," if header.strip(' "').casefold() in _NAMED_BY else None


def _from_lines(lines: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        photo = line.strip()
        if not _says_nothing(photo):
            yield Row(number, photo.strip('"'), None)


def _from_csv(text: str, delimiter: str, before: int) -> Iterator[Row]:
    reader = csv.reader(text.splitlines(keepends=True)[before:], delimiter=delimiter)
    header: list[str] | None = None
    begun = before + 1
    try:
        for cells in reader:
            if header is None:
                header = [name.strip().casefold() for name in cells]
            elif any(cell.strip() for cell in cells):
                yield _row(begun, dict(zip(header, cells, strict=False)))
            begun = before + reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"line {before + reader.line_num} is no CSV ({error})") from error


def _from_json(text: str) -> Iterator[Row]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UsageError(f"it begins like JSON and is none ({error})") from error
    except RecursionError as error:
        raise UsageError("it begins like JSON and is nested too deep") from error
    for number, value in enumerate(values if isinstance(values, list) else [values], start=1):
        if isinstance(value, str):
            yield Row(number, value, None)
        elif isinstance(value, dict):
            yield _row(number, value)
        else:
            raise UsageError(f"entry {number} is neither a photo nor the name of one")


def _row(line: int, cells: Mapping[str, Any]) -> Row:
    photo = next((str(cells[name]).strip() for name in _NAMED_BY if cells.get(name) not in (None, "")), None)
    if photo is None:
        raise UsageError(f"line {line} names no photo; it needs one of {', '.join(_NAMED_BY)}")
    written = cells.get(_STATUS)
    said = "" if written is None else str(written).strip().casefold().replace(" ", "-").replace("_", "-")
    if said and said not in list(Status):
        raise UsageError(f"line {line}: there is no status {str(written)!r}; there are {', '.join(Status)}")
    return Row(line, photo, Status(said) if said else None)
