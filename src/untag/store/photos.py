"""Files and the photos in them: what is known, recording a batch, marking as seen, pruning."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from untag.errors import StoreError
from untag.store.codec import json_list, path_key, path_of, signed, text
from untag.store.db import Row, Store
from untag.store.findings import save_finding
from untag.store.judged import judgement_of
from untag.store.places import as_folder, ranges, unseen
from untag.store.records import Analysis, KnownFile, KnownPhoto, PhotoRecord, Refusal
from untag.store.rows import face_values, origin_of, origin_values
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

# A folder without photos is on record for what else was looked into there.
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
        origin=origin_of(row),
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
    with store.transaction():
        for record in records:
            if record.analysis is not None:
                if record.sha256 is None:
                    raise ValueError("an analysis without a hash cannot be recorded")
                _save_analysis(store, run_id, record.sha256, record.analysis)
        store.execute_many(
            f"""INSERT INTO files (path, folder, source, size, mtime_ns, sha256, outcome, error,
                platform, permalink, permalink_confidence, poster, people, caption, album, taken_at, posted_at,
                audience, link, refused_by, first_run, seen_run)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (path) DO UPDATE SET
                source = excluded.source, size = excluded.size, mtime_ns = excluded.mtime_ns,
                outcome = excluded.outcome, error = excluded.error, refused_by = excluded.refused_by,
                platform = excluded.platform, permalink = excluded.permalink,
                permalink_confidence = excluded.permalink_confidence, poster = excluded.poster,
                people = excluded.people, caption = excluded.caption, album = excluded.album,
                taken_at = excluded.taken_at, posted_at = excluded.posted_at, audience = excluded.audience,
                link = excluded.link,
                first_run = CASE WHEN sha256 IS excluded.sha256 OR {_NOT_READ} THEN first_run
                    ELSE excluded.first_run END,
                sha256 = CASE WHEN {_NOT_READ} THEN sha256 ELSE excluded.sha256 END,
                seen_run = excluded.seen_run""",  # noqa: S608 - a constant
            [_file_values(record, run_id) for record in records],
        )
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
        store.execute("DELETE FROM photos WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = photos.sha256)")
        hashes = json_list({sha256 for sha256 in gone.values() if sha256 is not None})
        left = store.rows(
            "SELECT DISTINCT sha256 FROM files WHERE sha256 IN (SELECT value FROM json_each(?))", (hashes,)
        )
        elsewhere = {row["sha256"] for row in left}
    return [Removed(path, gone[path] in elsewhere) for path in sorted(gone)]


def _keep(store: Store, run_id: int, places: Sequence[str]) -> None:
    for place in places:
        for condition, parameters in unseen(run_id, place):
            store.execute(f"INSERT OR IGNORE INTO kept SELECT path FROM files WHERE {condition}", parameters)  # noqa: S608


def _save_analysis(store: Store, run_id: int, sha256: str, analysis: Analysis) -> None:
    kept = list(zip(analysis.faces, analysis.matches, analysis.keep, strict=True))
    scenes = analysis.scenes
    store.execute(
        """INSERT INTO photos (sha256, width, height, taken_at, phash, pipeline, people_key, engine, scene_model,
            discarded, named) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sha256) DO UPDATE SET
            width = excluded.width, height = excluded.height, taken_at = excluded.taken_at, phash = excluded.phash,
            pipeline = excluded.pipeline, people_key = excluded.people_key, engine = excluded.engine,
            scene_model = excluded.scene_model, discarded = excluded.discarded, named = excluded.named""",
        (
            sha256,
            int(analysis.width),
            int(analysis.height),
            text(analysis.taken_at),
            signed(analysis.phash),
            analysis.pipeline,
            analysis.judged_with.text,
            analysis.engine,
            None if scenes is None else scenes.model,
            sum(face.embedding is not None and not keep for face, _, keep in kept),
            json.dumps([text(name) for name in analysis.named]),
        ),
    )
    store.execute("DELETE FROM faces WHERE sha256 = ?", (sha256,))
    store.execute_many(
        """INSERT INTO faces (sha256, ordinal, "left", top, "right", bottom, score, quality, landmarks, embedding,
            person, verdict, similarity)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (sha256, ordinal, *face_values(face, keep=keep), match.person, match.verdict, float(match.similarity))
            for ordinal, (face, match, keep) in enumerate(kept)
        ],
    )
    store.execute("DELETE FROM scenes WHERE sha256 = ?", (sha256,))
    if scenes is not None:
        store.execute_many(
            "INSERT INTO scenes (sha256, category, score, evidence, across, down) VALUES (?, ?, ?, ?, ?, ?)",
            [(sha256, category, *_scene_values(scenes, category)) for category in scenes.scores],
        )
    save_vector(store, sha256, analysis)
    save_finding(store, run_id, sha256, analysis.assessment)


def _scene_values(scenes: SceneScores, category: str) -> tuple[object, ...]:
    spot = scenes.spots.get(category)
    where = (None, None) if spot is None else (spot.across, spot.down)
    return (float(scenes.scores[category]), json.dumps(scenes.evidence.get(category, ())), *where)


def _file_values(record: PhotoRecord, run_id: int) -> tuple[object, ...]:
    ref = record.ref
    return (
        path_key(ref.path),
        path_key(folder_of(ref.path)),
        ref.source,
        ref.size,
        ref.mtime_ns,
        record.sha256,
        record.outcome,
        text(record.error),
        *origin_values(ref.origin),
        None if ref.origin.permalink is None else text(link_key(ref.origin.permalink)),
        record.refused_by,
        run_id,
        run_id,
    )
