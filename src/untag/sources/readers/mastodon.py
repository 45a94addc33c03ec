"""The archive of an account at an instance of Mastodon: `outbox.json` (ActivityPub), `actor.json` and the media.

Its shape is that of W3C ActivityStreams 2.0 and was read in two public parsers; no archive of a real account was seen.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.html_tokens import Start, Words, tokens
from untag.sources.links import page
from untag.sources.reader import Description, Files, is_photo
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.types import LinkConfidence, Origin, ReadError

PLATFORM = "mastodon"
OUTBOX, ACTOR = "outbox.json", "actor.json"

_PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_MEDIA = "media_attachments/"
_PROFILE = ("avatar", "header")


class Mastodon:
    """The archive of an account."""

    name = "mastodon"
    platform = PLATFORM
    top_names = frozenset((OUTBOX,))

    def sniff(self, files: Files) -> bool:
        """Whether the posts and whose they are lie beside each other. Raises nothing."""
        return OUTBOX in files and ACTOR in files

    def describe(self, files: Files) -> Description:
        """The photos of posts with their links; avatar and header are no posts. Raises nothing."""
        errors: list[ReadError] = []
        understood: list[str] = []

        def read(name: str) -> Any:
            try:
                value = read_json(files, name)
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
                return None
            understood.append(name)
            return value

        actor, outbox = read(ACTOR), read(OUTBOX)
        handle = text(member(actor, "preferredUsername"))
        names = (handle, text(member(actor, "name")))
        posts = member(outbox, "orderedItems")
        if outbox is not None and not isinstance(posts, list):
            errors.append(wrong_shape(files, OUTBOX, "a list of posts"))
        origins = {
            file: origin
            for post in items(posts)
            for file, origin in _photos(post, handle)
            if file in files and is_photo(files, file)
        }
        for file in files.names:
            if file.partition(".")[0] in _PROFILE and is_photo(files, file):
                origins[file] = Origin(PLATFORM, poster=handle)
        return Description(
            origins=origins,
            understood=frozenset(understood),
            owner=tuple(dict.fromkeys(name for name in names if name is not None)),
            errors=tuple(errors),
        )


def _photos(activity: dict[str, Any], handle: str | None) -> list[tuple[str, Origin]]:
    """The files of a post; one that was only boosted is an address, and has none."""
    note = activity.get("object")
    link = page(member(note, "url")) or page(member(note, "id"))
    to = member(note, "to") or activity.get("to")
    origin = Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=handle,
        caption=_words(text(member(note, "content")) or ""),
        posted_at=written_time(member(note, "published")) or written_time(activity.get("published")),
        audience="public" if isinstance(to, list) and _PUBLIC in to else None,
    )
    urls = (text(attachment.get("url")) for attachment in items(member(note, "attachment")))
    return [(file, origin) for url in urls if url is not None for file in _files_of(url)]


def _files_of(url: str) -> tuple[str, ...]:
    """Where the file of an address may lie in the archive: below the folder of media, whatever is before it."""
    path = unquote(urlsplit(url).path if "://" in url else url).lstrip("/")
    start = path.find(_MEDIA)
    return (path,) if start < 0 else (path, path[start:])


def _words(html: str) -> str | None:
    said: list[str] = []
    for token in tokens(html):
        match token:
            case Words(words):
                said.append(words)
            case Start("p" | "br"):
                said.append("\n")
            case _:
                pass
    return text("".join(said))


READER = Mastodon()
