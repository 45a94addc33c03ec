"""Who is enrolled, with which references, and what each of them contributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from untag.errors import UsageError
from untag.people.calibrate import Calibration, load_calibration
from untag.people.profile import agreement, cluster_references, embeddings_of
from untag.store import Reference, Store, person_names, references


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled person with one engine: the references used, by template, the template with the most first.

    `called` are further names under which archives have the person. `agreement` is that of all references used, 0 to 1,
    None for a single photo.
    """

    person: str
    engine: str
    templates: tuple[tuple[Reference, ...], ...]
    set_aside: int
    agreement: float | None
    called: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """How many references are used."""
        return sum(len(template) for template in self.templates)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One reference. `template` is the number of its template, from 1, None where it is set aside; `of` its size.

    `agreement` is how alike it is to the other references in use, on average, 0 to 1; None where there are none.
    """

    reference: Reference
    template: int | None
    of: int
    agreement: float | None


def list_people(store: Store, person: str | None = None, engine_id: str | None = None) -> list[Person]:
    """Everybody enrolled, or one person, by name, once for each engine, or for one."""
    called = person_names(store)
    return [
        replace(_person(*key, members), called=called.get(key[0], ()))
        for key, members in sorted(_by_engine(references(store, person, engine_id)).items())
    ]


def contributions(store: Store, person: str) -> list[Contribution]:
    """Every reference of a person, by engine, template and age. Raises UsageError when nobody has the name."""
    enrolled = _by_engine(references(store, person))
    if not enrolled:
        raise UsageError(f"nobody called {person} is enrolled; see: untag people")
    return [one for (_, engine_id), members in sorted(enrolled.items()) for one in _contributions(engine_id, members)]


def _by_engine(enrolled: Sequence[Reference]) -> dict[tuple[str, str], list[Reference]]:
    groups: dict[tuple[str, str], list[Reference]] = {}
    for reference in enrolled:
        groups.setdefault((reference.person, reference.engine), []).append(reference)
    return groups


def _person(person: str, engine_id: str, members: Sequence[Reference]) -> Person:
    used = [item for item in members if item.used]
    if not used:
        return Person(person, engine_id, (), len(members), None)
    calibration = load_calibration(engine_id)
    templates = tuple(tuple(cluster) for cluster in _clusters(used, calibration))
    return Person(person, engine_id, templates, len(members) - len(used), agreement(embeddings_of(used), calibration))


def _clusters(used: Sequence[Reference], calibration: Calibration) -> list[list[Reference]]:
    return [[used[position] for position in one] for one in cluster_references(embeddings_of(used), calibration)]


def _contributions(engine_id: str, members: Sequence[Reference]) -> Iterator[Contribution]:
    calibration = load_calibration(engine_id)
    used = [item for item in members if item.used]
    for number, cluster in enumerate(_clusters(used, calibration) if used else [], start=1):
        for item in cluster:
            yield Contribution(item, number, len(cluster), _alike(item, used, calibration))
    for item in members:
        if not item.used:
            yield Contribution(item, None, 0, _alike(item, used, calibration))


def _alike(item: Reference, used: Sequence[Reference], calibration: Calibration) -> float | None:
    others = [other for other in used if other.sha256 != item.sha256]
    if not others:
        return None
    apart = np.linalg.norm(embeddings_of(others).astype(np.float64) - embeddings_of([item])[0], axis=1)
    return float(calibration.similarity(apart).mean())
