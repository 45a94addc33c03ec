"""When the photos of somebody enrolled were taken, and what they show: what evenings are made of, and came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from untag.findings.evenings import OF_OCCASIONS, Taken
from untag.store.codec import json_list
from untag.store.db import Store
from untag.types import Status, Verdict


def photos_taken(store: Store) -> Iterator[Taken]:
    """The photos that surely show somebody enrolled and say when they were taken.

    Without those of which the user said that they do not, and without videos whose time is in UTC, as most are: photos
    have that of their place, hours away.
    """
    rows = store.rows(
        """SELECT sha256, COALESCE(representative, sha256) AS picture, photos.taken_at, person,
                (SELECT json_group_object(category, score) FROM scenes WHERE scenes.sha256 = findings.sha256
                    AND category IN (SELECT value FROM json_each(:names))) AS scores
            FROM findings JOIN photos USING (sha256) LEFT JOIN near_duplicates USING (sha256)
            WHERE verdict = :me AND photos.taken_at IS NOT NULL
                AND NOT (spans <> '[]' AND photos.taken_at LIKE '%+00:00') AND :not_me IS NOT
                (SELECT status FROM decisions WHERE decisions.sha256 = findings.sha256 AND undone_at IS NULL
                    ORDER BY decisions.id DESC LIMIT 1)""",
        {"names": json_list(list(OF_OCCASIONS)), "me": Verdict.ME, "not_me": Status.NOT_ME},
    )
    for row in rows:
        yield Taken(row["sha256"], row["picture"], row["taken_at"], json.loads(row["scores"]), row["person"])


def evenings_noted(store: Store) -> dict[str, frozenset[str]]:
    """By SHA-256 what other photos of its evening were known to show when a photo was assessed; none where nothing."""
    return {row["sha256"]: frozenset(json.loads(row["categories"])) for row in store.rows("SELECT * FROM evenings")}


def note_evenings(store: Store, sha256s: Iterable[str], evenings: Mapping[str, frozenset[str]]) -> None:
    """Record the same for some photos, inside the caller's transaction."""
    chosen = list(sha256s)
    store.execute_many("DELETE FROM evenings WHERE sha256 = ?", ((sha256,) for sha256 in chosen))
    rows = [
        {"sha256": sha256, "categories": json_list(sorted(evenings[sha256]))} for sha256 in chosen if sha256 in evenings
    ]
    store.insert_all("evenings", rows)
