"""The process that decodes one video, and can do nothing else: `python -m untag.imaging.video_child`.

FFmpeg reads dozens of formats of strangers' making, so it works where it has nothing to gain. The video is standard
input, already open: neither a path nor a name reaches FFmpeg. Once all libraries are loaded the process gives away its
rights (`rights`); besides, FFmpeg is told to take no container but the one that the file begins like, and to open
nothing that a container names. The time without progress is bounded, too; frames go out as they come, so that those
before a crash count.
"""

from __future__ import annotations

import faulthandler
import io
import math
import os
import signal
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import cv2
import numpy as np

from untag.imaging.moments import MOST_MOMENTS, Chosen, kept_moment
from untag.imaging.rights import give_up_rights
from untag.imaging.video_wire import End, Kind, Message, size_message
from untag.types import Pixels

_APART = 1.0
"""Seconds between two frames, at least."""

_JPEG_QUALITY = 90
_MOST_BYTES = 48 * 1024 * 1024
"""Of all frames together."""

_MEMORY = 1024 * 1024 * 1024
"""Bytes beside what the process has when it begins: sixteen frames of 8 K are half of it."""

_MOST_PIXELS = 64_000_000
_QUIET_SECONDS = 120.0
"""Without any progress: the process ends itself."""

_BEAT_SECONDS = 0.5
_LOOK_SECONDS = 0.1
"""Between two frames that are compared with the one before; what lies between is decoded only."""

_STEP_BY_SEEKING = 4.0
"""Where frames are taken further apart than this, the decoder jumps to each."""

