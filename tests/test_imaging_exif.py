"""Orientation, dates and places, as photos have them and as damaged and hostile photos have them."""

from __future__ import annotations

import io
import math
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps, features
from PIL.TiffImagePlugin import IFDRational

from untag.imaging.decode import decode
from untag.imaging.exif import upright, upright_size
from untag.imaging.thumbnail import make_thumbnail
from untag.types import Pixels

EXIF_IFD = 0x8769


def scene(width: int = 96, height: int = 64) -> Pixels:
    """Not its own image under any rotation or reflection: a dark picture with one bright corner and one bright edge."""
    pixels = np.full((height, width, 3), 20, np.uint8)
    pixels[: height // 4, : width // 4] = (230, 40, 40)
    pixels[:, -width // 8 :] = (40, 40, 230)
    return pixels


# How a camera stores the upright scene for each orientation, from the table in Exif 2.32, 4.6.4: which edge of the
# scene is the first row, and which the first column, of what is stored.
STORED = {
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: np.rot90(scene, 1),
    7: lambda scene: scene[::-1, ::-1].transpose(1, 0, 2),
    8: lambda scene: np.rot90(scene, -1),
}


def encode(pixels: Pixels, image_format: str = "PNG", exif: Image.Exif | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if exif is not None:
        options["exif"] = exif.tobytes()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def oriented(value: object) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def dated(details: dict[int, object], main: dict[int, object] | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif.update(main or {})
    exif[EXIF_IFD] = dict(details)
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_undoes_each_orientation(orientation: int) -> None:
    stored = np.ascontiguousarray(STORED[orientation](scene()))
    turned = upright(stored, orientation)
    np.testing.assert_array_equal(turned, scene())
    assert turned.flags["C_CONTIGUOUS"]
    assert upright_size(stored.shape[1], stored.shape[0], orientation) == (96, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_agrees_with_pillow(orientation: int) -> None:
    stored = encode(STORED[orientation](scene()), "PNG", oriented(orientation))
    with Image.open(io.BytesIO(stored)) as image:
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(image)), scene())


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF-LZW", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("max_side", [0, 48, 12])
def test_decode_is_upright_in_every_format(image_format: str, orientation: int, max_side: int) -> None:
    options: dict[str, dict[str, object]] = {
        "JPEG": {"quality": 95},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95},
        "TIFF-LZW": {"compression": "tiff_lzw"},
    }
    name = image_format.partition("-")[0]
    if name == "AVIF" and "avif" not in features.get_supported():
        pytest.skip("this Pillow has no AVIF")
    data = encode(STORED[orientation](scene()), name, oriented(orientation), **options.get(image_format, {}))
    frame = decode(data, max_side=max_side)
    assert (frame.width, frame.height) == (96, 64)
    height, width = frame.pixels.shape[:2]
    assert (width, height) == ((96, 64) if max_side == 0 else (max_side, max_side * 2 // 3))
    expected = np.asarray(Image.fromarray(scene()).resize((width, height), Image.Resampling.BOX))
    assert np.abs(frame.pixels.astype(int) - expected).mean() < 8


def test_heic_keeps_its_own_rotation() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(STORED[6](scene())))
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=oriented(6).tobytes())
    frame = decode(buffer.getvalue(), max_side=0)
    assert (frame.width, frame.height) == (96, 64)
    assert np.abs(frame.pixels.astype(int) - scene()).mean() < 8


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_nonsense_orientations_are_none(value: int) -> None:
    frame = decode(encode(scene(), "JPEG", oriented(value)), max_side=0)
    assert (frame.width, frame.height) == (96, 64)


ORIGINAL, DIGITIZED, DATE_TIME = 0x9003, 0x9004, 0x0132
OFFSET_ORIGINAL, OFFSET_DIGITIZED, OFFSET = 0x9011, 0x9012, 0x9010


@pytest.mark.parametrize(
    ("details", "main", "expected"),
    [
        ({ORIGINAL: "2019:07:04 21:03:59"}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "2019:07:04 21:03:59", OFFSET_ORIGINAL: "+02:00"}, {}, "2019-07-04T21:03:59+02:00"),
        ({ORIGINAL: "2019:07:04 21:03:59", OFFSET_ORIGINAL: "-0330"}, {}, "2019-07-04T21:03:59-03:30"),
        ({ORIGINAL: "2019:07:04 21:03:59", OFFSET_ORIGINAL: "  :  "}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "2019:07:04 21:03:59", OFFSET_ORIGINAL: "+99:00"}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "2019:07:04 21:03:59", OFFSET: "+02:00"}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "2019-07-04 21:03:59.250"}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "2019:07:04 21:03:59", DIGITIZED: "2020:01:01 00:00:00"}, {}, "2019-07-04T21:03:59"),
        ({ORIGINAL: "0000:00:00 00:00:00", DIGITIZED: "2020:01:01 00:00:00"}, {}, "2020-01-01T00:00:00"),
        ({DIGITIZED: "2020:01:01 00:00:00", OFFSET_DIGITIZED: "+01:00"}, {}, "2020-01-01T00:00:00+01:00"),
        ({}, {DATE_TIME: "2021:12:31 23:59:59"}, "2021-12-31T23:59:59"),
        ({OFFSET: "+05:30"}, {DATE_TIME: "2021:12:31 23:59:59"}, "2021-12-31T23:59:59+05:30"),
        ({ORIGINAL: "    :  :     :  :  "}, {}, None),
        ({ORIGINAL: "2019:13:45 21:03:59"}, {}, None),
        ({ORIGINAL: "2019:02:29 10:00:00"}, {}, None),
        ({ORIGINAL: "yesterday"}, {}, None),
        ({ORIGINAL: ""}, {}, None),
        ({}, {DATE_TIME: 7}, None),
    ],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_taken_at(image_format: str, details: dict[int, object], main: dict[int, object], expected: str | None) -> None:
    data = encode(scene(), image_format, dated(details, main))
    assert decode(data, max_side=32).taken_at == expected


