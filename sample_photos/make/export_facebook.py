"""Ana's two downloads from Facebook: of 2019 in the layout of that time, of 2025 in that since 2024."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from places import (
    FACEBOOK,
    FACEBOOK_OLD,
    FB_CHAT,
    FB_POSTS,
    FRIDAY,
    FRIEND,
    ME,
    MOBILE,
    OTHER_FRIEND,
    THIRD_FRIEND,
    TIMELINE,
    WEEKEND,
)
from writing import at, meta_json

ADDRESS = "192.0.2.17"
ACTIVITY = f"{FACEBOOK}/your_facebook_activity"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of one's own: the moments it was posted and, where Facebook kept it, taken."""

    path: str
    album: str
    posted: str
    taken: str | None = None
    caption: str | None = None

    def media(self, root: str) -> dict[str, Any]:
        told: dict[str, Any] = {"upload_ip": ADDRESS}
        if self.taken is not None:
            told["taken_timestamp"] = at(self.taken)
        media = {
            "uri": self.path.removeprefix(f"{root}/"),
            "creation_timestamp": at(self.posted),
            "media_metadata": {"photo_metadata": {"exif_data": [told]}},
            "title": self.album,
        }
        return media if self.caption is None else {**media, "description": self.caption}


@dataclass(frozen=True, slots=True)
class Post:
    text: str
    photos: tuple[Photo, ...]
    tagged: tuple[str, ...] = ()

    def record(self, root: str) -> dict[str, Any]:
        count = "a new photo" if len(self.photos) == 1 else f"{len(self.photos)} new photos"
        posted = at(self.photos[0].posted)
        record: dict[str, Any] = {
            "timestamp": posted,
            "attachments": [{"data": [{"media": photo.media(root)} for photo in self.photos]}],
            "data": [{"post": self.text}, {"update_timestamp": posted}],
            "title": f"{ME} added {count}.",
        }
        return {**record, "tags": [{"name": name} for name in self.tagged]} if self.tagged else record


def _weekend(number: int, taken: str, caption: str | None = None) -> Photo:
    return Photo(f"{WEEKEND}/{number}.jpg", "Weekend in the hills", "2024-07-14 20:41:07", f"2024-07-{taken}", caption)


def _mobile(number: int, posted: str, taken: str | None = None) -> Photo:
    return Photo(f"{MOBILE}/{number}.jpg", "Mobile uploads", posted, taken)


def _friday(number: int) -> Photo:
    name = f"{1_000_000_000_000 + number}"
    return Photo(f"{FRIDAY}/10{number}_{name}_20{number}_n_{name}.jpg", "Friday", "2018-05-12 10:02:33")


WEEKEND_PHOTOS = (
    _weekend(1000000000301, "13 11:22:33"),
    _weekend(1000000000302, "13 15:08:51"),
    _weekend(1000000000303, "14 09:30:12"),
    _weekend(1000000000304, "13 21:17:40", "Last bottle at the Café Aurora"),
)
POSTS = (
    Post("Two days without a phone. Almost.", WEEKEND_PHOTOS, (FRIEND,)),
    Post("Red or red?", (_mobile(1000000000201, "2024-03-02 21:30:44", "2024-03-02 21:12:09"),), (OTHER_FRIEND,)),
    Post("First day at the new desk", (_mobile(1000000000202, "2023-10-09 08:15:20", "2023-10-09 08:02:57"),)),
    Post("At the Otter again", (_mobile(1000000000203, "2023-09-17 11:04:38"),), (FRIEND, OTHER_FRIEND)),
    Post("Soup for six", (_mobile(1000000000204, "2023-11-19 13:20:00", "2023-11-19 12:51:36"),)),
    Post("Thirty-something!", (_mobile(1000000000205, "2024-09-06 23:48:15", "2024-09-06 23:10:02"),)),
)
LOOSE = (
    Photo(f"{TIMELINE}/1000000000401.jpg", "Timeline photos", "2023-01-15 12:00:00"),
    Photo(f"{TIMELINE}/1000000000402.png", "Timeline photos", "2023-10-09 08:40:11"),
    Photo(f"{TIMELINE}/1000000000403.jpg", "Timeline photos", "2024-02-07 17:55:03", None, "Deadline done"),
)
FRIDAY_PHOTOS = (_friday(101), _friday(102), _friday(103))

