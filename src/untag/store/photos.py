"""Files and the photos in them: what is known, recording a batch, marking as seen, pruning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from untag.errors import StoreError
from untag.store.codec import json_list, path_key, path_of, text
from untag.store.columns import ANALYSIS, FACE, FILE, MATCH, ORIGIN
from untag.store.db import Row, Store
from untag.store.engines import keep_earlier
from untag.store.findings import save_findings
from untag.store.judged import judgement_of
from untag.store.places import as_folder, ranges, unseen
from untag.store.records import Analysis, KnownFile, KnownPhoto, PhotoRecord, Refusal
from untag.store.vectors import save_vector
from untag.support.paths import folder_of
from untag.support.permalinks import link_key
from untag.types import Outcome, SceneScores

_PHOTO = """pipeline, people_key, discarded, scene_model IS NOT NULL AS classified,
    EXISTS (SELECT 1 FROM findings WHERE findings.sha256 = photos.sha256) AS found"""
KNOWN = f"SELECT files.*, {_PHOTO} FROM files LEFT JOIN photos ON photos.sha256 = files.sha256"  # noqa: S608 - constants
"""The rows that `known_file_of` reads."""

_NOT_READ = "(excluded.sha256 IS NULL AND excluded.outcome IN ('broken', 'no-permission', 'missing'))"
"""Whether a file's bytes could not be had, which says nothing of them."""
_SEEN_BEFORE = {
    "sha256": f"CASE WHEN {_NOT_READ} THEN sha256 ELSE excluded.sha256 END",
    "first_run": f"CASE WHEN sha256 IS excluded.sha256 OR {_NOT_READ} THEN first_run ELSE excluded.first_run END",
}
"""What these columns of a file become that was seen before."""

# A folder without photos is on record for what else was looked into there.
_UNPLACED = "NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = {}.sha256)"
_FORGET_UNPLACED = f"DELETE FROM photos WHERE {_UNPLACED.format('photos')}"  # noqa: S608 - a constant
_REMEMBER_TOLD = f"""INSERT OR IGNORE INTO told SELECT sha256 FROM findings WHERE {_UNPLACED.format("findings")}
    AND first_run <= (SELECT MAX(id) FROM runs WHERE reported_at IS NOT NULL)"""  # noqa: S608 - constants
