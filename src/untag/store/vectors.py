"""What photos of enrolled people show, as vectors; those of photos that show no enrolled person are never written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from untag.errors import StoreError
from untag.store.codec import array_bytes, vector
from untag.store.db import DATABASE_NAME, Store, damaged
from untag.store.records import Analysis
from untag.types import Status, Vector, Verdict

_PAGE = 1024
_BYTES = 384 * 4
"""Of a vector of any space so far."""


def save_vector(store: Store, sha256: str, analysis: Analysis) -> None:
    """Replace a photo's vector, in the caller's transaction, after its faces were written.

    Without a face that is `me` none is kept; where the user said that it is not, an empty row.
    """
    store.execute("DELETE FROM scene_vectors WHERE sha256 = ?", (sha256,))
    scenes = analysis.scenes
    if scenes is None or scenes.vector is None or all(match.verdict is not Verdict.ME for match in analysis.matches):
        return
    packed = array_bytes(scenes.vector)
    store.execute(
        """INSERT INTO scene_vectors (sha256, space, vector) SELECT :sha256, :space,
            CASE WHEN (SELECT status FROM decisions WHERE decisions.sha256 = :sha256 AND undone_at IS NULL
                ORDER BY decisions.id DESC LIMIT 1) IS :not_me THEN NULL ELSE :vector END""",
        {"sha256": sha256, "space": scenes.space, "vector": packed, "not_me": Status.NOT_ME},
    )


def scene_vectors(store: Store, space: str) -> Iterator[tuple[str, Vector]]:
    """The hash and the vector, (384,) float32, of every photo that has one in this space, by hash.

    Raises StoreError for one that untag never wrote.
    """
    last = ""
    while page := list(
        store.rows(
            """SELECT sha256, vector FROM scene_vectors
            WHERE sha256 > ? AND space = ? AND vector IS NOT NULL ORDER BY sha256 LIMIT ?""",
            (last, space, _PAGE),
        )
    ):
        for row in page:
            found = vector(row["vector"]) if len(row["vector"]) == _BYTES else None
            if found is None or not np.isfinite(found).all():
                raise StoreError(damaged(store.home / DATABASE_NAME, "scene_vectors.vector"))
            yield row["sha256"], found
        last = page[-1]["sha256"]
