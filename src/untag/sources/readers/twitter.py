"""The archive of an account on X, once Twitter: `data/tweets.js` (`tweet.js` until 2022) and the photos of the posts.

A photo is called `tweets_media/<number of the post>-<name at the site>`, so even without its post there is a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import english_month, moment, written_time
from untag.sources.links import tweet
from untag.sources.reader import Description, Files, is_photo
from untag.sources.streaming import MAX_STREAMED_BYTES, streamed
from untag.sources.text import items, member, parse_json, read_error, text, wrong_shape
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin, Outcome, ReadError

PLATFORM = "twitter"

_KINDS_OF_POSTS = r"(?:(?:community|deleted|(?:twitter[-_])?circle|moments|note)[-_])?tweets?"
_TWEETS = re.compile(rf"(?:data/)?{_KINDS_OF_POSTS}(?:-part\d+)?\.js", re.IGNORECASE | re.ASCII)
_MESSAGES = re.compile(r"(?:data/)?direct[-_]messages?(?:[-_]group)?(?:-part\d+)?\.js", re.IGNORECASE | re.ASCII)
_MESSAGE_FOLDERS = re.compile(r"(?:data/)?direct_messages?(?:_group)?_media/", re.IGNORECASE)
_OF_THE_PAGE = re.compile(r"(?:data/)?assets/", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?:data/)?account\.js", re.IGNORECASE)
_MEDIA_FOLDER = re.compile(r"(?:data/)?([a-z_]*media(?:_part\d+)?)/", re.IGNORECASE)
_MEDIA_NAME = re.compile(r"([1-9]\d{0,24})-.+", re.ASCII | re.DOTALL)
_OF_POSTS = re.compile(rf"{_KINDS_OF_POSTS}_media(?:_part\d+)?", re.IGNORECASE | re.ASCII)
_DELETED = "deleted"
_PREFIX = re.compile(rb"\s*window\.YTD\.[\w.]+\s*=")
_CREATED = re.compile(r"\w{3} (\w{3}) (\d\d) (\d\d):(\d\d):(\d\d) \+0000 (\d{4})", re.ASCII)


class Twitter:
    """A whole archive of X, unpacked or zipped."""

    name = "twitter"
    platform = PLATFORM
    # No "data", as too many folders are called: an archive without its page begins in there.
    top_names = frozenset(("your archive.html", "tweet.js", "tweets.js", "tweet_media", "tweets_media"))

    def sniff(self, files: Files) -> bool:
        """Whether there is a file of posts, or a photo with a post's number where photos of posts lie."""
        return any(_TWEETS.fullmatch(name) or _post_of(name) is not None for name in files.names)

    def describe(self, files: Files) -> Description:
        """The photos of posts with their links, and those of messages and of the profile, which have none."""
        archive = _Archive(files)
        for name in files.names:
            if _ACCOUNT.fullmatch(name):
                archive.read_account(name)
        for name in files.names:
            if _TWEETS.fullmatch(name):
                archive.read_tweets(name)
        for name in files.names:
            if _MESSAGES.fullmatch(name):
                archive.read_messages(name)
        archive.fill_up()
        return Description(
            origins=archive.origins,
            skipped=frozenset(name for name in files.names if _OF_THE_PAGE.match(name) and is_photo(files, name)),
            understood=frozenset(archive.understood),
            owner=tuple(name for name in (archive.handle, archive.display_name) if name is not None),
            errors=tuple(archive.errors),
        )


