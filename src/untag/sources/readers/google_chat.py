"""Google Chat in a Takeout: `messages.json` beside the files that were sent in a conversation.

The shape was read in public parsers; the dates are in English there and were seen in no other language.
"""

from __future__ import annotations

import re
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import english_month, moment
from untag.sources.reader import Description, Files, is_photo
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.types import Origin

PLATFORM = "google_chat"
FILE, GROUP = "messages.json", "group_info.json"

_SNIFFED_BYTES = 64 * 1024 * 1024
_DATE = re.compile(r"\w+, (\w+) (\d{1,2}), (\d{4}) at (\d{1,2}):(\d\d):(\d\d)\s(AM|PM) UTC", re.ASCII | re.IGNORECASE)


class GoogleChat:
    """The messages of a conversation, with the files beside them."""

    name = "google_chat"
    marks = frozenset((FILE,))

    def sniff(self, files: Files) -> bool:
        """Whether a message in the folder's list has a creator. Raises nothing."""
        if FILE not in files:
            return False
        try:
            value = read_json(files, FILE, max_bytes=_SNIFFED_BYTES)
        except ReadFailure:
            return False
        return any("creator" in message for message in items(member(value, "messages")))

    def describe(self, files: Files) -> Description:
        """Who sent each photo, when, and in which conversation; there are no links. Raises nothing."""
        try:
            value = read_json(files, FILE)
        except ReadFailure as failure:
            return Description(errors=(read_error(files, FILE, failure),))
        if not isinstance(member(value, "messages"), list):
            return Description(errors=(wrong_shape(files, FILE, "messages"),))
        conversation = _name_of(files)
        origins: dict[str, Origin] = {}
        for message in items(member(value, "messages")):
            origin = _origin(message, conversation)
            for attached in items(message.get("attached_files")):
                name = text(attached.get("export_name"))
                if name is not None and name in files and is_photo(files, name):
                    origins.setdefault(name, origin)
        return Description(origins=origins, understood=frozenset((FILE,)))


def _name_of(files: Files) -> str | None:
    """The name of a space; a conversation of two has none."""
    try:
        return text(member(read_json(files, GROUP), "name")) if GROUP in files else None
    except ReadFailure:
        return None


def _origin(message: dict[str, Any], conversation: str | None) -> Origin:
    return Origin(
        platform=PLATFORM,
        poster=text(member(message, "creator", "name")),
        caption=text(message.get("text")),
        album=conversation,
        posted_at=_time(message.get("created_date")),
    )


def _time(value: Any) -> str | None:
    """`Wednesday, May 1, 2024 at 12:00:00 PM UTC`."""
    match = _DATE.fullmatch(value.strip().replace("\u202f", " ")) if isinstance(value, str) else None
    if match is None or (month := english_month(match[1])) is None or not 1 <= int(match[4]) <= 12:
        return None
    hour = int(match[4]) % 12 + 12 * (match[7].upper() == "PM")
    return moment(int(match[3]), month, int(match[2]), (hour, int(match[5]), int(match[6])), utc=True)


READER = GoogleChat()
