"""What strangers' downloads look like that no reader's own tests have: other languages, layouts and years.

Each case is a folder as it may lie on a disk, with what must be known of its photos; all of it is made up.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from untag.sources.base import walk_all
from untag.sources.listing import AbsentRef, Skipped
from untag.types import Origin, ReadError

JPEG = b"\xff\xd8\xff\xe0"
FB, IG = "your_facebook_activity", "your_instagram_activity"
PROFILE = {
    f"personal_information/{'profile_information/' * 2}"[:-1] + ".json": {
        "profile_v2": {"name": {"full_name": "Ana Doe"}}
    }
}
FB_PHOTO, IG_PHOTO = f"{FB}/posts/media/your_posts/777888999000.jpg", "media/posts/202409/1.jpg"
FB_MEDIA = [{"uri": FB_PHOTO, "creation_timestamp": 1700000000}]
IG_MEDIA = [{"uri": IG_PHOTO, "creation_timestamp": 1725373798}]
INSTAGRAM = {f"{IG}/media/posts_1.json": [{"media": IG_MEDIA, "title": "pasta"}], IG_PHOTO: JPEG}
FACEBOOK = {f"{FB}/posts/album/0.json": {"name": "Trip", "photos": FB_MEDIA}, FB_PHOTO: JPEG}
SECOND_ALBUM = {"name": "Party", "photos": [{"uri": f"{FB}/posts/media/your_posts/1.jpg"}]}
DETAILS = "imgName,originalCreationDate\n"
SIXTH, NINTH = '"Friday October 6,2023 12:11 PM GMT"\n', '"Monday October 9,2023 12:11 PM GMT"\n'
SIX, NINE = "2023-10-06T12:11:00+00:00", "2023-10-09T12:11:00+00:00"
TAKEOUT = "Takeout/Google Photos/Trip"
SNAP = {"Media Type": "MEDIA", "Created": "2022-05-01 10:11:12 UTC", "Media IDs": "b~EiASFTAbCdEfGhIjKl"}
SNAP_PHOTO, SNAPPED = "chat_media/2022-05-01_b~EiASFTAbCdEfGhIjKl.jpg", "2022-05-01T10:11:12+00:00"
ACCOUNT = 'window.YTD.account.part0 = [{"account": {"username": "ana_doe", "accountId": "9"}}]'
SIDECAR = {"title": "1.jpg", "url": "https://photos.google.com/photo/T1", "photoTakenTime": {"timestamp": "1600000000"}}
NOTE = {"url": "https://s.example/@ana/1", "published": "2024-05-01T12:00:00Z"}
TUMBLR = (
    "<tumblr version='1.0'><tumblelog name='ana'/><posts><post id='17' url='https://ana.tumblr.com/post/17'"
    " unix-timestamp='1500000000'/></posts></tumblr>"
)


def packed(files: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, encoded(content))
    return data.getvalue()


def tarred(files: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(encoded(content))
            archive.addfile(info, io.BytesIO(encoded(content)))
    return data.getvalue()


def encoded(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def labelled(label: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": 1700000000, "media": FB_MEDIA, "label_values": [{"label": label, "value": "Am See"}], **more}


def chatting(date: str, *names: str) -> dict[str, Any]:
    """A conversation of Google Chat with a message for each file."""
    people = {"creator": {"name": "Bea"}, "created_date": date}
    return {"messages": [{**people, "attached_files": [{"export_name": name}]} for name in names]}


def tweets(kind: str, number: str) -> str:
    media = {"media": [{"media_url_https": "https://pbs.twimg.com/media/ABC.jpg"}]}
    post = {"id_str": number, "created_at": "Wed Nov 20 10:00:00 +0000 2024", "extended_entities": media}
    return f"window.YTD.{kind}.part0 = " + json.dumps([{"tweet": post}])


def channel(url: str) -> dict[str, Any]:
    message = {"id": "555", "author": {"name": "bea"}, "content": "look", "attachments": [{"url": url}]}
    return {"guild": {"id": "0"}, "channel": {"id": "123", "name": "bea"}, "messages": [message]}


def note(url: str) -> dict[str, Any]:
    return {"orderedItems": [{"type": "Create", "object": {**NOTE, "attachment": [{"url": url}]}}]}


def below(folder: str, files: dict[str, Any]) -> dict[str, Any]:
    return {f"{folder}/{name}": content for name, content in files.items()}


CASES: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any] | None]]] = {
    "Facebook: the words of a labelled post, German": (
        {**PROFILE, f"{FB}/posts/posts_on_other_pages_and_profiles.json": [labelled("Nachricht")], FB_PHOTO: JPEG},
        {FB_PHOTO: {"platform": "facebook", "poster": "Ana Doe", "caption": "Am See"}},
    ),
    "Facebook: media deep in the labels": (
        {
            f"{FB}/posts/your_posts_1.json": [
                {"label_values": [{"title": "x", "dict": [{"dict": [{"label": "Medien", "media": FB_MEDIA}]}]}]}
            ],
            **PROFILE,
            FB_PHOTO: JPEG,
        },
        {FB_PHOTO: {"poster": "Ana Doe"}},
    ),
    "Facebook: a photo that nothing is said of": (
        {f"{FB}/posts/your_posts_1.json": [], FB_PHOTO: JPEG},
        {FB_PHOTO: {"platform": "facebook"}},
    ),
    "encrypted chats: four files of no bytes come first": (
        {
            **dict.fromkeys(("A_1.json", "B_2.json", "C_3.json", "D_4.json"), b""),
            "Z_5.json": {
                "messages": [{"senderName": "Bea", "timestamp": 1700000000000, "media": [{"uri": "./media/x.jpeg"}]}]
            },
            "media/x.jpeg": JPEG,
        },
        {"media/x.jpeg": {"platform": "facebook", "poster": "Bea"}},
    ),
    "encrypted chats in a folder of their own": (
        {
            "d/messages/Bea_5.json": {"messages": [{"senderName": "Bea", "media": [{"uri": "./media/x.jpeg"}]}]},
            "d/media/x.jpeg": JPEG,
        },
        {"d/media/x.jpeg": {"platform": "facebook", "poster": "Bea"}},
    ),
    "Instagram: caption and link of a labelled post, French": (
        {
            f"{IG}/media/posts_1.json": [
                {
                    "media": [],
                    "label_values": [
                        {"label": "Média", "media": IG_MEDIA},
                        {"label": "Légende", "value": "pâtes"},
                        {"label": "URL", "value": "x", "href": "https://www.instagram.com/p/AAA/"},
                    ],
                }
            ],
            IG_PHOTO: JPEG,
        },
        {IG_PHOTO: {"platform": "instagram", "caption": "pâtes", "permalink": "https://www.instagram.com/p/AAA/"}},
    ),
    "Instagram: the owner, Japanese": (
        {
            "personal_information/personal_information/personal_information.json": {
                "profile_user": [
                    {"string_map_data": {"メール": {"value": "a@b.c"}, "ユーザーネーム": {"value": "ana.doe"}}}
                ]
            },
            **INSTAGRAM,
        },
        {IG_PHOTO: {"poster": "ana.doe"}},
    ),
    "Instagram as HTML: the owner on the page about it, German": (
        {
            "personal_information/personal_information/personal_information.html": (
                "<div class='_a6-g'><table><tr><td>E-Mail</td><td>a@b.c</td></tr>"
                "<tr><td>Benutzername</td><td>ana.doe</td></tr></table></div>"
            ),
            f"{IG}/media/posts_1.html": (
                f"<div class='_a6-g'><h2>pasta</h2><div><img src='{IG_PHOTO}'></div><p>3. Sept. 2024 16:29</p></div>"
            ),
            IG_PHOTO: JPEG,
        },
        {IG_PHOTO: {"poster": "ana.doe", "caption": "pasta", "posted_at": "2024-09-03T16:29:00"}},
    ),
    "Instagram: the owner in the name of the zip file": (
        {"instagram-ana.doe-2026-01-09-AbCdEfGh.zip": packed(INSTAGRAM)},
        {f"instagram-ana.doe-2026-01-09-AbCdEfGh.zip/{IG_PHOTO}": {"poster": "ana.doe"}},
    ),
    "two downloads of Meta's in one folder": (
        {**INSTAGRAM, **FACEBOOK},
        {IG_PHOTO: {"platform": "instagram", "caption": "pasta"}, FB_PHOTO: {"platform": "facebook", "album": "Trip"}},
    ),
    "two zip files in one zip file": (
        {"meta.zip": packed({"instagram-ana-2026-01-09-AbCdEfGh.zip": packed(INSTAGRAM), "f.zip": packed(FACEBOOK)})},
        {
            f"meta.zip/instagram-ana-2026-01-09-AbCdEfGh.zip/{IG_PHOTO}": {"platform": "instagram", "poster": "ana"},
            f"meta.zip/f.zip/{FB_PHOTO}": {"platform": "facebook", "album": "Trip"},
        },
    ),
    "a Takeout as .tar.gz, whose parts have the photo and its data": (
        {
            "takeout-1-001.tar.gz": tarred({f"{TAKEOUT}/1.jpg": JPEG}),
            "takeout-1-002.tar.gz": tarred(
                {f"{TAKEOUT}/1.jpg.json": SIDECAR, f"{TAKEOUT}/metadata.json": {"title": "Sea"}}
            ),
        },
        {f"takeout-1-001.tar.gz/{TAKEOUT}/1.jpg": {"permalink": "https://photos.google.com/photo/T1", "album": "Sea"}},
    ),
    "a Takeout: an album of a title alone, and a photo that nothing is said of": (
        {f"{TAKEOUT}/metadata.json": {"title": "Sea"}, f"{TAKEOUT}/1.jpg": JPEG},
        {f"{TAKEOUT}/1.jpg": {"platform": "google_photos", "album": "Sea"}},
    ),
    "no Takeout: photos beside one that Google described are not Google's for that": (
        {"mixed/1.jpg.json": SIDECAR, "mixed/1.jpg": JPEG, "mixed/2.jpg": JPEG},
        {"mixed/1.jpg": {"platform": "google_photos"}, "mixed/2.jpg": {"platform": None}},
    ),
    "Google Chat: German, names that are cut and have a sign replaced": (
        {
            "c/messages.json": chatting("Mittwoch, 1. Mai 2024 um 12:00:00 UTC", f"File-{'a' * 70}.jpg", "File-b?.jpg"),
            f"c/File-{'a' * 42}.jpg": JPEG,
            "c/File-b_.jpg": JPEG,
            "c/File-other.jpg": JPEG,
        },
        {
            f"c/File-{'a' * 42}.jpg": {"poster": "Bea", "posted_at": "2024-05-01T12:00:00+00:00"},
            "c/File-b_.jpg": {"poster": "Bea"},
            "c/File-other.jpg": {"platform": "google_chat", "poster": None},
        },
    ),
    "Google Chat: one name several times; as many files or none": (
        {
            "c/messages.json": chatting("May 1, 2024 at 12:00:00 PM UTC", "a.jpg", "a.jpg", "b.jpg", "b.jpg"),
            **dict.fromkeys(("c/a.jpg", "c/a(1).jpg", "c/b.jpg"), JPEG),
        },
        {"c/a.jpg": {"poster": "Bea"}, "c/a(1).jpg": {"poster": "Bea"}, "c/b.jpg": {"poster": None}},
    ),
    "Hangouts: the last part of an address is the name of the file": (
        {
            "Takeout/Hangouts/Hangouts.json": {
                "conversations": [
                    {
                        "conversation": {
                            "conversation": {
                                "name": "Party",
                                "participant_data": [{"id": {"gaia_id": "11"}, "fallback_name": "Bea Roe"}],
                            }
                        },
                        "events": [
                            {
                                "sender_id": {"gaia_id": "11"},
                                "timestamp": "1500000000000000",
                                "chat_message": {
                                    "message_content": {
                                        "segment": [{"text": "look"}],
                                        "attachment": [
                                            {
                                                "embed_item": {
                                                    "plus_photo": {"url": "https://lh3.example/a/s0/a%20b.jpg"}
                                                }
                                            }
                                        ],
                                    }
                                },
                            }
                        ],
                    }
                ]
            },
            "Takeout/Hangouts/a b.jpg": JPEG,
            "Takeout/Hangouts/other.jpg": JPEG,
        },
        {
            "Takeout/Hangouts/a b.jpg": {
                "platform": "hangouts",
                "poster": "Bea Roe",
                "caption": "look",
                "album": "Party",
                "posted_at": "2017-07-14T02:40:00+00:00",
            },
            "Takeout/Hangouts/other.jpg": {"platform": "hangouts", "poster": None},
        },
    ),
    "iCloud: two tables in one folder; the first has no number": (
        {
            "Photos/Photo Details.csv": f"{DETAILS}3.JPG,{SIXTH}",
            "Photos/Photo Details-1.csv": f"{DETAILS}3.JPG,{NINTH}",
            "Photos/3.JPG": JPEG,
            "Photos/3-1.JPG": JPEG,
        },
        {"Photos/3.JPG": {"taken_at": SIX}, "Photos/3-1.JPG": {"taken_at": NINE}},
    ),
    "iCloud: an album without a heading, and a day of 24 hours": (
        {
            "Photos/Photo Details.csv": f'{DETAILS}a.jpg,"Freitag Oktober 06,2023 14:11 GMT"\n',
            "Albums/Strand.csv": "a.jpg\n",
            "Photos/a.jpg": JPEG,
        },
        {"Photos/a.jpg": {"album": "Strand", "taken_at": "2023-10-06T14:11:00+00:00"}},
    ),
    "iCloud: shared albums that are zipped in a part": (
        below(
            "iCloud-bilder Del 1 av 6",
            {
                "Photos/Photo Details.csv": DETAILS,
                "iCloud Shared Albums-1.zip": packed({"iCloud Shared Albums/Party/b.jpg": JPEG}),
            },
        ),
        {
            "iCloud-bilder Del 1 av 6/iCloud Shared Albums-1.zip/iCloud Shared Albums/Party/b.jpg": {
                "platform": "icloud",
                "album": "Party",
            }
        },
    ),
    "iCloud: shared albums that are zipped in a zipped part": (
        {
            "1.zip": packed(
                {
                    "Photos/Photo Details.csv": DETAILS,
                    "iCloud Shared Albums.zip": packed({"iCloud Shared Albums/P/b.jpg": JPEG}),
                }
            )
        },
        {"1.zip/iCloud Shared Albums.zip/iCloud Shared Albums/P/b.jpg": {"platform": "icloud", "album": "P"}},
    ),
    "iCloud: parts that are zipped with their folders; an album names a photo in another part": (
        {
            "iCloud Photos Part 1 of 2.zip": packed(
                below(
                    "iCloud Photos Part 1 of 2",
                    {
                        "Photos/Photo Details.csv": f"{DETAILS}1.jpg,{SIXTH}",
                        "Photos/1.jpg": JPEG + b"1",
                        "Albums/Beach.csv": "Images\n2.jpg\n",
                    },
                )
            ),
            "iCloud Photos Part 2 of 2.zip": packed(
                below(
                    "iCloud Photos Part 2 of 2",
                    {"Photos/Photo Details.csv": DETAILS, "Photos/2.jpg": JPEG + b"2"},
                )
            ),
        },
        {
            "iCloud Photos Part 1 of 2.zip/iCloud Photos Part 1 of 2/Photos/1.jpg": {"taken_at": SIX, "album": None},
            "iCloud Photos Part 2 of 2.zip/iCloud Photos Part 2 of 2/Photos/2.jpg": {"album": "Beach"},
        },
    ),
    "iCloud: parts that are unpacked each on its own": (
        {
            **below(
                "iCloud Photos Part 1 of 2",
                {
                    "Photos/Photo Details.csv": f"{DETAILS}1.jpg,{SIXTH}",
                    "Photos/1.jpg": JPEG,
                    "Albums/Beach.csv": "Images\n2.jpg\n",
                },
            ),
            **below(
                "iCloud Photos Part 2 of 2",
                {"Photos/Photo Details.csv": f"{DETAILS}2.jpg,{NINTH}", "Photos/2.jpg": JPEG},
            ),
        },
        {
            "iCloud Photos Part 1 of 2/Photos/1.jpg": {"taken_at": SIX, "album": None},
            "iCloud Photos Part 2 of 2/Photos/2.jpg": {"taken_at": NINE, "album": "Beach"},
        },
    ),
    "Facebook: parts that are unpacked each on its own, and a copy, which is another download": (
        {
            **below("facebook-ana-2026-01-09-AbCdEfGh", {**FACEBOOK, f"{FB}/posts/album/1.json": SECOND_ALBUM}),
            f"facebook-ana-2026-01-09-HgFeDcBa/{FB}/posts/media/your_posts/1.jpg": JPEG,
            **below("facebook-ana-2026-01-09-AbCdEfGh (1)", FACEBOOK),
        },
        {
            f"facebook-ana-2026-01-09-AbCdEfGh/{FB_PHOTO}": {"album": "Trip"},
            f"facebook-ana-2026-01-09-HgFeDcBa/{FB}/posts/media/your_posts/1.jpg": {"album": "Party"},
            f"facebook-ana-2026-01-09-AbCdEfGh (1)/{FB_PHOTO}": {"album": "Trip"},
        },
    ),
    "Facebook: the downloads of two accounts in folders that are called like parts": (
        {
            **below("facebook 1", {**PROFILE, f"{FB}/posts/album/1.json": SECOND_ALBUM}),
            f"facebook 1/{FB}/posts/media/your_posts/1.jpg": JPEG,
            **below(
                "facebook 2",
                {
                    **FACEBOOK,
                    next(iter(PROFILE)): {"profile_v2": {"name": {"full_name": "Bea of the second"}}},
                },
            ),
        },
        {
            f"facebook 1/{FB}/posts/media/your_posts/1.jpg": {"poster": "Ana Doe"},
            f"facebook 2/{FB_PHOTO}": {"poster": "Bea of the second"},
        },
    ),
    "Snapchat 2022: what one sent oneself": (
        {
            "json/chat_history.json": {"Sent Saved Chat History": [{"To": "cem", **SNAP}]},
            "json/account.json": {"Basic Information": {"Username": "ana.doe"}},
            SNAP_PHOTO: JPEG,
        },
        {SNAP_PHOTO: {"poster": "ana.doe", "posted_at": SNAPPED}},
    ),
    "Snapchat: a group without a name; a name with the whole path of the message": (
        {
            "json/chat_history.json": {"0a1b2c3d-1111-2222-3333-444455556666": [{"From": "bea", **SNAP}]},
            "chat_media/chat~media_v4~2022-05-01-10-11-12UTC~bea~ana~saved~b~EiASFTAbCdEfGhIjKl~v4.jpg": JPEG,
        },
        {
            "chat_media/chat~media_v4~2022-05-01-10-11-12UTC~bea~ana~saved~b~EiASFTAbCdEfGhIjKl~v4.jpg": {
                "poster": "bea",
                "album": None,
                "posted_at": SNAPPED,
            }
        },
    ),
    "Snapchat: thumbnails of memories are no photos": (
        {
            "memories/2025-11-30_aaaaaaaa-0000-4000-8000-000000000000-main.jpg": JPEG,
            "memories/2025-11-30_aaaaaaaa-0000-4000-8000-000000000000-thumbnail.jpg": JPEG,
        },
        {
            "memories/2025-11-30_aaaaaaaa-0000-4000-8000-000000000000-main.jpg": {"taken_at": "2025-11-30"},
            "memories/2025-11-30_aaaaaaaa-0000-4000-8000-000000000000-thumbnail.jpg": None,
        },
    ),
    "X: posts in circles, in a second folder of media, and deleted ones, which have no page": (
        {
            "tweets.js": tweets("tweets", "150"),
            "deleted-tweets.js": tweets("deleted_tweets", "160"),
            "account.js": ACCOUNT,
            "tweets_media_part1/150-ABC.jpg": JPEG,
            "deleted_tweets_media/160-ABC.jpg": JPEG,
            "circle_tweets_media/170-Q.jpg": JPEG,
        },
        {
            "tweets_media_part1/150-ABC.jpg": {"permalink": "https://x.com/ana_doe/status/150", "poster": "ana_doe"},
            "deleted_tweets_media/160-ABC.jpg": {"permalink": None, "posted_at": "2024-11-20T10:00:00+00:00"},
            "circle_tweets_media/170-Q.jpg": {"permalink": "https://x.com/ana_doe/status/170"},
        },
    ),
    "Mastodon: an address at another host, and as .tar.gz": (
        {
            "a/outbox.json": note("https://cdn.example/x/media_attachments/files/1/original/a.jpg"),
            "a/actor.json": {"preferredUsername": "ana"},
            "a/media_attachments/files/1/original/a.jpg": JPEG,
            "b.tar.gz": tarred(
                {
                    "outbox.json": note("/system/media_attachments/files/1/original/a.jpg"),
                    "actor.json": {"preferredUsername": "ana"},
                    "media_attachments/files/1/original/a.jpg": JPEG,
                }
            ),
        },
        {
            "a/media_attachments/files/1/original/a.jpg": {"permalink": "https://s.example/@ana/1", "poster": "ana"},
            "b.tar.gz/media_attachments/files/1/original/a.jpg": {"permalink": "https://s.example/@ana/1"},
        },
    ),
    "Discord: a folder of media of one's own, and percent signs": (
        {
            "own/DM - bea [123].json": channel("C:\\Users\\ana\\media\\a-ABCDE.jpg"),
            "own/media/a-ABCDE.jpg": JPEG,
            "usual/DM - bea [123].json": channel("DM%20-%20bea%20%5B123%5D.json_Files/a-ABCDE.jpg"),
            "usual/DM - bea [123].json_Files/a-ABCDE.jpg": JPEG,
        },
        {
            "own/media/a-ABCDE.jpg": {"poster": "bea", "permalink": "https://discord.com/channels/@me/123/555"},
            "usual/DM - bea [123].json_Files/a-ABCDE.jpg": {"poster": "bea", "caption": "look"},
        },
    ),
    "Discord as HTML: a second message of the same author, a reply, an avatar": (
        {
            "d/DM - bea [123].html": (
                "<html><head><title>Direct Messages - bea</title></head><div class=chatlog>"
                "<div class=chatlog__message-group><div class=chatlog__message-container><div class=chatlog__message>"
                "<img class=chatlog__avatar src='DM%20-%20bea%20[123].html_Files/me-11111.jpg'>"
                "<div class=chatlog__reply><div class=chatlog__reply-author title=cem>Cem</div></div>"
                "<div class=chatlog__header><span class=chatlog__author title=bea>Bea</span>"
                "<span class=chatlog__timestamp title='Wednesday, May 1, 2024 2:00 PM'>x</span></div>"
                "<div class='chatlog__content chatlog__markdown'><span>look</span></div>"
                "<div class=chatlog__attachment><a href='DM%20-%20bea%20[123].html_Files/a-ABCDE.jpg'><img"
                " src='DM%20-%20bea%20[123].html_Files/a-ABCDE.jpg'></a></div></div></div>"
                "<div class=chatlog__message-container><div class=chatlog__message>"
                "<div class=chatlog__short-timestamp title='Wednesday, May 1, 2024 2:03 PM'>2:03</div>"
                "<div class=chatlog__attachment><img src='DM - bea [123].html_Files/b-ABCDE.jpg'></div></div></div>"
            ),
            "d/DM - bea [123].html_Files/a-ABCDE.jpg": JPEG,
            "d/DM - bea [123].html_Files/b-ABCDE.jpg": JPEG,
            "d/DM - bea [123].html_Files/me-11111.jpg": JPEG,
        },
        {
            "d/DM - bea [123].html_Files/a-ABCDE.jpg": {
                "poster": "bea",
                "caption": "look",
                "album": "Direct Messages - bea",
                "posted_at": "2024-05-01T14:00:00",
            },
            "d/DM - bea [123].html_Files/b-ABCDE.jpg": {"poster": "bea", "posted_at": "2024-05-01T14:03:00"},
            "d/DM - bea [123].html_Files/me-11111.jpg": {"platform": "discord", "poster": None},
        },
    ),
    "Tumblr: the posts are zipped, in a folder and in a zip file": (
        {
            "a/posts.zip": packed({"posts/posts.xml": TUMBLR}),
            "a/media/17.jpg": JPEG,
            "b.zip": packed({"posts.zip": packed({"posts/posts.xml": TUMBLR}), "media/17_0.jpg": JPEG}),
        },
        {
            "a/media/17.jpg": {"permalink": "https://ana.tumblr.com/post/17", "poster": "ana"},
            "b.zip/media/17_0.jpg": {"permalink": "https://ana.tumblr.com/post/17", "poster": "ana"},
        },
    ),
    "gallery-dl: fields of sites that have no row of their own": (
        {
            "1.jpg.json": {"category": "lofter", "subcategory": "post", "blog_name": "bea"},
            "2.jpg.json": {
                "category": "x",
                "subcategory": "y",
                "permalink": "https://x.example/2",
                "userinfo": {"username": "bea"},
            },
            "3.jpg.json": {
                "category": "flickr",
                "subcategory": "favorite",
                "id": 160,
                "owner": "1@N",
                "user": {"username": "ana"},
            },
            **dict.fromkeys(("1.jpg", "2.jpg", "3.jpg"), JPEG),
        },
        {
            "1.jpg": {"poster": "bea"},
            "2.jpg": {"poster": "bea", "permalink": "https://x.example/2"},
            "3.jpg": {"poster": None, "permalink": "https://www.flickr.com/photos/1@N/160/"},
        },
    ),
    "Telegram: a photo that no message names": (
        {
            "t/result.json": {"name": "Bea", "type": "personal_chat", "id": 1, "messages": []},
            "t/photos/photo_1@01-08-2020_22-03-20.jpg": JPEG,
        },
        {"t/photos/photo_1@01-08-2020_22-03-20.jpg": {"platform": "telegram"}},
    ),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_a_download(files: dict[str, Any], expected: dict[str, dict[str, Any] | None], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(encoded(content))
    entries = [entry for listing in walk_all([tmp_path]) for entry in listing.entries]
    photos = {
        entry.path.removeprefix(f"{tmp_path}/"): entry.origin
        for entry in entries
        if not isinstance(entry, (ReadError, AbsentRef, Skipped))
    }
    assert {name: said(photos.get(name), fields) for name, fields in expected.items()} == expected


def said(origin: Origin | None, fields: dict[str, Any] | None) -> dict[str, Any] | None:
    """Those fields of an origin that are asked for; None where the photo is not listed."""
    return None if origin is None else {field: getattr(origin, field) for field in fields or ()}
