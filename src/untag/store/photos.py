"""Files and the photos in them: what is known, recording a batch, marking as seen, pruning."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence

from untag.errors import StoreError
from untag.sources.links import link_key
from untag.store.codec import json_list, path_key, path_of, signed, text
from untag.store.db import Row, Store
from untag.store.findings import save_finding
from untag.store.records import Analysis, KnownFile, KnownPhoto, PhotoRecord
from untag.store.rows import face_values, origin_of, origin_values
from untag.types import Fault, Outcome, ReadError, SceneScores

_PHOTO = """pipeline, people_key, discarded, scene_model IS NOT NULL AS classified,
    EXISTS (SELECT 1 FROM findings WHERE findings.sha256 = photos.sha256) AS found"""
KNOWN = f"SELECT files.*, {_PHOTO} FROM files LEFT JOIN photos ON photos.sha256 = files.sha256"  # noqa: S608 - constants
"""The rows that `known_file_of` reads."""

# By folder: in one that was seen, no file needs to be looked at.
_FORGET_BELOW = """DELETE FROM files WHERE seen_run <> :run AND folder IN (SELECT path FROM folders
    WHERE seen_run IS NOT :run AND (path = :folder OR path >= :low AND path < :high))"""
_FORGET_FILE = """DELETE FROM files WHERE seen_run <> :run AND path = :path
    AND NOT EXISTS (SELECT 1 FROM folders WHERE folders.path = folder AND folders.seen_run = :run)"""

# A folder without photos is on record for what else was looked into there.
_WITHOUT_FILES = "NOT EXISTS (SELECT 1 FROM files WHERE files.folder = folders.path)"
_FORGET_EMPTY = f"""DELETE FROM folders WHERE seen_run IS NOT :run AND {_WITHOUT_FILES}
    AND (path = :folder OR path >= :low AND path < :high)"""  # noqa: S608 - a constant


def folder_of(path: str) -> str:
    """The folder under which `known_files` finds a path: everything before its last separator."""
    return os.path.split(path)[0]


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
    )


def _known_photo_of(row: Row) -> KnownPhoto:
    return KnownPhoto(
        pipeline=row["pipeline"],
        people_key=row["people_key"],
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


def known_fault(store: Store, sha256: str) -> Fault | None:
    """Why an analysed content is only a part of its picture, or None."""
    row = store.row(
        "SELECT outcome, error FROM files WHERE sha256 = ? AND outcome IN (?, ?) LIMIT 1",
        (sha256, Outcome.BROKEN, Outcome.UNSUPPORTED),
    )
    return None if row is None else Fault(Outcome(row["outcome"]), row["error"] or "")


def record_batch(store: Store, run_id: int, records: Sequence[PhotoRecord]) -> None:
    """Write the batch in one transaction. An analysis replaces whatever was on record for the same content."""
    with store.transaction():
        for record in records:
            if record.analysis is not None:
                if record.sha256 is None:
                    raise ValueError("an analysis without a hash cannot be recorded")
                _save_analysis(store, run_id, record.sha256, record.analysis)
        store.execute_many(
            """INSERT INTO files (path, folder, source, size, mtime_ns, sha256, outcome, error,
                platform, permalink, permalink_confidence, poster, people, caption, album, taken_at, posted_at,
                audience, link, first_run, seen_run)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (path) DO UPDATE SET
                source = excluded.source, size = excluded.size, mtime_ns = excluded.mtime_ns,
                outcome = excluded.outcome, error = excluded.error,
                platform = excluded.platform, permalink = excluded.permalink,
                permalink_confidence = excluded.permalink_confidence, poster = excluded.poster,
                people = excluded.people, caption = excluded.caption, album = excluded.album,
                taken_at = excluded.taken_at, posted_at = excluded.posted_at, audience = excluded.audience,
                link = excluded.link,
                first_run = CASE WHEN sha256 IS excluded.sha256 THEN first_run ELSE excluded.first_run END,
                sha256 = excluded.sha256, seen_run = excluded.seen_run""",
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


def prune(store: Store, run_id: int, roots: Sequence[str], *, unread: Sequence[str] = ()) -> int:
    """Forget the files below `roots` that a finished run did not see, and all contents that lie nowhere any more.

    What is below `unread`, the folders and archives that could not be read this time, is left as it is. Decisions
    stay. Returns how many files were forgotten; raises StoreError for a run that did not finish.
    """
    with store.transaction():
        if store.row("SELECT 1 FROM runs WHERE id = ? AND finished_at IS NOT NULL", (run_id,)) is None:
            raise StoreError("The scan did not finish, so what it did not see may still be there.")
        for root in unread:
            for low, high in _ranges(root):
                store.execute(
                    "UPDATE files SET seen_run = ? WHERE path = ? OR path >= ? AND path < ?",
                    (run_id, path_key(root), low, high),
                )
        gone = 0
        for root in roots:
            folder = path_key(folder_of(root if root.endswith(os.sep) else root + os.sep))
            for low, high in _ranges(root):
                below = {"run": run_id, "folder": folder, "low": low, "high": high}
                gone += store.execute(_FORGET_BELOW, below)
                store.execute(_FORGET_EMPTY, below)
            gone += store.execute(_FORGET_FILE, {"run": run_id, "path": path_key(root)})
        store.execute(f"DELETE FROM folders WHERE digest IS NULL AND {_WITHOUT_FILES}")  # noqa: S608 - a constant
        store.execute("DELETE FROM photos WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.sha256 = photos.sha256)")
    return gone


def read_errors(store: Store, run_id: int) -> Iterator[ReadError]:
    """The files that the run saw and could not read, by path."""
    rows = store.rows(
        """SELECT path, outcome, error FROM files WHERE outcome <> :ok
            AND (seen_run = :run OR folder IN (SELECT path FROM folders WHERE seen_run = :run)) ORDER BY path""",
        {"run": run_id, "ok": Outcome.OK},
    )
    return (ReadError(path_of(row["path"]), Outcome(row["outcome"]), row["error"] or "") for row in rows)


def _ranges(root: str) -> Iterator[tuple[str | bytes, str | bytes]]:
    # LIKE and GLOB would read wildcards in file names; ranges also use the primary key. Text and bytes keys are
    # ordered apart from each other, so that each needs its own range.
    for separator in sorted({"/", os.sep}):
        start = root if root.endswith(separator) else root + separator
        low = start.encode("utf-8", "surrogatepass")
        high = low[:-1] + bytes([low[-1] + 1])
        yield low, high
        if isinstance(path_key(root), str):
            yield low.decode(), high.decode()


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
            analysis.people_key,
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
    save_finding(store, run_id, sha256, analysis.finding)


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
        run_id,
        run_id,
    )
