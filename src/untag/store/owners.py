"""Whose accounts were downloaded, and which posters have photos of somebody enrolled that call for an action."""

from __future__ import annotations

from collections.abc import Iterable

from untag.store.codec import json_list, text
from untag.store.db import Store
from untag.store.records import ABSENT
from untag.support.words import name_key
from untag.types import Action, Verdict


def account_owners(store: Store) -> frozenset[str]:
    """The names of the owners of scanned downloads, without those of whom the user said that they are others."""
    return frozenset(row["name"] for row in store.rows("SELECT name FROM account_owners WHERE mine = 1"))


def note_owners(store: Store, names: Iterable[str]) -> list[str]:
    """Record the owners of downloads, in the caller's transaction or alone; returns those that are new."""
    known = {row["name"] for row in store.rows("SELECT name FROM account_owners")}
    new = sorted({str(text(name)) for name in names} - known)
    store.insert_all("account_owners", [{"name": name, "mine": 1} for name in new], ignore=True)
    return new


def deny_owner(store: Store, name: str) -> list[str]:
    """Record that an account is somebody else's; returns how its name is written on record, empty where it is not."""
    rows = list(store.rows("SELECT name FROM account_owners"))
    found = [row["name"] for row in rows if name_key(row["name"]) == name_key(name)]
    for one in found:
        store.execute("UPDATE account_owners SET mine = 0 WHERE name = ?", (one,))
    return found


def posted_by(store: Store, names: Iterable[str], *, absent: bool = False) -> list[str]:
    """The SHA-256 of the photos posted by any of these; with `absent` those reported without a file alone."""
    wanted = {name_key(name) for name in names}
    if not wanted:
        return []
    written = [
        row["poster"]
        for row in store.rows("SELECT DISTINCT poster FROM files WHERE poster IS NOT NULL")
        if name_key(row["poster"]) in wanted
    ]
    rows = store.rows(
        """SELECT DISTINCT files.sha256 FROM files JOIN photos USING (sha256)
            WHERE poster IN (SELECT value FROM json_each(:posters)) AND (NOT :only OR engine = :absent)""",
        {"posters": json_list(written), "only": absent, "absent": ABSENT},
    )
    return [row["sha256"] for row in rows]


def risky_posters(store: Store) -> frozenset[str]:
    """Who posted photos of somebody enrolled that call for an action, as `name_key` has the names."""
    rows = store.rows(
        """SELECT DISTINCT poster FROM findings JOIN files USING (sha256)
            WHERE verdict = ? AND categories <> '{}' AND action <> ? AND poster IS NOT NULL""",
        (Verdict.ME, Action.KEEP),
    )
    return frozenset(name_key(row["poster"]) for row in rows)
