"""Contents by what users call them: the beginning of a hash, a link, a path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from untag.store.codec import json_list, path_of
from untag.store.db import Store
from untag.types import Verdict


def contents_beginning(store: Store, prefix: str) -> list[str]:
    """The SHA-256 of the analysed contents that begin with these hexadecimal digits."""
    rows = store.rows("SELECT sha256 FROM photos WHERE sha256 >= ? AND sha256 < ?", (prefix, f"{prefix}g"))
    return [row["sha256"] for row in rows]


def contents_linked(store: Store, keys: Iterable[str]) -> list[str]:
    """The SHA-256 of the contents whose places have one of these `link_key`s."""
    rows = store.rows(
        """SELECT DISTINCT sha256 FROM files WHERE sha256 IS NOT NULL AND link IS NOT NULL
            AND link IN (SELECT value FROM json_each(?))""",
        (json_list(keys),),
    )
    return [row["sha256"] for row in rows]


def engines_of(store: Store, sha256s: Iterable[str]) -> dict[str, str]:
    """The engine that analysed each content."""
    rows = store.rows(
        "SELECT sha256, engine FROM photos WHERE sha256 IN (SELECT value FROM json_each(?))", (json_list(sha256s),)
    )
    return {row["sha256"]: row["engine"] for row in rows}


def has_verdict(store: Store, verdict: Verdict) -> bool:
    """Whether any finding has this verdict."""
    return store.row("SELECT 1 FROM findings WHERE verdict = ? LIMIT 1", (verdict,)) is not None


def all_paths(store: Store) -> Iterator[tuple[str, str]]:
    """The path and the SHA-256 of every file on record that could be read."""
    for row in store.rows("SELECT path, sha256 FROM files WHERE sha256 IS NOT NULL"):
        yield path_of(row["path"]), row["sha256"]


def paths_of_contents(store: Store, sha256s: Iterable[str]) -> dict[str, str]:
    """The path at which each content was seen first, by SHA-256."""
    rows = store.rows(
        """SELECT sha256, path FROM files WHERE sha256 IN (SELECT value FROM json_each(?))
            ORDER BY first_run DESC, path DESC""",
        (json_list(sha256s),),
    )
    return {row["sha256"]: path_of(row["path"]) for row in rows}