_WITHOUT_FILES = "NOT EXISTS (SELECT 1 FROM files WHERE files.folder = folders.path)"
_FORGET_EMPTY = f"""DELETE FROM folders WHERE seen_run IS NOT :run AND {_WITHOUT_FILES}
    AND (path = :folder OR path >= :low AND path < :high)"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Removed:
    """A file that was forgotten; `elsewhere` says that its photo lies at another place, too."""

    path: str
    elsewhere: bool


def known_file_of(row: Row) -> KnownFile:
    """A file as a row of `KNOWN` has it."""
    return KnownFile(
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        sha256=row["sha256"],
        outcome=Outcome(row["outcome"]),
        error=row["error"],
        origin=ORIGIN.read(row),
        photo=None if row["pipeline"] is None else _known_photo_of(row),
        refused_by=row["refused_by"],
    )


def _known_photo_of(row: Row) -> KnownPhoto:
    return KnownPhoto(
        pipeline=row["pipeline"],
        judged_with=judgement_of(row["people_key"]),
        discarded=row["discarded"],
        classified=bool(row["classified"]),
        found=bool(row["found"]),
    )


def known_files(store: Store, folder: str) -> dict[str, KnownFile]:
    """The files directly in `folder` as they were last seen, by path."""
    rows = store.rows(KNOWN + " WHERE folder = ?", (path_key(folder),))
    return {path_of(row["path"]): known_file_of(row) for row in rows}


def known_file(store: Store, path: str) -> KnownFile | None:
    """One file as it was last seen, or None."""
    row = store.row(KNOWN + " WHERE path = ?", (path_key(path),))
    return None if row is None else known_file_of(row)


def paths_of(store: Store, sha256: str) -> list[str]:
    """Where a content lies, the place that was seen first before others."""
    rows = store.rows("SELECT path FROM files WHERE sha256 = ? ORDER BY first_run, path", (sha256,))
    return [path_of(row["path"]) for row in rows]


def known_photo(store: Store, sha256: str) -> KnownPhoto | None:
    """The analysis on record for a content, or None."""
    row = store.row(f"SELECT {_PHOTO} FROM photos WHERE sha256 = ?", (sha256,))  # noqa: S608 - a constant
    return None if row is None else _known_photo_of(row)


def known_refusal(store: Store, sha256: str) -> Refusal | None:
    """Why an analysed content is only a part of its picture, and by which decoders, or None."""
    row = store.row(
        "SELECT outcome, error, refused_by FROM files WHERE sha256 = ? AND refused_by IS NOT NULL LIMIT 1", (sha256,)
    )
    return None if row is None else Refusal(Outcome(row["outcome"]), row["error"] or "", row["refused_by"])


def record_batch(store: Store, run_id: int, records: Sequence[PhotoRecord]) -> None:
    """Write the batch in one transaction. An analysis replaces whatever was on record for the same content.

    Of a file that was read once and cannot be now, only that is recorded: its content is not known to have changed.
    """
    analysed: dict[str, Analysis] = {}
    for record in records:
        if record.analysis is not None:
            if record.sha256 is None:
                raise ValueError("an analysis without a hash cannot be recorded")
            analysed[record.sha256] = record.analysis
    with store.transaction():
        _save_analyses(store, run_id, analysed)
        store.upsert_all("files", [_file_row(record, run_id) for record in records], "path", instead=_SEEN_BEFORE)
        _note_places(store, records)


def _note_places(store: Store, records: Sequence[PhotoRecord]) -> None:
    """Note which findings were decided without knowing of a place in the batch: an analysis knows of one alone."""
    store.execute(
        """INSERT OR IGNORE INTO changed_places
            SELECT sha256 FROM photos WHERE sha256 IN (SELECT value FROM json_each(:copies))
                OR sha256 IN (SELECT value FROM json_each(:analysed))
                    AND (SELECT COUNT(*) FROM files WHERE files.sha256 = photos.sha256) > 1""",
        {
            "copies": json_list(item.sha256 for item in records if item.analysis is None and item.sha256 is not None),
            "analysed": json_list(
                item.sha256 for item in records if item.analysis is not None and item.sha256 is not None
            ),
        },
    )


def touch_files(store: Store, run_id: int, paths: Iterable[str]) -> None:
    """Mark unchanged files as seen by this run, in one transaction."""
    with store.transaction():
        store.execute_many("UPDATE files SET seen_run = ? WHERE path = ?", ((run_id, path_key(path)) for path in paths))


def prune(store: Store, run_id: int, roots: Sequence[str], *, keep: Sequence[str] = ()) -> list[Removed]:
    """Forget the files below `roots` that a finished run did not see, and all contents that lie nowhere any more.

    What is at or below `keep`, the places that are away or could not be read this time, is left as it is. Decisions
    stay. Returns what was forgotten, by path; raises StoreError for a run that did not finish.
    """
    with store.transaction():
        if store.row("SELECT 1 FROM runs WHERE id = ? AND finished_at IS NOT NULL", (run_id,)) is None:
            raise StoreError("The scan did not finish, so what it did not see may still be there.")
        store.execute("CREATE TEMP TABLE kept (path PRIMARY KEY) WITHOUT ROWID")
        _keep(store, run_id, keep)
        gone: dict[str, str | None] = {}
        for root in roots:
            for condition, parameters in unseen(run_id, root):
                rows = store.rows(
                    f"""DELETE FROM files WHERE {condition} AND path NOT IN (SELECT path FROM kept)
                        RETURNING path, sha256""",  # noqa: S608 - constants
                    parameters,
                )
                gone |= {path_of(row["path"]): row["sha256"] for row in rows}
            for low, high in ranges(root):
                store.execute(_FORGET_EMPTY, {"run": run_id, "folder": as_folder(root), "low": low, "high": high})
        store.execute("DROP TABLE kept")
        store.execute(f"DELETE FROM folders WHERE digest IS NULL AND {_WITHOUT_FILES}")  # noqa: S608 - a constant
        _forget_unplaced(store)
        hashes = json_list({sha256 for sha256 in gone.values() if sha256 is not None})
        left = store.rows(
            "SELECT DISTINCT sha256 FROM files WHERE sha256 IN (SELECT value FROM json_each(?))", (hashes,)
        )
        elsewhere = {row["sha256"] for row in left}
    return [Removed(path, gone[path] in elsewhere) for path in sorted(gone)]


def forget_unseen(store: Store, run_id: int, roots: Sequence[str], which: Callable[[str], bool]) -> list[str]:
    """Forget those files below `roots` that a finished run did not see and for whose paths `which` is true.

    Contents that lie nowhere any more are forgotten with them; decisions stay. Returns the paths.
    """
    missed: set[str] = set()
    for root in roots:
        for condition, parameters in unseen(run_id, root):
            rows = store.rows(f"SELECT path FROM files WHERE {condition}", parameters)  # noqa: S608 - constants
            missed.update(path for row in rows if which(path := path_of(row["path"])))
    with store.transaction():
        store.execute_many("DELETE FROM files WHERE path = ?", [(path_key(path),) for path in missed])
        _forget_unplaced(store)
    return sorted(missed)


def _forget_unplaced(store: Store) -> None:
    """Forget photos of which no file is left, but for which of them were told as findings."""
    store.execute(_REMEMBER_TOLD)
    store.execute(_FORGET_UNPLACED)


def _keep(store: Store, run_id: int, places: Sequence[str]) -> None:
    for place in places:
        for condition, parameters in unseen(run_id, place):
            store.execute(f"INSERT OR IGNORE INTO kept SELECT path FROM files WHERE {condition}", parameters)  # noqa: S608


def _save_analyses(store: Store, run_id: int, analysed: Mapping[str, Analysis]) -> None:
    keep_earlier(store, [(sha256, one.engine) for sha256, one in analysed.items()])
    store.upsert_all("photos", [_photo_row(sha256, one) for sha256, one in analysed.items()], "sha256")
    for table in ("faces", "scenes"):
        store.execute_many(f"DELETE FROM {table} WHERE sha256 = ?", [(sha256,) for sha256 in analysed])  # noqa: S608 - own names
    store.insert_all("faces", [row for sha256, one in analysed.items() for row in _face_rows(sha256, one)])
    store.insert_all("scenes", [row for sha256, one in analysed.items() for row in _scene_rows(sha256, one.scenes)])
    for sha256, analysis in analysed.items():
        save_vector(store, sha256, analysis)
    save_findings(store, run_id, [(sha256, analysis.assessment) for sha256, analysis in analysed.items()])


def _photo_row(sha256: str, analysis: Analysis) -> Row:
    return {
        "sha256": sha256,
        **ANALYSIS.values(analysis),
        "scene_model": None if analysis.scenes is None else analysis.scenes.model,
        "discarded": analysis.keep.count(False),
    }


def _face_rows(sha256: str, analysis: Analysis) -> Iterator[Row]:
    for ordinal, (face, match, keep) in enumerate(zip(analysis.faces, analysis.matches, analysis.keep, strict=True)):
        stored = face if keep else replace(face, embedding=None)
        yield {"sha256": sha256, "ordinal": ordinal, **FACE.values(stored), **MATCH.values(match)}


def _scene_rows(sha256: str, scenes: SceneScores | None) -> Iterator[Row]:
    if scenes is None:
        return
    for category, score in scenes.scores.items():
        spot = scenes.spots.get(category)
        yield {
            "sha256": sha256,
            "category": category,
            "score": float(score),
            "evidence": json.dumps(scenes.evidence.get(category, ())),
            "across": None if spot is None else spot.across,
            "down": None if spot is None else spot.down,
        }


def _file_row(record: PhotoRecord, run_id: int) -> Row:
    link = record.ref.origin.permalink
    return {
        **FILE.values(record.ref),
        "folder": path_key(folder_of(record.ref.path)),
        "sha256": record.sha256,
        "outcome": record.outcome,
        "error": text(record.error),
        "link": None if link is None else text(link_key(link)),
        "refused_by": record.refused_by,
        "first_run": run_id,
        "seen_run": run_id,
    }
