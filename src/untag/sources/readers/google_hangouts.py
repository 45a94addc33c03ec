"""Hangouts in a Takeout of before 2023: `Hangouts.json` beside the pictures that were sent.

The shape was read in public parsers. Google calls a picture as the last part of its address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from untag.errors import ReadFailure
from untag.sources.reader import Files
from untag.sources.streaming import MAX_STREAMED_BYTES, streamed
from untag.sources.text import iso_time, items, member, parse_json, text
from untag.types import Origin, Outcome

PLATFORM = "hangouts"
FILE = "Hangouts.json"

_MICROSECONDS = 1_000_000


def sent_files(files: Files) -> Iterator[tuple[str, Origin]]:
    """The names of the pictures that were sent, in order, with who sent each. Raises ReadFailure."""
    for conversation in _conversations(files.read(FILE, MAX_STREAMED_BYTES)):
        inner = member(conversation, "conversation", "conversation") or member(conversation, "conversation")
        names = dict(_people(inner))
        title = text(member(inner, "name"))
        for event in (*items(conversation.get("events")), *items(conversation.get("event"))):
            origin = _origin(event, names, title)
            for attachment in items(member(event, "chat_message", "message_content", "attachment")):
                name = _name_of(attachment)
                if name is not None:
                    yield name, origin


def _conversations(data: bytes) -> Iterator[dict[str, Any]]:
    """Those of a Takeout, or of one before 2018, which had them one level deeper."""
    try:
        value = parse_json(data)
    except ReadFailure as failure:
        if failure.outcome is not Outcome.TOO_LARGE:
            raise
        yield from (found for found in streamed(data, "conversations.item") if isinstance(found, dict))
        return
    yield from items(member(value, "conversations"))
    for outer in items(member(value, "conversation_state")):
        state = member(outer, "conversation_state")
        if isinstance(state, dict):
            yield state


def _people(conversation: Any) -> Iterator[tuple[str, str]]:
    for person in items(member(conversation, "participant_data")):
        key, name = text(member(person, "id", "gaia_id")), text(person.get("fallback_name"))
        if key is not None and name is not None:
            yield key, name


def _origin(event: dict[str, Any], names: dict[str, str], title: str | None) -> Origin:
    sender = text(member(event, "sender_id", "gaia_id"))
    segments = items(member(event, "chat_message", "message_content", "segment"))
    try:
        seconds = int(event.get("timestamp", "")) / _MICROSECONDS
    except (TypeError, ValueError, OverflowError):
        seconds = None
    return Origin(
        platform=PLATFORM,
        poster=names.get(sender or ""),
        caption=text("".join(found for segment in segments if (found := text(segment.get("text"))) is not None)),
        album=title,
        posted_at=None if seconds is None else iso_time(seconds),
    )


def _name_of(attachment: dict[str, Any]) -> str | None:
    """The last part of a picture's address, which is the name of its file."""
    item = attachment.get("embed_item")
    photo = member(item, "plus_photo") or member(item, "embeds.PlusPhoto.plus_photo")
    for key in ("url", "original_content_url"):
        address = text(member(photo, key)) or text(member(photo, "thumbnail", "image_url"))
        try:
            name = unquote(urlsplit(address or "").path).rpartition("/")[2]
        except ValueError:
            continue
        if "." in name:
            return name
    return None
