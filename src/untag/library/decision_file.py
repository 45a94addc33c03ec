"""A file of decisions: ids, paths or links, one a line, or the CSV or JSON of `untag list` with an edited status."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untag.errors import UsageError
from untag.types import Status

_NAMED_BY = ("id", "sha256", "path", "permalink")
"""The columns that name a photo, the surest first."""
_MOST_BYTES = 1 << 30
_COMMENT = "#"
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
    delimiter = _delimiter(lines[0]) if lines else None
    return list(_from_lines(lines) if delimiter is None else _from_csv(text, delimiter))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _delimiter(header: str) -> str | None:
    """What separates the columns, where the first line is a header that names photos; None where it is none."""
    for delimiter in (",", ";", "\t"):
        names = {name.strip(' "').casefold() for name in header.split(delimiter)}
        if names & set(_NAMED_BY) and (len(names) > 1 or names == {"id"}):
            return delimiter
    return "," if header.strip(' "').casefold() in _NAMED_BY else None


def _from_lines(lines: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        photo = line.strip()
        if photo and not photo.startswith(_COMMENT):
            yield Row(number, photo.strip('"'), None)


def _from_csv(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    header: list[str] | None = None
    begun = 1
    try:
        for cells in reader:
            if header is None:
                header = [name.strip().casefold() for name in cells]
            elif any(cell.strip() for cell in cells):
                yield _row(begun, dict(zip(header, cells, strict=False)))
            begun = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"line {reader.line_num} is no CSV ({error})") from error


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
