"""Raw files: the preview that the camera put into them, what the sensor saw where there is none, which way is up."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fakes import Untag
from untag.errors import ReadFailure
from untag.findings.grouping import group_near_duplicates
from untag.findings.hashes import HashedPhoto
from untag.imaging import confined
from untag.imaging.decode import decode
from untag.imaging.embedded import embedded_jpegs
from untag.imaging.limits import Limits
from untag.imaging.phash import perceptual_hash
from untag.imaging.versions import decoders_key
from untag.types import Frame, Outcome, Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.made_up_raw import (
    ASCII,
    BYTE,
    LONG,
    SHORT,
    UNDEFINED,
    Tiff,
    boxed,
    details,
    dng,
    jpeg,
    scenery,
)

TAKEN = "2019-07-06T21:30:00"


def picture(width: int, height: int, seed: int = 1) -> NDArray[np.uint8]:
    """A picture whose upper left is red, so that turning shows; the rest is blurred noise."""
    small = np.random.default_rng(seed).integers(0, 120, (8, 8, 3)).astype(np.uint8)
    rows, columns = (np.arange(size) * 8 // size for size in (height, width))
    pixels = small[rows][:, columns]
    pixels[: height // 4, : width // 4] = (250, 10, 10)
    return pixels


LARGE, SMALL, SENSOR = picture(1200, 800), picture(160, 106), picture(320, 214, seed=2)


def red_corner(frame: Frame) -> str:
    """Where the red corner of `picture` is."""
    is_red = (frame.pixels[..., 0].astype(int) - frame.pixels[..., 1] > 120).nonzero()
    down = "top" if np.median(is_red[0]) < frame.pixels.shape[0] / 2 else "bottom"
    across = "left" if np.median(is_red[1]) < frame.pixels.shape[1] / 2 else "right"
    return f"{down} {across}"


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "can_read_sensors", lambda: False)


def cr2(preview: bytes) -> bytes:
    """Canon's: the preview is the strip of the first directory, what the sensor saw is lossless JPEG in the last."""
    tiff = Tiff(b"II*\0\0\0\0\0CR\x02\0\0\0\0\0")
    lossless = jpeg(LARGE).replace(b"\xff\xc0", b"\xff\xc3", 1) * 2
    saw = tiff.directory({259: (SHORT, (6,)), 273: (LONG, (tiff.put(lossless),)), 279: (LONG, (len(lossless),))})
    strip = {273: (LONG, (tiff.put(preview),)), 279: (LONG, (len(preview),))}
    return tiff.ended(tiff.directory({259: (SHORT, (6,)), **strip, **details(tiff)}, following=saw))


def orf(preview: bytes) -> bytes:
    """Olympus': nearly a TIFF; the preview is somewhere within the maker's own note."""
    tiff = Tiff(b"IIRO\0\0\0\0")
    tiff.put(b"OLYMPUS\0II\x03\0" + preview)
    return tiff.ended(tiff.directory(details(tiff)))


def rw2(preview: bytes) -> bytes:
    """Panasonic's: the preview is the value of a tag."""
    tiff = Tiff(b"IIU\0\0\0\0\0")
    return tiff.ended(tiff.directory({0x2E: (UNDEFINED, preview), **details(tiff)}))


def nef(preview: bytes) -> bytes:
    """Nikon's: big-endian, the preview in a directory below the first, beside the one of what the sensor saw."""
    tiff = Tiff(b"MM\0*\0\0\0\0", ">")
    below = [
        tiff.directory({0x201: (LONG, (tiff.put(preview),)), 0x202: (LONG, (len(preview),))}),
        tiff.directory({256: (LONG, (6000,)), 257: (LONG, (4000,)), 259: (SHORT, (34713,)), 262: (SHORT, (32803,))}),
    ]
    return tiff.ended(tiff.directory({330: (LONG, below), **details(tiff)}))


def raf(preview: bytes) -> bytes:
    """Fujifilm's: all EXIF is the preview's own."""
    return b"FUJIFILMCCD-RAW 0201".ljust(160, b"\0") + preview + bytes(1000)


def cr3(preview: bytes) -> bytes:
    """Canon's newer ones: boxes, with EXIF in two structures of its own."""
    tiff = Tiff()
    exif = tiff.ended(tiff.directory({0x9003: (ASCII, b"2019:07:06 21:30:00\0")}))
    main = Tiff()
    first = main.ended(main.directory({274: (SHORT, (1,))}))
    own = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48") + boxed(b"CMT1", first) + boxed(b"CMT2", exif)
    moov = boxed(b"moov", boxed(b"uuid", own))
    return boxed(b"ftyp", b"crx \0\0\0\1crx isom") + moov + boxed(b"mdat", preview + bytes(1000))


