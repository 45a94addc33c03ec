"""Animations: every frame that differs is looked at, within bounds, and a finding says when."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from untag.findings.times import when
from untag.imaging import gif, png
from untag.imaging.animation import later_moments
from untag.imaging.decode import decode
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.looking import look_through
from untag.imaging.moments import Chosen
from untag.imaging.thumbnail import make_thumbnail
from untag.support.words import clock
from untag.types import Span

FORMATS = ("GIF", "WebP", "PNG")


def animated(pictures: Sequence[bytes], image_format: str, *, milliseconds: int = 1000, **more: object) -> bytes:
    """The pictures as one animation without losses."""
    frames = [Image.open(BytesIO(data)).convert("RGB") for data in pictures]
    out = BytesIO()
    options = {"lossless": True, **more} if image_format.upper() == "WEBP" else more
    frames[0].save(out, image_format, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, **options)
    return out.getvalue()


def grey(levels: Sequence[int], side: int = 64) -> list[bytes]:
    found = []
    for level in levels:
        out = BytesIO()
        Image.fromarray(np.full((side, side, 3), level, np.uint8)).save(out, "PNG")
        found.append(out.getvalue())
    return found


@pytest.mark.parametrize("image_format", FORMATS)
def test_somebody_who_appears_later_is_found(untag: Untag, image_format: str) -> None:
    untag.enroll()
    frames = [paint(serial=1), paint(STRANGER, serial=2), paint(ME, serial=3, alcohol=0.9), paint(serial=4)]
    untag.add("a." + image_format.lower(), animated(frames, image_format))
    untag.add("b." + image_format.lower(), animated([paint(serial=11), paint(STRANGER, serial=12)], image_format))
    untag.scan()
    (finding,) = untag.listed()
    assert finding["verdict"] == "me"
    assert finding["seen"] == [{"best": 2.0, "from": 2.0, "until": 2.0}]
    assert "to be seen at 0:02" in str(finding["reasons"])
    assert "at 0:02" in str(finding["reasons"][1]), "when the glass is to be seen"  # type: ignore[index]


def test_a_finding_lasts_as_long_as_one_is_seen(untag: Untag) -> None:
    untag.enroll()
    frames = [paint(serial=1), *(paint(ME, serial=n, alcohol=n / 10) for n in range(2, 6)), paint(serial=9)]
    untag.add("a.gif", animated(frames, "PNG"))
    untag.scan()
    (finding,) = untag.listed()
    assert finding["seen"] == [{"best": 1.0, "from": 1.0, "until": 4.0}]
    assert "0:01 to 0:04" in str(finding["reasons"])


def test_times_survive_a_new_judgement(untag: Untag) -> None:
    """A finding is assessed again from what is stored, without the file."""
    untag.enroll()
    untag.add("a.gif", animated([paint(serial=1), paint(MAYBE, serial=2)], "PNG"))
    untag.scan()
    seen = untag.engine.analysed.total()
    (untag.home / "config.toml").write_text("me_similarity = 0.6\n")
    untag.scan()
    (finding,) = untag.listed()
    assert (finding["verdict"], finding["seen"]) == ("me", [{"best": 1.0, "from": 1.0, "until": 1.0}])
    assert untag.engine.analysed.total() == seen


def test_inspect_says_when(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("a.webp", animated([paint(serial=1), paint(STRANGER, serial=2), paint(ME, STRANGER)], "WebP"))
    result = untag.run("inspect", path, "--json")
    faces = json.loads(result.out)["faces"]
    times = {face["verdict"]: face["seen"] for face in faces}
    assert times["me"] == [{"best": 2.0, "from": 2.0, "until": 2.0}]
    assert (times["other"][0]["from"], times["other"][0]["until"]) == (1.0, 2.0)
    assert "at 0:01 to 0:02" in untag.run("inspect", path).out


def test_the_report_shows_the_frame_with_the_face(untag: Untag) -> None:
    untag.enroll()
    data = animated([paint(serial=1), paint(STRANGER, serial=2, weapon=0.4), paint(ME, serial=3)], "PNG")
    path = untag.add("a.png", data)
    untag.scan()
    assert untag.run("report", "--output", untag.root / "report.html").status == 0
    page = (untag.root / "report.html").read_text()
    (picture,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    shown = np.asarray(Image.open(BytesIO(base64.b64decode(picture))))
    assert abs(int(shown[50, 40, 0]) - ME.colour[0]) < 9
    assert make_thumbnail(path.read_bytes(), at=0.5).data != make_thumbnail(path.read_bytes(), at=2.0).data


def test_two_people_in_one_place_are_not_one(untag: Untag) -> None:
    """The camera goes to and fro between two faces that fill the same part of the picture."""
    untag.enroll()
    turns = [paint(STRANGER if n % 2 == 0 else Square(off=0.01), serial=n, weapon=n / 10) for n in range(8)]
    path = untag.add("a.png", animated(turns, "PNG"))
    faces = json.loads(untag.run("inspect", path, "--json").out)["faces"]
    assert sorted(face["verdict"] for face in faces) == ["me", "other"]


@pytest.mark.parametrize("image_format", FORMATS)
def test_frames_that_do_not_differ_are_one(image_format: str) -> None:
    data = animated(grey([10, 10, 12, 12, 10, 11]), image_format)
    assert later_moments(data, max_side=64, limits=DEFAULT_LIMITS) == ()
    assert look_through(data, max_side=64, limits=DEFAULT_LIMITS).moments == ()


@pytest.mark.parametrize("image_format", FORMATS)
def test_many_frames_are_spread_over_the_whole(image_format: str) -> None:
    data = animated(grey([(37 * n) % 256 for n in range(300)]), image_format, milliseconds=50)
    moments = later_moments(data, max_side=64, limits=DEFAULT_LIMITS)
    times = [moment.at for moment in moments]
    assert 20 <= len(times) <= 60
    assert times == sorted(times)
    assert times[-1] > 13, "the end is looked at, too"
    assert max(np.diff([0, *times])) < 2


def test_moments_have_the_pixels_of_their_frame() -> None:
    pictures = [paint(serial=1), paint(ME, serial=2), paint(STRANGER, serial=3, alcohol=0.9)]
    frame = look_through(animated(pictures, "PNG"), max_side=0, limits=DEFAULT_LIMITS)
    for moment, picture in zip(frame.moments, pictures[1:], strict=True):
        assert np.array_equal(decode(moment.data, max_side=0).pixels, decode(picture, max_side=0).pixels)
    assert frame.nbytes > frame.pixels.nbytes


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_damaged_end_leaves_what_came_before(image_format: str) -> None:
    rng = np.random.default_rng(0)
    noise = []
    for _ in range(6):
        out = BytesIO()
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(out, "PNG")
        noise.append(out.getvalue())
    data = animated(noise, image_format)
    whole = later_moments(data, max_side=64, limits=DEFAULT_LIMITS)
    for length in range(200, len(data), len(data) // 13):
        found = later_moments(data[:length], max_side=64, limits=DEFAULT_LIMITS)
        assert len(found) <= len(whole)
    assert len(whole) == 5


def test_the_work_for_one_animation_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.imaging.animation._MOST_PASSED", 128 * 128 * 10)
    data = animated(grey([(37 * n) % 256 for n in range(300)], side=128), "GIF")
    assert len(later_moments(data, max_side=64, limits=DEFAULT_LIMITS)) == 9
    assert later_moments(data, max_side=64, limits=Limits(max_pixels=1000)) == ()


def gif_of(frames: Sequence[bytes], side: int = 1) -> bytes:
    """A GIF of two colours; `frames` are blocks of it, one after the other."""
    return b"".join([b"GIF89a", struct.pack("<HHBBB", side, side, 0x80, 0, 0), b"\0\0\0\xff\xff\xff", *frames, b";"])


def gif_frame(*, white: bool, wide: int = 1) -> bytes:
    """One pixel, shown for a tenth of a second; `wide` is how wide and high it claims to be."""
    shown = b"!\xf9\x04\0" + struct.pack("<H", 10) + b"\0\0"
    return shown + b"," + struct.pack("<HHHHB", 0, 0, wide, wide, 0) + b"\x02\x02" + bytes((0x44 | white << 3, 1, 0))


def test_many_tiny_frames_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.imaging.animation._MOST_PASSED", 100_000)
    data = gif_of([gif_frame(white=number % 2 == 1) for number in range(300)])
    assert len(later_moments(data, max_side=64, limits=DEFAULT_LIMITS)) == 9


def test_a_canvas_that_grows_needs_the_memory_that_it_grows_to() -> None:
    frames = [gif_frame(white=False), gif_frame(white=True), gif_frame(white=False, wide=3000)]
    assert len(later_moments(gif_of(frames), max_side=64, limits=DEFAULT_LIMITS)) >= 1
    assert later_moments(gif_of(frames), max_side=64, limits=Limits(max_pixels=8_000_000)) == ()


def test_what_is_no_frame_is_not_kept() -> None:
    comment = b"!\xfe" + b"\x01a" * 200_000 + b"\0"
    frames = [gif_frame(white=False), comment, bytes(50_000), gif_frame(white=True), comment, gif_frame(white=False)]
    data = gif_of(frames)
    assert [moment.at for moment in later_moments(data, max_side=64, limits=DEFAULT_LIMITS)] == [0.1, 0.2]
    assert len(gif.all_frames(data, 100)[0]) < 200
    chunk = struct.pack(">I4s", 0, b"abCd") + struct.pack(">I", zlib.crc32(b"abCd"))
    still = animated(grey([10, 200]), "PNG")
    assert len(png.all_frames(still[:-12] + chunk * 10_000 + still[-12:], 100)) <= len(still)


def test_a_long_profile_before_the_frames_hides_none() -> None:
    profile = np.random.default_rng(1).bytes(100_000)
    for image_format in ("WEBP", "PNG"):
        data = animated(grey([10, 100, 200]), image_format, icc_profile=profile)
        assert len(later_moments(data, max_side=64, limits=DEFAULT_LIMITS)) == 2


def test_choosing_keeps_the_times_apart() -> None:
    chosen = Chosen(apart=1.0, most=10)
    rng = np.random.default_rng(1)
    for at in np.arange(0, 100, 0.25):
        if chosen.is_due(float(at)):
            assert chosen.add(float(at), rng.integers(0, 255, (36, 64, 3), np.uint8))
            chosen.thin()
    assert len(chosen.times) <= 10
    assert chosen.times[0] == 0
    assert chosen.times[-1] > 80


def test_times_in_words() -> None:
    assert [clock(s) for s in (0, 42.9, 70, 3723)] == ["0:00", "0:42", "1:10", "1:02:03"]
    spans = (Span(50, 42, 70), Span(72, 71, 72), Span(125, 125, 125.4))
    assert when(spans) == "0:42 to 1:12, 2:05"
    assert when([Span(n * 60, n * 60, n * 60) for n in range(9)]).endswith("5:00 and 3 more times")
