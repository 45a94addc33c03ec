"""What the index of embeddings is made from, and where its files are: they only copy the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.store.codec import json_list, vector
from untag.store.columns import FACE, MATCH
from untag.store.db import Store
from untag.store.records import ABSENT, StoredFace
from untag.types import Vector

INDEX_FILES = "faces-*.idx*"
"""The files in the home folder that copy embeddings out of the database, half-written ones among them."""


def embedding_generation(store: Store) -> int:
    """A number that changes in the very transaction that adds or erases the embedding of a stored face."""
    row = store.row("SELECT generation FROM embedding_changes")
    assert row is not None
    return int(row["generation"])


def make_durable(store: Store) -> None:
    """Bring all that is committed to the disk; until then a power failure may take back the last transactions."""
    with store.durable():
        # A commit flushes the whole log, but only one that has something to write: a row must become another one.
        store.execute("UPDATE embedding_changes SET generation = generation + 1")


def embedded_faces(store: Store, engine: str) -> NDArray[np.int64]:
    """The ids of the stored faces that have an embedding of `engine`: (N,) int64, ascending."""
    rows = store.rows(
        """SELECT faces.id FROM faces JOIN photos USING (sha256)
        WHERE embedding IS NOT NULL AND engine = ? ORDER BY faces.id""",
        (engine,),
    )
    return np.fromiter((row["id"] for row in rows), np.int64)


def embeddings_after(store: Store, engine: str, face_id: int) -> Iterator[tuple[int, Vector]]:
    """The stored faces with an embedding of `engine` and an id above `face_id`, by id.

    An id is never given twice, and an embedding never replaced, so these are all that came since `face_id` was newest.
    """
    rows = store.rows(
        """SELECT faces.id, embedding FROM faces JOIN photos USING (sha256)
        WHERE faces.id > ? AND embedding IS NOT NULL AND engine = ? ORDER BY faces.id""",
        (face_id, engine),
    )
    return ((row["id"], vector(row["embedding"])) for row in rows)


@dataclass(frozen=True, slots=True)
class ComparablePhotos:
    """How many photos can be found by a face. Photos that lie in no file do not count.

    `searched` have an embedding of the engine, `thrown_away` at least one face without one, `other_engine` faces of
    another engine only.
    """

    searched: int
    thrown_away: int
    other_engine: int


def comparable_photos(store: Store, engine: str) -> ComparablePhotos:
    """What a search by face with `engine` can find, and what it cannot."""
    row = store.row(
        """SELECT COALESCE(SUM(engine = :engine AND embedded), 0) AS searched,
            COALESCE(SUM(engine = :engine AND discarded > 0), 0) AS thrown_away,
            COALESCE(SUM(engine NOT IN (:engine, :absent) AND (embedded OR discarded > 0)), 0) AS other_engine
        FROM (SELECT engine, discarded, EXISTS (SELECT 1 FROM faces
                WHERE faces.sha256 = photos.sha256 AND embedding IS NOT NULL) AS embedded
            FROM photos WHERE EXISTS (SELECT 1 FROM files WHERE files.sha256 = photos.sha256))""",
        {"engine": engine, "absent": ABSENT},
    )
    assert row is not None
    return ComparablePhotos(row["searched"], row["thrown_away"], row["other_engine"])


def faces_by_id(store: Store, ids: Iterable[int]) -> dict[int, StoredFace]:
    """These stored faces, by id; those that are no longer there are absent."""
    rows = store.rows("SELECT * FROM faces WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
    return {
        row["id"]: StoredFace(row["id"], row["sha256"], row["ordinal"], FACE.read(row), MATCH.read(row)) for row in rows
    }


def index_files(home: Path) -> list[Path]:
    """The index files in `home`, by name."""
    return sorted(home.glob(INDEX_FILES))
