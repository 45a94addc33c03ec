"""JPEG XL: read where the extra is installed, else counted by kind with the remedy."""

from __future__ import annotations

import random
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fakes import Untag
from untag.errors import ReadFailure
from untag.imaging import jxl, sniff
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.types import Outcome

imagecodecs = pytest.importorskip("imagecodecs")


def picture(width: int, height: int, channels: int = 3) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.full((height, width, channels), 200, np.uint8)
    pixels[: height // 2, : width // 2] = 40
    return pixels[..., 0] if channels == 1 else pixels


def encoded(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]], **options: object) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=1, **options))


def boxed(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def container(codestream: bytes, *before: bytes) -> bytes:
    return jxl.CONTAINER + boxed(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(before) + boxed(b"jxlc", codestream)


@pytest.mark.parametrize(
    ("width", "height"), [(256, 256), (60, 50), (40, 30), (96, 64), (160, 90), (50, 40), (64, 32), (517, 33), (7, 9001)]
)
def test_the_header_says_the_size(width: int, height: int) -> None:
    data = encoded(picture(width, height))
    assert jxl.size_of(data) == (width, height)
    frame = decode(data, max_side=0)
    assert (frame.width, frame.height, frame.pixels.shape) == (width, height, (height, width, 3))
    assert frame.pixels[0, 0].tolist() == [40] * 3 and frame.pixels[-1, -1].tolist() == [200] * 3


def test_all_kinds_become_rgb() -> None:
    clear = picture(64, 48, 4)
    clear[-1, -1, 3] = 0
    for data, last in (
        (encoded(picture(64, 48, 1)), 200),
        (encoded(picture(64, 48).astype(np.uint16) * 257), 200),
        (encoded(clear), 255),
    ):
        frame = decode(data, max_side=0)
        assert frame.pixels.shape == (48, 64, 3)
        assert abs(int(frame.pixels[-1, -1, 1]) - last) < 2


def test_metadata_of_a_container_are_read() -> None:
    exif = Image.Exif()
    exif[0x0132] = "2019:07:06 21:30:00"
    exif[0x0112] = 6
    codestream = encoded(picture(64, 48))
    if not codestream.startswith(jxl.CODESTREAM):
        pytest.skip("this version writes containers of its own")
    data = container(codestream, boxed(b"Exif", bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")))
    frame = decode(data, max_side=32)
    assert (frame.taken_at, frame.width, frame.height) == ("2019-07-06T21:30:00", 64, 48)
    assert frame.finer is not None and frame.finer.pixels(64).shape == (48, 64, 3)  # type: ignore[union-attr]


def test_it_is_held_to_the_limits() -> None:
    with pytest.raises(ReadFailure, match="the limit is") as caught:
        decode(encoded(picture(64, 48)), max_side=0, limits=Limits(max_pixels=1000))
    assert caught.value.outcome is Outcome.TOO_LARGE


def test_damaged_ones_are_frames_or_failures() -> None:
    chance, sound = random.Random(1), encoded(picture(64, 48))
    outcomes = set[object]()
    for number in range(12):
        data = bytearray(sound)
        data[chance.randrange(2, len(data))] ^= 1 << chance.randrange(8)
        try:
            outcomes.add(decode(bytes(data[: len(data) // 2] if number % 4 == 0 else data), max_side=0).fault)
        except ReadFailure as failure:
            outcomes.add(failure.outcome)
    assert Outcome.BROKEN in outcomes or Outcome.TOO_LARGE in outcomes


def test_without_the_extra_they_are_counted_with_the_remedy(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.add("a.jxl", encoded(picture(64, 48)))
    untag.add("b.bin", encoded(picture(64, 48)))
    out = BytesIO()
    Image.fromarray(picture(64, 48)).save(out, "JPEG")
    untag.add("c.jxl", out.getvalue())  # a JPEG by what it holds
    untag.enroll()
    monkeypatch.setattr(sniff, "can_read_jpeg_xl", lambda: False)
    summary = untag.scan()
    assert (summary["photos"], summary["skipped"]) == (1, {"jpeg-xl": 2})
    assert "install untag[jxl]" in untag.run("sources", untag.photos).out
    monkeypatch.undo()


def test_with_the_extra_they_are_read(untag: Untag) -> None:
    untag.add("a.jxl", encoded(picture(64, 48)))
    untag.enroll()
    summary = untag.scan()
    assert (summary["photos"], summary["analysed"], summary["skipped"]) == (1, 1, {})