MAKERS: dict[str, Callable[[bytes], bytes]] = {"CR2": cr2, "NEF": nef, "ORF": orf, "RW2": rw2, "RAF": raf, "CR3": cr3}


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("maker", MAKERS)
def test_every_maker_s_preview_is_found_without_any_extra(maker: str) -> None:
    frame = decode(MAKERS[maker](jpeg(LARGE, taken_at="2019:07:06 21:30:00")), max_side=600)
    assert (frame.width, frame.height, frame.pixels.shape) == (1200, 800, (400, 600, 3))
    assert (frame.taken_at, frame.fault, red_corner(frame)) == (TAKEN, None, "top left")
    assert frame.finer is not None and frame.finer.nbytes < len(jpeg(LARGE)) + 200, "only the preview waits"


@pytest.mark.usefixtures("without_extra")
def test_the_largest_preview_is_taken_and_a_damaged_one_passed_over() -> None:
    sound, broken = jpeg(picture(1024, 683)), jpeg(LARGE)
    assert decode(dng(SENSOR, jpeg(SMALL), sound, broken), max_side=0).width == 1200
    frame = decode(dng(SENSOR, jpeg(SMALL), broken[: len(broken) // 2], sound), max_side=0)
    assert (frame.width, frame.fault) == (1024, None)


@pytest.mark.usefixtures("without_extra")
def test_tiles_of_the_sensor_are_no_preview() -> None:
    """A DNG with losses has what the sensor saw as tiles, each of which is a whole JPEG."""
    tiff = Tiff()
    tile, preview = jpeg(picture(2048, 2048)), jpeg(picture(1024, 683))
    tiles = [tiff.put(tile), tiff.put(tile)]
    saw = {259: (SHORT, (34892,)), 262: (SHORT, (34892,)), 324: (LONG, tiles), 325: (LONG, [len(tile)] * 2)}
    tiff.put(preview)
    below = tiff.directory(saw)
    data = tiff.ended(tiff.directory({330: (LONG, (below,)), 50706: (BYTE, b"\1\4\0\0")}))
    assert decode(data, max_side=0).width == 1024


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize(
    ("orientation", "own", "stored", "corner"),
    [
        (1, None, (1200, 800), "top left"),
        (6, None, (1200, 800), "top right"),
        (6, 6, (1200, 800), "top right"),  # both say so: it is turned once
        (6, 1, (1200, 800), "top right"),
        (1, 6, (1200, 800), "top right"),
        (8, None, (1200, 800), "bottom left"),
        (3, None, (1200, 800), "bottom right"),
        (6, None, (800, 1200), "top left"),  # the sensor is wide, so the preview is upright already
        (8, 1, (800, 1200), "top left"),
    ],
)
def test_a_preview_is_turned_as_it_must_be(
    orientation: int, own: int | None, stored: tuple[int, int], corner: str
) -> None:
    data = dng(SENSOR, jpeg(picture(*stored), orientation=own), orientation=orientation)
    frame = decode(data, max_side=600)
    assert red_corner(frame) == corner
    assert frame.finer is not None
    finer = frame.finer.pixels(1200)
    assert finer is not None and finer.shape[:2] == (frame.height, frame.width)
    assert red_corner(decode(data, max_side=0)) == corner


@pytest.mark.parametrize(("orientation", "corner"), [(1, "top left"), (6, "top right"), (3, "bottom right")])
def test_the_sensor_is_read_where_no_preview_is_large_enough(orientation: int, corner: str) -> None:
    pytest.importorskip("rawpy")
    for previews in ((), (jpeg(SMALL),)):
        frame = decode(dng(SENSOR, *previews, orientation=orientation), max_side=0)
        assert sorted((frame.width, frame.height)) == [107, 160]
        assert (frame.taken_at, frame.has_place, frame.fault, red_corner(frame)) == (TAKEN, True, None, corner)
    blue = decode(dng(np.full_like(SENSOR, (0, 0, 200))), max_side=0).pixels.reshape(-1, 3).mean(axis=0)
    assert blue[2] > 2 * blue[0], "it is the sensor's own picture"


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_a_small_preview_is_looked_at_and_all_else_named() -> None:
    frame = decode(dng(SENSOR, jpeg(SMALL)), max_side=0, partial=True)
    assert frame.width == 160 and frame.fault is not None
    assert frame.fault.outcome is Outcome.UNSUPPORTED
    assert "160 x 106 pixels" in frame.fault.error and "install untag[raw]" in frame.fault.error
    for partial, data in ((False, dng(SENSOR, jpeg(SMALL))), (True, dng(SENSOR)), (True, raf(b""))):
        with pytest.raises(ReadFailure, match=r"install untag\[raw\]") as caught:
            decode(data, max_side=0, partial=partial)
        assert caught.value.outcome is Outcome.UNSUPPORTED


def test_a_decoder_that_crashes_hangs_or_lies_is_a_failure_and_the_scan_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confined, "can_read_sensors", lambda: True)
    for program, said in (
        ("import os; os.abort()", "crashed"),
        ("import sys; sys.stdout.buffer.write(bytes(100))", "no picture"),
        ("import sys; sys.exit(3)", "does not know this camera"),
        ("import time; time.sleep(60)", "did not end"),
    ):
        monkeypatch.setattr(confined, "COMMAND", (sys.executable, "-c", program))
        monkeypatch.setattr(confined, "_SECONDS", 0.2 if "sleep" in program else 60)
        with pytest.raises(ReadFailure, match=said):
            decode(dng(SENSOR), max_side=0)


def test_the_sensor_is_held_to_the_limits() -> None:
    pytest.importorskip("rawpy")
    with pytest.raises(ReadFailure, match="the limit is") as caught:
        decode(dng(SENSOR), max_side=0, limits=Limits(max_pixels=1000))
    assert caught.value.outcome is Outcome.TOO_LARGE


@pytest.mark.usefixtures("without_extra")
def test_damaged_raw_files_are_frames_or_failures_and_never_anything_else() -> None:
    chance = random.Random(5)
    sound = [maker(jpeg(picture(1008, 672), quality=20)) for maker in MAKERS.values()]
    sound.append(dng(SENSOR, jpeg(picture(1008, 672), quality=20)))
    seen = set[object]()
    for _ in range(150):
        data = bytearray(chance.choice(sound))
        for _ in range(chance.choice((1, 3, 20))):
            data[chance.randrange(len(data) if chance.random() < 0.3 else 600)] = chance.choice((0, 1, 0xFF, 0x7F, 8))
        try:
            seen.add(decode(bytes(data[: chance.choice((None, len(data) // 2))]), max_side=600, partial=True).fault)
        except ReadFailure as failure:
            seen.add(failure.outcome)
    assert None in seen and len(seen) > 2


def test_a_file_full_of_beginnings_ends_soon() -> None:
    assert list(embedded_jpegs(b"\xff\xd8\xff" * 200_000)) == []
    endless = jpeg(SMALL)[:-2] + b"\xff\xfe\0\2" * 100_000
    assert [found.start for found in embedded_jpegs(endless)] == [0]


@pytest.mark.usefixtures("without_extra")
def test_a_raw_file_and_the_jpeg_beside_it_are_one_picture() -> None:
    shown = scenery(1200, 800)
    beside = decode(jpeg(shown, taken_at="2019:07:06 21:30:00"), max_side=600)
    within = decode(dng(SENSOR, jpeg(shown, quality=60)), max_side=600)
    photos = [
        HashedPhoto(
            sha256=str(n), phash=perceptual_hash(one.pixels), width=one.width, height=one.height,
            verdict=Verdict.ME, person="me", seen=1, taken_at=one.taken_at, faces=(),
        )
        for n, one in enumerate((beside, within))
    ]  # fmt: skip
    assert group_near_duplicates(photos) == {"1": "0"}


@pytest.mark.usefixtures("without_extra")
def test_a_scan_names_what_it_could_not_read_of_raw_files(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.dng", dng(SENSOR))
    untag.add("b.NEF", nef(jpeg(LARGE // 3)))
    untag.add("c", raf(jpeg(LARGE // 3)))
    scanned = untag.run("scan", untag.photos, "--json")
    summary = json.loads(scanned.out)
    assert (summary["photos"], summary["skipped"]) == (3, {})
    (unread,) = summary["unreadable"]
    assert unread["path"].endswith("a.dng") and "install untag[raw]" in unread["error"]


def test_installing_the_extra_has_them_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from untag.imaging import versions

    keys = set()
    for found in (None, "0.28.0"):
        monkeypatch.setattr(versions, "_version", lambda name, found=found: found if name == "rawpy" else "1")
        versions._decoders.cache_clear()
        keys.add(decoders_key(Limits()))
    versions._decoders.cache_clear()
    assert len(keys) == 2


def test_beginnings_that_all_lead_into_the_same_segments_are_not_followed_for_long() -> None:
    heads = b"".join(b"\xff\xd8\xff\xe0" + (6 * left - 4).to_bytes(2, "big") for left in range(9000, 0, -1))
    looked: list[int] = []

    class Watched(bytes):
        def __getitem__(self, key: Any) -> Any:
            looked.append(1)
            return super().__getitem__(key)

    hostile = heads + b"\xff\xe1\0\2" * 1000 + bytes(4)
    assert list(embedded_jpegs(Watched(hostile))) == []
    assert len(looked) < 2_000_000, "27 million without a bound"
