"""Decoding: every format upright, every bad file with the right outcome, nothing else ever."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin, features

from untag.errors import ReadFailure
from untag.imaging import codecs
from untag.imaging import decode as decoding
from untag.imaging.codecs import jpeg_divisor
from untag.imaging.decode import EncodedPhoto, decode
from untag.imaging.limits import Limits
from untag.types import Outcome, Pixels

SHARED = Path(__file__).parents[2] / "shared"


def scene(width: int = 90, height: int = 60) -> Pixels:
    """Wider than high: red at the top left, green at the top right, blue at the bottom left, grey at the bottom."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (220, 30, 30)
    pixels[: height // 2, width // 2 :] = (30, 200, 30)
    pixels[height // 2 :, : width // 2] = (30, 30, 220)
    pixels[height // 2 :, width // 2 :] = (128, 128, 128)
    return pixels


def encode(image: Image.Image | Pixels, image_format: str = "JPEG", **options: object) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def png_of_zeros(width: int, height: int) -> bytes:
    """A valid one-bit PNG of any size, without holding its pixels."""

    def chunk(name: bytes, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))

    packer, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def failure(data: bytes, **options: object) -> ReadFailure:
    with pytest.raises(ReadFailure) as caught:
        decode(data, max_side=0, **options)  # type: ignore[arg-type]
    return caught.value


def assert_near(actual: Pixels, expected: Pixels, tolerance: float = 4.0) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == np.uint8
    assert np.abs(actual.astype(int) - expected).mean() < tolerance


def jpeg_with_size(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG claiming another size in its frame header."""
    marker = next(code for code in (b"\xff\xc0", b"\xff\xc2") if code in data)
    at = data.index(marker) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


LOSSLESS = {
    "png": encode(scene(), "PNG"),
    "bmp": encode(scene(), "BMP"),
    "gif": encode(scene(), "GIF"),
    "tiff": encode(scene(), "TIFF"),
    "tiff-lzw": encode(scene(), "TIFF", compression="tiff_lzw"),
    "webp-lossless": encode(scene(), "WEBP", lossless=True),
}
LOSSY = {
    "jpeg": encode(scene(), quality=95),
    "jpeg-progressive": encode(scene(), quality=95, progressive=True),
    "tiff-jpeg": encode(scene(), "TIFF", compression="jpeg"),
    "webp": encode(scene(), "WEBP", quality=95),
}


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
def test_every_common_format(name: str) -> None:
    frame = decode((LOSSLESS | LOSSY)[name], max_side=0)
    assert (frame.width, frame.height, frame.scale, frame.taken_at) == (90, 60, 1.0, None)
    assert_near(frame.pixels, scene(), 0.5 if name in LOSSLESS else 6.0)
    assert frame.pixels.flags["C_CONTIGUOUS"]


@pytest.mark.skipif("avif" not in features.get_supported(), reason="this Pillow has no AVIF")
def test_avif() -> None:
    assert_near(decode(encode(scene(), "AVIF", quality=90), max_side=0).pixels, scene(), 6.0)


def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(scene())).save(buffer, quality=90)
    return buffer.getvalue()


def test_heic_is_read() -> None:
    assert_near(decode(heic(), max_side=0).pixels, scene(), 6.0)


def test_pixels_of_heic_outlive_their_codec() -> None:
    # The array that pi-heif gives lies over memory of the codec.
    assert decode(heic(), max_side=0).pixels.base is None


# --- modes ---------------------------------------------------------------------------------------------------------


def test_grey_and_one_bit() -> None:
    grey = np.linspace(0, 255, 60, dtype=np.uint8)[:, None].repeat(90, 1)
    for image_format in ("PNG", "TIFF"):
        assert_near(decode(encode(grey, image_format), max_side=0).pixels, grey[..., None].repeat(3, 2), 0.5)
    bits = Image.fromarray(grey).convert("1")
    assert set(np.unique(decode(encode(bits, "PNG"), max_side=0).pixels)) == {0, 255}


@pytest.mark.parametrize("image_format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut(image_format: str) -> None:
    ramp = np.linspace(0, 65535, 60).astype(np.uint16)[:, None].repeat(90, 1)
    pixels = decode(encode(Image.fromarray(ramp), image_format), max_side=0).pixels
    assert_near(pixels, (ramp // 257).astype(np.uint8)[..., None].repeat(3, 2), 1.0)


def test_sixteen_bit_colour_png() -> None:
    import cv2

    _, data = cv2.imencode(".png", scene()[..., ::-1].astype(np.uint16) * 257)
    assert_near(decode(data.tobytes(), max_side=0).pixels, scene(), 0.5)


def test_floating_point_tiff_with_values_that_are_no_numbers() -> None:
    values = np.linspace(0, 7.5, 60, dtype=np.float32)[:, None].repeat(90, 1)
    values[0, 0], values[0, 1] = np.nan, np.inf
    pixels = decode(encode(Image.fromarray(values), "TIFF"), max_side=0).pixels
    assert (pixels[-1] == 255).all()
    assert (pixels[0] == 0).all()


def test_floating_point_tiff_all_nought() -> None:
    zeros = np.zeros((4, 5), np.float32)
    assert (decode(encode(Image.fromarray(zeros), "TIFF"), max_side=0).pixels == 0).all()


def test_cmyk_of_adobe_is_inverted_back() -> None:
    # Pillow writes CMYK JPEGs as Adobe's programs do, inverted, with the marker that says so.
    data = encode(Image.fromarray(scene()).convert("CMYK"), quality=95)
    assert b"Adobe" in data
    assert_near(decode(data, max_side=0).pixels, scene(), 8.0)


def test_transparency_is_laid_on_white() -> None:
    rgba = np.dstack([scene(), np.full((60, 90), 255, np.uint8)])
    rgba[:30, :, 3] = 0
    rgba[30:, :45, 3] = 128
    for image_format in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True} if image_format == "WEBP" else {}
        pixels = decode(encode(Image.fromarray(rgba), image_format, **options), max_side=0).pixels
        assert (pixels[:30] == 255).all()
        assert np.abs(pixels[40, 10].astype(int) - (142, 142, 237)).max() <= 2
        assert tuple(pixels[40, 80]) == (128, 128, 128)


def test_palette_with_a_transparent_colour() -> None:
    palette = Image.fromarray(scene()).quantize(4)
    corner = palette.getpixel((0, 0))
    for image_format in ("PNG", "GIF"):
        pixels = decode(encode(palette, image_format, transparency=corner), max_side=0).pixels
        assert tuple(pixels[5, 5]) == (255, 255, 255)
        assert np.abs(pixels[50, 5].astype(int) - (30, 30, 220)).max() <= 8


def test_grey_png_with_a_transparent_shade() -> None:
    grey = np.full((8, 8), 40, np.uint8)
    grey[4:] = 200
    pixels = decode(encode(grey, "PNG", transparency=40), max_side=0).pixels
    assert (pixels[:4] == 255).all()
    assert (pixels[4:] == 200).all()


@pytest.mark.parametrize(
    ("image_format", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})]
)
def test_first_frame_of_animations_and_pages(image_format: str, options: dict[str, object]) -> None:
    second = Image.fromarray(np.full_like(scene(), 9))
    data = encode(scene(), image_format, save_all=True, append_images=[second], **options)
    assert_near(decode(data, max_side=0).pixels, scene(), 3.0)


# --- size and scale ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("long_side", "max_side", "divisor"),
    [(4000, 0, 1), (4000, 1280, 2), (4000, 2000, 2), (4000, 2001, 1), (4000, 1000, 4), (4000, 500, 8), (4000, 20, 8)],
)
def test_jpeg_divisor(long_side: int, max_side: int, divisor: int) -> None:
    assert jpeg_divisor(long_side, max_side) == divisor


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
@pytest.mark.parametrize(("width", "height"), [(900, 600), (601, 1203), (1000, 3), (7, 900)])
@pytest.mark.parametrize("max_side", [640, 200, 100, 50])
def test_long_side_is_max_side(image_format: str, width: int, height: int, max_side: int) -> None:
    frame = decode(encode(scene(width, height), image_format), max_side=max_side)
    assert max(frame.pixels.shape[:2]) == max_side
    assert (frame.width, frame.height) == (width, height)
    assert frame.scale == frame.pixels.shape[1] / width
    factor = max_side / max(width, height)
    assert abs(frame.pixels.shape[0] - height * factor) <= 1
    assert abs(frame.pixels.shape[1] - width * factor) <= 1


def test_reduced_pixels_are_those_of_the_whole_picture() -> None:
    frame = decode(encode(scene(900, 600), quality=95), max_side=90)
    assert_near(frame.pixels, scene(90, 60), 4.0)


def test_small_pictures_are_not_enlarged() -> None:
    frame = decode(encode(scene()), max_side=640)
    assert frame.pixels.shape == (60, 90, 3)
    assert frame.scale == 1.0


def test_a_single_pixel() -> None:
    assert decode(encode(scene()[:1, :1]), max_side=640).pixels.shape == (1, 1, 3)


# --- bad input -----------------------------------------------------------------------------------------------------


def test_empty() -> None:
    error = failure(b"")
    assert (error.outcome, str(error)) == (Outcome.EMPTY, "the file is empty")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Dear diary, this is no photo.\n", "plain text"),
        (("\ufeff" + "Für später\n" * 9).encode(), "plain text"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'{"error": "expired"}', "JSON"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04" + bytes(60), "a zip archive"),
        (b"\0\0\0\x18ftypmp42" + bytes(60), "a video"),
        (bytes(4096), "nothing but zeros"),
        (b"\x93\x01\xfe\x02", "unknown data"),
        (b"BMW is not a bitmap", "plain text"),
        (b"\x00\x05\x16\x07\0\2\0\0Mac OS X", "macOS"),
    ],
)
def test_not_an_image(data: bytes, words: str) -> None:
    error = failure(data)
    assert error.outcome is Outcome.NOT_AN_IMAGE
    assert words in str(error)
    assert str(error).startswith("not an image (it starts like ")


def test_known_formats_that_are_not_read() -> None:
    error = failure(b"8BPS\0\1" + bytes(50))
    assert error.outcome is Outcome.UNSUPPORTED
    assert "Photoshop" in str(error)


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_cut_off_pictures_are_broken(name: str, part: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = (LOSSLESS | LOSSY)[name]
    error = failure(data[: int(len(data) * part)])
    assert error.outcome is Outcome.BROKEN
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("max_side", [0, 90, 640])
def test_a_cut_off_jpeg_says_so_at_any_scale(max_side: int) -> None:
    data = encode(np.random.default_rng(0).integers(0, 255, (600, 900, 3), np.uint8))
    with pytest.raises(ReadFailure, match=r"cut off: its .* bytes end before the picture does") as caught:
        decode(data[: len(data) // 2], max_side=max_side)
    assert caught.value.outcome is Outcome.BROKEN


def test_damaged_tiff_leaves_standard_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encode(scene(), "TIFF", compression="tiff_adobe_deflate"))
    data[20:60] = bytes(40)
    assert failure(bytes(data)).outcome is Outcome.BROKEN
    assert capfd.readouterr() == ("", "")


def test_jpeg_with_stray_bytes_is_read_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    data = encode(scene(), quality=95)
    frame = decode(data[:-2] + b"\x12\x34\x56" + data[-2:] + b"trailing rubbish", max_side=0)
    assert_near(frame.pixels, scene())
    assert capfd.readouterr() == ("", "")


def test_pillows_warnings_do_not_leak() -> None:
    damaged_exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\xff\xff\xff"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = decode(encode(scene(), quality=95, exif=damaged_exif), max_side=0)
    assert_near(frame.pixels, scene())
    assert caught == []


# --- limits --------------------------------------------------------------------------------------------------------


def test_a_huge_png_is_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object) -> None:
        pytest.fail("the pixels were decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", never)
    error = failure(png_of_zeros(30_000, 30_000))
    assert error.outcome is Outcome.TOO_LARGE
    assert str(error).startswith("30000 x 30000 pixels; the limit is 250 million (set max_megapixels")


def test_a_png_above_pillows_limit_but_below_ours() -> None:
    # Pillow warns above 89 million pixels; ours is the only limit.
    assert decode(png_of_zeros(10_000, 9_500), max_side=64).pixels.shape == (61, 64, 3)


def test_a_huge_baseline_jpeg_counts_at_its_reduced_scale() -> None:
    limits = Limits(max_pixels=100_000)
    assert decode(encode(scene(900, 600)), max_side=200, limits=limits).pixels.shape == (133, 200, 3)
    assert failure(encode(scene(900, 600)), limits=limits).outcome is Outcome.TOO_LARGE


@pytest.mark.parametrize("interleaved", [True, False])
def test_coefficients_of_a_jpeg_in_several_scans_count_in_full(interleaved: bool) -> None:
    if interleaved:
        data = encode(scene(900, 600), progressive=True)
    else:
        data = one_channel_in_its_first_scan(encode(scene(900, 600)))
    with pytest.raises(ReadFailure) as caught:
        decode(data, max_side=100, limits=Limits(max_pixels=100_000))
    assert caught.value.outcome is Outcome.TOO_LARGE


def one_channel_in_its_first_scan(data: bytes) -> bytes:
    at = data.index(b"\xff\xda")
    return data[:at] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + data[at + 14 :]


def test_a_jpeg_claiming_65500_pixels_square_is_cheap_to_refuse() -> None:
    progressive = jpeg_with_size(encode(scene(), progressive=True), 65_500, 65_500)
    with pytest.raises(ReadFailure) as caught:
        decode(progressive, max_side=640)
    assert caught.value.outcome is Outcome.TOO_LARGE


def test_a_jpeg_of_endless_scans() -> None:
    data = encode(scene(), progressive=True)
    assert failure(data[:-2] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * 200 + data[-2:]).outcome is Outcome.UNSUPPORTED


def test_too_many_bytes() -> None:
    data = encode(scene())
    error = failure(data, limits=Limits(max_bytes=len(data) - 1))
    assert error.outcome is Outcome.TOO_LARGE
    assert decode(data, max_side=0, limits=Limits(max_bytes=len(data))).width == 90


def test_a_text_chunk_that_swells() -> None:
    packed = zlib.compress(bytes(80_000_000), 9)
    payload = b"Comment\0\0" + packed
    chunk = struct.pack(">I", len(payload)) + b"zTXt" + payload + struct.pack(">I", zlib.crc32(b"zTXt" + payload))
    data = LOSSLESS["png"]
    assert_near(decode(data[:33] + chunk + data[33:], max_side=0).pixels, scene(), 0.5)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MemoryError(), Outcome.TOO_LARGE),
        (Image.DecompressionBombError("Image size exceeds limit"), Outcome.TOO_LARGE),
        (struct.error("unpack requires a buffer"), Outcome.BROKEN),
        (IndexError(), Outcome.BROKEN),
        (OSError("image file is truncated (3 bytes not processed)"), Outcome.BROKEN),
        (ValueError("conversion from LAB to RGB not supported"), Outcome.UNSUPPORTED),
        (RecursionError(), Outcome.BROKEN),
    ],
)
def test_whatever_a_codec_raises(monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: Outcome) -> None:
    def raising(*_: object) -> None:
        raise error

    monkeypatch.setattr(codecs, "to_rgb", raising)
    assert failure(LOSSLESS["png"]).outcome is outcome


def test_keyboard_interrupt_is_not_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(codecs, "to_rgb", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decode(LOSSLESS["png"], max_side=0)


# --- fuzzing -------------------------------------------------------------------------------------------------------


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """One of the pictures above with bytes changed (most often in its headers), a piece repeated, or its end gone."""
    data = bytearray(draw(st.sampled_from(sorted((LOSSLESS | LOSSY).values()))))
    for _ in range(draw(st.integers(1, 8))):
        reach = draw(st.sampled_from([40, 400, len(data)]))
        data[draw(st.integers(0, min(reach, len(data)) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        start = draw(st.integers(0, len(data) - 1))
        data[start:start] = data[start : start + draw(st.integers(1, 64))]
    if draw(st.booleans()):
        del data[draw(st.integers(1, len(data))) :]
    return bytes(data)


@settings(max_examples=250, deadline=None)
@given(data=mutated(), max_side=st.sampled_from([0, 20, 64]))
def test_damage_gives_pixels_or_a_reason(data: bytes, max_side: int) -> None:
    try:
        frame = decode(data, max_side=max_side, limits=Limits(max_pixels=4_000_000))
    except ReadFailure as error:
        assert str(error)
        assert error.outcome not in (Outcome.OK, Outcome.MISSING, Outcome.NO_PERMISSION)
    else:
        height, width = frame.pixels.shape[:2]
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.shape == (height, width, 3)
        assert frame.scale == width / frame.width
        assert max_side == 0 or max(height, width) <= max_side


@settings(max_examples=200, deadline=None)
@given(data=st.binary(min_size=1, max_size=200))
def test_noise_is_never_an_image(data: bytes) -> None:
    with pytest.raises(ReadFailure):
        decode(data, max_side=0)


# --- shared material -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not (SHARED / "fixtures" / "faces").is_dir(), reason="../shared/fixtures is not there")
def test_a_portrait_stored_sideways_is_the_same_upright() -> None:
    upright = decode((SHARED / "fixtures/faces/portrait.jpg").read_bytes(), max_side=640)
    turned = decode((SHARED / "fixtures/faces/portrait-orientation-6.jpg").read_bytes(), max_side=640)
    assert (upright.width, upright.height) == (turned.width, turned.height)
    assert_near(turned.pixels, upright.pixels, 5.0)


def test_a_reduced_frame_can_be_seen_finer_and_a_whole_one_cannot() -> None:
    data = encode(scene(900, 600), quality=95, exif=turned_exif())
    frame = decode(data, max_side=90)
    assert frame.finer is not None
    assert frame.nbytes == frame.pixels.nbytes + len(data)
    finer = frame.finer.pixels(450)
    assert finer is not None and finer.shape == (450, 300, 3)
    np.testing.assert_array_equal(finer, decode(data, max_side=450).pixels)
    assert decode(data, max_side=900).finer is None


def turned_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_a_closer_look_at_a_huge_photo_decodes_no_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, int]] = []
    load = JpegImagePlugin.JpegImageFile.load

    def watched(image: JpegImagePlugin.JpegImageFile) -> object:
        decoded.append(image.size)
        return load(image)

    frame = decode(encode(scene(900, 600)), max_side=90)
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", watched)
    monkeypatch.setattr("untag.imaging.decode.FINER_PIXELS", 200_000)
    assert frame.finer is not None
    finer = frame.finer.pixels(800)
    assert finer is not None and finer.shape == (300, 450, 3)
    assert set(decoded) == {(450, 300)}
    png = decode(png_of_zeros(900, 600), max_side=90)
    assert png.finer is not None and png.finer.pixels(800) is None  # a PNG has no smaller scale


def test_a_closer_look_that_fails_is_none() -> None:
    data = encode(scene(900, 600))
    assert EncodedPhoto(data[:400], 900, Limits()).pixels(800) is None
    assert EncodedPhoto(data, 900, Limits(max_bytes=10)).pixels(800) is None


def test_memory_goes_back_to_the_system_after_a_large_picture_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    returned: list[bool] = []
    monkeypatch.setattr(decoding, "_return_memory", lambda: returned.append(True))
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 60 * 90)
    decode(encode(scene(90, 60)), max_side=0)
    assert returned == []
    # Of the original's pixels, whatever is left of them: some formats decode all.
    decode(encode(scene(91, 60), "PNG"), max_side=20)
    assert returned == [True]
    # A picture that is cut off took as much.
    decode(encode(scene(91, 60), "PNG")[:-60], max_side=20, partial=True)
    assert returned == [True, True]
