"""Camera raw files taken apart: the pictures that cameras put into them, and the metadata.

CR2, NEF, ARW, DNG, PEF, SRW and most others are TIFF files, ORF and RW2 nearly so, CR3 is of boxes as MP4 is. What the
sensor saw is in each maker's own form; what the camera showed of it is a JPEG in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from untag.imaging.boxes import boxes, first_box
from untag.imaging.embedded import Embedded, embedded_jpegs
from untag.imaging.exif import MOST_BYTES, NO_EXIF, Exif, exif_apart, exif_of, read_exif
from untag.imaging.ifd import Entry, Tags, open_tags

LARGE_ENOUGH = 1000
"""Pixels of the longer side with which a preview stands for its photo. DNG converters write 1024 at the least, cameras
1440 and more; what is smaller is for the list of photos on the display, and shows no face."""

_WIDTH, _HEIGHT, _COMPRESSION, _COLOURS = 256, 257, 259, 262
_STRIPS, _TILES, _BELOW, _EXIF, _XMP = 273, 324, 330, 0x8769, 700
_DNG = 50706
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_SENSOR_COLOURS = frozenset((32803, 34892))
"""PhotometricInterpretation (DNG 1.7): CFA and LinearRaw."""

_SENSOR_COMPRESSIONS = frozenset((32767, 34713, 65000, 65535))
"""Sony, Nikon, Kodak and Pentax, where the colours are not said."""

_TIFF_MARKS = frozenset((42, 43, 0x55, 0x4F52, 0x5352))
"""TIFF, BigTIFF, RW2, and the two of ORF."""

_MOST_DIRECTORIES = 64
_MOST_TILES = 1_000_000
_CR3_METADATA = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CR3_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_SIDEWAYS = frozenset((5, 6, 7, 8))

_Directory = Mapping[int, Entry]


@dataclass(frozen=True, slots=True)
class Raw:
    """`previews` are the JPEGs within, the largest first. `sensor` is width and height of what the sensor saw, as it is
    stored; None where the file does not say."""

    previews: tuple[Embedded, ...]
    exif: Exif
    xmp: tuple[bytes, ...]
    sensor: tuple[int, int] | None


def is_raw(data: bytes) -> bool:
    """Whether a TIFF file is a CR2, a DNG, or says of one of its pictures that it is what a sensor saw."""
    tags = _tags(data)
    if tags is None:
        return False
    return data[8:10] == b"CR" or any(_DNG in one or _is_sensor(tags, one) for one in _directories(tags))


def take_apart(data: bytes) -> Raw:
    """A raw file's previews and metadata. What is damaged is passed over."""
    tags = _tags(data)
    if tags is None:
        return _of_boxes(data) if data[4:8] == b"ftyp" else _other(data)
    directories = list(_directories(tags))
    sensors = [one for one in directories if _is_sensor(tags, one)]
    tiles = {at for one in sensors for tag in (_STRIPS, _TILES) for at in tags.numbers(one.get(tag), _MOST_TILES)}
    main = directories[0] if directories else {}
    packet = tags.value(main.get(_XMP), MOST_BYTES)
    sizes = [_size(tags, one, _WIDTH, _HEIGHT) for one in sensors]
    sensor = max((size for size in sizes if size is not None), default=None) or _size(
        tags, tags.below(main, _EXIF), _EXIF_WIDTH, _EXIF_HEIGHT
    )
    return Raw(_previews(data, tiles), exif_of(tags), () if packet is None else (packet,), sensor)


def merged_exif(raw: Raw, own: Exif, preview: tuple[int, int]) -> Exif:
    """What is known of a photo by its raw file and its preview's own EXIF, with the way in which to turn the preview.

    `preview` is its width and height as stored. Cameras store it as the sensor saw it, and only the raw file has the
    orientation, or both have it; some programs turn it upright and leave the raw file's orientation as it was.
    """
    exif = replace(raw.exif, taken_at=raw.exif.taken_at or own.taken_at, has_place=raw.exif.has_place or own.has_place)
    if own.orientation != 1:
        return replace(exif, orientation=own.orientation)
    if raw.sensor is not None and exif.orientation in _SIDEWAYS and _is_tall(preview) != _is_tall(raw.sensor):
        return replace(exif, orientation=1)
    return exif


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG without an orientation of its own, with this one."""
    directory = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes((0, orientation, 0, 0)) + bytes(4)
    segment = b"Exif\0\0" + directory
    return b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]


def _is_tall(size: tuple[int, int]) -> bool:
    return size[1] > size[0]


def _tags(data: bytes) -> Tags | None:
    tags = open_tags(data)
    if tags is None or int.from_bytes(data[2:4], "little" if tags.order == "<" else "big") not in _TIFF_MARKS:
        return None
    return tags


def _directories(tags: Tags) -> Iterator[_Directory]:
    """The directories of pictures, each once: one behind the other, and those below each."""
    left, seen = [tags.first], set[int]()
    while left and len(seen) < _MOST_DIRECTORIES:
        offset = left.pop(0)
        directory = {} if offset in seen else tags.directory(offset)
        seen.add(offset)
        if directory:
            yield directory
            left += [*tags.numbers(directory.get(_BELOW), _MOST_DIRECTORIES), tags.following(offset)]


def _is_sensor(tags: Tags, directory: _Directory) -> bool:
    colours, compression = (tags.number(directory.get(tag)) for tag in (_COLOURS, _COMPRESSION))
    return colours in _SENSOR_COLOURS or compression in _SENSOR_COMPRESSIONS


def _size(tags: Tags, directory: _Directory, across: int, down: int) -> tuple[int, int] | None:
    width, height = tags.number(directory.get(across)), tags.number(directory.get(down))
    return (width, height) if width and height else None


def _previews(data: bytes, tiles: set[int]) -> tuple[Embedded, ...]:
    found = embedded_jpegs(data, tiles)
    return tuple(sorted(found, key=lambda one: (-one.width * one.height, one.start)))


def _of_boxes(data: bytes) -> Raw:
    """CR3: EXIF is in three boxes of a box of Canon's own, each a TIFF structure; XMP is in another."""
    moov = first_box(data, b"moov")
    own = [] if moov is None else [box for box in boxes(data, moov.start, moov.end) if box.kind == b"uuid"]
    parts = {
        box.kind: data[box.start : min(box.end, box.start + MOST_BYTES)]
        for uuid in own
        if data[uuid.start : uuid.start + 16] == _CR3_METADATA
        for box in boxes(data, uuid.start + 16, uuid.end)
    }
    main, details, place = (open_tags(parts.get(kind, b"")) for kind in (b"CMT1", b"CMT2", b"CMT4"))
    exif = NO_EXIF if main is None else exif_apart(main, details, place)
    sensor = None if details is None else _size(details, details.directory(details.first), _EXIF_WIDTH, _EXIF_HEIGHT)
    packets = [
        data[box.start + 16 : box.end]
        for box in boxes(data)
        if box.kind == b"uuid" and data[box.start : box.start + 16] == _CR3_XMP and box.end - box.start <= MOST_BYTES
    ]
    return Raw(_previews(data, set()), exif, tuple(packets[:1]), sensor)


def _other(data: bytes) -> Raw:
    """RAF, X3F and CRW, whose previews have all EXIF that there is, and MRW, which has a block of it."""
    at = data.find(b"\0TTW", 0, 4096) if data.startswith(b"\0MRM") else -1
    exif = NO_EXIF if at < 0 else read_exif(data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")])
    return Raw(_previews(data, set()), exif, (), None)