_TRY_SECONDS = 5.0
_MOST_LOST = 5


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for: frames of at most `max_side`, within `seconds` of work; of `size` bytes from `start`.

    With `at` only the frame that is shown then.
    """

    max_side: int
    seconds: float
    start: int = 0
    size: int = -1
    at: float = -1.0

    @property
    def arguments(self) -> list[str]:
        return [str(self.max_side), str(self.seconds), str(self.start), str(self.size), str(self.at)]


class Window(io.BufferedIOBase):
    """A part of a file, as OpenCV reads one."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._size - self._at)
        self._file.seek(self._start + self._at)
        data = self._file.read(left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data

    def readinto(self, target: Any) -> int:
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


class Out:
    """The way out. Each message is progress."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._last = -math.inf

    def send(self, message: Message) -> None:
        """Sends a message at once. Raises OSError where nobody reads any more."""
        self._file.write(message.pack())
        self._file.flush()
        self._last = time.monotonic()
        _end_unless_going_on()

    def beat(self, at: float) -> None:
        """Says that the work goes on, now and then."""
        if time.monotonic() - self._last >= _BEAT_SECONDS:
            self.send(Message(Kind.BEAT, at))


def _end_unless_going_on() -> None:
    """Has the process end after a while, whatever it is in, unless this is called again."""
    if hasattr(signal, "setitimer"):
        # What faulthandler has for it is a thread, and none can be started any more.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, _QUIET_SECONDS)
    else:
        faulthandler.dump_traceback_later(_QUIET_SECONDS, exit=True)


class Video:
    """The frames of an open video, with their times."""

    def __init__(self, capture: Any, out: Out) -> None:
        self._capture = capture
        self._out = out
        self._number = 0
        self.at = -1.0
        rate = capture.get(cv2.CAP_PROP_FPS)
        self._rate = rate if math.isfinite(rate) and 1 <= rate <= 1000 else 25.0
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.length = frames / self._rate if math.isfinite(frames) and 0 < frames < 1e9 else 0.0
        """In seconds, as the file says; a hint."""

    def step(self) -> bool:
        """Goes on to the next frame; False where there is none."""
        if not self._capture.grab():
            return False
        found = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Without time stamps all frames would be the first.
        counted = self._number / self._rate
        self.at = found if math.isfinite(found) and found > self.at else max(counted, self.at + 1 / self._rate)
        self._number += 1
        self._out.beat(max(0.0, self.at))
        return True

    def jump(self, at: float) -> bool:
        """Goes to the first frame at or after a time; False where it does not get there."""
        if not self._capture.set(cv2.CAP_PROP_POS_MSEC, at * 1000):
            return False
        before, self.at = self.at, -1.0
        self._number = round(at * self._rate)
        while self.step():
            if self.at >= at - 0.5 / self._rate:
                return True
        self.at = before
        return False

    def pixels(self, max_side: int) -> Pixels | None:
        """The frame, reduced, as RGB; None where it is damaged. The first one says how large they are."""
        found, bgr = self._capture.retrieve()
        if not found or bgr is None or bgr.ndim != 3:
            return None
        height, width = bgr.shape[:2]
        width, height = self._shown(width, height)
        scale = min(1.0, max_side / max(width, height)) if max_side else 1.0
        wanted = max(1, round(width * scale)), max(1, round(height * scale))
        if wanted != (bgr.shape[1], bgr.shape[0]):
            bgr = cv2.resize(bgr, wanted, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(bgr[:, :, ::-1])

    def size(self) -> tuple[int, int]:
        """Of the upright frames that are shown."""
        found, bgr = self._capture.retrieve()
        return self._shown(bgr.shape[1], bgr.shape[0]) if found and bgr is not None else (0, 0)

    def _shown(self, width: int, height: int) -> tuple[int, int]:
        """Pixels that are no squares, as those of camcorders, make the picture wider than it has columns."""
        across, down = self._capture.get(cv2.CAP_PROP_SAR_NUM), self._capture.get(cv2.CAP_PROP_SAR_DEN)
        aspect = across / down if across > 0 and down > 0 else 1.0
        if not 0.4 < aspect < 2.5 or aspect == 1.0:
            return width, height
        turned = round(self._capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90
        return (width, round(height * aspect)) if turned else (round(width * aspect), height)


def main(arguments: list[str]) -> None:
    """Decodes standard input as the arguments of a `Job` say, and sends messages to standard output."""
    numbers = [float(argument) for argument in arguments]
    job = Job(int(numbers[0]), numbers[1], int(numbers[2]), int(numbers[3]), numbers[4])
    out = Out(os.fdopen(os.dup(1), "wb"))
    # Whatever prints by itself is kept off the messages.
    os.dup2(2, 1)
    make_ready()
    give_up_rights(math.ceil(job.seconds) + 60, _MEMORY)
    size = os.fstat(0).st_size - job.start if job.size < 0 else job.size
    with suppress(BrokenPipeError):
        work(os.fdopen(0, "rb", closefd=False), job, size, out)


def work(file: IO[bytes], job: Job, size: int, out: Out) -> None:
    """Sends the frames, and how it ended."""
    out.send(Message(Kind.BEAT, 0.0))
    try:
        end, at = _decoded(Window(file, job.start, size), job, out)
    except (MemoryError, cv2.error) as error:
        short = isinstance(error, MemoryError) or "memory" in str(error).lower()
        end, at = End.MEMORY if short else End.FAILED, 0.0
    out.send(Message(Kind.END, at, end.encode()))


def make_ready() -> None:
    """Loads what OpenCV loads with the first video: later nothing can be."""
    with suppress(OSError, AttributeError):
        os.nice(10)
    cv2.setNumThreads(1)
    _capture(io.BytesIO(b"\0" * 64), [])


def _capture(file: Any, options: list[int]) -> Any:
    """OpenCV's reader of a file that is open, which its types do not have."""
    return cv2.VideoCapture(file, cv2.CAP_FFMPEG, options)


def _decoded(window: Window, job: Job, out: Out) -> tuple[End, float]:
    # FFmpeg's own threads would hold a frame each.
    options = [cv2.CAP_PROP_N_THREADS, 1, cv2.CAP_PROP_HW_ACCELERATION, cv2.VIDEO_ACCELERATION_NONE]
    capture = _capture(window, options)
    if not capture.isOpened():
        return End.NO_FRAME, 0.0
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if width * height > _MOST_PIXELS:
        return End.TOO_LARGE, 0.0
    video = Video(capture, out)
    if job.at >= 0:
        return _one(video, job, out)
    return _spread(video, job, out)


def _one(video: Video, job: Job, out: Out) -> tuple[End, float]:
    """The frame that is shown at a time."""
    if not (job.at > 0 and video.jump(job.at)) and not video.step():
        return End.NO_FRAME, 0.0
    while video.at < job.at - 1e-3 and video.step():
        pass
    pixels = video.pixels(job.max_side)
    if pixels is None:
        return End.NO_FRAME, video.at
    out.send(size_message(*video.size()))
    out.send(Message(Kind.FRAME, video.at, kept_moment(video.at, pixels, _JPEG_QUALITY).data))
    return End.DONE, video.at


def _spread(video: Video, job: Job, out: Out) -> tuple[End, float]:
    """The frames that differ, at most one a second, spread over all of it."""
    until = time.process_time() + job.seconds
    chosen = Chosen(apart=_APART)
    sizes: list[int] = []
    for at, pixels in _looks(video, chosen, job, until):
        if not sizes:
            out.send(size_message(*video.size()))
        if not chosen.add(at, pixels):
            continue
        data = kept_moment(at, pixels, _JPEG_QUALITY).data
        out.send(Message(Kind.FRAME, at, data))
        sizes.append(len(data))
        if chosen.thin(anyway=sum(sizes) > _MOST_BYTES):
            sizes = sizes[::2]
            out.send(Message(Kind.THIN, at))
    if not sizes:
        return (End.TIME if time.process_time() > until else End.NO_FRAME), max(0.0, video.at)
    return (End.TIME if time.process_time() > until else End.DONE), max(0.0, video.at)


def _looks(video: Video, chosen: Chosen, job: Job, until: float) -> Iterator[tuple[float, Pixels]]:
    """Frames to choose from: one after the other, or from place to place where that takes too long."""
    step = video.length / MOST_MOMENTS
    if step <= _STEP_BY_SEEKING and not (yield from _in_turn(video, chosen, job, until)):
        return
    step = max(step, _APART)
    at = max(0.0, video.at)
    lost = 0
    while at < video.length and lost < _MOST_LOST and time.process_time() <= until:
        if video.jump(at) and (pixels := video.pixels(job.max_side)) is not None:
            lost = 0
            yield video.at, pixels
        else:
            lost += 1
        at = max(at, video.at) + step
    if lost == _MOST_LOST or not video.length:
        yield from _in_turn(video, chosen, job, until, to_the_end=True)


def _in_turn(
    video: Video, chosen: Chosen, job: Job, until: float, *, to_the_end: bool = False
) -> Generator[tuple[float, Pixels], None, bool]:
    """All frames that are due; the end of it is True where going on so would take more than the time that is left."""
    began, since = time.process_time(), video.at
    looked = -math.inf
    while video.step():
        now = time.process_time()
        if now > until:
            return False
        if not to_the_end and now - began > _TRY_SECONDS:
            pace = (video.at - since) / (now - began)
            if video.at + pace * (until - now) < video.length:
                return True
        if (chosen.is_due(video.at) and video.at - looked >= _LOOK_SECONDS - 1e-3) and (
            (pixels := video.pixels(job.max_side)) is not None
        ):
            looked = video.at
            yield video.at, pixels
    return False


if __name__ == "__main__":
    main(sys.argv[1:])
