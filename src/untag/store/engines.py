"""The home's face engine, and what the engine before it had said of the photos that it has analysed since.

Until an engine is chosen it follows from what is on record. What an earlier engine said is kept beside the new
analysis, without the embeddings of bystanders, so that going back needs no photo.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from untag.store.codec import now
from untag.store.db import Store
from untag.store.judged import judgement_of
from untag.store.records import ABSENT
from untag.types import Verdict

_FACE = '"left", top, "right", bottom, score, quality, landmarks, embedding, span, person, verdict, similarity'
_GONE_BACK = "gone back"
_BESIDE = 1_000_000  # more faces than any photo has


@dataclass(frozen=True, slots=True)
class HomeEngine:
    """The engine that was chosen: its name, and its id with the hashes of its weights; those of the one before it."""

    name: str
    engine: str
    name_before: str | None = None
    engine_before: str | None = None


def home_engine(store: Store) -> HomeEngine | None:
    """The engine that the user chose for this home; None where none was chosen."""
    row = store.row("SELECT name, engine, name_before, engine_before FROM home_engine")
    return None if row is None else HomeEngine(**row)


def engine_on_record(store: Store) -> str | None:
    """The id of the engine that analysed most photos, or else of the newest reference; None for a new home."""
    row = store.row(
        """SELECT engine FROM (SELECT engine, COUNT(*) AS many, 0 AS newest FROM photos WHERE engine <> :absent
                GROUP BY engine UNION ALL SELECT engine, 0, MAX(id) FROM reference_faces GROUP BY engine)
            ORDER BY many DESC, newest DESC LIMIT 1""",
        {"absent": ABSENT},
    )
    return None if row is None else str(row["engine"])


def photos_by_engine(store: Store) -> dict[str, int]:
    """How many photos that lie somewhere each engine has analysed, by its id."""
    rows = store.rows(
        """SELECT engine, COUNT(*) AS photos FROM photos WHERE engine <> ?
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = photos.sha256) GROUP BY engine ORDER BY engine""",
        (ABSENT,),
    )
    return {row["engine"]: row["photos"] for row in rows}


def choose_engine(store: Store, chosen: HomeEngine) -> None:
    """Record the home's engine, in the caller's transaction.

    What it had said before of photos that another has analysed since is brought back, and these are due to be judged
    again; what engines before that one said is let go.
    """
    _bring_back(store, chosen.engine)
    if store.execute("DELETE FROM earlier_photos WHERE engine IS NOT ?", (chosen.engine_before,)):
        store.begin_erasure()
    store.execute("DELETE FROM home_engine")
    store.execute(
        "INSERT INTO home_engine (name, engine, name_before, engine_before, chosen_at) VALUES (?, ?, ?, ?, ?)",
        (chosen.name, chosen.engine, chosen.name_before, chosen.engine_before, now()),
    )


def keep_earlier(store: Store, analysed: Iterable[tuple[str, str]]) -> None:
    """Keep what the engine before said of photos that are about to be replaced, in the caller's transaction.

    `analysed` are hashes with the engine that analysed them now. Only a change of the home's engine is kept.
    """
    chosen = home_engine(store)
    if chosen is None or chosen.engine_before is None:
        return
    moved = [sha256 for sha256, engine in analysed if engine == chosen.engine]
    if not moved:
        return
    which = {"moved": json.dumps(moved), "before": chosen.engine_before, "other": Verdict.OTHER}
    store.execute(
        """INSERT OR REPLACE INTO earlier_photos (sha256, pipeline, people_key, engine, discarded)
            SELECT sha256, pipeline, people_key, engine, discarded + (SELECT COUNT(*) FROM faces
                WHERE faces.sha256 = photos.sha256 AND verdict = :other AND embedding IS NOT NULL)
            FROM photos WHERE engine = :before AND sha256 IN (SELECT value FROM json_each(:moved))""",
        which,
    )
    store.execute(
        f"""INSERT OR REPLACE INTO earlier_faces (sha256, ordinal, {_FACE})
            SELECT sha256, ordinal, "left", top, "right", bottom, score, quality, landmarks,
                CASE WHEN verdict = :other THEN NULL ELSE embedding END, span, person, verdict, similarity
            FROM faces WHERE sha256 IN (SELECT sha256 FROM photos
                WHERE engine = :before AND sha256 IN (SELECT value FROM json_each(:moved)))""",  # noqa: S608 - constants
        which,
    )


def _bring_back(store: Store, engine: str) -> None:
    kept = "SELECT sha256 FROM earlier_photos WHERE engine = :engine"
    which = {"engine": engine, "beside": _BESIDE}
    # First beside the others: a photo that shows nobody enrolled for a moment loses for good what it shows.
    store.execute(
        f"""INSERT INTO faces (sha256, ordinal, {_FACE}) SELECT sha256, ordinal + :beside, {_FACE} FROM earlier_faces
            WHERE sha256 IN ({kept}) ORDER BY sha256, ordinal""",  # noqa: S608 - constants
        which,
    )
    if store.execute(f"DELETE FROM faces WHERE sha256 IN ({kept}) AND ordinal < :beside", which):  # noqa: S608
        store.begin_erasure()
    store.execute(
        f"UPDATE faces SET ordinal = ordinal - :beside WHERE sha256 IN ({kept})",  # noqa: S608 - a constant
        which,
    )
    store.execute(
        """UPDATE photos SET (pipeline, people_key, engine, discarded) =
            (SELECT pipeline, people_key, engine, discarded FROM earlier_photos WHERE sha256 = photos.sha256)
            WHERE sha256 IN (SELECT sha256 FROM earlier_photos WHERE engine = ?)""",
        (engine,),
    )
    _mark_due(store, engine)
    store.execute("DELETE FROM earlier_photos WHERE engine = ?", (engine,))


def _mark_due(store: Store, engine: str) -> None:
    """Give what was brought back keys that no judge has: its findings are still those of the other engine."""
    keys = list(
        store.rows(
            """SELECT DISTINCT people_key FROM photos WHERE people_key IS NOT NULL
                AND sha256 IN (SELECT sha256 FROM earlier_photos WHERE engine = ?)""",
            (engine,),
        )
    )
    for row in keys:
        known = judgement_of(row["people_key"])
        due = None if known is None else type(known)(known.appearances, _GONE_BACK).text
        store.execute(
            """UPDATE photos SET people_key = ? WHERE people_key = ?
                AND sha256 IN (SELECT sha256 FROM earlier_photos WHERE engine = ?)""",
            (due, row["people_key"], engine),
        )


def forget_earlier(store: Store, person: str | None) -> None:
    """Erase the embeddings of a person, or for None of all but those who are surely enrolled, from what is kept.

    For the transaction that forgets them everywhere else.
    """
    which = "person = :person" if person is not None else "verdict <> :me AND embedding IS NOT NULL"
    values = {"person": person, "me": Verdict.ME, "other": Verdict.OTHER}
    store.execute(
        f"""UPDATE earlier_photos SET discarded = discarded + (SELECT COUNT(*) FROM earlier_faces
            WHERE earlier_faces.sha256 = earlier_photos.sha256 AND embedding IS NOT NULL AND {which})""",  # noqa: S608
        values,
    )
    store.execute(f"UPDATE earlier_faces SET embedding = NULL WHERE {which}", values)  # noqa: S608 - constants
    if person is None:
        return
    store.execute(
        "UPDATE earlier_faces SET person = NULL, verdict = :other, similarity = 0 WHERE person = :person", values
    )
    for row in list(store.rows("SELECT DISTINCT people_key FROM earlier_photos")):
        known = judgement_of(row["people_key"])
        rest = None if known is None else known.without(person).text
        store.execute("UPDATE earlier_photos SET people_key = ? WHERE people_key = ?", (rest, row["people_key"]))
