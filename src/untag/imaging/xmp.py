"""People named in a picture's own metadata (XMP), and where in it their faces are.

Read are the regions of the Metadata Working Group ("Guidelines for handling image metadata" 2.0, 2010) and of
Microsoft's photo programs, the persons and image regions of IPTC, and the keywords below `People` that digiKam,
Lightroom, ACDSee and others write. Other keywords name anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite

from untag.errors import ReadFailure
from untag.imaging.exif import upright_size
from untag.imaging.persons import names_without_place, person_name
from untag.imaging.rdf import UTF_16, Value, field, items, parse_xmp, text
from untag.support.words import name_key
from untag.types import Box, NamedFace

MOST_NAMES = 200
"""Of one picture: a larger group photo with everybody named is not known to us, a hostile packet is easily made."""

_SAME_SHAPE = 0.02
"""How much the ratio of sides may differ, of the picture that the regions were drawn in and of this one."""

_HINTS = (b"Region", b"PersonInImage", b"TagsList", b"Keyword", b"hierarchicalSubject", b"CatalogSets", b"categories")
_PACKET_MARKS = (b"rdf-syntax-ns#", b"XML:com.adobe.xmp")

_MWG = "http://www.metadataworkinggroup.com/schemas/regions"
_MICROSOFT = "http://ns.microsoft.com/photo/1.2"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29"


@dataclass(frozen=True, slots=True)
class _Picture:
    """Pixels of the upright picture, and the EXIF orientation that turns the stored one so."""

    width: int
    height: int
    orientation: int


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle in parts of the picture's sides, 0 to 1: its left top corner and its size."""

    left: float
    top: float
    width: float
    height: float


def may_name_people(data: bytes) -> bool:
    """Whether a picture's file has XMP at all. False is certain."""
    return any(mark in data for mark in _PACKET_MARKS)


def read_named(packets: Iterable[bytes], width: int, height: int, orientation: int) -> tuple[NamedFace, ...]:
    """The people whom XMP packets name, with boxes in pixels of the upright picture where they say where they are.

    `width` and `height` are those of the upright picture, `orientation` (EXIF) turns the stored one so. A box is kept
    only where it is certain what it refers to. A damaged packet names nobody, whatever the others say; raises nothing.
    """
    properties: list[tuple[str, str, Value]] = []
    for packet in packets:
        with suppress(ReadFailure):
            properties += parse_xmp(packet) if _has_hint(packet) else ()
    return _named(properties, _Picture(width, height, orientation))


def read_people(packet: bytes) -> tuple[str, ...]:
    """The names of the people whom an XMP packet names, each once. Raises ReadFailure as `parse_xml` does.

    One that can name nobody is not parsed: Lightroom writes masks of megabytes into sidecars.
    """
    if not _has_hint(packet):
        return ()
    return tuple(dict.fromkeys(face.name for face in _named(parse_xmp(packet), _Picture(1, 1, 1))))


def _has_hint(packet: bytes) -> bool:
    return packet.startswith(UTF_16) or any(hint in packet for hint in _HINTS)


def _named(properties: Iterable[tuple[str, str, Value]], picture: _Picture) -> tuple[NamedFace, ...]:
    """Everybody once, with the boxes of the first property that has any for them; regions come before keywords."""
    by_rank: list[list[NamedFace]] = [[], [], [], []]
    for namespace, name, value in properties:
        if namespace == _MWG and name == "Regions":
            by_rank[0] += _mwg(value, picture)
        elif namespace == _MICROSOFT and name == "RegionInfo":
            by_rank[1] += _microsoft(value, picture)
        elif namespace == _IPTC and name == "ImageRegion":
            by_rank[2] += _iptc(value, picture)
        else:
            by_rank[3] += (NamedFace(person, None) for person in names_without_place(name, value))
    found: dict[str, list[NamedFace]] = {}
    for faces in by_rank:
        groups: dict[str, list[NamedFace]] = {}
        for face in faces:
            groups.setdefault(name_key(face.name), []).append(face)
        for key, group in groups.items():
            placed = list(dict.fromkeys(face for face in group if face.box is not None))
            if key not in found or (placed and found[key][0].box is None):
                found[key] = placed or group[:1]
    return tuple(face for faces in found.values() for face in faces)[:MOST_NAMES]