@dataclass(slots=True)
class _Archive:
    files: Files
    handle: str | None = None
    display_name: str | None = None
    user_id: str | None = None
    origins: dict[str, Origin] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)

    def read_account(self, name: str) -> None:
        for entry in self._entries(name, "the account"):
            account = entry.get("account", entry)
            self.handle = self.handle or text(member(account, "username"))
            self.display_name = self.display_name or text(member(account, "accountDisplayName"))
            self.user_id = self.user_id or number(member(account, "accountId"))

    def read_tweets(self, name: str) -> None:
        found = (_MEDIA_FOLDER.match(name) for name in self.files.names)
        folders = sorted({folder[0] for folder in found if folder is not None and _OF_POSTS.fullmatch(folder[1])})
        for entry in self._entries(name, "a list of posts"):
            post = entry.get("tweet", entry)
            post_id = number(member(post, "id_str")) or number(member(post, "id"))
            if post_id is None:
                continue
            for media in _media(post):
                for name in (f"{folder}{post_id}-{last}" for folder in folders for last in _file_names(media)):
                    if name in self.files and is_photo(self.files, name):
                        origin = self._origin(post, post_id, media)
                        self.origins[name] = _without_link(origin) if _DELETED in name.lower() else origin

    def read_messages(self, name: str) -> None:
        """Who sent photos is a number, which is known of the owner alone."""
        files: dict[str, list[str]] = {}
        for file in self.files.names:
            found = _message_of(file)
            if found is not None:
                files.setdefault(found, []).append(file)
        for entry in self._entries(name, "messages"):
            for message in items(member(entry, "dmConversation", "messages")):
                said = message.get("messageCreate")
                message_id = number(member(said, "id"))
                for file in () if message_id is None else files.get(message_id, ()):
                    if is_photo(self.files, file):
                        self.origins[file] = self._of_message(said)

    def _of_message(self, said: Any) -> Origin:
        sender = number(member(said, "senderId"))
        own = sender is not None and sender == self.user_id
        return Origin(
            PLATFORM,
            poster=self.handle if own else None,
            caption=text(member(said, "text")),
            posted_at=_sent(member(said, "createdAt")),
        )

    def fill_up(self) -> None:
        """Photos that no post mentions: a link where the name has the number of the post."""
        for name in self.files.names:
            if name in self.origins or _MEDIA_FOLDER.match(name) is None or not is_photo(self.files, name):
                continue
            link = None if _DELETED in name.lower() else tweet(self.handle, _post_of(name))
            confidence = LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE
            self.origins[name] = Origin(PLATFORM, permalink=link, permalink_confidence=confidence)

    def _origin(self, post: dict[str, Any], post_id: str, media: dict[str, Any]) -> Origin:
        source = number(media.get("source_user_id_str")) or number(media.get("source_user_id"))
        if source is None or source == self.user_id:
            poster, link = self.handle, tweet(self.handle, post_id)
        else:
            # Somebody else's: the post that it was first in is where it can be removed.
            poster = _mentioned(post, source)
            first = number(media.get("source_status_id_str")) or number(media.get("source_status_id"))
            link = tweet(self.handle, post_id) if first is None else tweet(poster, first)
        return Origin(
            platform=PLATFORM,
            permalink=link,
            permalink_confidence=LinkConfidence.CERTAIN,
            poster=poster,
            caption=text(post.get("full_text")) or text(post.get("text")),
            posted_at=_created(post.get("created_at")),
        )

    def _entries(self, name: str, wanted: str) -> Iterator[dict[str, Any]]:
        try:
            data = self.files.read(name, MAX_STREAMED_BYTES)
            prefix = _PREFIX.match(data.removeprefix(b"\xef\xbb\xbf"))
            if prefix is None:
                raise ReadFailure(Outcome.BROKEN, "it does not begin like a file of an archive of X")
            array = data.removeprefix(b"\xef\xbb\xbf")[prefix.end() :].rstrip().removesuffix(b";")
            try:
                value = parse_json(array)
            except ReadFailure as failure:
                if failure.outcome is not Outcome.TOO_LARGE:
                    raise
                self.understood.append(name)
                yield from (entry for entry in streamed(array, "item") if isinstance(entry, dict))
                return
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return
        if not isinstance(value, list):
            self.errors.append(wrong_shape(self.files, name, wanted))
            return
        self.understood.append(name)
        yield from items(value)


READER = Twitter()


def _file_names(media: dict[str, Any]) -> Iterator[str]:
    """What the files of one picture or video may be called, behind the number of their post: videos are there in one of
    several sizes."""
    addresses = [text(media.get("media_url_https")) or text(media.get("media_url"))]
    addresses += [text(variant.get("url")) for variant in items(member(media, "video_info", "variants"))]
    for address in addresses:
        yield (address or "").partition("?")[0].rpartition("/")[2]


def _without_link(origin: Origin) -> Origin:
    """A post that was deleted has no page any more."""
    return replace(origin, permalink=None, permalink_confidence=LinkConfidence.NONE)


def _message_of(name: str) -> str | None:
    """The number of the message in the name of one of its photos."""
    folder = _MESSAGE_FOLDERS.match(name)
    match = None if folder is None else _MEDIA_NAME.fullmatch(name[folder.end() :])
    return None if match is None else match[1]


def _post_of(name: str) -> str | None:
    """The number of the post in the name of one of its photos."""
    folder = _MEDIA_FOLDER.match(name)
    if folder is None or _OF_POSTS.fullmatch(folder[1]) is None:
        return None
    match = _MEDIA_NAME.fullmatch(name[folder.end() :])
    return None if match is None else match[1]


def _media(post: Any) -> Iterator[dict[str, Any]]:
    """Each photo of a post; the entities have only the first, the extended ones all."""
    for key in ("entities", "extended_entities"):
        yield from items(member(post, key, "media"))


def _mentioned(post: Any, user_id: str) -> str | None:
    for mention in items(member(post, "entities", "user_mentions")):
        if user_id in (mention.get("id_str"), number(mention.get("id"))):
            return text(mention.get("screen_name"))
    return None


def _sent(value: Any) -> str | None:
    """`2024-05-01T12:00:00.000Z`, to the second."""
    return written_time(value.partition(".")[0] + "Z") if isinstance(value, str) and value.endswith("Z") else None


def _created(value: Any) -> str | None:
    match = _CREATED.fullmatch(value) if isinstance(value, str) else None
    if match is None or (month := english_month(match[1])) is None:
        return None
    _, day, hour, minute, second, year = match.groups()
    return moment(int(year), month, int(day), (int(hour), int(minute), int(second)), utc=True)
