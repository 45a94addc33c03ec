"""Folders that gallery-dl filled: its JSON files, and without them the names that it gives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from posixpath import splitext
from typing import Any, TypeGuard

from untag.errors import ReadFailure
from untag.sources.kinds import is_named_video, may_be_photo
from untag.sources.names import suffix_of
from untag.sources.reader import AbsentPhoto, Description, Files, photos_of
from untag.sources.readers.gallery_dl_sites import SITES, Entry, SiteRule, file_names, origin_of, rule_of
from untag.sources.text import check_json_memory, parse_json, read_error, read_json, text, wrong_shape
from untag.types import Origin, ReadError

MAX_SIDECAR_BYTES = 16 * 1024 * 1024
MAX_LINES_BYTES = 256 * 1024 * 1024
"""A `data.jsonl` holds every file that was ever downloaded into its folder."""

_SNIFFED = 4
_OF_THE_FOLDER = "info.json"
_SEPARATOR = re.compile(r"[\\/]")


class GalleryDl:
    """Photos with gallery-dl's JSON (`a.jpg.json`, `a.json`, `data.jsonl`), or in its folders under its names."""

    name = "gallery_dl"
    marks = frozenset((".json", ".jsonl", *SITES))

    def sniff(self, files: Files) -> bool:
        """Whether the folder and a file in it have gallery-dl's names, or one of a few JSON files is its own."""
        rule = _rule(files)
        if rule is not None and any(rule.origin(name) is not None for name in photos_of(files)):
            return True
        likely = nsmallest(_SNIFFED, filter(_is_metadata, files.names), key=lambda name: splitext(name)[0] not in files)
        return any(_read(files, name).entries for name in likely)

    def describe(self, files: Files) -> Description:
        """What the JSON files say of the photos, those that are not here too; each is read once. Raises nothing."""
        origins: dict[str, Origin] = {}
        absent: dict[str, AbsentPhoto] = {}
        understood: list[str] = []
        errors: list[ReadError] = []
        category: str | None = None
        photos = _Photos.of(files)
        for found in (_read(files, name) for name in files.names if _is_metadata(name)):
            errors += found.errors
            if found.entries:
                understood.append(found.file)
            for entry in found.entries:
                category = entry["category"]
                if found.file == _OF_THE_FOLDER:
                    continue
                wanted = _wanted(found, entry)
                photo = photos.find(wanted)
                if photo is not None:
                    origins.setdefault(photo, origin_of(entry))
                elif wanted and may_be_photo(wanted[0]):
                    absent[wanted[0]] = AbsentPhoto(found.file, wanted[0], origin_of(entry))
        rule = _rule(files) or (None if category is None else SiteRule(category))
        if rule is not None:
            for name in photos.names:
                if name not in origins and (expected := rule.origin(name)) is not None:
                    origins[name] = expected
        return Description(
            origins=origins, absent=tuple(absent.values()), understood=frozenset(understood), errors=tuple(errors)
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What a JSON file holds of gallery-dl's, and what is wrong with it."""

    file: str
    entries: Sequence[Entry] = ()
    errors: Sequence[ReadError] = ()


def _read(files: Files, name: str) -> _Found:
    try:
        if suffix_of(name) == "jsonl":
            return _read_lines(files, name)
        value = read_json(files, name, max_bytes=MAX_SIDECAR_BYTES)
    except ReadFailure as failure:
        return _Found(name, errors=[read_error(files, name, failure)])
    if _is_entry(value):
        return _Found(name, [value])
    is_sidecar = splitext(name)[0] in files
    return _Found(name, errors=[wrong_shape(files, name, "what gallery-dl writes of a file")] if is_sidecar else ())


def _read_lines(files: Files, name: str) -> _Found:
    """Lines that are cut short, as after a crash, are one error; the others count."""
    entries: list[Entry] = []
    errors: list[ReadError] = []
    data = files.read(name, MAX_LINES_BYTES)
    check_json_memory(data)
    for line in data.splitlines():
        try:
            value = parse_json(line) if line.strip() else None
        except ReadFailure as failure:
            errors = [read_error(files, name, failure)]
            continue
        if _is_entry(value):
            entries.append(value)
    return _Found(name, entries, errors)


def _is_entry(value: Any) -> TypeGuard[Entry]:
    return isinstance(value, dict) and all(text(value.get(key)) is not None for key in ("category", "subcategory"))


def _wanted(found: _Found, entry: Entry) -> list[str]:
    """The photos that an entry may belong to, best first: the JSON's name without `.json`, or with the suffix."""
    if suffix_of(found.file) == "jsonl":
        return file_names(entry)
    stem = found.file[: -len(".json")]
    extension = text(entry.get("extension"))
    if extension is None or suffix_of(stem) == extension.lower():
        return [stem]
    return [f"{stem}.{extension}", stem]


@dataclass(frozen=True, slots=True)
class _Photos:
    """The files that may be photos, by their names without suffixes too: a site's JPEG may be saved as what it is."""

    names: Sequence[str]
    files: Files
    by_stem: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, files: Files) -> _Photos:
        photos = cls(photos_of(files), files)
        for name in photos.names:
            photos.by_stem[splitext(name)[0]].append(name)
        return photos

    def find(self, wanted: Sequence[str]) -> str | None:
        for name in wanted:
            if name in self.files:
                return name
        for name in wanted:
            same = self.by_stem.get(splitext(name)[0] if may_be_photo(name) else name, ())
            same = [one for one in same if is_named_video(one) == is_named_video(name)]
            if len(same) == 1:
                return same[0]
        return None


def _is_metadata(name: str) -> bool:
    return suffix_of(name) in ("json", "jsonl")


def _rule(files: Files) -> SiteRule | None:
    """What the folder's own path says."""
    for name in files.names:
        return rule_of(_SEPARATOR.split(files.shown(name))[:-1])
    return None


READER = GalleryDl()
