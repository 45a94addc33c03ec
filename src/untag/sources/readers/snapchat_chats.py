"""Who sent the photos in Snapchat's chats: `chat_history.json` names them by the ids that are in the files' names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from untag.sources.dates import written_time
from untag.sources.text import items, member, text
from untag.types import Origin

PLATFORM = "snapchat"

_BETWEEN_IDS = re.compile(r"\s*[|,;]\s*|\s+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"(?:^|~)(b~[\w+=-]{8,})(?:~|$)", re.ASCII)
_LISTS = ("Received Saved Chat History", "Sent Saved Chat History", "Received Snap History", "Sent Snap History")
"""Chats before 2023: lists of messages of all conversations together."""


@dataclass(slots=True)
class Chats:
    """What messages say of photos, by their ids. `owner` is the user name for what one sent oneself."""

    owner: str | None = None
    messages: dict[str, Origin] = field(default_factory=dict)

    def read(self, value: Any) -> bool:
        """Notes the messages in a history; False when it is none."""
        if not isinstance(value, dict):
            return False
        for conversation, messages in value.items():
            # A group without a name is called by its number.
            title = None if conversation in _LISTS or _UUID.fullmatch(conversation) else text(conversation)
            for message in items(messages):
                for media_id in _ids(message):
                    self.messages.setdefault(media_id, self._origin(message, title))
        return True

    def find(self, name: str) -> Origin | None:
        """What is known of the file that is called `name`, without its day: `b~EiQSF….jpg`."""
        stem = name.rpartition(".")[0] or name
        inside = _ID.search(stem)
        for candidate in (name, stem, stem.partition("~")[2], *(() if inside is None else (inside[1],))):
            if candidate in self.messages:
                return self.messages[candidate]
        return None

    def _origin(self, message: dict[str, Any], conversation: str | None) -> Origin:
        sender = text(message.get("From")) or text(message.get("Sender"))
        if sender is None and (message.get("IsSender") is True or text(message.get("To")) is not None):
            sender = self.owner
        return Origin(
            PLATFORM,
            poster=sender,
            caption=text(message.get("Content")) or text(message.get("Text")),
            album=text(message.get("Conversation Title")) or conversation,
            posted_at=written_time(message.get("Created")),
        )


def _ids(message: dict[str, Any]) -> Iterator[str]:
    for key in (key for key in message if key.lower() in ("media ids", "media id")):
        value = message[key]
        values = value if isinstance(value, list) else [value]
        yield from (found for one in values for found in _BETWEEN_IDS.split(text(one) or "") if found)


def owner_of(value: Any) -> tuple[str, ...]:
    """The user name and the name in `account.json`."""
    about = member(value, "Basic Information")
    names = (text(member(about, "Username")), text(member(about, "Name")))
    return tuple(name for name in names if name is not None)
