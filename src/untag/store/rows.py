"""Dataclasses to column values and back: faces, matches, origins, places."""

from __future__ import annotations

import json

from untag.store.codec import Key, array_bytes, path_of, points, text, vector
from untag.store.db import Row
from untag.types import Box, Face, LinkConfidence, Match, Origin, Place, Verdict

Value = str | int | float | bytes | None


def face_values(face: Face, *, keep: bool) -> tuple[Value, ...]:
    """Left, top, right, bottom, score, quality, landmarks and, only with `keep`, the embedding."""
    box = (float(edge) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom))
    embedding = array_bytes(face.embedding) if keep and face.embedding is not None else None
    return (*box, float(face.score), float(face.quality), array_bytes(face.landmarks), embedding)


def face_of(row: Row) -> Face:
    """The inverse of `face_values`."""
    return Face(
        Box(row["left"], row["top"], row["right"], row["bottom"]),
        row["score"],
        points(row["landmarks"]),
        row["quality"],
        None if row["embedding"] is None else vector(row["embedding"]),
    )


def boxes_of(column: str) -> tuple[Box, ...]:
    """The boxes in the column `faces` of a finding."""
    return tuple(Box(*edges) for edges in json.loads(column))


def match_of(row: Row) -> Match:
    """The match in the columns verdict, similarity and person."""
    return Match(Verdict(row["verdict"]), row["similarity"], row["person"])


def origin_values(origin: Origin) -> tuple[Value, ...]:
    """Every field of the origin, in the order in which it declares them."""
    return (
        text(origin.platform),
        text(origin.permalink),
        origin.permalink_confidence,
        text(origin.poster),
        json.dumps(origin.people),
        text(origin.caption),
        text(origin.album),
        text(origin.taken_at),
        text(origin.posted_at),
        text(origin.audience),
    )


_NO_ORIGIN = Origin()
_ORIGIN_COLUMNS = (
    *("platform", "permalink", "permalink_confidence", "poster", "people"),
    *("caption", "album", "taken_at", "posted_at", "audience"),
)
_NO_ORIGIN_VALUES = origin_values(_NO_ORIGIN)


def origin_of(row: Row) -> Origin:
    """The inverse of `origin_values`."""
    # Photos in plain folders have none, and a rescan reads the rows of all of them.
    if tuple(row[column] for column in _ORIGIN_COLUMNS) == _NO_ORIGIN_VALUES:
        return _NO_ORIGIN
    return Origin(
        platform=row["platform"],
        permalink=row["permalink"],
        permalink_confidence=LinkConfidence(row["permalink_confidence"]),
        poster=row["poster"],
        people=tuple(json.loads(row["people"])),
        caption=row["caption"],
        album=row["album"],
        taken_at=row["taken_at"],
        posted_at=row["posted_at"],
        audience=row["audience"],
    )


def place_of(row: Row) -> Place:
    """The file in the columns path and source and those of an origin."""
    key: Key = row["path"]
    return Place(path_of(key), row["source"], origin_of(row))
