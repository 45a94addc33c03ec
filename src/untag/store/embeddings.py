"""What the index of embeddings is made from, and where its files are: they only copy the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.store.codec import vector
from untag.store.db import Store
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


def index_files(home: Path) -> list[Path]:
    """The index files in `home`, by name."""
    return sorted(home.glob(INDEX_FILES))
