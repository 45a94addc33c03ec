"""Google Chat in a Takeout: `messages.json` beside the files that were sent in a conversation.

The shape was read in public parsers; the dates are in English there, and other languages are read as they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import splitext
from typing import Any

from untag.errors import ReadFailure
from untag.sources.reader import Description, Files, photos_of
from untag.sources.readers import google_hangouts
from untag.sources.readers.takeout_pairs import file_name
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.sources.worded_dates import worded_time
from untag.types import Origin, ReadError

PLATFORM = "google_chat"
FILE, GROUP = "messages.json", "group_info.json"

_SNIFFED_BYTES = 64 * 1024 * 1024


class GoogleChat:
    """The messages of a conversation, with the files beside them."""

    name = "google_chat"
    marks = frozenset((FILE, google_hangouts.FILE.lower()))

    def sniff(self, files: Files) -> bool:
        """Whether a message in the folder's list has a creator, or the list is that of Hangouts. Raises nothing."""
        if google_hangouts.FILE in files:
            return True
        if FILE not in files:
            return False
        try:
            value = read_json(files, FILE, max_bytes=_SNIFFED_BYTES)
        except ReadFailure:
            return False
        return any("creator" in message for message in items(member(value, "messages")))

    def describe(self, files: Files) -> Description:
        """Who sent each photo, when, and in which conversation; there are no links. Raises nothing."""
        if google_hangouts.FILE in files:
            return _of_hangouts(files)
        try:
            value = read_json(files, FILE)
        except ReadFailure as failure:
            return Description(errors=(read_error(files, FILE, failure),))
        if not isinstance(member(value, "messages"), list):
            return Description(errors=(wrong_shape(files, FILE, "messages"),))
        conversation = _name_of(files)
        sent: dict[str, list[Origin]] = {}
        for message in items(member(value, "messages")):
            for attached in items(message.get("attached_files")):
                name = text(attached.get("export_name"))
                if name is not None:
                    sent.setdefault(name, []).append(_origin(message, conversation))
        origins = _assigned(sent, files, Origin(PLATFORM, album=conversation))
        return Description(origins=origins, understood=frozenset((FILE,)))


def _of_hangouts(files: Files) -> Description:
    sent: dict[str, list[Origin]] = {}
    errors: tuple[ReadError, ...] = ()
    try:
        for name, origin in google_hangouts.sent_files(files):
            sent.setdefault(name, []).append(origin)
    except ReadFailure as failure:
        errors = (read_error(files, google_hangouts.FILE, failure),)
    origins = _assigned(sent, files, Origin(google_hangouts.PLATFORM))
    return Description(origins=origins, understood=frozenset((google_hangouts.FILE,)), errors=errors)


def _assigned(sent: Mapping[str, Sequence[Origin]], files: Files, unsaid: Origin) -> dict[str, Origin]:
    """The origins of all photos: those that were `sent` by their names, of others what is `unsaid`."""
    origins = dict.fromkeys(photos_of(files), unsaid)
    for name, several in sent.items():
        found = _files_of(name, len(several), files)
        origins.update((file, origin) for file, origin in zip(found, several, strict=False) if file in origins)
    return origins


def _files_of(name: str, count: int, files: Files) -> list[str]:
    """The files of `count` attachments that have one name, in their order; none where as many are not here.

    Google replaces signs that file names cannot have, cuts what is long, and counts what comes again.
    """
    first = next((one for one in (name, file_name(name)) if one in files), None)
    if first is None:
        return []
    stem, suffix = splitext(first)
    found = [first]
    while (following := f"{stem}({len(found)}){suffix}") in files:
        found.append(following)
    return found if len(found) == count else found[:1] if count == 1 else []


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
    """`Wednesday, May 1, 2024 at 12:00:00 PM UTC`, in the account's language."""
    return worded_time(value) if isinstance(value, str) else None


READER = GoogleChat()