def _mwg(value: Value, picture: _Picture) -> Iterator[NamedFace]:
    drawn_in = field(value, "AppliedToDimensions")
    orientation = _orientation_of(_number(field(drawn_in, "w")), _number(field(drawn_in, "h")), picture)
    for region in items(field(value, "RegionList")):
        name = person_name(field(region, "Name"))
        if name is None or text(field(region, "Type")) not in ("Face", ""):
            continue
        area = field(region, "Area")
        x, y, width, height = (_number(field(area, key)) for key in "xywh")
        normalised = text(field(area, "unit")) in ("normalized", "")
        box = None
        if orientation is not None and normalised and None not in (x, y, width, height):
            assert x is not None and y is not None and width is not None and height is not None
            box = _box(_Area(x - width / 2, y - height / 2, width, height), picture, orientation)
        yield NamedFace(name, box)


def _orientation_of(width: float | None, height: float | None, picture: _Picture) -> int | None:
    """How the picture that regions were drawn in has to be turned, from its size; None where it was another picture.

    It is the stored one by the specification. A picture made smaller keeps its regions, one that was cropped does not.
    """
    if width is None or height is None or min(width, height) <= 0:
        return picture.orientation
    stored = upright_size(picture.width, picture.height, picture.orientation)
    if _alike(width / height, stored[0] / stored[1]):
        return picture.orientation
    return 1 if _alike(width / height, picture.width / picture.height) else None


def _alike(ratio: float, other: float) -> bool:
    return abs(ratio - other) <= _SAME_SHAPE * other


def _microsoft(value: Value, picture: _Picture) -> Iterator[NamedFace]:
    for region in items(field(value, "Regions")):
        name = person_name(field(region, "PersonDisplayName"))
        if name is not None:
            numbers = [_number(part) for part in text(field(region, "Rectangle")).split(",")]
            yield NamedFace(name, _unturned_box(numbers, picture))


def _iptc(value: Value, picture: _Picture) -> Iterator[NamedFace]:
    """IPTC Photo Metadata Standard 2019.1, Image Region, where it is a rectangle in relative units."""
    for region in items(value):
        boundary = field(region, "RegionBoundary")
        numbers = [_number(field(boundary, key)) for key in ("rbX", "rbY", "rbW", "rbH")]
        relative = text(field(boundary, "rbUnit")) == "relative" and text(field(boundary, "rbShape")) == "rectangle"
        names = [name for person in items(field(region, "PersonInImage")) if (name := person_name(person)) is not None]
        box = _unturned_box(numbers, picture) if relative and len(names) == 1 else None
        yield from (NamedFace(name, box) for name in names)


def _unturned_box(numbers: list[float | None], picture: _Picture) -> Box | None:
    """That of left, top, width and height, where up is up. Of turned pictures programs do not agree what is left."""
    if picture.orientation != 1 or len(numbers) != 4 or None in numbers:
        return None
    return _box(_Area(*(number for number in numbers if number is not None)), picture, 1)


def _box(area: _Area, picture: _Picture, orientation: int) -> Box | None:
    """Pixels of the upright picture, cut to it; None for what is no rectangle in it."""
    if area.width <= 0 or area.height <= 0:
        return None
    right, bottom = area.left + area.width, area.top + area.height
    corners = (_turned(area.left, area.top, orientation), _turned(right, bottom, orientation))
    left, right = (_cut(x) * picture.width for x in sorted(corner[0] for corner in corners))
    top, bottom = (_cut(y) * picture.height for y in sorted(corner[1] for corner in corners))
    return Box(left, top, right, bottom) if right > left and bottom > top else None


def _cut(part: float) -> float:
    return min(max(part, 0.0), 1.0)


def _turned(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the stored picture is in the upright one, as `exif.upright` turns it; both in parts."""
    if orientation >= 5:
        x, y = y, x
    return (1 - x if orientation in (2, 3, 6, 7) else x), (1 - y if orientation in (3, 4, 7, 8) else y)


def _number(value: Value | None) -> float | None:
    try:
        number = float(text(value))
    except ValueError:
        return None
    return number if isfinite(number) and abs(number) < 1e9 else None
