"""What need not be found out again: nothing that it is made of has changed, as the triggers of the schema say."""

from __future__ import annotations

from enum import StrEnum

from untag.store.db import Store


class Made(StrEnum):
    """What is made of everything on record: which findings are one picture, and what evenings say."""

    GROUPS = "groups"
    EVENINGS = "evenings"


def is_up_to_date(store: Store, made: Made, by: str) -> bool:
    """Whether it was made by the same program and settings, `by`, of what is on record now."""
    return store.row("SELECT 1 FROM up_to_date WHERE what = ? AND by = ?", (made, by)) is not None


def mark_up_to_date(store: Store, made: Made, by: str) -> None:
    """Record that it was, in the transaction that read what it is made of, after all that it wrote."""
    store.execute("INSERT OR REPLACE INTO up_to_date VALUES (?, ?)", (made, by))
