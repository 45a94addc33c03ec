"""What gallery-dl 1.32 and Instaloader 4.16 write beside the photos that others posted, and an XMP sidecar."""

from __future__ import annotations

import json
import lzma
from typing import Any

from places import (
    ALBUM_SET,
    FRIEND,
    GALLERY,
    GALLERY_INSTAGRAM,
    GALLERY_TAGGED,
    HANDLES,
    LOADER,
    ME,
    MY_NUMBER,
    OTHER_FRIEND,
    PHONE,
    TAGGED_SET,
)
from writing import at, plain_json

NUMBERS = {ME: MY_NUMBER, FRIEND: "1000000000010", OTHER_FRIEND: "1000000000011"}

# Of sets: the photo's number, its moment, its caption.
BIRTHDAY = (
    (1000000000601, "2018-05-12 00:41:29", "She said nobody would ever see this"),
    (1000000000602, "2018-05-12 00:03:10", ""),
    (1000000000603, "2018-05-11 22:15:02", ""),
    (1000000000604, "2018-05-11 23:30:55", "Ana takes the stage"),
    (1000000000605, "2018-05-12 00:58:17", "Ana, by the shelf"),
)
PHOTOS_OF_ANA = (
    (1000000000701, "2023-10-11 14:05:33", "New office, old friends"),
    (1000000000702, "2024-03-03 09:44:18", "The morning after"),
    (1000000000703, "2024-08-03 11:20:47", ""),
)

XMP = """<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:PersonInImage>
    <rdf:Bag>
     <rdf:li>{name}</rdf:li>
    </rdf:Bag>
   </Iptc4xmpExt:PersonInImage>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def files() -> dict[str, bytes]:
    """The sidecars of all tools."""
    owned = {"set_id": ALBUM_SET, "username": FRIEND, "title": "Birthday at the Otter"}
    tagged = {"set_id": TAGGED_SET, "username": ME, "title": "Photos of Ana"}
    found = {f"{PHONE}/20240622_190355.jpg.xmp": XMP.format(name=ME).encode()}
    for folder, known, photos in ((GALLERY, owned, BIRTHDAY), (GALLERY_TAGGED, tagged, PHOTOS_OF_ANA)):
        for number, photo in enumerate(photos, 1):
            found[f"{folder}/{photo[0]}.jpg.json"] = plain_json(_of_set(known, photos, number), indent=4)
    found[f"{GALLERY_INSTAGRAM}/9000000000000000801.jpg.json"] = plain_json(_of_instagram(), indent=4)
    return found | _of_instaloader()


def _of_set(known: dict[str, str], photos: tuple[tuple[int, str, str], ...], number: int) -> dict[str, Any]:
    photo, moment, caption = photos[number - 1]
    name = f"{photo % 10_000}00_{photo}_{photo % 1000}_n"
    return {
        "id": str(photo),
        "set_id": known["set_id"],
        "username": known["username"],
        "user_id": NUMBERS[known["username"]],
        "user_pfbid": "",
        "caption": caption,
        "date": moment,
        "url": f"https://scontent.example.invalid/v/t1.6435-9/{name}.jpg",
        "next_photo_id": "" if number == len(photos) else str(photos[number][0]),
        "filename": name,
        "extension": "jpg",
        "followups_ids": [],
        "num": number,
        "title": known["title"],
        "first_photo_id": str(photos[0][0]),
        "category": "facebook",
        "subcategory": "set",
    }


def _of_instagram() -> dict[str, Any]:
    code, media = "example-801", "9000000000000000801"
    return {
        "post_id": media,
        "post_shortcode": code,
        "likes": 41,
        "liked": False,
        "pinned": [],
        "description": "One more, she said. Santé! #thirtysomething",
        "tags": ["#thirtysomething"],
        "owner_id": NUMBERS[OTHER_FRIEND],
        "username": HANDLES[OTHER_FRIEND],
        "fullname": OTHER_FRIEND,
        "post_date": "2024-09-07 01:02:10",
        "date": "2024-09-07 01:02:10",
        "type": "post",
        "post_url": f"https://www.instagram.com/p/{code}/",
        "tagged_owner_id": NUMBERS[ME],
        "tagged_username": HANDLES[ME],
        "tagged_full_name": ME,
        "count": 1,
        "num": 1,
        "media_id": media,
        "shortcode": code,
        "display_url": "https://scontent.example.invalid/v/t51.2885-15/801_n.jpg",
        "width": 1080,
        "height": 1080,
        "tagged_users": [{"id": NUMBERS[ME], "username": HANDLES[ME], "full_name": ME}],
        "filename": "801_n",
        "extension": "jpg",
        "category": "instagram",
        "subcategory": "tagged",
    }


def _of_instaloader() -> dict[str, bytes]:
    """Two posts of Bea's. The second photo of the first has a tag of Ana, who is not in it."""
    slides = [
        {"node": {"__typename": "GraphImage", "id": "9000000000000000902", "edge_media_to_tagged_user": {"edges": []}}},
        {"node": {"__typename": "GraphImage", "id": "9000000000000000903", "edge_media_to_tagged_user": _tags(ME)}},
    ]
    first = _node("901", "GraphSidecar", "2024-09-03 14:23:18", "My desk misses @ana.doe")
    first["edge_sidecar_to_children"] = {"edges": slides}
    second = _node("904", "GraphImage", "2024-10-12 19:02:44", "Home")
    found = {}
    for node, stem, caption in (
        (first, "2024-09-03_14-23-18_UTC", "My desk misses @ana.doe"),
        (second, "2024-10-12_19-02-44_UTC", "Home"),
    ):
        post = {"node": node, "instaloader": {"version": "4.16", "node_type": "Post"}}
        packed = lzma.compress(json.dumps(post, separators=(",", ":")).encode(), check=lzma.CHECK_NONE)
        found[f"{LOADER}/{stem}.json.xz"] = packed
        found[f"{LOADER}/{stem}.txt"] = caption.encode()
    return found


def _node(number: str, kind: str, moment: str, caption: str) -> dict[str, Any]:
    return {
        "__typename": kind,
        "id": f"9000000000000000{number}",
        "shortcode": f"example-{number}",
        "is_video": False,
        "taken_at_timestamp": at(moment),
        "owner": {"id": NUMBERS[FRIEND], "username": HANDLES[FRIEND]},
        "edge_media_to_caption": {"edges": [{"node": {"text": caption}}]},
        "edge_media_to_tagged_user": {"edges": []},
    }


def _tags(*names: str) -> dict[str, Any]:
    users = [{"id": NUMBERS[name], "username": HANDLES[name], "full_name": name} for name in names]
    return {"edges": [{"node": {"user": user, "x": 0.48, "y": 0.41}} for user in users]}