# What friends posted: the photo's number, when the tag was set, and the name that Facebook gives.
TAGGED_IN = (
    (1000000000611, "2024-08-18 09:12:30", FRIEND),
    (1000000000622, "2024-05-01 22:47:05", OTHER_FRIEND),
    (1000000000633, "2021-12-31 23:58:41", THIRD_FRIEND),
    (1000000000644, "2017-06-24 01:15:19", OTHER_FRIEND),
)
MESSAGES = (
    (FRIEND, "2024-10-20 10:31:02", "You left your sunglasses on. All night.", 1000000000501),
    (ME, "2024-10-20 10:33:47", "Please tell me that this is nowhere online", None),
    (FRIEND, "2024-10-20 10:34:15", "This one is", 1000000000502),
)


def files() -> dict[str, bytes]:
    """Both downloads but for their photos."""
    return {path: meta_json(value) for path, value in (*_of_2019().items(), *_of_2025().items())}


def _of_2019() -> dict[str, Any]:
    media = [photo.media(FACEBOOK_OLD) for photo in FRIDAY_PHOTOS]
    post = Post("Friday at the Otter, with a stage and all", FRIDAY_PHOTOS, (FRIEND,))
    return {
        f"{FACEBOOK_OLD}/profile_information/profile_information.json": {
            "profile": {"name": ME, "username": "ana.doe", "registration_timestamp": at("2010-02-01 18:00:00")}
        },
        f"{FACEBOOK_OLD}/posts/your_posts_1.json": [post.record(FACEBOOK_OLD)],
        f"{FACEBOOK_OLD}/photos_and_videos/album/0.json": _album("Friday", media),
    }


def _of_2025() -> dict[str, Any]:
    name = {"full_name": ME, "first_name": "Ana", "middle_name": "", "last_name": "Doe"}
    tagged = f"{ACTIVITY}/activity_you're_tagged_in/photos_and_videos_you're_tagged_in.json"
    return {
        f"{FACEBOOK}/personal_information/profile_information/profile_information.json": {
            "profile_v2": {"name": name, "username": "ana.doe", "registration_timestamp": at("2010-02-01 18:00:00")}
        },
        f"{FB_POSTS}/your_posts__check_ins__photos_and_videos_1.json": [post.record(FACEBOOK) for post in POSTS],
        f"{FB_POSTS}/album/0.json": _album("Weekend in the hills", [photo.media(FACEBOOK) for photo in WEEKEND_PHOTOS]),
        f"{FB_POSTS}/your_uncategorized_photos.json": {"other_photos_v2": [photo.media(FACEBOOK) for photo in LOOSE]},
        tagged: [_tag(*row) for row in TAGGED_IN],
        f"{FB_CHAT}/message_1.json": {
            "participants": [{"name": FRIEND}, {"name": ME}],
            "messages": [_message(*row) for row in reversed(MESSAGES)],
            "title": FRIEND,
            "is_still_participant": True,
            "thread_path": "inbox/beamoor_1000000000500",
        },
    }


def _album(name: str, media: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "photos": media,
        "cover_photo": media[0],
        "last_modified_timestamp": media[-1]["creation_timestamp"],
        "description": "",
    }


def _tag(number: int, moment: str, name: str) -> dict[str, Any]:
    link = f"https://www.facebook.com/photo.php?fbid={number}"
    return {
        "timestamp": at(moment),
        "media": [],
        "label_values": [{"label": "URL", "value": link, "href": link}, {"label": "Name", "value": name}],
        "fbid": str(number),
    }


def _message(sender: str, moment: str, text: str, photo: int | None) -> dict[str, Any]:
    message: dict[str, Any] = {"sender_name": sender, "timestamp_ms": at(moment) * 1000, "content": text}
    if photo is not None:
        uri = f"{FB_CHAT.removeprefix(f'{FACEBOOK}/')}/photos/{photo}.jpg"
        message["photos"] = [{"uri": uri, "creation_timestamp": at(moment)}]
    return {**message, "is_geoblocked_for_viewer": False}
