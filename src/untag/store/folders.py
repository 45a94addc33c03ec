"""Folders as a finished scan left them, so that the next one can pass over those that did not change.

A folder's digest is a promise: its files are those that were listed, and a scan that lists the same with the same
models and profiles would do nothing with any of them. Triggers take it back in the transaction that changes a row
behind it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from untag.store.codec import path_key, path_of
from untag.store.db import Store
from untag.store.photos import KNOWN, known_file_of
from untag.store.records import KnownFile
from untag.types import Outcome, ReadError

_ALIKE = f"""SELECT COUNT(*) AS alike, MIN(seen_run) AS seen_first, * FROM ({KNOWN} WHERE folder = ?)
    GROUP BY outcome, sha256 IS NULL, refused_by, pipeline, people_key, discarded, classified, found"""  # noqa: S608 - nothing but constants
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """A folder as a run listed it: `count` files, and the digest that it is known by if all of them are recorded.

    `skipped` counts by kind the files in it that were looked into and are no photos.
    """

    path: str
    count: int
    digest: bytes
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder on record: how many files are in it, those that could not be read, by path, and what else is in it."""

    count: int
    errors: tuple[ReadError, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)


def unchanged_folder(store: Store, folder: str, digest: bytes) -> KnownFolder | None:
    """What is on record for `folder`, or None unless that is known by `digest`."""
    rows = list(
        store.rows(
            # The literal is that of the index files_unreadable; each folder has one row at least.
            """SELECT count, skipped, files.path AS path, outcome, error FROM folders
                LEFT JOIN files ON files.folder = folders.path AND outcome <> 'ok'
            WHERE folders.path = ? AND digest = ? ORDER BY files.path""",
            (path_key(folder), digest),
        )
    )
    if not rows:
        return None
    errors = (
        ReadError(path_of(row["path"]), Outcome(row["outcome"]), row["error"] or "")
        for row in rows
        if row["path"] is not None
    )
    return KnownFolder(rows[0]["count"], tuple(errors), json.loads(rows[0]["skipped"]))


def touch_folders(store: Store, run_id: int, folders: Iterable[str]) -> None:
    """Mark all files of unchanged folders as seen by this run, in one transaction."""
    with store.transaction():
        store.execute_many(
            "UPDATE folders SET seen_run = ? WHERE path = ?", ((run_id, path_key(folder)) for folder in folders)
        )


def remember_folders(
    store: Store, run_id: int, listed: Sequence[ListedFolder], settled: Callable[[KnownFile], bool]
) -> None:
    """Give their digests to those folders of which every file on record is one that this run listed, and `settled`.

    Call it after `prune`: until then a file that is gone is still on record.
    """
    for start in range(0, len(listed), _TOGETHER):
        with store.transaction():
            for folder in listed[start : start + _TOGETHER]:
                # The rows of one group differ in nothing that decides whether a file is settled.
                groups = list(store.rows(_ALIKE, (path_key(folder.path),)))
                if (
                    sum(group["alike"] for group in groups) == folder.count
                    and all(group["seen_first"] == run_id for group in groups)
                    and all(settled(known_file_of(group)) for group in groups)
                ):
                    # A folder without photos has no row yet; what was looked into there need not be again.
                    row = {
                        "path": path_key(folder.path),
                        "seen_run": run_id,
                        "digest": folder.digest,
                        "count": folder.count,
                        "skipped": json.dumps(folder.skipped, sort_keys=True),
                    }
                    store.upsert_all("folders", [row], "path", instead={"seen_run": "seen_run"})
