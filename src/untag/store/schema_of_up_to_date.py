"""The table of what need not be found out again, as a migration makes it. What was released is never edited."""

from __future__ import annotations

from collections.abc import Iterator

_GROUPS, _EVENINGS = "'groups'", "'evenings'"
_BOTH = f"{_GROUPS}, {_EVENINGS}"

# A row says that copies and shots were grouped, or evenings looked at, from what is on record now, and by what.
_TABLE = "CREATE TABLE up_to_date (what TEXT PRIMARY KEY NOT NULL, by TEXT NOT NULL) WITHOUT ROWID"

# What either is made of, and what came of it: a row that is removed with the one it refers to is missing there.
_MADE_OF = {
    "findings": _BOTH,
    "near_duplicates": _BOTH,
    "companions": _GROUPS,
    "scenes": _EVENINGS,
    "evenings": _EVENINGS,
    "decisions": _EVENINGS,
}
# Of these a scan writes more than what counts here.
_COLUMNS = {
    "photos": (_BOTH, ("sha256", "phash", "width", "height", "taken_at")),
    "files": (_GROUPS, ("path", "folder", "sha256", "size", "first_run")),
}


def _triggers() -> Iterator[str]:
    for table, what in {**_MADE_OF, **{name: what for name, (what, _) in _COLUMNS.items()}}.items():
        gone = f"BEGIN DELETE FROM up_to_date WHERE what IN ({what}); END"  # noqa: S608 - own names
        yield f"CREATE TRIGGER {table}_not_as_before_added AFTER INSERT ON {table} {gone}"
        yield f"CREATE TRIGGER {table}_not_as_before_removed AFTER DELETE ON {table} {gone}"
        changed = f"CREATE TRIGGER {table}_not_as_before_changed AFTER UPDATE"
        if table in _MADE_OF:
            yield f"{changed} ON {table} {gone}"
        else:
            columns = _COLUMNS[table][1]
            differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
            yield f"{changed} OF {', '.join(columns)} ON {table} WHEN {differs} {gone}"


UP_TO_DATE = (_TABLE, *_triggers())
