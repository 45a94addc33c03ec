"""What scanning needs from a photo's EXIF: which way is up, when it was taken, and whether it says where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import cv2

from untag.imaging.ifd import Entry, Tags, open_tags
from untag.types import Pixels

# Tag numbers of Exif 2.32 (CIPA DC-008-2019), sections 4.6.4 to 4.6.6.
_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_GPS_IFD = 0x8825
_DATE_TIME = 0x0132
_DATE_TIME_ORIGINAL = 0x9003
_DATE_TIME_DIGITIZED = 0x9004
_OFFSET_TIME = 0x9010
_OFFSET_TIME_ORIGINAL = 0x9011
_OFFSET_TIME_DIGITIZED = 0x9012
_GPS_LATITUDE = 2
_GPS_LONGITUDE = 4

MOST_BYTES = 1024 * 1024
"""Of metadata. A JPEG segment has 64 KiB, so that one has room for all that cameras write; more is not read."""

_PREFIX = b"Exif\0\0"
_DATE = re.compile(r"\s*(\d{4})[:\-./](\d{1,2})[:\-./](\d{1,2})(?!\d)")
_TIME = re.compile(r"[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d*)?\s*([AaPp][Mm])?")
_OFFSET = re.compile(r"\s*(?:UTC|GMT)?\s*([+\-\u2212])(\d{1,2}):?(\d{2})?(?!\d)")
_UTC = re.compile(r"\s*(?:Z|UTC|GMT)\s*$", re.IGNORECASE)
_SIDEWAYS = frozenset((5, 6, 7, 8))


@dataclass(frozen=True, slots=True)
class Exif:
    """`orientation` is 1 to 8, 1 where there is none or it is nonsense.

    `taken_at` is ISO 8601 in local time: with seconds, and with its offset if known, or a date alone where the photo
    says no more; None when unknown. `has_place`: it says where it was taken. The place itself is not kept.
    """

    orientation: int = 1
    taken_at: str | None = None
    has_place: bool = False


NO_EXIF = Exif()


def read_exif(block: bytes | None) -> Exif:
    """What an EXIF block says, with or without its `Exif` prefix. What is damaged is passed over."""
    if block is None or len(block) > MOST_BYTES:
        return NO_EXIF
    while block.startswith(_PREFIX):  # some programs write it twice
        block = block.removeprefix(_PREFIX)
    tags = open_tags(block)
    return NO_EXIF if tags is None else exif_of(tags)


def exif_of(tags: Tags) -> Exif:
    """What the first directory of a TIFF structure, and those that it points at, say."""
    main = tags.directory(tags.first)
    return _exif((tags, main), (tags, tags.below(main, _EXIF_IFD)), (tags, tags.below(main, _GPS_IFD)))


def exif_apart(main: Tags, details: Tags | None, place: Tags | None) -> Exif:
    """The same where each of the three directories is the first of a structure of its own."""
    first, second, third = (
        (main, {}) if tags is None else (tags, tags.directory(tags.first)) for tags in (main, details, place)
    )
    return _exif(first, second, third)


_Found = tuple[Tags, Mapping[int, Entry]]


def _exif(first: _Found, second: _Found, third: _Found) -> Exif:
    (tags, main), (within, details) = first, second
    orientation = tags.number(main.get(_ORIENTATION))
    taken_at = (
        _moment(within, details.get(_DATE_TIME_ORIGINAL), details.get(_OFFSET_TIME_ORIGINAL))
        or _moment(within, details.get(_DATE_TIME_DIGITIZED), details.get(_OFFSET_TIME_DIGITIZED))
        or _changed(first, second)
    )
    upright = 1 if orientation is None or not 1 <= orientation <= 8 else orientation
    return Exif(upright, taken_at, _has_coordinates(*third))


def _changed(*found: _Found) -> str | None:
    """When the file was last changed, as the main directory says, or else the one of details."""
    written, offset = (
        next((tags.text(directory[tag]) for tags, directory in found if tag in directory), "")
        for tag in (_DATE_TIME, _OFFSET_TIME)
    )
    return read_moment(written, offset)


def _has_coordinates(tags: Tags, details: Mapping[int, Entry]) -> bool:
    """Whether latitude and longitude are there and on the globe.

    0, 0 is what cameras write before they have found satellites.
    """
    latitude, longitude = (_degrees(tags, details.get(tag)) for tag in (_GPS_LATITUDE, _GPS_LONGITUDE))
    if latitude is None or longitude is None:
        return False
    return 0 <= latitude <= 90 and 0 <= longitude <= 180 and latitude + longitude > 0


def _degrees(tags: Tags, entry: Entry | None) -> float | None:
    """Degrees, minutes and seconds as degrees; None for what is none of it."""
    parts = tags.ratios(entry, 3)
    if not parts or parts[0][1] == 0 or parts[1][1] == 0:
        return None
    # Where the minutes have decimals, some cameras write 0/0 seconds.
    seconds = parts[2][0] / parts[2][1] if parts[2][1] else 0.0
    return parts[0][0] / parts[0][1] + parts[1][0] / parts[1][1] / 60 + seconds / 3600


def _moment(tags: Tags, dated: Entry | None, offset: Entry | None) -> str | None:
    return read_moment(tags.text(dated), tags.text(offset))


def read_moment(written: str, offset: str = "") -> str | None:
    """The moment in ISO 8601 that a date of EXIF and its offset say; a date alone without a time; None for neither.

    Beyond the standard it understands parts of one digit, other separators, twelve hours, 24:00:00 as midnight of the
    next day, and an offset that follows the time.
    """
    day = _DATE.match(written)
    if day is None:
        return None
    rest = written[day.end() :]
    time = _TIME.match(rest)
    try:
        if time is None:
            # Cameras that do not know the time leave its digits blank; anything else behind a date is no date.
            return None if rest.strip(" :\0\t") else date(*(int(part) for part in day.groups())).isoformat()
        return _with_offset(_at(day, time), rest[time.end() :], offset)
    except (ValueError, OverflowError):
        return None


def _at(day: re.Match[str], time: re.Match[str]) -> datetime:
    hour, minute, second = (int(part or 0) for part in time.groups()[:3])
    if time[4] is not None and 1 <= hour <= 12:
        hour = hour % 12 + (12 if time[4].lower() == "pm" else 0)
    midnight = datetime(*(int(part) for part in day.groups()))  # type: ignore[arg-type]
    if (hour, minute, second) == (24, 0, 0):
        return midnight + timedelta(days=1)
    # A leap second is not for datetime.
    return midnight.replace(hour=hour, minute=minute, second=59 if second == 60 else second)


def _with_offset(moment: datetime, *written: str) -> str:
    """`moment` with the first offset in `written` that is one."""
    for text in written:
        if _UTC.match(text):
            return f"{moment.isoformat()}+00:00"
        match = _OFFSET.match(text)
        if match is not None and int(match[2]) <= 14 and int(match[3] or 0) <= 59:
            sign = "+" if match[1] == "+" else "-"
            return f"{moment.isoformat()}{sign}{int(match[2]):02}:{match[3] or '00'}"
    return moment.isoformat()


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """(width, height) once an image stored with `orientation` stands upright."""
    return (height, width) if orientation in _SIDEWAYS else (width, height)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo the EXIF `orientation` (1 to 8) of stored `pixels`: a contiguous copy, or `pixels` itself when it is 1."""
    # OpenCV's are 10 to 35 times as fast as contiguous copies of numpy's strided views.
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.flip(cv2.transpose(pixels), -1)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return pixels
    return cast("Pixels", turned)
