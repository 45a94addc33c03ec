"""Sound pixels with faulty metadata: chunks, segments and tags wrong in every way, and the photo is read."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, features

from untag.imaging import jpeg, png, tiff
from untag.imaging.decode import decode
from untag.imaging.exif import read_exif, read_moment
from untag.imaging.sniff import ImageFormat, sniff
from untag.types import Pixels

MEGABYTE = 1024 * 1024


def photo(width: int = 160, height: int = 120) -> Pixels:
    """Smooth shades, unlike along both sides and in every channel."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    return np.dstack([across * 255 // width, down * 255 // height, (across + down) % 256]).astype(np.uint8)


def encode(image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo()).save(buffer, image_format, **options)
    return buffer.getvalue()


def is_read_like(data: bytes, sound: bytes) -> None:
    frame = decode(data, max_side=0)
    assert frame.fault is None
    np.testing.assert_array_equal(frame.pixels, decode(sound, max_side=0).pixels)


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


# --- PNG -----------------------------------------------------------------------------------------------------------

PNG = encode("PNG")
KINDS = (
    *("cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT", "tIME", "tEXt"),
    *("zTXt", "iTXt", "eXIf", "acTL", "fcTL", "fdAT", "oFFs", "sCAL", "vpAg", "prVt", "caBX", "tRNS", "CgBI", "ABCD"),
)
BODIES: dict[str, bytes] = {
    "empty": b"",
    "a byte": b"\x01",
    "short": b"\0\0\0",
    "garbage": noise(77),
    "a keyword": b"Comment",
    "a keyword and garbage": b"Comment\0\0" + noise(50),
    "2 MB that swell": b"icc\0\0" + zlib.compress(noise(MEGABYTE) + bytes(MEGABYTE)),
    "a bomb": b"icc\0\0" + zlib.compress(bytes(50 * MEGABYTE), 9),
    "xmp that swells": b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(50 * MEGABYTE), 9),
    "exif in hexadecimal that is none": b"Raw profile type exif\0\nexif\n  8\nnot hexadecimal",
    "2 MB": noise(2 * MEGABYTE),
}


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    right = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", right if checksum is None else checksum)


def png_with(extra: bytes, *, behind: bool = False) -> bytes:
    """The PNG with more bytes before its pixels, or behind them."""
    at = len(PNG) - 12 if behind else 33
    return PNG[:at] + extra + PNG[at:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", BODIES)
def test_png_chunks(kind: str, body: str) -> None:
    faulty = chunk(kind.encode(), BODIES[body])
    is_read_like(png_with(faulty), PNG)
    is_read_like(png_with(faulty, behind=True), PNG)
    if len(faulty) < 1000:
        is_read_like(png_with(faulty * 30), PNG)
        is_read_like(png_with(chunk(kind.encode(), BODIES[body], 0)), PNG)


@pytest.mark.parametrize("length", [1, 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_png_chunk_of_a_nonsense_length(length: int) -> None:
    is_read_like(png_with(struct.pack(">I", length) + b"tEXtComment\0" + bytes(4)), PNG)


@pytest.mark.parametrize("kind", [b"\0\0\0\0", b"tE\xfft", b"    "])
def test_a_png_chunk_of_a_nonsense_kind(kind: bytes) -> None:
    is_read_like(png_with(chunk(kind, b"abc")), PNG)


def test_a_png_with_wrong_checksums_of_all_its_chunks_and_without_its_end() -> None:
    header = PNG[:29] + b"\0\0\0\0" + PNG[33:]
    is_read_like(header, PNG)
    is_read_like(PNG[:-12], PNG)
    is_read_like(PNG[:-16] + b"\0\0\0\0", PNG)
    is_read_like(PNG + noise(5000), PNG)


def test_metadata_of_a_png_whose_checksum_is_wrong_turn_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    assert decode(png_with(chunk(b"eXIf", body)), max_side=0).pixels.shape == (160, 120, 3)
    is_read_like(png_with(chunk(b"eXIf", body, 7)), PNG)


def test_exif_and_xmp_of_a_png_are_still_read() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 8, "2019:07:04 21:03:59"
    block = exif.tobytes()
    hexadecimal = f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()
    packed = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(hexadecimal))
    for extra in (chunk(b"eXIf", block), packed, chunk(b"tEXt", b"Raw profile type exif\0" + hexadecimal)):
        frame = decode(png_with(extra), max_side=0)
        assert (frame.width, frame.height, frame.taken_at) == (120, 160, "2019-07-04T21:03:59")
    packet = b"<x/>"
    plain = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    squeezed = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet))
    assert png.split(png_with(plain + squeezed, behind=True)).xmp == (packet, packet)


# --- JPEG ----------------------------------------------------------------------------------------------------------

