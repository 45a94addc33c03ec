"""What gallery-dl writes of a photo at the sites that need no code of their own: one row for each.

The fields are those of gallery-dl 1.32 (its extractors and test/results); the addresses are those that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from untag.sources.html_tokens import Start, Words, tokens
from untag.sources.links import page
from untag.sources.text import member, text
from untag.types import LinkConfidence, Origin

_FIELD = re.compile(r"\{([\w.|]+)\}")
_IN_ADDRESS = re.compile(r"[\w@.:~-]{1,256}")
_PATH = re.compile(r"/[\w@.:~/%-]{1,512}")
_BREAKS = frozenset(("p", "br", "div", "li"))

NO_POSTS = frozenset(("avatar", "background", "header", "banner"))
"""Kinds of files whose numbers are those of the picture, not of a post."""

TAGGED = "tagged"
_WHOSE_PAGE = "user.username|user.name|user|username"
_LIKED = frozenset(("favorite", "favorites", "favourites", "like", "likes", "liked", "bookmark", "bookmarks", "saved"))


@dataclass(frozen=True, slots=True)
class SiteFields:
    """One site: its addresses, likeliest first, with fields in braces, and the fields of who posted and of the words.

    A field is a path (`author.name`); of several between bars the first that is there counts. An address that is one
    field alone is a whole one. `html` says that the words are.
    """

    links: tuple[str, ...]
    poster: str = ""
    caption: str = ""
    html: bool = False


_ANY = SiteFields(
    ("{post_url}", "{permalink}", "{page_url}", "{linkUrl}", "{links.html}", "{link}"),
    "author.name|author.username|author.handle|author|user.username|user.name|user|userinfo.username|account.acct"
    "|user.screen_name|user.handle|user.nickname|artist.name|artist|creator.name|creator|uploader|username|userName"
    "|user_name|owner_username|owner_login|blog_name|blogName|blog.user|post.user|owner.username|ownerName|owner",
    "description|caption|content|text|title",
)
_MASTODON = SiteFields(
    ("{url}", "{uri}", "https://{instance}/@{account.acct}/{id}"), "account.acct|account.username", "content", html=True
)

TABLE: Mapping[str, SiteFields] = {
    "500px": SiteFields(("https://500px.com/photo/{id}/",), "user.username", "description|name"),
    "behance": SiteFields(("{url}",), "user|owners.0.username", "name"),
    "bluesky": SiteFields(
        ("https://bsky.app/profile/{author.handle|author.did}/post/{post_id}",), "author.handle", "text"
    ),
    "deviantart": SiteFields(("{url}",), "author.username|username", "title", html=True),
    "discord": SiteFields(
        ("https://discord.com/channels/{server_id|guild_id}/{channel_id}/{message_id}",), "author|user", "message"
    ),
    "flickr": SiteFields(
        (
            "https://www.flickr.com/photos/{owner.path_alias|owner.nsid|pathalias|owner}/{id}/",
            "https://www.flickr.com/photos/{user.path_alias|user.nsid}/{id}/",
        ),
        "owner.username|owner.realname|ownername|user.username",
        "description._content|description|title",
        html=True,
    ),
    "imgur": SiteFields(("https://imgur.com/{id}",), "account_url|account.username", "description|title"),
    "mastodon": _MASTODON,
    "artstation": SiteFields(
        ("{permalink}", "https://www.artstation.com/artwork/{hash_id}"), "user.username|userinfo.username", "title"
    ),
    "furaffinity": SiteFields(("https://www.furaffinity.net/view/{id}/",), "artist_url|artist", "description|title"),
    "imgbb": SiteFields(("https://ibb.co/{id}",), "user", "title"),
    "inkbunny": SiteFields(("https://inkbunny.net/s/{submission_id}",), "username", "description|title"),
    "pillowfort": SiteFields(("https://www.pillowfort.social/posts/{id}",), "username", "content|title", html=True),
    "redgifs": SiteFields(("https://www.redgifs.com/watch/{id}",), "userName", "description"),
    "unsplash": SiteFields(
        ("{links.html}", "https://unsplash.com/photos/{id}"), "user.username|user.name", "description|alt_description"
    ),
    "misskey": SiteFields(("https://{instance}/notes/{id}",), "user.username|user.name", "text"),
    "nitter": SiteFields(("https://x.com/{author.name|user.name}/status/{tweet_id}",), "author.name", "content"),
    "patreon": SiteFields(("{url}",), "creator.full_name|creator.vanity", "title"),
    "pinterest": SiteFields(
        ("https://www.pinterest.com/pin/{id}/",), "pinner.username|native_creator.username", "description|title"
    ),
    "pixiv": SiteFields(("https://www.pixiv.net/artworks/{id}",), "user.account|user.name", "title"),
    "reddit": SiteFields(
        ("https://www.reddit.com{permalink}", "https://www.reddit.com/comments/{id}/"), "author", "title"
    ),
    "smugmug": SiteFields(("{Image.WebUri}", "{WebUri}"), "User.NickName|User.Name", "Image.Caption|Image.Title"),
    "tiktok": SiteFields(
        ("https://www.tiktok.com/@{author.uniqueId|user}/photo/{id}",), "author.uniqueId|user", "desc|title"
    ),
    "tumblr": SiteFields(
        ("{post_url}", "https://{blog_name}.tumblr.com/post/{id}"), "blog_name|blog.name", "summary|caption", html=True
    ),
    "vk": SiteFields(("https://vk.com/photo{id}",), "user.name|user.nick", "description|text"),
    "vsco": SiteFields(("https://vsco.co/{user}/media/{id}",), "user", "description"),
    "weibo": SiteFields(("https://weibo.com/detail/{status.id}",), "status.user.screen_name", "status.text_raw"),
    "wikimediacommons": SiteFields(("{descriptionurl}",), "user"),
}


def table_origin(entry: Mapping[str, Any], posted_at: str | None) -> Origin:
    """The origin of a photo by the row of its site, or by the fields that most sites have."""
    site = _site_of(entry)
    link = None if entry["subcategory"] in NO_POSTS else _link(site, entry)
    user = _first(entry, site.poster)
    if user == "[deleted]":
        user = None
    if entry["subcategory"] in _LIKED and user == _first(entry, _WHOSE_PAGE):
        user = None  # the account is whose favourites were fetched
    # Who is tagged is whose page was fetched: who posted a photo there is another, and is not said.
    tagged = entry["subcategory"] == TAGGED
    caption = _first(entry, site.caption)
    return Origin(
        platform=entry["category"],
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=None if tagged else user,
        people=(user,) if tagged and user is not None else (),
        caption=_words(caption) if caption is not None and site.html else caption,
        posted_at=posted_at,
    )


def _site_of(entry: Mapping[str, Any]) -> SiteFields:
    """The row of a site; instances of Mastodon are many, and are known by their accounts."""
    known = TABLE.get(entry["category"])
    if known is None and text(member(entry, "account", "acct")) is not None:
        return _MASTODON
    return _ANY if known is None else known


def _link(site: SiteFields, entry: Mapping[str, Any]) -> str | None:
    for template in site.links:
        whole = _FIELD.fullmatch(template)
        link = page(_first(entry, whole[1])) if whole is not None else _filled(template, entry)
        if link is not None:
            return link
    return None


def _filled(template: str, entry: Mapping[str, Any]) -> str | None:
    """An address with its fields; None where one is missing or may change where the address leads."""
    values = {field: _first(entry, field) for field in _FIELD.findall(template)}
    for field, value in values.items():
        # What follows the host at once begins with a slash, or it would become a part of the host.
        allowed = _PATH if template.endswith(f"{{{field}}}") and field == "permalink" else _IN_ADDRESS
        if value is None or allowed.fullmatch(value) is None or value.startswith("//"):
            return None
    return page(_FIELD.sub(lambda match: str(values[match[1]]), template))


def _first(entry: Mapping[str, Any], paths: str) -> str | None:
    return next((found for path in paths.split("|") if (found := _value(entry, path)) is not None), None)


def _value(entry: Mapping[str, Any], path: str) -> str | None:
    value = member(entry, *(int(step) if step.isdigit() else step for step in path.split(".")))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


def _words(html: str) -> str | None:
    return text("".join(_pieces(html)))


def _pieces(html: str) -> Iterator[str]:
    for token in tokens(html):
        match token:
            case Words(said):
                yield said
            case Start(tag) if tag in _BREAKS:
                yield "\n"
            case _:
                pass
