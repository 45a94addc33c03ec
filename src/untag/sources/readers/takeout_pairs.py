"""Which JSON of a Google Photos folder describes which photo, by their names.

The rules were read from the names that simulot/immich-go and TheLastGimbus/GooglePhotosTakeoutHelper test against. A
photo has `<file>.json` or `<file>.supplemental-metadata.json`, of which Google cuts all before `.json` to 46 UTF-16
units; the photo's own name it cuts to 47 before the suffix. A counter stands outside of what is cut: `a(1).jpg` has
`a.jpg(1).json`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import splitext
from unicodedata import normalize

_CUT_JSON, _CUT_PHOTO = 46, 47
_SUPPLEMENT = "supplemental-metadata"
_COUNTER = re.compile(r"(.*)\(([0-9]{1,6})\)", re.DOTALL)
_REPLACED = re.compile(r'[&?\\/:*"<>|]')

EDITED = (
    *("-edited", "-effects", "-bearbeitet", "-modifié", "-modificato", "-ha editado", "-editat"),
    *("-bewerkt", "-edytowane", "-編集済み"),
)
"""What Google adds to the name of an edited copy, in lower case and NFC. The copy has no JSON of its own."""

_MARK = re.compile(r"[^\W\d_][^\d_]{0,23}")
"""What may be a mark after its hyphen in a language that is not in `EDITED`: words."""
_MOST_HYPHENS = 3

_SHORTEST_CUT_MARK = 2
"""Of the mark of an edited copy at least the hyphen and a letter must be left where its name is cut."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The JSON of a photo; not `certain` where the photo may be another one with the same first letters."""

    sidecar: str
    certain: bool = True


def pair(photos: Iterable[str], sidecars: Mapping[str, str | None]) -> dict[str, Pair]:
    """The JSON of each photo that has one. `sidecars` are the names of the JSON files with the titles in them.

    Looks every name up a fixed number of times. Where a rule leaves several to choose from, the titles decide; where
    they do not, there is no pair.
    """
    index = _Index(sidecars)
    found: dict[str, Pair] = {}
    claims: defaultdict[str, list[_Name]] = defaultdict(list)
    left: list[_Name] = []
    for photo in photos:
        name = _Name.of(photo)
        sidecar = index.direct(name)
        if sidecar is not None:
            found[photo] = Pair(sidecar)
        elif (sidecar := index.cut(name)) is not None:
            claims[sidecar].append(name)
        else:
            left.append(name)
    left += _settle(claims, index, found)

    used = {pair.sidecar for pair in found.values()}
    claims.clear()
    rest: list[_Name] = []
    for name in left:
        sidecar = index.edited(name)
        if sidecar is not None:
            found[name.file] = Pair(sidecar)
        elif (sidecar := index.without_suffix(name)) is not None and sidecar not in used:
            claims[sidecar].append(name)
        else:
            rest.append(name)
    rest += _settle(claims, index, found)

    used = {pair.sidecar for pair in found.values()}
    for name in rest:
        sidecar = index.titled(name, used)
        if sidecar is not None:
            found[name.file] = Pair(sidecar)
        elif (sidecar := index.original_of_a_cut_copy(name) or index.likely_original(name)) is not None:
            found[name.file] = Pair(sidecar, certain=False)
    return found


def media_name(sidecar: str) -> str:
    """The name of the photo that a JSON file belongs to, where neither name was cut."""
    body, counter = _counted(sidecar[: -len(".json")])
    before, dot, tail = body.rpartition(".")
    stem, suffix = splitext(before if dot and _SUPPLEMENT.startswith(tail) else body)
    return f"{stem}({counter}){suffix}" if counter else stem + suffix


def _settle(claims: Mapping[str, list[_Name]], index: _Index, found: dict[str, Pair]) -> list[_Name]:
    """Gives each JSON that one photo alone has a claim to, or one whose name is its title; gives back the others."""
    left: list[_Name] = []
    for sidecar, names in claims.items():
        for name in names:
            if len(names) == 1 or index.is_titled(sidecar, name):
                found[name.file] = Pair(sidecar)
            else:
                left.append(name)
    return left


@dataclass(frozen=True, slots=True)
class _Name:
    """The name of a photo: as it is, and in NFC without its counter, which is empty where there is none."""

    file: str
    stem: str
    counter: str
    suffix: str

    @classmethod
    def of(cls, file: str) -> _Name:
        stem, suffix = splitext(normalize("NFC", file))
        return cls(file, *_counted(stem), suffix)


