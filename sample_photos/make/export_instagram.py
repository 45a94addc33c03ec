"""Ana's download from Instagram: own posts, a story, a profile photo. It has no links, as the real ones have none."""

from __future__ import annotations

from typing import Any

from places import HANDLES, INSTAGRAM, ME
from writing import at, meta_json

ACTIVITY = f"{INSTAGRAM}/your_instagram_activity/media"


def files() -> dict[str, bytes]:
    """The download but for its photos."""
    single = _media("posts/202409/17800000000000001.jpg", "2024-09-01 19:30:00", "Adiós, summer")
    several = [
        _media("posts/202410/17800000000000117.jpg", "2024-10-06 16:20:05"),
        _media("posts/202410/17800000000000118.webp", "2024-10-06 16:20:06"),
    ]
    caption = {"title": "Sunday, indoors", "creation_timestamp": at("2024-10-06 16:20:08")}
    story = _media("stories/202412/17800000000000344.webp", "2024-12-28 22:05:41", "Throwback")
    profile = _media("profile/202301/17800000000000400.jpg", "2023-01-15 12:10:00")
    fields = {"Username": HANDLES[ME], "Name": ME}
    values = {
        f"{INSTAGRAM}/personal_information/personal_information/personal_information.json": {
            "profile_user": [
                {
                    "title": "",
                    "media_map_data": {"Profile Photo": profile},
                    "string_map_data": {
                        label: {"href": "", "value": value, "timestamp": 0} for label, value in fields.items()
                    },
                }
            ]
        },
        f"{ACTIVITY}/posts_1.json": [{"media": several, **caption}, {"media": [single]}],
        f"{ACTIVITY}/stories.json": {"ig_stories": [story]},
        f"{ACTIVITY}/profile_photos.json": {"ig_profile_picture": [profile]},
    }
    return {path: meta_json(value) for path, value in values.items()}


def _media(name: str, moment: str, title: str = "") -> dict[str, Any]:
    return {
        "uri": f"media/{name}",
        "creation_timestamp": at(moment),
        "media_metadata": {"camera_metadata": {"has_camera_metadata": False}},
        "title": title,
        "cross_post_source": {"source_app": "FB"},
    }
