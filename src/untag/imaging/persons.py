"""Names of people in XMP that say nothing of where in the picture they are: IPTC's persons, and keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from untag.errors import ReadFailure
from untag.imaging.rdf import Value, field, items, parse_xml, text

_LONGEST_NAME = 200

_KEYWORDS = {"TagsList": "/", "LastKeywordXMP": "/", "hierarchicalSubject": "|", "CatalogSets": "|"}
"""Hierarchical keywords and what parts their levels, in whatever version of its namespace a program writes them."""

_PEOPLE = frozenset(
    ("people", "persons", "faces", "personen", "personnes", "personas", "pessoas", "persone", "osoby", "люди", "人物")
)
"""The top level of keywords that name people; programs translate it."""

_PLACEHOLDERS = frozenset(("unknown", "unconfirmed", "ignored", "unknown person"))
"""What digiKam and others call the faces that they have no name for."""


def person_name(value: Value | None) -> str | None:
    """A person's name on one line; None for what is none."""
    name = " ".join(text(value).split())
    known = 0 < len(name) <= _LONGEST_NAME and name.isprintable() and name.casefold() not in _PLACEHOLDERS
    return name if known else None


def names_without_place(name: str, value: Value) -> Iterator[str]:
    """The names in a property that says nothing of where in the picture the people are."""
    match name:
        case "PersonInImage":
            names: Iterable[Value | None] = items(value)
        case "PersonInImageWDetails":
            names = [field(person, "PersonName") for person in items(value)]
        case "categories" if isinstance(value, str):
            names = _acdsee(value)
        case _ if name in _KEYWORDS:
            names = _people_of([text(item).split(_KEYWORDS[name]) for item in items(value)])
        case _:
            return
    yield from (known for item in names if (known := person_name(item)) is not None)


def _people_of(keywords: Iterable[list[str]]) -> list[str]:
    """The last levels of keywords below `People`, but for the levels that others of the keywords go through."""
    paths = {tuple(part.strip() for part in keyword): None for keyword in keywords}
    through = {path[:length] for path in paths for length in range(2, min(len(path), 10))}
    return [path[-1] for path in paths if len(path) > 1 and path[0].casefold() in _PEOPLE and path not in through]


def _acdsee(categories: str) -> list[str]:
    """ACDSee's categories are XML within a text; what it assigned to the picture is marked with a 1."""
    try:
        root = parse_xml(categories)
    except ReadFailure:
        return []
    paths: list[list[str]] = []
    left = [(element, [(element.text or "").strip()]) for element in reversed(root)]
    while left:
        element, path = left.pop()
        if element.get("Assigned") == "1":
            paths.append(path)
        if len(path) < 10:
            left += [(child, [*path, (child.text or "").strip()]) for child in reversed(element)]
    return _people_of(paths)
