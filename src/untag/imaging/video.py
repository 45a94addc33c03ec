"""The frames of a video, decoded by a process of their own: whatever becomes of it, this one goes on."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

from untag.errors import ReadFailure
from untag.imaging.containers import Container, sniff_video
from untag.imaging.decode import decode
from untag.imaging.iso_media import MediaFacts, media_facts
from untag.imaging.limits import Limits
from untag.imaging.moments import MOST_MOMENTS
from untag.imaging.sniff import SNIFF_BYTES, describe
from untag.imaging.video_child import Job
from untag.imaging.video_wire import End, GarbageError, Kind, Message, receive
from untag.support.words import clock
from untag.types import Fault, Frame, Moment, Outcome

COMMAND = (sys.executable, "-P", "-m", "untag.imaging.video_child")
"""With -P nothing is imported from the current folder: it may be one of downloads."""

_HOLDS = 512 * 1024 * 1024
"""Bytes of memory that one video is counted for: the frames that wait, and those that the process refers to."""

_QUIET_SECONDS = 180.0
"""Without a word the process is ended: it should have ended itself."""

_PATIENCE = 8
"""How many times as long as its work the process may take: others use the processor, too."""

_LOOK_SECONDS = 0.2
_ONE_FRAME_SECONDS = 20.0
_MOST_HELD = 128 * 1024 * 1024
_MISSING_SHARE, _MISSING_SECONDS = 0.1, 3.0


class VideoCancelled(Exception):  # noqa: N818 - a signal, not an error
    """The scan was stopped; nothing is said of this video."""


@dataclass(frozen=True, slots=True)
class VideoPart:
    """A video in an open file of the system: `size` bytes from `start`, to the end where it is None."""

    file: IO[bytes]
    start: int = 0
    size: int | None = None

    @property
    def length(self) -> int:
        return os.fstat(self.file.fileno()).st_size - self.start if self.size is None else self.size


def look_through_video(
    video: VideoPart, *, max_side: int, limits: Limits, cancelled: Callable[[], bool] = lambda: False
) -> Frame:
    """The first frame with the moments after it that differ, at most one a second and `MOST_MOMENTS` in all.

    Where less than all was looked at, for want of time (`limits.video_seconds`) or for damage, the `fault` says so.
    Raises ReadFailure with a sentence where nothing could be seen, and VideoCancelled once `cancelled` says so.
    """
    container, facts = _inspected(video)
    seen = _Seen()
    job = Job(max_side, limits.video_seconds, video.start, video.length)
    with limits.decoding(0, 0, min(_HOLDS, limits.memory)):
        end = _run(video.file, job, container, seen, cancelled)
    if not seen.moments:
        raise _nothing(container, facts, end)
    return _frame(seen, facts, _fault(seen, facts, end, limits))


def frame_at(video: VideoPart, at: float, *, max_side: int, limits: Limits) -> Frame:
    """The frame that is shown at the second `at`. Raises ReadFailure."""
    container, facts = _inspected(video)
    seen = _Seen()
    job = Job(max_side, _ONE_FRAME_SECONDS, video.start, video.length, at)
    with limits.decoding(0, 0, min(_HOLDS, limits.memory)):
        end = _run(video.file, job, container, seen, lambda: False)
    if not seen.moments:
        raise _nothing(container, facts, end)
    return _frame(seen, facts, None)


class _Seen:
    """What has come of the process so far. Takes nothing that makes no sense."""

    def __init__(self) -> None:
        self.size = (0, 0)
        self.at = 0.0
        self.moments: list[Moment] = []
        self.end: End | None = None

    def take(self, message: Message) -> None:
        """Raises GarbageError."""
        self.at = max(self.at, message.at)
        match message.kind:
            case Kind.SIZE:
                self.size = message.size
                if min(self.size) < 1:
                    raise GarbageError
            case Kind.FRAME:
                held = sum(len(moment.data) for moment in self.moments) + len(message.payload)
                later = not self.moments or message.at > self.moments[-1].at
                if not later or held > _MOST_HELD or len(self.moments) > MOST_MOMENTS:
                    raise GarbageError
                self.moments.append(Moment(message.at, message.payload))
            case Kind.THIN:
                self.moments = self.moments[::2]
            case Kind.END:
                self.end = message.end
            case Kind.BEAT:
                pass


def _inspected(video: VideoPart) -> tuple[Container, MediaFacts]:
    """The container, and what it says of itself. Raises ReadFailure."""
    try:
        video.file.seek(video.start)
        head = video.file.read(min(SNIFF_BYTES, video.length))
        if not head:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")
        container = sniff_video(head)
        if container is None:
            raise ReadFailure(Outcome.NOT_AN_IMAGE, f"not a video (it starts like {describe(head)})")
        facts = MediaFacts()
        if container is Container.MP4:
            facts = media_facts(video.file, video.start, video.length)
        elif container is Container.AVI:
            facts = MediaFacts(cut_off=int.from_bytes(head[4:8], "little") + 8 > video.length)
    except OSError as error:
        raise ReadFailure(Outcome.BROKEN, f"it cannot be read from the disk ({error.strerror or error})") from error
    return container, facts


def _run(file: IO[bytes], job: Job, container: Container, seen: _Seen, cancelled: Callable[[], bool]) -> End:
    """Has the process do the job; how that ended, whatever happened."""
    until = time.monotonic() + _PATIENCE * job.seconds + _QUIET_SECONDS
    with _started(file, job, container) as process:
        assert process.stdout is not None
        try:
            while seen.end is None:
                quiet = min(until, time.monotonic() + _QUIET_SECONDS)
                message = receive(partial(_read, process.stdout.fileno(), quiet, cancelled))
                if message is None:
                    return End.FAILED
                seen.take(message)
        except (GarbageError, TimeoutError):
            return End.FAILED
    return seen.end


@contextmanager
def _started(file: IO[bytes], job: Job, container: Container) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ended in any case. Raises ReadFailure."""
    below_normal = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [*COMMAND, *job.arguments],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_environment(container)},
            bufsize=0,
            creationflags=below_normal,
            # Ctrl-C is for the scan, which ends this process itself.
            process_group=None if os.name == "nt" else 0,
        )
    except OSError as error:
        raise ReadFailure(Outcome.NOT_ANALYSED, f"the decoder could not be started ({error.strerror})") from error
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _environment(container: Container) -> dict[str, str]:
    """FFmpeg takes this container and no other, and opens nothing that it names: playlists, parts, addresses."""
    return {
        "OPENCV_FFMPEG_CAPTURE_OPTIONS": f"format_whitelist;{container}|protocol_whitelist;none",
        "OPENCV_LOG_LEVEL": "SILENT",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _read(descriptor: int, until: float, cancelled: Callable[[], bool], size: int) -> bytes:
    """So many bytes of a pipe, fewer only at its end. Raises TimeoutError, and VideoCancelled."""
    pieces = []
    while size:
        _wait(descriptor, until, cancelled)
        piece = os.read(descriptor, min(size, 1 << 20))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _wait(descriptor: int, until: float, cancelled: Callable[[], bool]) -> None:
    """Until there is something to read. On Windows pipes cannot be asked: the process says something twice a second,
    and ends itself where it hangs."""
    while True:
        if cancelled():
            raise VideoCancelled
        if time.monotonic() > until:
            raise TimeoutError
        if not hasattr(select, "poll"):
            return
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if poll.poll(_LOOK_SECONDS * 1000):
            return


def _frame(seen: _Seen, facts: MediaFacts, fault: Fault | None) -> Frame:
    try:
        pixels = decode(seen.moments[0].data, max_side=0).pixels
    except ReadFailure as failure:
        raise ReadFailure(Outcome.BROKEN, "the decoder failed: what came of it is no picture") from failure
    width, height = seen.size if min(seen.size) > 0 else (pixels.shape[1], pixels.shape[0])
    scale = pixels.shape[1] / width
    moments = tuple(seen.moments[1:])
    return Frame(pixels, width, height, scale, facts.taken_at, has_place=facts.has_place, fault=fault, moments=moments)


def _nothing(container: Container, facts: MediaFacts, end: End) -> ReadFailure:
    """Why there is no frame at all."""
    if container is Container.MP4 and not facts.indexed:
        return ReadFailure(Outcome.BROKEN, "the video is cut off: the index that comes at its end is missing")
    if container is Container.MP4 and not facts.pictured:
        return ReadFailure(Outcome.UNSUPPORTED, "it has sound and no pictures")
    match end:
        case End.TOO_LARGE:
            return ReadFailure(Outcome.TOO_LARGE, "its frames have more pixels than untag decodes")
        case End.MEMORY:
            return ReadFailure(Outcome.TOO_LARGE, "decoding it takes more memory than a video may have")
        case End.TIME:
            return ReadFailure(Outcome.TOO_LARGE, "no frame could be decoded in the time that a video may take")
        case End.NO_FRAME if not facts.cut_off:
            codec = f" ({facts.codec})" if facts.codec is not None else ""
            return ReadFailure(
                Outcome.UNSUPPORTED,
                f"no frame can be decoded: the codec{codec} may be unknown here, or the file damaged",
            )
        case _:
            cut = "cut off" if facts.cut_off else "damaged"
            return ReadFailure(Outcome.BROKEN, f"the video is {cut}: no frame can be decoded")


def _fault(seen: _Seen, facts: MediaFacts, end: End, limits: Limits) -> Fault | None:
    """Why some of the video was not looked at."""
    until = f"what it shows until {clock(seen.at)} was looked at"
    missing = facts.seconds is not None and facts.seconds - seen.at > max(
        _MISSING_SECONDS, _MISSING_SHARE * facts.seconds
    )
    if end is End.TIME:
        allowed = f"{limits.video_seconds / 60:g} minutes"
        return Fault(Outcome.TOO_LARGE, f"{until}; the {allowed} of work for one video were over (video_minutes)")
    if end in (End.FAILED, End.MEMORY):
        return Fault(Outcome.BROKEN, f"the decoder failed; {until}")
    if facts.cut_off and (missing or facts.seconds is None):
        return Fault(Outcome.BROKEN, f"the video is cut off; {until}")
    if missing:
        return Fault(Outcome.BROKEN, f"the video is damaged; {until}")
    return None
