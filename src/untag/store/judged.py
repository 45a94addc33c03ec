"""With what a photo was judged: the one place that writes and parses the column `people_key` of a photo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

_FORGOTTEN = "forgotten"
_PARSED = 256
"""How many texts are kept parsed: a home has a few, and a rescan reads one for every file."""


class Appearance(NamedTuple):
    """One of the appearances of a person, counted from 1: the templates of a profile, largest first."""

    person: str
    number: int


@dataclass(frozen=True, slots=True)
class JudgedWith:
    """The appearances that a photo's faces were compared with, and a digest of all that the verdicts followed from.

    Two photos with equal keys were judged alike. A face whose embedding was thrown away was unlike all of
    `appearances`, and may be like any other.
    """

    appearances: frozenset[Appearance]
    digest: str

    @classmethod
    def of(cls, templates: Iterable[tuple[str, int]], digest: str) -> Self:
        """The key for persons with as many templates each."""
        found = (Appearance(person, number) for person, count in templates for number in range(1, count + 1))
        return cls(frozenset(found), digest)

    def without(self, person: str) -> JudgedWith:
        """A key without this person that no judgement will ever have; whoever else it names was considered."""
        return JudgedWith(frozenset(one for one in self.appearances if one.person != person), _FORGOTTEN)

    @property
    def text(self) -> str:
        """The key as the database has it: a line for each appearance, in order, then `#` and the digest.

        A name is printable, so a tab sets the number of a second and further appearance apart.
        """
        lines = sorted(one.person if one.number == 1 else f"{one.person}\t{one.number}" for one in self.appearances)
        return "\n".join(lines) + f"\n#{self.digest}"


@lru_cache(_PARSED)
def judged_with(text: str) -> JudgedWith:
    """The inverse of `JudgedWith.text`. Raises ValueError for what is none."""
    *lines, last = text.split("\n")
    if not last.startswith("#") or not lines:
        raise ValueError("not the key of a judgement")
    return JudgedWith(frozenset(_appearance(line) for line in lines if line), last.removeprefix("#"))


def judgement_of(column: str | None) -> JudgedWith | None:
    """The value of the column; None for a photo that was never judged, or with a key of another kind: it is due."""
    try:
        return None if column is None else judged_with(column)
    except ValueError:
        return None


def _appearance(line: str) -> Appearance:
    person, tab, number = line.partition("\t")
    return Appearance(person, int(number) if tab else 1)