JPEG = {"baseline": encode("JPEG", quality=90), "progressive": encode("JPEG", quality=90, progressive=True)}
PAYLOADS: dict[str, bytes] = {
    "empty": b"",
    "a byte": b"\xff",
    "JFIF, short": b"JFIF\0",
    "JFIF, without its density": b"JFIF\0\1\1",
    "Adobe, short": b"Adobe",
    "Adobe, shorter by one": b"Adobe\0d\0\0\0\0",
    "Adobe, of no known transform": b"Adobe\0d\0\0\0\0\x77",
    "Exif, empty": b"Exif\0\0",
    "Exif, garbage": b"Exif\0\0" + noise(300),
    "Exif, a directory that is itself": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\4\0\1\0\0\0\x08\0\0\0",
    "XMP, garbage": b"http://ns.adobe.com/xap/1.0/\0" + noise(300),
    "ICC, garbage": b"ICC_PROFILE\0\1\1" + noise(300),
    "ICC, numbered nonsense": b"ICC_PROFILE\0\0\xff",
    "MPF, garbage": b"MPF\0" + noise(300),
    "MPF, pictures without end": b"MPF\0II*\0\x08\0\0\0\x01\0\1\xb0\4\0\1\0\0\0\xff\xff\xff\x7f",
    "Photoshop, short": b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\xff",
    "FlashPix, garbage": b"FPXR\0" + noise(50),
    "markers": b"\xff\xd8\xff\xd9\xff\xc0\xff\xda" * 4,
    "the longest": noise(65_533),
}


def segment(marker: int, payload: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2 if length is None else length) + payload


def jpeg_with(extra: bytes, kind: str = "baseline", at: int = 2) -> bytes:
    return JPEG[kind][:at] + extra + JPEG[kind][at:]


@pytest.mark.parametrize("kind", JPEG)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_jpeg_segments(payload: str, kind: str) -> None:
    for marker in (*range(0xE0, 0xF0), 0xFE):
        faulty = segment(marker, PAYLOADS[payload])
        is_read_like(jpeg_with(faulty, kind), JPEG[kind])
        is_read_like(jpeg_with(faulty, kind, at=20), JPEG[kind])
    is_read_like(jpeg_with(segment(0xE1, PAYLOADS[payload]) * 20, kind), JPEG[kind])


@pytest.mark.parametrize("kind", JPEG)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 50, 100, 400, 3000, 0xFFFF])
@pytest.mark.parametrize("payload", [b"", b"a comment", b"Exif\0\0" + noise(40), JPEG["baseline"][:600]])
def test_jpeg_segments_of_a_wrong_length(kind: str, length: int, payload: bytes) -> None:
    if length == 2 and payload[:2] == b"\xff\xd8":
        pytest.skip("that is a sound segment, and the header of another picture behind it")
    if length == 3 and not payload:
        length = 4  # its payload would be the next marker's first byte
    for marker in (0xE1, 0xED, 0xFE):
        is_read_like(jpeg_with(segment(marker, payload, length), kind), JPEG[kind])


def test_bytes_between_jpeg_segments() -> None:
    for extra in (b"\xff\xff\xff", b"\0", b"\x12\x34", noise(40, 3).replace(b"\xff", b"\0")):
        is_read_like(jpeg_with(extra, at=20), JPEG["baseline"])


def test_the_colours_of_a_jpeg_are_those_that_it_says() -> None:
    buffer = io.BytesIO()
    Image.fromarray(photo()).convert("CMYK").save(buffer, "JPEG", quality=95)
    data = buffer.getvalue()
    assert b"Adobe" in jpeg.split(data).pixels
    assert np.abs(decode(data, max_side=0).pixels.astype(int) - photo()).mean() < 8


# --- WebP, TIFF, GIF, BMP ------------------------------------------------------------------------------------------


