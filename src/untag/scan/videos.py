"""The stages that read and decode videos: always on this machine, whose processes see the file itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from untag.config import Settings
from untag.errors import ReadFailure
from untag.imaging.phash import perceptual_hash
from untag.imaging.versions import decoders_key
from untag.imaging.video import VideoCancelled, VideoPart, look_through_video
from untag.scan.items import Decoded, Failed, LoadedVideo, Unchanged, VideoTask
from untag.scan.over_time import frame_at as frame_of
from untag.scan.pipeline import Stage
from untag.scan.stages import SEARCH_SIDE
from untag.scan.workplace import of_kind
from untag.support.paths import folder_of
from untag.types import Frame

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(slots=True)
class Videos:
    """Reads videos in pieces, and has their frames decoded. What was `cancelled` under way comes to nothing.

    None is begun after the moment `until`, by `time.monotonic`; `left` counts those, which the next scan begins, and
    `left_in` are their folders.
    """

    settings: Settings
    cancelled: Callable[[], bool]
    until: float = math.inf
    left: int = 0
    left_in: set[str] = field(default_factory=set)

    def reading(self) -> Stage[Any, Any]:
        """From `VideoTask` to `LoadedVideo`, `Failed` or `Unchanged`."""
        return Stage("hash", of_kind(VideoTask, _those(self.read)))

    def decoding(self) -> Stage[Any, Any]:
        """From `LoadedVideo` to `Decoded`, or `Failed`."""
        return Stage("video", of_kind(LoadedVideo, _those(self.decode)), workers=max(1, self.settings.jobs))

    def read(self, task: VideoTask) -> LoadedVideo | Failed | Unchanged | None:
        """The hash of a video, or why it cannot be read. What is on record of one that is left stays as it is."""
        if time.monotonic() > self.until:
            self.left += 1
            self.left_in.add(folder_of(task.ref.path))
            return Unchanged((task.ref.path,), ())
        try:
            content = task.source.content(task.ref)
            sha256 = content.sha256(self.cancelled)
        except ReadFailure as failure:
            return Failed(task.ref, None, failure.outcome, str(failure))
        return None if sha256 is None else LoadedVideo(task.ref, sha256, b"", content=content)

    def decode(self, item: LoadedVideo) -> Decoded | Failed | None:
        """The frames of a video, or why it has none."""
        try:
            with item.content.opened(self.settings.home, self.cancelled) as file:
                return self._decoded(item, VideoPart(file))
        except ReadFailure as failure:  # there may be room another time
            if self.cancelled():
                return None
            return Failed(item.ref, item.sha256, failure.outcome, str(failure))

    def _decoded(self, item: LoadedVideo, video: VideoPart) -> Decoded | Failed | None:
        limits = self.settings.limits
        try:
            frame = look_through_video(video, max_side=SEARCH_SIDE, limits=limits, cancelled=self.cancelled)
        except VideoCancelled:
            return None
        except ReadFailure as failure:
            return Failed(item.ref, item.sha256, failure.outcome, str(failure), refused_by=decoders_key(limits))
        if item.ref.origin.taken_at is not None:
            # Who encodes a video again writes when that was.
            frame = replace(frame, taken_at=None)
        return Decoded(item.ref, item.sha256, frame, _hash(frame), item.concerns)


def _hash(frame: Frame) -> int:
    """That of the moment in the middle: all films of one maker may begin with the same title."""
    middle = frame_of(frame, frame.moments[len(frame.moments) // 2]) if frame.moments else None
    return perceptual_hash((frame if middle is None else middle).pixels)


def _those(step: Callable[[In], Out | None]) -> Callable[[list[In]], Iterator[Out]]:
    return lambda items: (made for item in items if (made := step(item)) is not None)
