"""One module for each site or tool whose archives and sidecars untag understands, and the list of them."""

from __future__ import annotations

from untag.sources.reader import Reader
from untag.sources.readers import (
    discord_chat_exporter,
    facebook,
    flickr,
    gallery_dl,
    google_chat,
    google_takeout,
    icloud,
    instagram,
    instaloader,
    mastodon,
    picasa,
    signal,
    snapchat,
    tagged_json,
    telegram,
    tumblr,
    twitter,
    vk,
    whatsapp,
    xmp_sidecar,
)

READERS: tuple[Reader, ...] = (
    # Downloads of a whole account, the most telling names first.
    facebook.READER,
    instagram.READER,
    twitter.READER,
    telegram.READER,
    flickr.READER,
    snapchat.READER,
    icloud.READER,
    tagged_json.READER,
    mastodon.READER,
    discord_chat_exporter.READER,
    signal.READER,
    tumblr.READER,
    vk.READER,
    # Sidecars: tools that wrote down a link before the rest, and what names people alone last.
    gallery_dl.READER,
    instaloader.READER,
    google_chat.READER,
    google_takeout.READER,
    whatsapp.READER,
    xmp_sidecar.READER,
    picasa.READER,
)
"""Every site and tool that untag knows. Of sidecars that describe the same photo, the earlier reader counts."""
