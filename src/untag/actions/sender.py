"""Who writes the letters: only what the user has said, and blanks to fill in for the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from untag.actions.words import one_line
from untag.errors import UsageError

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\]+")
_GERMANY = frozenset({"de", "germany", "deutschland", "federal republic of germany"})


@dataclass(frozen=True, slots=True)
class Sender:
    """None is what the user has not said. `country` is a name or a code; `born` the birthday."""

    name: str | None = None
    email: str | None = None
    address: str | None = None
    country: str | None = None
    born: date | None = None

    @property
    def has_image_right(self) -> bool:
        """Whether the right to one's own image of the KUG may be cited: in Germany."""
        return (self.country or "").casefold() in _GERMANY

    @property
    def said(self) -> dict[str, str]:
        """What the user has said, by the names of the fields."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}


def sender_of(values: Mapping[str, str]) -> Sender:
    """The sender with these values, as `Sender.said` has them. Raises UsageError for one that cannot be."""
    cleaned = {name: one_line(value) for name, value in values.items()}
    given = {name: value for name, value in cleaned.items() if value}
    if "email" in given and _EMAIL.fullmatch(given["email"]) is None:
        raise UsageError(f"{given['email']!r} is no email address")
    born = given.pop("born", None)
    return Sender(**given, born=None if born is None else _birthday(born))


def _birthday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no birthday; write it like 1990-12-31") from None
