"""The file that `untag backup` writes: one JSON object a line, described in docs/backup.md.

A header, then records, then an end that counts them and has the SHA-256 of all bytes before it: a file that was cut off
or changed is told from a whole one. Nothing of it is ever executed or unpickled, and no line is believed unchecked.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from untag import __version__
from untag.errors import UsageError
from untag.scenes.taught_files import Examples, check_name
from untag.store import (
    Decision,
    Reference,
    Request,
    RequestEvent,
    Saved,
    SavedEngine,
    SavedName,
    SavedReference,
    SavedSender,
    SavedStranger,
    StepAnswer,
)
from untag.store.request_rows import is_of_newer, tracked_fields, tracked_of
from untag.store.transfer import SENDER_FIELDS
from untag.types import Box, Face, Status

FORMAT = "untag backup"
VERSION = 1
MOST_RECORDS = 2_000_000
_LONGEST_LINE = 16 << 20
_MOST_NUMBERS = 1 << 22
_HASH = re.compile(r"[0-9A-Za-z_-]{1,128}")

Record = Saved | Examples
_TRACKED: dict[type, str] = {Request: "request", RequestEvent: "request-event", StepAnswer: "step-answer"}
_TABLES = {"request": "requests", "request-event": "request_events", "step-answer": "step_answers"}
Fields = dict[str, Any]


class _Unknown(Exception):  # noqa: N818 - a record of a newer untag, which is left out
    pass


class Writable(Protocol):
    """What a backup is written to."""

    def write(self, data: bytes, /) -> object:
        """Append."""
        ...


def write_records(file: Writable, made_at: str, records: Iterable[Record]) -> int:
    """Write a whole backup; returns how many records are in it."""
    digest, count = hashlib.sha256(), 0

    def put(fields: Fields) -> None:
        line = json.dumps(fields, allow_nan=False).encode("ascii") + b"\n"
        digest.update(line)
        file.write(line)

    put({"format": FORMAT, "version": VERSION, "untag": __version__, "made_at": made_at})
    for record in records:
        put(_fields_of(record))
        count += 1
    put({"kind": "end", "records": count, "sha256": digest.hexdigest()})
    return count


def is_backup(path: Path) -> bool:
    """Whether a file begins like a backup, whole or not. Raises OSError."""
    if not path.is_file():
        return False  # reading a pipe would wait without end
    with path.open("rb") as file:
        return file.read(64).startswith(b'{"format": "' + FORMAT.encode("ascii") + b'"')


class BackupReader:
    """The records of a backup, checked one by one; `left_out` counts those that only a newer untag understands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out = 0

    def __iter__(self) -> Iterator[Record]:
        """Raises UsageError for a file that is no backup, not whole, or of a newer untag."""
        self.left_out = 0
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise UsageError(f"{self.path} is not a file")
            with self.path.open("rb") as file:
                yield from self._records(file)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def _records(self, file: BinaryIO) -> Iterator[Record]:
        digest = hashlib.sha256()
        self._check_header(self._parse(self._line(file, digest, 1), 1))
        for count in range(MOST_RECORDS + 1):
            number, before = count + 2, digest.hexdigest()
            fields = self._parse(self._line(file, digest, number), number)
            if fields.get("kind") == "end":
                if fields.get("records") != count or fields.get("sha256") != before or file.read(1):
                    raise UsageError(f"{self.path} was changed after it was written, or is damaged")
                return
            try:
                yield _record_of(fields)
            except _Unknown:
                self.left_out += 1
            except (LookupError, TypeError, ValueError, OverflowError, UsageError) as error:
                kind = repr(fields.get("kind"))[:40]
                raise UsageError(f"{self.path}, line {number}: this {kind} is not as it should be") from error
        raise UsageError(f"{self.path} has more than {MOST_RECORDS:,} records, which no untag writes")

    def _line(self, file: BinaryIO, digest: Any, number: int) -> bytes:
        line = file.readline(_LONGEST_LINE + 1)
        if not line.endswith(b"\n"):
            if number == 1:
                raise UsageError(f"{self.path} is not a backup of untag")
            raise UsageError(f"{self.path} is cut off or damaged in line {number}; its end is missing")
        digest.update(line)
        return line

    def _parse(self, line: bytes, number: int) -> Fields:
        cause: Exception | None = None
        try:
            fields = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            fields, cause = None, error
        if isinstance(fields, dict):
            return fields
        if number == 1:
            raise UsageError(f"{self.path} is not a backup of untag") from cause
        raise UsageError(f"{self.path} is damaged in line {number}") from cause

    def _check_header(self, header: Fields) -> None:
        version = header.get("version")
        if header.get("format") != FORMAT or type(version) is not int or version < 1:
            raise UsageError(f"{self.path} is not a backup of untag")
        if version > VERSION:
            raise UsageError(
                f"{self.path} was written by a newer untag (format {version}, this one knows {VERSION}); update untag"
            )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _fields_of(record: Record) -> Fields:
    match record:
        case SavedReference(reference, added_at):
            face, box = reference.face, reference.face.box
            assert face.embedding is not None
            return {
                "kind": "reference",
                "person": reference.person,
                "engine": reference.engine,
                "sha256": reference.sha256,
                "path": reference.path,
                "box": [float(edge) for edge in (box.left, box.top, box.right, box.bottom)],
                "score": float(face.score),
                "quality": float(face.quality),
                "landmarks": _packed(face.landmarks),
                "embedding": _packed(face.embedding),
                "used": reference.used,
                "note": reference.note,
                "added_at": added_at,
            }
        case SavedName(person, name):
            return {"kind": "name", "person": person, "name": name}
        case SavedStranger(name):
            return {"kind": "stranger", "name": name}
        case SavedSender(name, value):
            return {"kind": "sender", "field": name, "value": value}
        case SavedEngine(name, engine):
            return {"kind": "engine", "name": name, "engine": engine}
        case Decision(sha256, status, decided_at, undone_at):
            return {
                "kind": "decision",
                "sha256": sha256,
                "status": status.value,
                "decided_at": decided_at,
                "undone_at": undone_at,
            }
        case Request() | RequestEvent() | StepAnswer():
            return {"kind": _TRACKED[type(record)], **tracked_fields(record)}
        case Examples(name, backbone, like, unlike, words):
            return {
                "kind": "category",
                **({"words": words} if words else {}),
                "name": name,
                "backbone": backbone,
                "columns": like.shape[1],
                "like": _packed(like),
                "unlike": _packed(unlike),
            }