GPS_IFD = 0x8825
NORTH = (IFDRational(48), IFDRational(51), IFDRational(2968, 100))
EAST = (IFDRational(2), IFDRational(17), IFDRational(4020, 100))
ZERO = (IFDRational(0), IFDRational(0), IFDRational(0))
UNDEFINED = IFDRational(0, 0)


def located(latitude: object, longitude: object) -> Image.Exif:
    exif = Image.Exif()
    exif[GPS_IFD] = {1: "N", 2: latitude, 3: "E", 4: longitude}
    return exif


@pytest.mark.parametrize(
    ("latitude", "longitude", "has_place"),
    [
        (NORTH, EAST, True),
        (ZERO, EAST, True),
        (NORTH, ZERO, True),
        # Decimal minutes, and no seconds to speak of.
        ((IFDRational(48), IFDRational(514947, 10000), UNDEFINED), EAST, True),
        # No satellites yet.
        (ZERO, ZERO, False),
        ((UNDEFINED, UNDEFINED, UNDEFINED), EAST, False),
        ((IFDRational(48), UNDEFINED, IFDRational(1)), EAST, False),
        # Nowhere on the globe.
        ((IFDRational(91), IFDRational(0), IFDRational(0)), EAST, False),
        (NORTH, (IFDRational(180), IFDRational(1), IFDRational(0)), False),
        (NORTH, (IFDRational(4_000_000_000), IFDRational(0), IFDRational(0)), False),
        # Not coordinates.
        (NORTH[:2], EAST, False),
        ((*NORTH, *NORTH), EAST, False),
        (NORTH[0], EAST, False),
    ],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_places(image_format: str, latitude: object, longitude: object, has_place: bool) -> None:
    frame = decode(encode(scene(), image_format, located(latitude, longitude)), max_side=32)
    assert frame.has_place is has_place
    assert frame.taken_at is None


@pytest.mark.parametrize("exif", [None, Image.Exif(), oriented(1), dated({ORIGINAL: "2019:07:04 21:03:59"})])
def test_no_place(exif: Image.Exif | None) -> None:
    assert not decode(encode(scene(), "JPEG", exif), max_side=32).has_place


def test_half_a_place_is_none() -> None:
    exif = Image.Exif()
    exif[GPS_IFD] = {1: "N", 2: NORTH}
    assert not decode(encode(scene(), "JPEG", exif), max_side=32).has_place


def encode_with(exif: bytes, image_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene()).save(buffer, image_format, exif=exif)
    return buffer.getvalue()


def directory(tag: int, entries: bytes, rest: bytes = b"") -> bytes:
    """EXIF data, big-endian: a main directory that points with `tag` at one that holds `entries`, 12 bytes each."""
    main = struct.pack(">HHHLLL", 1, tag, 4, 1, 26, 0)
    return b"Exif\0\0MM\0*\0\0\0\x08" + main + struct.pack(">H", len(entries) // 12) + entries + b"\0\0\0\0" + rest


def both(kind: int, count: int) -> bytes:
    """Entries for latitude and longitude, both with the value that follows the directory."""
    return struct.pack(">HHLL", 2, kind, count, 56) + struct.pack(">HHLL", 4, kind, count, 56)


@pytest.mark.parametrize(
    "exif",
    [
        # A directory that is itself, or lies beyond the end; coordinates beyond the end; more of them than bytes.
        b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHLLL", 1, GPS_IFD, 4, 1, 8, 0),
        b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHLLL", 1, GPS_IFD, 4, 1, 2**32 - 1, 0),
        b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHL4sL", 1, GPS_IFD, 2, 4, b"abc\0", 0),
        directory(GPS_IFD, struct.pack(">HHLL", 2, 5, 3, 2**31) + struct.pack(">HHLL", 4, 5, 3, 2**31)),
        directory(GPS_IFD, struct.pack(">HHLL", 2, 5, 2**29, 8) + struct.pack(">HHLL", 4, 5, 2**32 - 1, 8)),
        directory(GPS_IFD, b"\xff" * 12 * 3),
        # Text, bytes and doubles, which may be infinite or not a number, where rationals belong.
        directory(GPS_IFD, both(2, 8), b"48 51 29"),
        directory(GPS_IFD, both(7, 8), b"48 51 29"),
        directory(GPS_IFD, both(12, 3), struct.pack(">ddd", math.inf, 0, 0)),
        directory(GPS_IFD, both(12, 3), struct.pack(">ddd", math.nan, 0, 0)),
        directory(GPS_IFD, both(12, 3), struct.pack(">ddd", 1, -math.inf, math.inf)),
    ],
)
def test_hostile_places(exif: bytes) -> None:
    for image_format in ("JPEG", "PNG", "WEBP"):
        frame = decode(encode_with(exif, image_format), max_side=0)
        assert (frame.width, frame.height, frame.has_place, frame.taken_at) == (96, 64, False, None)


def test_the_hostile_files_are_well_formed() -> None:
    exif = directory(GPS_IFD, both(5, 3), struct.pack(">6L", 48, 1, 51, 1, 29, 1))
    assert decode(encode_with(exif, "JPEG"), max_side=0).has_place


@pytest.mark.parametrize(("padding", "read"), [(0, True), (2**20, False)])
def test_monstrous_metadata_are_not_read(padding: int, read: bool) -> None:
    exif = located(NORTH, EAST)
    exif[EXIF_IFD] = {ORIGINAL: "2019:07:04 21:03:59"}
    frame = decode(encode_with(exif.tobytes() + b"\0" * padding, "WEBP"), max_side=0)
    assert (frame.has_place, frame.taken_at is not None) == (read, read)
    assert (frame.width, frame.height) == (96, 64)


def test_exif_that_is_cut_off() -> None:
    whole = dated({ORIGINAL: "2019:07:04 21:03:59"}, {0x0112: 6}).tobytes()
    for length in range(6, len(whole)):
        buffer = io.BytesIO()
        Image.fromarray(scene()).save(buffer, "JPEG", exif=whole[:length])
        frame = decode(buffer.getvalue(), max_side=0)
        assert frame.taken_at in (None, "2019-07-04T21:03:59")
        assert {frame.width, frame.height} == {96, 64}


def test_thumbnails_are_upright_small_and_say_nothing() -> None:
    exif = dated({ORIGINAL: "2019:07:04 21:03:59"}, {0x0112: 6, 0x010F: "Secret Camera"})
    data = encode(STORED[6](scene(960, 640)), "JPEG", exif, icc_profile=b"x" * 200)
    thumbnail = make_thumbnail(data)
    assert (thumbnail.width, thumbnail.height) == (480, 320)
    assert (thumbnail.original_width, thumbnail.original_height) == (960, 640)
    with Image.open(io.BytesIO(thumbnail.data)) as image:
        assert (image.format, image.size) == ("JPEG", (480, 320))
        assert not {"exif", "icc_profile", "comment"} & set(image.info)
        assert not image.getexif()
        expected = np.asarray(Image.fromarray(scene(960, 640)).resize((480, 320)))
        assert np.abs(np.asarray(image).astype(int) - expected).mean() < 5
    assert b"Secret" not in thumbnail.data


def test_thumbnail_of_a_small_picture_keeps_its_size() -> None:
    thumbnail = make_thumbnail(encode(scene()), max_side=480)
    assert (thumbnail.width, thumbnail.height, thumbnail.original_width) == (96, 64, 96)
