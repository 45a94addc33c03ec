"""Motion photos: the short video that phones put behind the picture, in the same file.

Google and Samsung, Xiaomi, OnePlus and others each say in another way where it begins: in XMP of two versions, in a
list at the end of the file, in a box of a HEIC. Programs that cut a picture leave the old numbers. So the video is
found by how an MP4 begins and what it is made of, and nothing is believed that cannot be seen.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import IO, cast

import cv2

from untag.errors import ReadFailure
from untag.imaging.boxes import boxes
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.imaging.moments import kept_moment
from untag.imaging.sniff import SNIFF_BYTES, ImageFormat, sniff
from untag.types import Fault, Frame, Moment, Outcome, Pixels

_MAY_MOVE = frozenset((ImageFormat.JPEG, ImageFormat.HEIF))
_BEHIND = frozenset((b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx", b"styp"))
"""What an MP4 is made of at its top, behind how it begins."""

_LONGEST_BEGINNING = 1024
_MOST_TRIES = 64
_FIRST = 0.01
"""Seconds at which the video's first frame is said to be shown: 0 is the photo."""

_SAME_SHAPE = 0.01
_MOST_BLACK = 2.0
"""How many times as long as a video's frame is what it becomes with black: beside a strip of a photo it is reduced."""


@dataclass(frozen=True, slots=True)
class MovingPart:
    """The video in a photo: `size` bytes from `start`. `cut_off`: the file ends before the video does."""

    start: int
    size: int
    cut_off: bool


def moving_part(data: bytes) -> MovingPart | None:
    """The video behind or within a JPEG or a HEIC; None where there is none."""
    if sniff(data[:SNIFF_BYTES]) not in _MAY_MOVE:
        return None
    at = data.find(b"ftyp", 16)
    for _ in range(_MOST_TRIES):
        if at < 0:
            return None
        found = _video_at(data, at - 4)
        if found is not None:
            return found
        at = data.find(b"ftyp", at + 4)
    return None


def _video_at(data: bytes, start: int) -> MovingPart | None:
    size = int.from_bytes(data[start : start + 4], "big")
    if not 16 <= size <= min(_LONGEST_BEGINNING, len(data) - start):
        return None
    if sniff(data[start : start + SNIFF_BYTES]) is not None:  # a picture in the picture
        return None
    beginning, *found = boxes(data, start)
    found = list(takewhile(lambda box: box.kind in _BEHIND, found))
    end = found[-1].end if found else beginning.end
    if any(box.kind == b"moov" for box in found):
        return MovingPart(start, end - start, cut_off=False)
    begun = found or data[end + 4 : end + 8] in _BEHIND  # the next box may be longer than the file
    return MovingPart(start, len(data) - start, cut_off=True) if begun else None


def with_motion(frame: Frame, data: bytes, *, max_side: int, limits: Limits) -> Frame:
    """A photo's frame with what its video shows as the moments after it.

    A video that is damaged or cut off is a `fault` of the photo, unless that has one. Raises nothing.
    """
    part = moving_part(data)
    if part is None or limits.video_seconds <= 0:
        return frame
    from untag.imaging.video import VideoPart, look_through_video  # it starts processes, and few photos need it

    cut_off = Fault(Outcome.BROKEN, "its moving part is cut off") if part.cut_off else None
    try:
        with _as_file(data[part.start : part.start + part.size]) as file:
            video = look_through_video(VideoPart(file), max_side=max_side, limits=limits)
        moments = tuple(_fitted(moment, frame.width / frame.height) for moment in _timed(video))
    except ReadFailure as failure:
        unseen = Fault(failure.outcome, f"its moving part was not looked at: {failure}")
        return replace(frame, fault=frame.fault or cut_off or unseen)
    except (MemoryError, cv2.error):
        unseen = Fault(Outcome.NOT_ANALYSED, "its moving part was not looked at: it takes more memory than there is")
        return replace(frame, fault=frame.fault or unseen)
    except OSError as error:
        unseen = Fault(Outcome.NOT_ANALYSED, f"its moving part was not looked at ({error.strerror or error})")
        return replace(frame, fault=frame.fault or unseen)
    partly = None if video.fault is None else replace(video.fault, error=f"its moving part: {video.fault.error}")
    return replace(frame, moments=moments, fault=frame.fault or cut_off or partly)


def _timed(video: Frame) -> Iterator[Moment]:
    yield kept_moment(_FIRST, video.pixels)
    yield from (moment for moment in video.moments if moment.at > _FIRST)


def _fitted(moment: Moment, shape: float) -> Moment:
    """A moment with black beside or above it, so that it has the photo's `shape`, width by height.

    Phones film in other proportions than they photograph, and boxes are in pixels of the photo.
    """
    pixels = decode(moment.data, max_side=0).pixels
    height, width = pixels.shape[:2]
    if abs(width / height - shape) <= _SAME_SHAPE * shape:
        return moment
    longest = max(width, height, height * shape, width / shape)
    scale = min(1.0, _MOST_BLACK * max(width, height) / longest)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 1:
        pixels = cast("Pixels", cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
    most = round(longest * scale)
    wider, taller = max(width, min(most, round(height * shape))), max(height, min(most, round(width / shape)))
    return kept_moment(moment.at, _padded(pixels, wider - width, taller - height))


def _padded(pixels: Pixels, across: int, down: int) -> Pixels:
    sides = (down // 2, down - down // 2, across // 2, across - across // 2)
    return cast("Pixels", cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


@contextmanager
def _as_file(data: bytes) -> Iterator[IO[bytes]]:
    """Bytes as an open file without a name; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("video"), "w+b") as file:
            file.write(data)
            file.flush()
            yield file
        return
    with tempfile.TemporaryFile(prefix="untag-") as file:
        file.write(data)
        file.flush()
        yield file
