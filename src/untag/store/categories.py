"""Scores of categories: which of them reach a threshold, and erasing those of a category that the user taught."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from untag.store.db import Store


def forget_category(store: Store, name: str) -> None:
    """Erase a category's scores and every mention of it in findings; the next scan decides about these photos again.

    Raises StoreError while a scan runs.
    """
    mention = re.compile(rf"{re.escape(name)} \d+ %")
    with store.exclusive():
        with store.transaction():
            store.begin_erasure()
            store.execute("DELETE FROM scenes WHERE category = ?", (name,))
            rows = list(store.rows("SELECT sha256, categories, reasons FROM findings"))
            for row in rows:
                categories = json.loads(row["categories"])
                if categories.pop(name, None) is None:
                    continue
                reasons = [reason for reason in json.loads(row["reasons"]) if not mention.match(reason)]
                store.execute(
                    "UPDATE findings SET categories = ?, reasons = ? WHERE sha256 = ?",
                    (json.dumps(categories), json.dumps(reasons), row["sha256"]),
                )
                store.execute("INSERT INTO changed_places (sha256) VALUES (?) ON CONFLICT DO NOTHING", (row["sha256"],))
        store.erase_traces()


def reaches(thresholds: Mapping[str, float]) -> tuple[str, dict[str, str | float]]:
    """SQL that says whether a row of `scenes` has the threshold of its category or more, and its parameters."""
    if not thresholds:
        return "FALSE", {}
    # A fifth of the time that a join with a table of them takes.
    cases = " ".join(f"WHEN :category{number} THEN :threshold{number}" for number in range(len(thresholds)))
    given: dict[str, str | float] = {}
    for number, (name, threshold) in enumerate(thresholds.items()):
        given |= {f"category{number}": name, f"threshold{number}": threshold}
    return f"scenes.score >= CASE scenes.category {cases} END", given