@dataclass(slots=True)
class _Index:
    """The JSON files by what their names begin with, and their counters."""

    titles: Mapping[str, str | None]
    exact: dict[tuple[str, str], str] = field(default_factory=dict)
    supplemental: dict[tuple[str, str], str] = field(default_factory=dict)
    by_stem: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    by_title: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for sidecar, title in self.titles.items():
            whole = normalize("NFC", sidecar[: -len(".json")])
            body, counter = _counted(whole)
            self.exact.setdefault((whole, ""), sidecar)
            self.exact.setdefault((body, counter), sidecar)
            before, dot, tail = body.rpartition(".")
            media = before if dot and _SUPPLEMENT.startswith(tail) else body
            if media != body:
                self.supplemental.setdefault((media, counter), sidecar)
            self.by_stem[splitext(media)[0], counter].append(sidecar)
            if title is not None:
                self.by_title[file_name(title)].append(sidecar)

    def _named(self, media: str, counter: str) -> str | None:
        return self.exact.get((media, counter), self.supplemental.get((media, counter)))

    def direct(self, name: _Name) -> str | None:
        """By the whole name: with the counter inside, as a photo may have been called when it came, or after it."""
        if not name.counter:
            return self._named(name.stem + name.suffix, "")
        inside = self._named(f"{name.stem}({name.counter}){name.suffix}", "")
        return self._named(name.stem + name.suffix, name.counter) if inside is None else inside

    def cut(self, name: _Name) -> str | None:
        """By a name that was cut within the photo's."""
        if name.counter:
            stem = f"{name.stem}({name.counter})"
            # Cut before its counter the name would be that of another photo.
            inside = self.exact.get((_cut(stem + name.suffix, _CUT_JSON), "")) if _length(stem) <= _CUT_JSON else None
            if inside is not None:
                return inside
        whole = name.stem + name.suffix
        return self.exact.get((_cut(whole, _CUT_JSON), name.counter)) if _length(whole) > _CUT_JSON else None

    def edited(self, name: _Name) -> str | None:
        """The JSON of the original of an edited copy, which may have another suffix (HEIC, edited as JPEG)."""
        for stem in _originals(name.stem):
            bare, counter = (stem, name.counter) if name.counter else _counted(stem)
            original = _Name(name.file, bare, counter, name.suffix)
            sidecar = self.direct(original)
            if sidecar is None:
                sidecar = self.cut(original)
            if sidecar is None:
                sidecar = _only(self.by_stem.get((bare, counter), ()))
            if sidecar is not None:
                return sidecar
        return None

    def without_suffix(self, name: _Name) -> str | None:
        """That of a photo that came without a suffix and was given one: `20030616.jpg` has `20030616.json`."""
        return self._named(name.stem, name.counter)

    def is_titled(self, sidecar: str, name: _Name) -> bool:
        title = self.titles[sidecar]
        return title is not None and file_name(title) == name.stem + name.suffix

    def titled(self, name: _Name, used: set[str]) -> str | None:
        """The only one that no other photo has and whose title is the name. Titles have no counters."""
        if name.counter:
            return None
        return _only([item for item in self.by_title.get(name.stem + name.suffix, ()) if item not in used])

    def original_of_a_cut_copy(self, name: _Name) -> str | None:
        """For a long name with a counter that no JSON has: most often an edited copy whose mark was cut off."""
        if not name.counter or _length(name.stem) < _CUT_PHOTO:
            return None
        return self.exact.get((_cut(name.stem, _CUT_JSON), ""))

    def likely_original(self, name: _Name) -> str | None:
        """For what has no JSON of its own and begins as another photo: an edited copy or a creation (collage, smile) in
        any language, or the second copy of one. The idea is that of simulot/immich-go."""
        stem = name.stem
        for _ in range(_MOST_HYPHENS):
            stem, hyphen, mark = stem.rpartition("-")
            if not hyphen or _MARK.fullmatch(mark) is None:
                return None
            bare, inner = _counted(stem)
            for counter in dict.fromkeys((inner or name.counter, inner)):
                sidecar = self._named(bare + name.suffix, counter) or _only(self.by_stem.get((bare, counter), ()))
                if sidecar is not None:
                    return sidecar
        return None


def _counted(text: str) -> tuple[str, str]:
    match = _COUNTER.fullmatch(text)
    return (text, "") if match is None else (match[1], match[2])


def _originals(stem: str) -> Iterable[str]:
    """What the original may be called; of a name of full length only the start of the mark may be left."""
    for mark in EDITED:
        if stem[-len(mark) :].lower() == mark:
            yield stem[: -len(mark)]
    if _length(stem) >= _CUT_PHOTO:
        for mark in EDITED:
            for length in range(len(mark) - 1, _SHORTEST_CUT_MARK - 1, -1):
                if stem[-length:].lower() == mark[:length]:
                    yield stem[:-length]


def file_name(title: str) -> str:
    """What Google calls the file of a photo with this title."""
    stem, suffix = splitext(_REPLACED.sub("_", normalize("NFC", title)))
    return _cut(stem, _CUT_PHOTO) + suffix


def _only(found: Iterable[str]) -> str | None:
    several = list(found)
    return several[0] if len(several) == 1 else None


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, units: int) -> str:
    """The first `units` UTF-16 units, without the half of a letter that would be left at the end."""
    if len(text) * 2 <= units:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: units * 2].decode("utf-16-le", "ignore")
