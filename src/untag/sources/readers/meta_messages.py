"""Photos in the conversations of Facebook and Instagram: who sent them, when, and in which conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from untag.errors import ReadFailure
from untag.sources.readers.meta import Gathering, posted_time
from untag.sources.streaming import LargeList
from untag.sources.text import items, member, read_error, repaired
from untag.types import Origin

WANTED_BY = "your messages"


def is_thread(value: Any) -> bool:
    """Whether JSON is a conversation, as the sites write it or as Facebook writes end-to-end encrypted ones."""
    return isinstance(member(value, "messages"), list | LargeList)


def is_encrypted_thread(value: Any) -> bool:
    """Whether JSON is a conversation as Facebook writes end-to-end encrypted ones, flat and in camel case."""
    return any("senderName" in message for message in items(member(value, "messages")))


def is_empty_encrypted_thread(value: Any) -> bool:
    """Whether JSON is an end-to-end encrypted conversation without messages, as is every second one."""
    return isinstance(member(value, "threadName"), str) and member(value, "messages") == []


def read_thread(gathering: Gathering, name: str, value: Any, platform: str) -> None:
    """Note the origin of each photo and video in a conversation. There is no link to a message, so none is given."""
    near = name.rpartition("/")[0]
    title = repaired(value.get("title")) or repaired(value.get("thread_name")) or repaired(value.get("threadName"))
    for message in _messages(gathering, name, value["messages"]):
        for media in _media(message):
            origin = Origin(
                platform=platform,
                poster=repaired(message.get("sender_name")) or repaired(message.get("senderName")),
                caption=repaired(message.get("content")) or repaired(message.get("text")),
                album=title,
                posted_at=posted_time(
                    message.get("timestamp_ms"), message.get("timestamp"), media.get("creation_timestamp")
                ),
            )
            gathering.add(media.get("uri"), origin, wanted_by=WANTED_BY, near=near)


def _messages(gathering: Gathering, name: str, messages: Any) -> Iterator[dict[str, Any]]:
    """The messages; where large JSON is damaged, those before the damage."""
    try:
        yield from messages if isinstance(messages, LargeList) else items(messages)
    except ReadFailure as failure:
        gathering.errors.append(read_error(gathering.files, name, failure))


def _media(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from items(message.get("photos"))
    yield from items(message.get("videos"))
    yield from items(message.get("media"))
    # Whatever was sent as a document: is a picture only with the suffix of one.
    yield from (media for media in items(message.get("files")) if "." in str(media.get("uri")).rpartition("/")[2])
