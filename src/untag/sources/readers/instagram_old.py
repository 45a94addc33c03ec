"""Instagram's download before 2021: `media.json` lists photos by their paths, `profile.json` says whose they are."""

from __future__ import annotations

import re
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.reader import Files
from untag.sources.readers.meta import Gathering
from untag.sources.text import items, member, read_json, repaired, text
from untag.types import Origin

OLD_LIST, OLD_PROFILE = "media.json", "profile.json"

_PLATFORM = "instagram"
_WANTED_BY = "your posts and stories"
_KINDS = ("photos", "stories", "profile", "direct", "videos", "archived_posts")
_OWN = frozenset(("photos", "stories", "profile", "archived_posts"))
"""Kinds of media that the owner posted; what was sent in messages may be another's."""
_MOST_SNIFFED = 64 * 1024 * 1024
_FRACTION = re.compile(r"\.\d+(?=\+|$)", re.ASCII)


def is_old(files: Files) -> bool:
    """Whether `media.json` lists media by path and time. Raises nothing."""
    if OLD_LIST not in files:
        return False
    try:
        value = read_json(files, OLD_LIST, max_bytes=_MOST_SNIFFED)
    except ReadFailure:
        return False
    return any("path" in entry and "taken_at" in entry for kind in _KINDS for entry in items(member(value, kind)))


def read_old(gathering: Gathering, name: str, value: Any) -> None:
    """Notes the owner, or the photos of a list. There are no links."""
    if name == OLD_PROFILE:
        names = (repaired(member(value, "username")), repaired(member(value, "name")))
        gathering.owner = gathering.owner or tuple(dict.fromkeys(found for found in names if found is not None))
        return
    for kind in _KINDS:
        for entry in items(member(value, kind)):
            origin = Origin(
                _PLATFORM,
                poster=gathering.poster if kind in _OWN else None,
                caption=repaired(entry.get("caption")),
                posted_at=_time(entry.get("taken_at")),
            )
            gathering.add(entry.get("path"), origin, wanted_by=_WANTED_BY)


def _time(value: Any) -> str | None:
    """`2018-02-03T12:13:14+00:00`, before 2019 without a zone; the time of posting, whatever its name says."""
    return written_time(_FRACTION.sub("", text(value) or ""))
