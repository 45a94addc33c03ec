"""Values in the database that untag never wrote: what is of another type, or cannot be read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from untag.errors import UntagError
from untag.store.db import Store
from untag.store.evenings import evenings_noted, photos_taken
from untag.store.evidence import photo_evidence
from untag.store.groups import hashed_findings
from untag.store.listed import findings
from untag.store.people import person_names, references
from untag.types import Outcome, Status

_TYPES = {"INTEGER": ("integer",), "REAL": ("real", "integer"), "TEXT": ("text",), "BLOB": ("blob",)}
_MOST = "1.7e308"  # what is more is infinite, which no JSON holds
_NAMED = {"outcome": Outcome, "status": Status}

_READERS: dict[str, Callable[[Store], Iterable[object]]] = {
    "findings": findings,
    "photos": photo_evidence,
    "groups": hashed_findings,
    "people": references,
    "names": lambda store: person_names(store).items(),
    "evenings": lambda store: [*photos_taken(store), *evenings_noted(store)],
}


def wrong_values(store: Store) -> Iterator[str]:
    """Where the database holds what cannot be, such as "findings.similarity"; reads all of it."""
    for table in (row["name"] for row in list(store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"))):
        yield from _wrong_columns(store, table)
    for name, read in _READERS.items():
        try:
            for _ in read(store):
                pass
        except UntagError:
            raise
        except Exception as error:  # whatever a wrong value leads to
            yield f"{name}: {type(error).__name__}"


def _wrong_columns(store: Store, table: str) -> Iterator[str]:
    for column in list(store.rows("SELECT name, type FROM pragma_table_info(?)", (table,))):
        name = column["name"].replace('"', '""')
        wrong = []
        if column["type"] in _TYPES:
            kinds = ", ".join(f"'{kind}'" for kind in (*_TYPES[column["type"]], "null"))
            wrong.append(f'typeof("{name}") NOT IN ({kinds})')
        if column["type"] == "REAL":
            wrong.append(f'abs("{name}") > {_MOST}')
        if column["name"] in _NAMED:
            known = ", ".join(f"'{value}'" for value in _NAMED[column["name"]])
            wrong.append(f'"{name}" NOT IN ({known})')
        for condition in wrong:
            quoted = table.replace('"', '""')
            if store.row(f'SELECT 1 FROM "{quoted}" WHERE {condition} LIMIT 1') is not None:  # noqa: S608 - own names
                yield f"{table}.{column['name']}"
