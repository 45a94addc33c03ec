"""Who of the enrolled is meant by a name that an archive gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from untag.support.words import name_key


@dataclass(frozen=True, slots=True)
class Names:
    """What each enrolled person is called, as `name_key` has it; `names_of` makes it.

    `owners` are the names of the accounts whose downloads were scanned: who downloads an account has it.
    """

    called: Mapping[str, frozenset[str]]
    owners: frozenset[str] = frozenset()

    def is_own(self, person: str | None, poster: str | None) -> bool:
        """Whether a post is the person's own: by their name, or by that of an account that was downloaded."""
        return self.is_called(person, poster) or (
            person is not None and poster is not None and name_key(poster) in self.owners
        )

    def is_called(self, person: str | None, name: str | None) -> bool:
        """Whether this name is one of the person's; one who is not enrolled has their own name only."""
        if person is None or name is None:
            return False
        return name_key(name) in self.called.get(person, (name_key(person),))

    def among(self, names: Iterable[str]) -> str | None:
        """The person whom one of `names` means, the first by name if several; None when they mean none enrolled."""
        said = {name_key(name) for name in names}
        return next((person for person in sorted(self.called) if not said.isdisjoint(self.called[person])), None)


NO_NAMES = Names({})


def names_of(called: Mapping[str, Iterable[str]], owners: Iterable[str] = ()) -> Names:
    """The names of persons, each of whom is called so, and by their own name. An empty name means no one."""
    return Names(
        {person: frozenset(name_key(name) for name in (person, *others)) - {""} for person, others in called.items()},
        frozenset(map(name_key, owners)) - {""},
    )
