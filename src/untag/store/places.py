"""What a finished run did not see: which folders, and what tells whether those are deleted or only away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from untag.store.codec import Key, path_key, path_of
from untag.store.db import Parameters, Store
from untag.support.paths import folder_of

_SEEN = "(files.seen_run = :run OR folders.seen_run IS :run)"
_LAST_SEEN = "MAX(files.seen_run, COALESCE(folders.seen_run, 0))"
_FILES = "files LEFT JOIN folders ON folders.path = files.folder"

UNSEEN_BELOW = """files.seen_run <> :run AND files.folder IN (SELECT path FROM folders
    WHERE seen_run IS NOT :run AND (path = :folder OR path >= :low AND path < :high))"""
"""By folder: in one that was seen, no file needs to be looked at."""
UNSEEN_FILE = """files.seen_run <> :run AND files.path = :path
    AND NOT EXISTS (SELECT 1 FROM folders WHERE folders.path = folder AND folders.seen_run = :run)"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which directory a path leads to: `text` is the same as long as it is the same one on the same file system."""

    text: str
    mounted: bool


def as_folder(root: str) -> Key:
    """The key of a root as a folder that holds files."""
    return path_key(folder_of(root if root.endswith(os.sep) else root + os.sep))


def ranges(root: str) -> Iterator[tuple[Key, Key]]:
    """The keys of all that lies below a path: from the first of each pair to before the second."""
    # LIKE and GLOB would read wildcards in file names; ranges also use the primary key. Text and bytes keys are
    # ordered apart from each other, so that each needs its own range.
    for separator in sorted({"/", os.sep}):
        start = root if root.endswith(separator) else root + separator
        low = start.encode("utf-8", "surrogatepass")
        high = low[:-1] + bytes([low[-1] + 1])
        yield low, high
        if isinstance(path_key(root), str):
            yield low.decode(), high.decode()


def unseen(run_id: int, root: str) -> Iterator[tuple[str, Parameters]]:
    """Conditions on rows of `files`, with their parameters, for the files at and below `root` that the run missed."""
    for low, high in ranges(root):
        yield UNSEEN_BELOW, {"run": run_id, "folder": as_folder(root), "low": low, "high": high}
    yield UNSEEN_FILE, {"run": run_id, "path": path_key(root)}


def unseen_folders(store: Store, run_id: int, root: str) -> dict[str, int]:
    """The folders at and below `root` with files that the run did not see: how many. A missed `root` is one itself."""
    found: dict[str, int] = {}
    for condition, parameters in unseen(run_id, root):
        alone = condition is UNSEEN_FILE
        query = f"SELECT folder, COUNT(*) AS missed FROM files WHERE {condition} GROUP BY folder"  # noqa: S608 - constants
        for row in store.rows(query, parameters):
            folder = root if alone else path_of(row["folder"])
            found[folder] = found.get(folder, 0) + row["missed"]
    return found


def known_below(store: Store, path: str, *, itself: bool = True) -> int:
    """How many files on record lie below `path`, or with `itself` at it."""
    where, parameters = _at_or_below(path)
    where = where if itself else f"{where} AND files.path <> :at"
    row = store.row(f"SELECT COUNT(*) AS known FROM files WHERE {where}", parameters)  # noqa: S608 - constants
    return 0 if row is None else int(row["known"])


def holds_photos(store: Store, run_id: int, path: str) -> bool:
    """Whether the run saw any file at `path` or below it."""
    where, parameters = _at_or_below(path)
    query = f"SELECT 1 FROM {_FILES} WHERE {where} AND {_SEEN} LIMIT 1"  # noqa: S608 - constants
    return store.row(query, {**parameters, "run": run_id}) is not None


def has_survivor(store: Store, run_id: int, path: str) -> bool:
    """Whether the run saw a file below `path` that was on record beside those that it missed there.

    One that came after them does not count: what lies in an empty mount point today was never beside them.
    """
    where, parameters = _at_or_below(path)
    query = f"""WITH missed AS (SELECT MIN({_LAST_SEEN}) AS last FROM {_FILES} WHERE {where} AND NOT {_SEEN})
        SELECT 1 FROM {_FILES}, missed WHERE {where} AND {_SEEN} AND first_run <= missed.last LIMIT 1"""  # noqa: S608
    return store.row(query, {**parameters, "run": run_id}) is not None


def all_moved(store: Store, run_id: int, folder: str) -> bool:
    """Whether each photo that the run missed in `folder` has come to lie elsewhere since, with the same link if any."""
    row = store.row(
        f"""WITH missed AS (SELECT files.sha256, files.link, {_LAST_SEEN} AS last FROM {_FILES}
                WHERE (files.folder = :folder OR files.path = :folder) AND NOT {_SEEN})
        SELECT 1 FROM missed WHERE NOT EXISTS (SELECT 1 FROM {_FILES}
            WHERE files.sha256 = missed.sha256 AND {_SEEN} AND first_run > missed.last
                AND (missed.link IS NULL OR files.link = missed.link)) LIMIT 1""",  # noqa: S608 - constants
        {"folder": path_key(folder), "run": run_id},
    )
    return row is None


def seen_folders(store: Store, run_id: int, root: str) -> list[str]:
    """The folders at or below `root` in which the run saw a file."""
    where, parameters = _at_or_below(root, "folders.path")
    query = f"""SELECT path FROM folders WHERE {where} AND (seen_run = :run
        OR EXISTS (SELECT 1 FROM files WHERE files.folder = folders.path AND files.seen_run = :run))"""  # noqa: S608
    return [path_of(row["path"]) for row in store.rows(query, {**parameters, "run": run_id})]


def places(store: Store) -> dict[str, Identity]:
    """Every directory that leads to photos, as a finished run last saw it."""
    rows = store.rows_where("places")
    return {path_of(row["path"]): Identity(row["identity"], bool(row["mounted"])) for row in rows}


def remember_places(store: Store, seen: Mapping[str, Identity]) -> None:
    """Record which directories these paths lead to now, in one transaction."""
    with store.transaction():
        rows = [
            {"path": path_key(path), "identity": identity.text, "mounted": identity.mounted}
            for path, identity in seen.items()
        ]
        store.insert_all("places", rows, replace=True)


def unreadable_before(store: Store) -> frozenset[str]:
    """The inputs that were unreadable when a finished run last looked at them."""
    return frozenset(path_of(row["path"]) for row in store.rows_where("unreadable"))


def remember_unreadable(store: Store, roots: Iterable[str], paths: Iterable[str]) -> None:
    """Record that of everything at or below `roots` these, and no others, are unreadable, in one transaction."""
    with store.transaction():
        for root in roots:
            where, parameters = _at_or_below(root, "unreadable.path")
            store.execute(f"DELETE FROM unreadable WHERE {where}", parameters)  # noqa: S608 - constants
        store.insert_all("unreadable", [{"path": path_key(path)} for path in paths], replace=True)


def _at_or_below(path: str, column: str = "files.path") -> tuple[str, dict[str, Key]]:
    conditions, parameters = [f"{column} = :at"], {"at": path_key(path)}
    for number, (low, high) in enumerate(ranges(path)):
        conditions.append(f"{column} >= :low{number} AND {column} < :high{number}")
        parameters |= {f"low{number}": low, f"high{number}": high}
    return f"({' OR '.join(conditions)})", parameters
