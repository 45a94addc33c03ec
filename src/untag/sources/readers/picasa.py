"""Picasa's `.picasa.ini`: the people whom somebody named in the photos of a folder.

A photo's section lists its faces as `rect64(<corners>),<id>`; `[Contacts2]` has the names of the ids, or a
`contacts.xml` that was copied into the folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from unicodedata import normalize

from untag.errors import ReadFailure
from untag.imaging.rdf import MOST_BYTES, parse_xml
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import read_error
from untag.types import Origin, ReadError

MAX_INI_BYTES = 16 * 1024 * 1024
"""Some hundred bytes for each photo in the folder."""

_CONTACTS = "contacts.xml"
_INI = frozenset((".picasa.ini", "picasa.ini"))
_NAMES = frozenset(("contacts2", "contacts"))
_FACE = re.compile(r"rect64\([0-9a-fA-F]{1,16}\),([0-9a-fA-F]{1,16})(?=;|\s*$)")
_ID = re.compile(r"[0-9a-fA-F]{1,16}")
_UNNAMED = 0xFFFFFFFFFFFFFFFF
_MOST_FACES = 500


@dataclass(slots=True)
class _Read:
    """The ids of the faces in each photo, by its name in lower case and NFC, and the names of ids."""

    faces: dict[str, list[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


class Picasa:
    """What Picasa wrote into a folder."""

    name = "picasa"
    marks = _INI

    def sniff(self, files: Files) -> bool:
        """Whether there is an ini file of Picasa's. Raises nothing."""
        return any(name.lower() in _INI for name in files.names)

    def describe(self, files: Files) -> Description:
        """The people in each photo; who has no name anywhere in the folder is left out. Raises nothing."""
        read = _Read()
        understood: list[str] = []
        errors: list[ReadError] = []
        for name in files.names:
            try:
                if name.lower() in _INI:
                    _read_ini(_decoded(files.read(name, MAX_INI_BYTES)), read)
                elif name.lower() == _CONTACTS:
                    _read_contacts(files.read(name, MOST_BYTES), read)
                else:
                    continue
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
            else:
                understood.append(name)
        origins = {}
        for photo in photos_of(files):
            people = (read.names.get(number) for number in read.faces.get(_key(photo), ()))
            known = tuple(dict.fromkeys(person for person in people if person is not None))
            if known:
                origins[photo] = Origin(people=known)
        return Description(origins=origins, understood=frozenset(understood), errors=tuple(errors))


def _read_ini(text: str, read: _Read) -> None:
    """Not by configparser, which raises for a key that comes twice, and takes other signs than = for it."""
    section = ""
    for line in text.replace("\r", "\n").split("\n"):
        if line.startswith("[") and line.rstrip().endswith("]"):
            section = line.strip()[1:-1]
            continue
        key, equals, value = line.partition("=")
        if not equals:
            continue
        if section.lower() in _NAMES:
            _note_name(read, key.strip(), value.split(";")[0])
        elif key.strip() == "faces":
            numbers = [int(match[1], 16) for match in _FACE.finditer(value)][:_MOST_FACES]
            read.faces.setdefault(_key(section), []).extend(number for number in numbers if number != _UNNAMED)


def _read_contacts(data: bytes, read: _Read) -> None:
    for contact in parse_xml(data):
        if contact.tag == "contact":
            _note_name(read, contact.get("id", ""), contact.get("name", ""))


def _note_name(read: _Read, number: str, name: str) -> None:
    """The first name of an id counts."""
    name = " ".join(name.split())
    if _ID.fullmatch(number) and name and name.isprintable():
        read.names.setdefault(int(number, 16), name)


def _key(name: str) -> str:
    return normalize("NFC", name).lower()


def _decoded(data: bytes) -> str:
    """UTF-8, which Picasa wrote from version 3 on, or what Windows wrote in Western Europe before."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


READER = Picasa()
