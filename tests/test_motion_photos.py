"""Motion photos: the video within a photo is found whatever the file says, and is looked at as the photo's moments."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fakes import ME, STRANGER, Untag, paint
from made_up_videos import EXACT, grey, video
from untag.imaging import motion
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.looking import look_through
from untag.imaging.motion import moving_part
from untag.imaging.thumbnail import make_thumbnail
from untag.types import Outcome

WIDTH, HEIGHT = 96, 64


def photo(level: int = 60, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    out = BytesIO()
    Image.fromarray(np.full((height, width, 3), level, np.uint8)).save(out, "JPEG", quality=95)
    return out.getvalue()


def filmed(*levels: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return video(grey(*levels, width=width, height=height))


MP4 = filmed(60, 150, 240)


def samsung(jpeg: bytes, mp4: bytes) -> bytes:
    """A trailer: blocks, each with its name, and a list of them from the end."""
    block = b"\0\0\x30\x0a" + (16).to_bytes(4, "little") + b"MotionPhoto_Data" + mp4
    listed = b"SEFH" + (106).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0\0\x30\x0a"
    listed += len(block).to_bytes(4, "little") * 2
    return jpeg + block + listed + len(listed).to_bytes(4, "little") + b"SEFT"


def lying_xmp(jpeg: bytes, mp4: bytes) -> bytes:
    """Google's, whose number is wrong, as programs leave it that shorten a photo's metadata."""
    packet = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" MicroVideoOffset="4294967295"/>'
    return jpeg[:2] + b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet + jpeg[2:] + mp4


def second_picture(jpeg: bytes, mp4: bytes) -> bytes:
    """A gain map, another JPEG, lies between."""
    return jpeg + photo(200) + mp4


LAYOUTS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "behind": lambda jpeg, mp4: jpeg + mp4,
    "samsung": samsung,
    "lying": lying_xmp,
    "second": second_picture,
    "padded": lambda jpeg, mp4: jpeg + bytes(777) + mp4,
    "trailing": lambda jpeg, mp4: jpeg + mp4 + b"LIVE_1234567890      ",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_video_is_found_by_what_it_is(layout: str) -> None:
    data = LAYOUTS[layout](photo(), MP4)
    part = moving_part(data)
    assert part is not None and not part.cut_off
    assert data[part.start : part.start + part.size] == MP4
    frame = look_through(data, max_side=0, limits=DEFAULT_LIMITS)
    assert (frame.width, frame.height, frame.fault) == (WIDTH, HEIGHT, None)
    assert [round(moment.at, 1) for moment in frame.moments] == [0.0, 1.0, 2.0]


def test_a_heic_has_it_in_a_box_or_behind() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    out = BytesIO()
    pillow_heif.from_pillow(Image.open(BytesIO(photo())).convert("RGB")).save(out, quality=70)
    still = out.getvalue()
    for data in (still + (len(MP4) + 8).to_bytes(4, "big") + b"mpvd" + MP4, samsung(still, MP4)):
        assert len(look_through(data, max_side=0, limits=DEFAULT_LIMITS).moments) == 3
    assert moving_part(still) is None


def test_what_is_no_moving_part_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "_as_file", lambda _: pytest.fail("a process was started"))
    for data in (
        photo(),
        photo() + b"\0\0\0\x18ftyp is what a text may say of videos",
        photo() + b"\0\0\0\x10ftypheic\0\0\0\0" + bytes(100),
        photo() + b"\0\0\0\x10ftypmp42\0\0\0\0" + b"\0\0\0\x08what",
        b"\0\0\0\x18ftyp" * 100,
        photo() + b"\0\0\0\x18ftyp" * 10_000,
    ):
        assert moving_part(data) is None
    off = Limits(video_seconds=0.0)
    assert look_through(photo() + MP4, max_side=0, limits=off).moments == ()


def test_a_video_that_is_cut_off_is_said_to_be() -> None:
    for data in (photo() + MP4[: len(MP4) - 400], photo() + MP4[:40], samsung(photo(), MP4)[: -len(MP4) // 2]):
        frame = look_through(data, max_side=0, limits=DEFAULT_LIMITS)
        assert frame.fault is not None and frame.fault.outcome is Outcome.BROKEN
        assert "its moving part" in frame.fault.error
        assert frame.width == WIDTH, "the photo counts all the same"


def test_hostile_lengths_end_in_a_frame() -> None:
    chance = random.Random(3)
    whole = samsung(photo(), MP4)
    first = len(photo())
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            data[first + chance.randrange(120)] = chance.choice((0, 1, 0x7F, 0xFF))
        part = moving_part(bytes(data))
        assert part is None or 0 < part.start < part.start + part.size <= len(data)


@pytest.mark.parametrize(("width", "height"), [(128, 72), (72, 128), (96, 64)])
def test_boxes_are_within_the_photo_whatever_the_video_s_proportions(width: int, height: int) -> None:
    shown: list[NDArray[np.uint8]] = []
    data = photo() + filmed(150, 240, width=width, height=height)
    for moment in look_through(data, max_side=0, limits=DEFAULT_LIMITS).moments:
        shown.append(np.asarray(Image.open(BytesIO(moment.data))))
    assert shown
    for pixels in shown:
        assert abs(pixels.shape[1] / pixels.shape[0] - WIDTH / HEIGHT) < 0.03
        assert pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].min() > 120


def test_somebody_whom_only_the_movement_shows_is_found(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    # Lossless, so that the colours mean something; its container is not one of phones.
    exact = video([paint(STRANGER, serial=2), paint(ME, serial=3, weapon=0.4)], EXACT)
    monkeypatch.setattr(motion, "moving_part", lambda data: _behind(data, exact))
    path = untag.add("a.jpg", photo(0, width=240, height=240) + exact)
    untag.scan()
    (finding,) = untag.listed()
    assert (finding["verdict"], finding["seen"]) == ("me", [{"best": 1.0, "from": 1.0, "until": 1.0}])
    assert "to be seen at 0:01" in str(finding["reasons"])
    data = path.read_bytes()
    assert make_thumbnail(data, at=0.0).data != make_thumbnail(data, at=1.0).data


def _behind(data: bytes, mp4: bytes) -> motion.MovingPart | None:
    start = data.find(mp4)
    return None if start < 0 else motion.MovingPart(start, len(mp4), cut_off=False)


@pytest.mark.parametrize(("width", "height"), [(30_000, 2), (2, 30_000), (8000, 8)], ids=["flat", "thin", "strip"])
def test_a_photo_as_flat_as_a_strip_makes_no_gigabytes_of_black(width: int, height: int) -> None:
    data = photo(width=width, height=height) + filmed(150, 240, width=320, height=240)
    frame = look_through(data, max_side=1600, limits=DEFAULT_LIMITS)
    assert len(frame.moments) == 2
    for moment in frame.moments:
        assert max(Image.open(BytesIO(moment.data)).size) <= 1600
