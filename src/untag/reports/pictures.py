"""The pictures of a report, read from the files in which the findings lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from untag.errors import UntagError
from untag.imaging.limits import Limits
from untag.imaging.thumbnail import Thumbnail, make_thumbnail
from untag.sources.base import open_source
from untag.sources.paths import os_path
from untag.types import Finding


def file_thumbnails(limits: Limits) -> Callable[[Finding], Thumbnail | None]:
    """A function that makes a finding's thumbnail, or None when its file cannot be read any more."""

    def thumbnail(finding: Finding) -> Thumbnail | None:
        try:
            source = open_source(Path(os_path(finding.path)), limits=limits)
            entry = next(iter(source.photos()))
            return make_thumbnail(source.read(entry), limits=limits)  # type: ignore[arg-type]
        except (UntagError, StopIteration):
            return None

    return thumbnail
