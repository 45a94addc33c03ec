"""What scanning needs from a photo's EXIF: which way is up, when it was taken, and whether it says where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from math import isnan, nan
from typing import Any, cast

import cv2
from PIL import Image

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

_MOST_BYTES = 1024 * 1024
"""Of metadata. A JPEG segment has 64 KiB; Pillow makes objects of 25 times the size, at two megabytes a second."""

_DATE = re.compile(r"\s*(\d{4})[:\-./](\d{2})[:\-./](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_OFFSET = re.compile(r"\s*([+-])(\d{2}):?(\d{2})")
_SIDEWAYS = frozenset((5, 6, 7, 8))


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation of an open image, 1 to 8; 1 when there is none or it is nonsense."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged metadata raises anything and is no reason to refuse a picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_taken_at(image: Image.Image) -> str | None:
    """When the photo was taken, ISO 8601 in local time with seconds, with its offset if known; None when unknown.

    DateTimeOriginal counts before DateTimeDigitized before DateTime; values that are no date are passed over.
    """
    details = _tags(image, _EXIF_IFD)
    return (
        _moment(details, _DATE_TIME_ORIGINAL, _OFFSET_TIME_ORIGINAL)
        or _moment(details, _DATE_TIME_DIGITIZED, _OFFSET_TIME_DIGITIZED)
        or _moment({**details, **_tags(image, None)}, _DATE_TIME, _OFFSET_TIME)
    )


def has_coordinates(image: Image.Image) -> bool:
    """Whether the EXIF data of an open image say where it was taken. The place itself is not kept.

    Latitude and longitude must be there and on the globe. 0, 0 is what cameras write before they have found satellites.
    """
    details = _tags(image, _GPS_IFD)
    latitude, longitude = _degrees(details.get(_GPS_LATITUDE)), _degrees(details.get(_GPS_LONGITUDE))
    return 0 <= latitude <= 90 and 0 <= longitude <= 180 and latitude + longitude > 0


def _degrees(value: object) -> float:
    """Degrees, minutes and seconds as degrees; NaN for what is none of it."""
    if not isinstance(value, tuple) or len(value) != 3:
        return nan
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return nan
    # Where the minutes have decimals, some cameras write 0/0 seconds.
    return degrees + minutes / 60 + (0 if isnan(seconds) else seconds / 3600)


def _tags(image: Image.Image, directory: int | None) -> Mapping[int, Any]:
    """The tags of one directory, or of the main one: none when it is missing, damaged or monstrous."""
    encoded = image.info.get("exif")  # of a TIFF it is not there, of a HEIC it may be None
    if encoded is not None and len(encoded) > _MOST_BYTES:
        return {}
    try:
        exif = image.getexif()
        return dict(exif) if directory is None else exif.get_ifd(directory)
    except Exception:  # as above
        return {}


def _moment(tags: Mapping[int, Any], date_tag: int, offset_tag: int) -> str | None:
    date = _DATE.match(_text(tags.get(date_tag)))
    if date is None:
        return None
    try:
        moment = datetime(*(int(part) for part in date.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
    offset = _OFFSET.match(_text(tags.get(offset_tag)))
    if offset is None or int(offset[2]) > 14 or int(offset[3]) > 59:
        return moment.isoformat()
    return f"{moment.isoformat()}{offset[1]}{offset[2]}:{offset[3]}"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else ""


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
