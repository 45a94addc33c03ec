"""The pictures of a report, read from where the findings lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from untag.errors import UntagError
from untag.imaging.limits import Limits
from untag.imaging.thumbnail import Thumbnail, make_thumbnail
from untag.sources.reading import StoredPhotos
from untag.types import Finding


@contextmanager
def file_thumbnails(limits: Limits) -> Iterator[Callable[[Finding], Thumbnail | None]]:
    """A function that makes a finding's thumbnail, or None when its photo cannot be read any more."""
    with closing(StoredPhotos(limits)) as photos:

        def thumbnail(finding: Finding) -> Thumbnail | None:
            try:
                return make_thumbnail(photos.read(finding.path), limits=limits)
            except UntagError:
                return None

        yield thumbnail