def riff(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("kind", [b"EXIF", b"XMP ", b"ICCP", b"ANIM", b"ZZZZ", b"\0\0\0\0"])
@pytest.mark.parametrize("body", [b"", b"\1", noise(99), b"Exif\0\0II*\0", noise(2 * MEGABYTE)])
def test_webp_chunks(kind: bytes, body: bytes, lossless: bool) -> None:
    data = encode("WEBP", lossless=lossless, quality=80)
    extended = riff(b"VP8X", bytes((0x2C, 0, 0, 0)) + (159).to_bytes(3, "little") + (119).to_bytes(3, "little"))
    for size in (None, 0xFFFFFF00) if len(body) < 100 else (None,):
        before = extended + riff(kind, body, size) + data[12:]
        behind = extended + data[12:] + riff(kind, body, size)
        for chunks in (before, behind):
            for claimed in (len(chunks) + 4, 4, 0xFFFFFFFE):
                is_read_like(b"RIFF" + struct.pack("<I", claimed) + b"WEBP" + chunks, data)


def tiff_with(entries: list[bytes], *, big: bool, following: int = 0) -> bytes:
    """The TIFF with more tags, each as it is written in a directory, and a following page at that offset."""
    data = encode("TIFF", big_tiff=True) if big else encode("TIFF")
    width, word = (20, "Q") if big else (12, "I")
    first = struct.unpack_from(f"<{word}", data, 8 if big else 4)[0]
    count = struct.unpack_from("<Q" if big else "<H", data, first)[0]
    start = first + (8 if big else 2)
    written = [data[start + width * number : start + width * (number + 1)] for number in range(count)]
    directory = struct.pack("<Q" if big else "<H", count + len(entries)) + b"".join([*written, *entries])
    at = len(data) + len(data) % 2
    head = data[:8] + struct.pack("<Q", at) if big else data[:4] + struct.pack("<I", at)
    return head + data[len(head) :] + bytes(at - len(data)) + directory + struct.pack(f"<{word}", following)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("tag", [270, 271, 305, 315, 700, 33723, 34377, 34665, 34675, 34853, 37724, 65000, 274])
def test_tiff_tags(tag: int, big: bool) -> None:
    data = encode("TIFF")
    word = "Q" if big else "I"
    for kind in (0, 1, 2, 3, 4, 5, 7, 12, 13, 16, 99, 0xFFFF):
        for count in (0, 1, 7, 2**31, 2**32 - 1):
            for value in (8, 2**31, 2**32 - 1):
                if tag == 274 and count == 1 and value == 8:
                    continue  # an orientation
                is_read_like(tiff_with([struct.pack(f"<HH{word}{word}", tag, kind, count, value)], big=big), data)


def test_a_monstrous_tiff_tag_costs_nothing() -> None:
    data = encode("TIFF")
    size = 40 * MEGABYTE
    for tag in (270, 34665, 65000, 320):
        entry = struct.pack("<HHII", tag, 3, size // 2, 8)
        monstrous = tiff_with([entry], big=False) + bytes(size)
        started = time.process_time()
        is_read_like(monstrous, data)
        # As objects of Python's these would be 20 million, and take seconds.
        assert len(tiff.split(monstrous).pixels) < len(monstrous) + 1000
        assert time.process_time() - started < 30


def test_tiff_pages_that_follow_themselves() -> None:
    data = encode("TIFF")
    for following in (8, 2**32 - 1, len(data)):
        is_read_like(tiff_with([], big=False, following=following), data)


@pytest.mark.parametrize("label", [0x00, 0x01, 0xF9, 0xFE, 0xFF])
@pytest.mark.parametrize("blocks", [b"\0", b"\1a\0", b"\xff" + noise(255) + b"\0", b"\x0bNETSCAPE2.0\xff" + bytes(256)])
def test_gif_extensions(label: int, blocks: bytes) -> None:
    data = encode("GIF")
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    # Transparency of garbage may be transparency: all but its length has to be right to count.
    if label == 0xF9:
        blocks = b"\4\0\0\0\0\0"
    is_read_like(data[:at] + b"!" + bytes((label,)) + blocks + data[at:], data)
    is_read_like(data + noise(100), data)


def test_bmp_with_more_bytes() -> None:
    data = encode("BMP")
    is_read_like(data + noise(100), data)
    is_read_like(data[:2] + b"\xff\xff\xff\xff" + data[6:], data)


# --- the brands of HEIC and AVIF -------------------------------------------------------------------------------------


def brands(major: bytes, *compatible: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + major + bytes(4) + b"".join(compatible)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        *((brands(b"MiHE", *(b"zzzz",) * number, b"heic", b"miaf"), ImageFormat.HEIF) for number in (0, 1, 12, 40)),
        *((brands(major, b"heic"), ImageFormat.HEIF) for major in (b"mif1", b"miaf", b"mp42", b"isom", b"\0\0\0\0")),
        *((brands(brand), ImageFormat.HEIF) for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")),
        *((brands(b"MiHE", brand), ImageFormat.HEIF) for brand in (b"heix", b"heim", b"hevc", b"hevx", b"mif1")),
        *((brands(major, b"avif"), ImageFormat.AVIF) for major in (b"mif1", b"miaf", b"MA1B", b"avis")),
        (brands(b"crx ", b"isom"), ImageFormat.RAW),
        (brands(b"heic", b"avif"), ImageFormat.HEIF),
        (brands(b"avif", b"heic"), ImageFormat.AVIF),
        *((brands(major, b"isom"), None) for major in (b"mp42", b"qt  ", b"M4V ")),
    ],
)
def test_any_compatible_brand_tells_the_format(head: bytes, expected: ImageFormat | None) -> None:
    assert sniff(head + bytes(300)) is expected


@pytest.mark.parametrize("major", [b"MiHE", b"MiPr", b"mp42", b"\0\0\0\0", b"heix", b"msf1"])
def test_heic_of_any_major_brand_is_decoded(major: bytes) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif, which writes HEIC, is not installed")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(photo())).save(buffer, quality=90)
    data = buffer.getvalue()
    is_read_like(data[:8] + major + data[12:], data)


@pytest.mark.skipif("avif" not in features.get_supported(), reason="this Pillow has no AVIF")
def test_avif_of_another_major_brand_is_decoded() -> None:
    data = encode("AVIF")
    is_read_like(data[:8] + b"mif1" + data[12:], data)


# --- EXIF as people's cameras and programs write it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "offset", "expected"),
    [
        ("2012:05:13", "", "2012-05-13"),
        ("2012:05:13   :  :  ", "", "2012-05-13"),
        ("2012-5-3", "+02:00", "2012-05-03"),
        ("2012:5:3 9:08:07", "", "2012-05-03T09:08:07"),
        ("2012:05:13 9:8:7", "", "2012-05-13T09:08:07"),
        ("2012:05:13 10:20", "", "2012-05-13T10:20:00"),
        ("2012:01:01 24:00:00", "", "2012-01-02T00:00:00"),
        ("2012:12:31 24:00:00", "+01:00", "2013-01-01T00:00:00+01:00"),
        ("2012:02:28 24:00:00", "", "2012-02-29T00:00:00"),
        ("2012:01:01 24:00:01", "", None),
        ("2012:01:01 25:00:00", "", None),
        ("2016:12:31 23:59:60", "", "2016-12-31T23:59:59"),
        ("2012:05:13 10:00:00", "+5:30", "2012-05-13T10:00:00+05:30"),
        ("2012:05:13 10:00:00", "-0330", "2012-05-13T10:00:00-03:30"),
        ("2012:05:13 10:00:00", "+02", "2012-05-13T10:00:00+02:00"),
        ("2012:05:13 10:00:00", "Z", "2012-05-13T10:00:00+00:00"),
        ("2012:05:13 10:00:00", "UTC", "2012-05-13T10:00:00+00:00"),
        ("2012:05:13 10:00:00", "GMT+2", "2012-05-13T10:00:00+02:00"),
        ("2012:05:13 10:00:00", "+15:00", "2012-05-13T10:00:00"),
        ("2012:05:13 10:00:00", "Zurich", "2012-05-13T10:00:00"),
        ("2012-05-13T10:00:00Z", "", "2012-05-13T10:00:00+00:00"),
        ("2012-05-13T10:00:00.25+02:00", "-01:00", "2012-05-13T10:00:00+02:00"),
        ("2012/05/13 10:00:00", "", "2012-05-13T10:00:00"),
        ("2012:05:13 01:02:03 PM", "", "2012-05-13T13:02:03"),
        ("2012:05:13 12:02:03 am", "", "2012-05-13T00:02:03"),
        ("2012:05:13 somewhen", "", None),
        ("2012:05:131", "", None),
        ("2012:13:01", "", None),
        ("0000:00:00", "", None),
        ("0000:00:00 00:00:00", "", None),
        ("9999:12:31 24:00:00", "", None),
        ("", "", None),
    ],
)
def test_moments(written: str, offset: str, expected: str | None) -> None:
    assert read_moment(written, offset) == expected


def test_any_exif_at_all_raises_nothing() -> None:
    whole = Image.Exif()
    whole[0x0112], whole[0x0132] = 6, "2019:07:04 21:03:59"
    whole[0x8769] = {0x9003: "2019:07:04 21:03:59"}
    block = whole.tobytes()

    def spoilt() -> Iterator[bytes]:
        for seed in range(3000):
            chance = random.Random(seed)
            data = bytearray(block)
            for _ in range(chance.choice((1, 2, 8))):
                data[chance.randrange(6, len(data))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
            yield bytes(data[: chance.randrange(len(data))] if seed % 5 == 0 else data)

    for data in spoilt():
        assert 1 <= read_exif(data).orientation <= 8


def test_both_xmp_packets_of_one_jpeg_count() -> None:
    def named(name: str) -> bytes:
        rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        return (
            f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}"><rdf:Description'
            ' xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:PersonInImage><rdf:Bag>'
            f"<rdf:li>{name}</rdf:li></rdf:Bag></e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"
        ).encode()

    head = b"http://ns.adobe.com/xap/1.0/\0"
    empty = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    for packets in ((named("Ana"), named("Bob")), (named("Ana"), empty, b"garbage", named("Bob"))):
        frame = decode(jpeg_with(b"".join(segment(0xE1, head + packet) for packet in packets)), max_side=0)
        assert [face.name for face in frame.named] == ["Ana", "Bob"]
