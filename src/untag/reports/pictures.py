"""The pictures of a report, read from where the findings lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from untag.errors import UntagError
from untag.imaging.limits import Limits
from untag.imaging.thumbnail import Thumbnail, make_thumbnail, thumbnail_of
from untag.imaging.video import VideoPart, frame_at
from untag.sources.reading import StoredPhotos
from untag.types import Finding


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """The longer side in pixels, and libjpeg's quality."""

    max_side: int
    quality: int


_SIZES = ((200, ThumbnailSize(480, 78)), (500, ThumbnailSize(400, 70)), (1000, ThumbnailSize(320, 70)))
_SMALLEST = ThumbnailSize(240, 62)


def thumbnail_size(photos: int) -> ThumbnailSize:
    """Smaller pictures where there are many, so that a browser opens the file and it can be sent to somebody."""
    return next((size for most, size in _SIZES if photos <= most), _SMALLEST)


@contextmanager
def file_thumbnails(limits: Limits, size: ThumbnailSize, room: Path) -> Iterator[Callable[[Finding], Thumbnail | None]]:
    """A function that makes a finding's thumbnail, or None when its photo cannot be read any more.

    `room` is the folder that takes a video out of its archive while a frame is decoded.
    """
    with closing(StoredPhotos(limits)) as photos:

        def thumbnail(finding: Finding) -> Thumbnail | None:
            at = finding.spans[0].at if finding.spans else 0.0
            try:
                if photos.is_video(finding.path):
                    with photos.content(finding.path).opened(room) as file:
                        frame = frame_at(VideoPart(file), at, max_side=size.max_side, limits=limits)
                    return thumbnail_of(frame, size.quality)
                data = photos.read(finding.path)
                return make_thumbnail(data, max_side=size.max_side, quality=size.quality, limits=limits, at=at)
            except UntagError:
                return None

        yield thumbnail
