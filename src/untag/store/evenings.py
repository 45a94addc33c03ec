"""When the photos of somebody enrolled were taken, and what they show: what evenings are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator

from untag.findings.evenings import OF_OCCASIONS, Taken
from untag.store.codec import json_list
from untag.store.db import Store
from untag.types import Verdict


def photos_taken(store: Store) -> Iterator[Taken]:
    """The photos that surely show somebody enrolled and say when they were taken."""
    rows = store.rows(
        """SELECT sha256, COALESCE(representative, sha256) AS picture, photos.taken_at,
                (SELECT json_group_object(category, score) FROM scenes WHERE scenes.sha256 = findings.sha256
                    AND category IN (SELECT value FROM json_each(:names))) AS scores
            FROM findings JOIN photos USING (sha256) LEFT JOIN near_duplicates USING (sha256)
            WHERE verdict = :me AND photos.taken_at IS NOT NULL""",
        {"names": json_list(list(OF_OCCASIONS)), "me": Verdict.ME},
    )
    for row in rows:
        yield Taken(row["sha256"], row["picture"], row["taken_at"], json.loads(row["scores"]))
