"""Dataclasses as columns: each field is listed once, in its class; every INSERT, UPSERT and SELECT follows from that.

A field's type says how it is written: see `_BY_TYPE`. A field that is a dataclass itself is spread over its columns.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from untag.store.codec import array_bytes, path_key, path_of, points, signed, text, unsigned, vector
from untag.store.db import Row
from untag.store.judged import JudgedWith, judgement_of
from untag.store.records import Analysis, Reference
from untag.types import Assessment, Box, Face, Match, Origin, PhotoRef, Place, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value becomes a column's, and back. None is NULL, whatever the type, and never gets here."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _names(column: str) -> tuple[str, ...]:
    return tuple(json.loads(column))


def _scores(scores: Mapping[str, float]) -> str:
    return json.dumps({name: float(score) for name, score in scores.items()})


def _edges(boxes: tuple[Box, ...]) -> str:
    return json.dumps([[float(box.left), float(box.top), float(box.right), float(box.bottom)] for box in boxes])


def boxes_of(column: str) -> tuple[Box, ...]:
    """The boxes in the column `faces` of a finding."""
    return tuple(Box(*edges) for edges in json.loads(column))


def _spans(spans: tuple[Span, ...]) -> str:
    return json.dumps([[float(second) for second in span] for span in spans])


def spans_of(column: str) -> tuple[Span, ...]:
    """The times in the column `spans` of a finding."""
    return tuple(Span(*seconds) for seconds in json.loads(column))


_BY_TYPE: dict[Any, Codec] = {
    str: Codec(text, _same),
    int: Codec(int, _same),
    float: Codec(float, _same),
    bool: Codec(bool, bool),
    tuple[str, ...]: Codec(json.dumps, _names),
    tuple[Box, ...]: Codec(_edges, boxes_of),
    tuple[Span, ...]: Codec(_spans, spans_of),
    Span: Codec(lambda span: _spans((span,)), lambda column: spans_of(column)[0]),
    Mapping[str, float]: Codec(_scores, json.loads),
    NDArray[np.float32]: Codec(array_bytes, vector),
    JudgedWith: Codec(lambda key: key.text, judgement_of),
}
_PATH = Codec(path_key, path_of)
_POINTS = Codec(array_bytes, points)
_HASH = Codec(signed, unsigned)
_SHOWN_NAMES = Codec(lambda names: json.dumps([text(name) for name in names]), _names)


class Columns(Generic[T]):
    """The columns of a dataclass, in the order of its fields.

    `without` are fields that are no columns; `codecs` those whose type does not say how they are written; `columns`
    those whose column has another name.
    """

    def __init__(
        self,
        made: type[T],
        *,
        without: Container[str] = (),
        codecs: Mapping[str, Codec | Columns[Any]] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        hints = get_type_hints(made)
        codecs, columns = codecs or {}, columns or {}
        every = dataclasses.fields(made)  # type: ignore[arg-type]
        kept = [field.name for field in every if field.name not in without]
        self._made = made
        self._parts = [(name, columns.get(name, name), codecs.get(name) or _codec(hints[name])) for name in kept]
        self.names: tuple[str, ...] = tuple(
            name
            for _, column, codec in self._parts
            for name in (codec.names if isinstance(codec, Columns) else (column,))
        )
        self._fields = [(name, _reader(column, codec)) for name, column, codec in self._parts]
        self._is_plain = kept == [field.name for field in every] and all(
            isinstance(codec, Codec) and codec.read is _same for _, _, codec in self._parts
        )
        self._get = itemgetter(*self.names)
        # Photos in plain folders have no origin at all, and a rescan reads the rows of all of them.
        self._default = made() if all(map(_has_default, every)) else None
        self._usual = {} if self._default is None else self._row(self._default)
        self._usual_values = tuple(self._usual.values())

    def values(self, value: T) -> Row:
        """The values of the columns, by name."""
        return dict(self._usual) if value == self._default else self._row(value)

    def _row(self, value: T) -> Row:
        row: Row = {}
        for name, column, codec in self._parts:
            one = getattr(value, name)
            if isinstance(codec, Columns):
                row |= codec.values(one)
            else:
                row[column] = None if one is None else codec.write(one)
        return row

    def fields(self, row: Row) -> dict[str, Any]:
        """The fields that the columns of a row hold, by name; the row may have other columns too."""
        return {name: read(row) for name, read in self._fields}

    def read(self, row: Row) -> T:
        """The inverse of `values`, where no field is left out that has no default."""
        if self._default is not None and self._get(row) == self._usual_values:
            return self._default
        if self._is_plain:
            return self._made(*self._get(row))
        return self._made(**{name: read(row) for name, read in self._fields})

    def of(self, table: str) -> str:
        """The columns as a SELECT names them."""
        return ", ".join(f'{table}."{name}"' for name in self.names)


def _reader(column: str, codec: Codec | Columns[Any]) -> Callable[[Row], Any]:
    """What takes a field's value from a row: as fast as it can be, since a rescan reads all of them."""
    if isinstance(codec, Columns):
        return codec.read
    take, decode = itemgetter(column), codec.read
    if decode is _same:
        return take
    return lambda row: None if (one := take(row)) is None else decode(one)


def _codec(kind: Any) -> Codec | Columns[Any]:
    if get_origin(kind) is UnionType:
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if issubclass(kind, StrEnum):
        return Codec(_same, kind)
    return Columns(kind)


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


ORIGIN = Columns(Origin)
"""In `files`: where a photo is online."""

FILE = Columns(PhotoRef, without={"found_at", "video"}, codecs={"path": _PATH})
"""In `files`: a file and its origin."""

PLACE = Columns(Place, codecs={"path": _PATH})
"""In `files`: the same, as a place where a photo lies."""

FACE = Columns(Face, codecs={"landmarks": _POINTS})
"""In `faces` and `reference_faces`."""

MATCH = Columns(Match)
"""In `faces`."""

REFERENCE = Columns(Reference, without={"id"}, codecs={"path": _PATH, "face": FACE})
"""In `reference_faces`."""

ANALYSIS = Columns(
    Analysis,
    without={"faces", "matches", "keep", "scenes", "assessment"},
    codecs={"phash": _HASH, "named": _SHOWN_NAMES},
    columns={"judged_with": "people_key"},
)
"""In `photos`: what is known of a content as a whole."""

ASSESSMENT = Columns(Assessment, without={"origin"})
"""In `findings`: what the rules make of a photo; of the origin only the address, as `act_on`."""