def _record_of(fields: Fields) -> Record:
    match fields.get("kind"):
        case "reference":
            return _reference_of(fields)
        case "name":
            return SavedName(_text(fields["person"]), _text(fields["name"]))
        case "stranger":
            return SavedStranger(_text(fields["name"]))
        case "sender":
            return _sender_of(fields)
        case "engine":
            return SavedEngine(_text(fields["name"]), _text(fields["engine"]))
        case "decision":
            return _decision_of(fields)
        case "request" | "request-event" | "step-answer" as kind:
            table = _TABLES[kind]
            if is_of_newer(table, fields):
                raise _Unknown
            return tracked_of(table, fields)
        case "category":
            columns = _number(fields["columns"])
            like, unlike = (_unpacked(fields[key]).reshape(-1, int(columns)) for key in ("like", "unlike"))
            words = _text(fields.get("words", ""))
            if len(like) == 0 and not words:
                raise ValueError("a category without examples")
            return Examples(check_name(_text(fields["name"])), _text(fields["backbone"]), like, unlike, words)
        case str():
            raise _Unknown
    raise ValueError("a record without a kind")


def _reference_of(fields: Fields) -> SavedReference:
    left, top, right, bottom = (_number(edge) for edge in fields["box"])
    embedding = _unpacked(fields["embedding"])
    if len(embedding) == 0 or type(fields["used"]) is not bool:
        raise ValueError("a reference without an embedding")
    face = Face(
        Box(left, top, right, bottom),
        _number(fields["score"]),
        _unpacked(fields["landmarks"]).reshape(-1, 2),
        _number(fields["quality"]),
        embedding,
    )
    note = None if fields["note"] is None else _text(fields["note"])
    person, engine, path = _text(fields["person"]), _text(fields["engine"]), _path(fields["path"])
    reference = Reference(person, engine, _hash(fields["sha256"]), path, face, fields["used"], note)
    return SavedReference(reference, _time(fields["added_at"]))


def _decision_of(fields: Fields) -> Decision:
    status = _text(fields["status"])
    if status not in set(Status):
        raise _Unknown
    if status == Status.OPEN:
        raise ValueError("open is no decision")
    undone_at = None if fields["undone_at"] is None else _time(fields["undone_at"])
    return Decision(_hash(fields["sha256"]), Status(status), _time(fields["decided_at"]), undone_at)


def _sender_of(fields: Fields) -> SavedSender:
    name = _text(fields["field"])
    if name not in SENDER_FIELDS:
        raise _Unknown
    return SavedSender(name, _text(fields["value"]))


def _packed(array: NDArray[np.float32]) -> str:
    return b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode("ascii")


def _unpacked(value: object) -> NDArray[np.float32]:
    """(n,) float32, finite."""
    if not isinstance(value, str):
        raise ValueError("numbers that are not packed")
    numbers = np.frombuffer(b64decode(value, validate=True), "<f4").astype(np.float32)
    if len(numbers) > _MOST_NUMBERS or not np.isfinite(numbers).all():
        raise ValueError("numbers that are none")
    return numbers


def _text(value: object) -> str:
    """Text that can be stored: without half an emoji."""
    text = _path(value)
    text.encode()
    return text


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text that is none")
    value.encode("utf-8", "surrogatepass")
    return value


def _hash(value: object) -> str:
    if not isinstance(value, str) or _HASH.fullmatch(value) is None:
        raise ValueError("a hash that is none")
    return value


def _time(value: object) -> str:
    if not isinstance(value, str) or len(value) > 40 or datetime.fromisoformat(value).tzinfo is None:
        raise ValueError("a time that is none")
    return value


def _number(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise ValueError("a number that is none")
    return float(value)  # type: ignore[arg-type]
