"""Enrolled faces, and forgetting: after it the embeddings are in no file any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from untag.errors import StoreError
from untag.store.codec import json_list, now, path_of, text
from untag.store.columns import FACE, REFERENCE
from untag.store.db import Row, Store, database_files
from untag.store.embeddings import index_files
from untag.store.engines import forget_earlier
from untag.store.judged import judgement_of
from untag.store.lock import scan_lock
from untag.store.records import Reference
from untag.store.requests import forget_requests
from untag.support.aside import part_files
from untag.support.erase import destroy
from untag.types import Status, Verdict


def add_reference(store: Store, reference: Reference) -> None:
    """Record an enrolled face; it replaces the one from the same content, for the same person and engine."""
    insert_reference(store, reference, now())


def insert_reference(store: Store, reference: Reference, added_at: str, *, keep: bool = False) -> None:
    """The same, enrolled at that time. With `keep` the one that is there stays."""
    if reference.face.embedding is None:
        raise ValueError("a reference needs an embedding")
    row = {**REFERENCE.values(reference), "added_at": added_at}
    store.insert_all("reference_faces", [row], replace=not keep, ignore=keep)


def remove_reference(store: Store, reference_id: int) -> None:
    """Erase one enrolled face, whichever engines have encoded it. Raises StoreError while a scan runs."""
    with store.exclusive():
        with store.transaction():
            store.begin_erasure()
            # The same face as other engines encode it, too.
            store.execute(
                """DELETE FROM reference_faces WHERE (person, sha256) =
                    (SELECT person, sha256 FROM reference_faces WHERE id = ?)""",
                (reference_id,),
            )
        store.erase_traces()


def set_reference_use(store: Store, reference: Reference, *, used: bool, note: str | None) -> None:
    """Record whether an enrolled face is used, and why not; inside the caller's transaction, if there is one."""
    store.execute(
        "UPDATE reference_faces SET used = ?, note = ? WHERE person = ? AND engine = ? AND sha256 = ?",
        (used, text(note), reference.person, reference.engine, reference.sha256),
    )


def references(store: Store, person: str | None = None, engine: str | None = None) -> list[Reference]:
    """The enrolled faces of a person, or of all, made by one engine, or by any, oldest first."""
    rows = store.rows(
        """SELECT * FROM reference_faces
        WHERE (:person IS NULL OR person = :person) AND (:engine IS NULL OR engine = :engine) ORDER BY id""",
        {"person": person, "engine": engine},
    )
    return [reference_of(row) for row in rows]


def reference_of(row: Row) -> Reference:
    """The enrolled face in a row of its table."""
    return Reference(id=row["id"], **REFERENCE.fields(row))


CONFIRMING = frozenset(Status) - {Status.OPEN, Status.NOT_ME}
"""What the user may have decided about a photo that shows a person."""


def confirmed_faces(
    store: Store, person: str, engine: str, statuses: frozenset[Status] = CONFIRMING
) -> list[Reference]:
    """The faces that `engine` found and the user confirmed as a person's, by hash: what could be added as references.

    Confirmed is the most similar face with an embedding in a photo whose finding names the person, when the decision
    that counts is one of `statuses`, by default any but `not-me`. Photos that lie in no file any more are left out.
    """
    rows = store.rows(
        """SELECT faces.*, MAX(faces.similarity),
            (SELECT path FROM files WHERE files.sha256 = faces.sha256 ORDER BY first_run, path LIMIT 1) AS path
        FROM faces JOIN photos USING (sha256) JOIN findings USING (sha256)
        WHERE faces.person = :person AND findings.person = :person AND photos.engine = :engine
            AND faces.verdict <> :other AND faces.embedding IS NOT NULL
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = faces.sha256)
            AND (SELECT status FROM decisions WHERE decisions.sha256 = faces.sha256 AND undone_at IS NULL
                ORDER BY decisions.id DESC LIMIT 1) IN (SELECT value FROM json_each(:statuses))
        GROUP BY faces.sha256 ORDER BY faces.sha256""",
        {"person": person, "engine": engine, "other": Verdict.OTHER, "statuses": json_list(statuses)},
    )
    return [Reference(person, engine, row["sha256"], path_of(row["path"]), FACE.read(row)) for row in rows]


def denied_references(store: Store, person: str, engine: str) -> frozenset[str]:
    """The hashes of a person's references in photos that the user decided are `not-me`."""
    rows = store.rows(
        """SELECT sha256 FROM reference_faces WHERE person = ? AND engine = ?
            AND (SELECT status FROM decisions WHERE decisions.sha256 = reference_faces.sha256 AND undone_at IS NULL
                ORDER BY decisions.id DESC LIMIT 1) = ?""",
        (person, engine, Status.NOT_ME),
    )
    return frozenset(row["sha256"] for row in rows)


def add_names(store: Store, person: str, names: Iterable[str]) -> None:
    """Record, in one transaction, that archives call a person so too."""
    with store.transaction():
        store.insert_all("person_names", [{"person": person, "name": text(name)} for name in names], ignore=True)


def person_names(store: Store) -> dict[str, tuple[str, ...]]:
    """What archives call each person besides the person's own name; who is called nothing else is left out."""
    names: dict[str, tuple[str, ...]] = {}
    for row in store.rows_where("person_names", order_by="person, name"):
        names[row["person"]] = (*names.get(row["person"], ()), row["name"])
    return names


def people_called(store: Store) -> dict[str, tuple[str, ...]]:
    """Everybody enrolled, each with the names that archives have for them besides the own one."""
    names = person_names(store)
    rows = store.rows("SELECT DISTINCT person FROM reference_faces ORDER BY person")
    return {row["person"]: names.get(row["person"], ()) for row in rows}


def forget_person(store: Store, person: str) -> int:
    """Erase a person: names, references, the embeddings of the faces matched to them, findings, and requests.

    What the photos were judged with loses the name as well. Returns how many references there were; decisions stay.
    Raises StoreError while a scan runs.
    """
    with store.exclusive():
        destroy_index(store.home)
        with store.transaction():
            store.begin_erasure()
            forget_requests(store, person, person_names(store).get(person, ()))
            count = store.execute("DELETE FROM reference_faces WHERE person = ?", (person,))
            store.execute("DELETE FROM person_names WHERE person = ?", (person,))
            store.execute(
                """UPDATE photos SET discarded = discarded + (SELECT COUNT(*) FROM faces
                    WHERE faces.sha256 = photos.sha256 AND person = ? AND embedding IS NOT NULL)""",
                (person,),
            )
            store.execute(
                "UPDATE faces SET embedding = NULL, person = NULL, verdict = ?, similarity = 0 WHERE person = ?",
                (Verdict.OTHER, person),
            )
            store.execute("DELETE FROM findings WHERE person = ?", (person,))
            # Of whom these were is not on record, so none is kept: better told twice than remembered.
            store.execute("DELETE FROM told")
            _forget_appearances(store, person)
            forget_earlier(store, person)
        store.erase_traces()
    return count


def _forget_appearances(store: Store, person: str) -> None:
    keys = [row["people_key"] for row in store.rows("SELECT DISTINCT people_key FROM photos")]
    for key in keys:
        judged_with = judgement_of(key)
        rest = None if judged_with is None else judged_with.without(person).text
        store.execute("UPDATE photos SET people_key = ? WHERE people_key = ?", (rest, key))


def forget_bystanders(store: Store) -> int:
    """Erase the embeddings of all faces that are not surely an enrolled person; returns how many there were.

    Raises StoreError while a scan runs.
    """
    with store.exclusive():
        destroy_index(store.home)
        with store.transaction():
            store.begin_erasure()
            store.execute(
                """UPDATE photos SET discarded = discarded + (SELECT COUNT(*) FROM faces
                    WHERE faces.sha256 = photos.sha256 AND verdict <> ? AND embedding IS NOT NULL)""",
                (Verdict.ME,),
            )
            count = store.execute(
                "UPDATE faces SET embedding = NULL WHERE verdict <> ? AND embedding IS NOT NULL", (Verdict.ME,)
            )
            forget_earlier(store, None)
        store.erase_traces()
    return count


def forget_all(home: Path, others: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """Overwrite and delete the database with everything in it, even a damaged one; returns the files deleted.

    `others` names what else of the user's is in the home folder, such as what categories were taught with. Close the
    store first. On flash storage the drive may keep old blocks until it reuses them. Raises StoreError while a scan
    runs, or when a file cannot be deleted.
    """
    if not home.is_dir():
        return []
    with scan_lock(home):
        files = [*part_files(home), *index_files(home), *others(home), *database_files(home)]
        _destroy_all(files)
    return files


def destroy_index(home: Path) -> None:
    """Overwrite and delete the index of embeddings, which is made again when it is needed. Raises StoreError."""
    _destroy_all(index_files(home))


def _destroy_all(files: list[Path]) -> None:
    # Copies go first: were this interrupted, the rows would still say what is left to forget.
    try:
        for file in files:
            destroy(file)
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be deleted: {error.strerror}.") from error
