"""A miniature archive for each reader, made up; ways to damage them; and a watch over what is written meanwhile."""

from __future__ import annotations

import io
import json
import lzma
import os
import random
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

JPEG = b"\xff\xd8\xff\xd9"
Archive = dict[str, bytes]

_TAKEOUT = {
    "title": "IMG_1.jpg",
    "photoTakenTime": {"timestamp": "1695394176"},
    "url": "https://photos.google.com/photo/A",
}
_POSTED = {"creation_timestamp": 1640500100, "title": "Trip"}
_OWNER = {"profile_v2": {"name": {"full_name": "Ana Doe"}}}
_FACEBOOK = "your_facebook_activity/posts/media/Trip_100200300/400500600.jpg"
_TAGGED = [{"fbid": "7", "label_values": [{"label": "URL", "href": "https://www.facebook.com/photo.php?fbid=7"}]}]
_INSTAGRAM = "media/posts/202409/17800000000000001.jpg"
_TELEGRAM = "photos/photo_1@01-08-2020_22-03-20.jpg"
_NODE = {"shortcode": "AAA", "__typename": "GraphImage", "owner": {"username": "bea"}}
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><Iptc4xmpExt:PersonInImage>'
    "<rdf:Bag><rdf:li>Ana</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _js(value: Any) -> str:
    return f"window.YTD.x.part0 = {json.dumps(value)}"


def _archive(files: Mapping[str, Any]) -> Archive:
    return {name: _bytes(value) for name, value in files.items()}


MINIATURES: dict[str, Archive] = {
    "facebook": _archive(
        {
            "personal_information/profile_information/profile_information.json": _OWNER,
            "your_facebook_activity/posts/your_posts_1.json": [
                {"timestamp": 1640500100, "attachments": [{"data": [{"media": {"uri": _FACEBOOK, **_POSTED}}]}]}
            ],
            "your_facebook_activity/posts/album/0.json": {"name": "Trip", "photos": [{"uri": _FACEBOOK, **_POSTED}]},
            "your_facebook_activity/activity_you're_tagged_in/photos_and_videos_you're_tagged_in.json": _TAGGED,
            "your_facebook_activity/posts/your_videos.html": f'<div><h2>Trip</h2><img src="{_FACEBOOK}"></div>',
            _FACEBOOK: JPEG,
        }
    ),
    "instagram": _archive(
        {
            "your_instagram_activity/media/posts_1.json": [{"media": [{"uri": _INSTAGRAM, **_POSTED}]}],
            "your_instagram_activity/media/stories.html": f'<div><img src="{_INSTAGRAM}"></div>',
            _INSTAGRAM: JPEG,
        }
    ),
    "twitter": _archive(
        {
            "Your archive.html": "<html></html>",
            "data/account.js": _js([{"account": {"username": "ana_doe", "accountId": "77"}}]),
            "data/tweets.js": _js(
                [{"tweet": {"id_str": "100", "entities": {"media": [{"media_url_https": "https://e.org/A.jpg"}]}}}]
            ),
            "data/tweets_media/100-A.jpg": JPEG,
            "data/direct_messages_media/500-F.jpg": JPEG,
        }
    ),
    "telegram": _archive(
        {
            "result.json": {
                "name": "Lake house",
                "type": "private_supergroup",
                "id": 1098030726,
                "messages": [{"id": 7, "from": "Bea Roe", "photo": _TELEGRAM, "text": ["Look: ", {"text": "us"}]}],
            },
            _TELEGRAM: JPEG,
            f"{_TELEGRAM[:-4]}_thumb.jpg": JPEG,
        }
    ),
    "tagged_json": _archive(
        {
            "tagged.json": {
                "tagged": [
                    {
                        "fb_url": "https://www.facebook.com/photo.php?fbid=700",
                        "media_url": "https://scontent.example.org/11_701_33_n.jpg",
                        "media_type": "image",
                        "user_name": "Bea Roe",
                    }
                ]
            },
            "photos/2015-06-05_701.jpg": JPEG,
        }
    ),
    "gallery_dl": _archive(
        {
            "700.jpg": JPEG,
            "700.jpg.json": {
                "category": "facebook",
                "subcategory": "set",
                "id": "700",
                "set_id": "a.3",
                "extension": "jpg",
            },
            "data.jsonl": '{"category": "facebook", "subcategory": "set", "id": "8", "extension": "jpg"}\n',
        }
    ),
    "instaloader": _archive(
        {
            "2024-09-03_14-23-18_UTC.jpg": JPEG,
            "2024-09-03_14-23-18_UTC.txt": "At the lake",
            "2024-09-03_14-23-18_UTC.json.xz": lzma.compress(
                json.dumps({"node": _NODE, "instaloader": {"version": "4.16", "node_type": "Post"}}).encode()
            ),
        }
    ),
    "google_takeout": _archive(
        {
            "Takeout/Google Photos/Trip/IMG_1.jpg": JPEG,
            "Takeout/Google Photos/Trip/IMG_1.jpg.supplemental-metadata.json": _TAKEOUT,
            "Takeout/Google Photos/Trip/metadata.json": {"title": "Trip", "access": "protected"},
        }
    ),
    "whatsapp": _archive(
        {
            "_chat.txt": "25/03/2026, 11:13 - Ana: IMG-20260325-WA0001.jpg (file attached)\nAt the lake\n",
            "IMG-20260325-WA0001.jpg": JPEG,
        }
    ),
    "xmp_sidecar": _archive({"a.jpg": JPEG, "a.jpg.xmp": _XMP}),
    "picasa": _archive(
        {
            "a.jpg": JPEG,
            "Picasa.ini": "[a.jpg]\nfaces=rect64(3f845bcb59418507),8e62b2035b74b477\n"
            "[Contacts2]\n8e62b2035b74b477=Ana Doe;;\n",
        }
    ),
}

ARCHIVES = Path(__file__).parent / "archives"
"""A fixture for each reader that has one: `files` (null for a photo), and what is to be read in them."""


def fixture(name: str) -> dict[str, Any]:
    """The miniature archive of a reader as `files`, and the expected `rows` of its photos and what else it says."""
    value = json.loads((ARCHIVES / f"{name}.json").read_text("utf-8"))
    return {**value, "files": {file: JPEG if data is None else data for file, data in value["files"].items()}}


FIXTURES = sorted(path.stem for path in ARCHIVES.glob("*.json"))
MINIATURES.update({name: _archive(fixture(name)["files"]) for name in FIXTURES})

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1e308,
    "",
    "x",
    "\ud800",
    "../../x",
    [],
    {},
    [[]],
    {"": None},
    "é" * 999,
)
ODD_NAMES = ("x" * 200, "é\u0301", "con", "..", "\n", "~$", "a\\b", "\u202e", " ", "%00", "{0}", "\udcff")


def damage(archive: Mapping[str, bytes], chance: random.Random) -> Archive:
    """A copy of an archive with one to four things wrong with it."""
    damaged = dict(archive)
    for _ in range(chance.randint(1, 4)):
        if damaged:
            chance.choice(_DAMAGES)(damaged, chance.choice(sorted(damaged)), chance)
    return damaged


def _delete(archive: Archive, name: str, chance: random.Random) -> None:
    del archive[name]


def _copy(archive: Archive, name: str, chance: random.Random) -> None:
    archive[_renamed(name, chance)] = archive[name]


def _rename(archive: Archive, name: str, chance: random.Random) -> None:
    archive[_renamed(name, chance)] = archive.pop(name)


def _swap(archive: Archive, name: str, chance: random.Random) -> None:
    archive[name] = archive[chance.choice(sorted(archive))]


def _flip(archive: Archive, name: str, chance: random.Random) -> None:
    archive[name] = flipped(archive[name], chance)


def _cut(archive: Archive, name: str, chance: random.Random) -> None:
    archive[name] = archive[name][: chance.randint(0, len(archive[name]))]


def _noise(archive: Archive, name: str, chance: random.Random) -> None:
    archive[name] = chance.randbytes(chance.randint(0, 300))


def _nest(archive: Archive, name: str, chance: random.Random) -> None:
    archive[name] = b"[" * chance.choice((10, 100_000)) + archive[name]


def _odd_json(archive: Archive, name: str, chance: random.Random) -> None:
    """Puts an odd value anywhere in JSON, after a beginning that is none where there is one."""
    start, sign, rest = archive[name].partition(b"= ")
    if not sign:
        start, rest = b"", archive[name]
    with suppress(ValueError, RecursionError):
        archive[name] = start + sign + json.dumps(_with_odd_value(json.loads(rest), chance)).encode()


def _with_odd_value(value: Any, chance: random.Random) -> Any:
    if not value or not isinstance(value, dict | list) or chance.random() < 0.2:
        return chance.choice(ODD_VALUES)
    if isinstance(value, dict):
        key = chance.choice(sorted(value))
        return {**value, key: _with_odd_value(value[key], chance)}
    place = chance.randrange(len(value))
    return [*value[:place], _with_odd_value(value[place], chance), *value[place + 1 :]]


def _renamed(name: str, chance: random.Random) -> str:
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    odd = chance.choice(ODD_NAMES)
    return chance.choice(
        (
            f"{folder}{slash}{stem}(1){dot}{suffix}",
            f"{folder}{slash}{last.upper()}",
            f"{folder}{slash}{stem}",
            f"{folder}{slash}{odd}{dot}{suffix}",
            f"{odd}/{name}",
            f"Trip/{last}",
            f"{name}.json",
            last,
        )
    )


_DAMAGES: tuple[Callable[[Archive, str, random.Random], None], ...] = (
    *(_delete, _copy, _rename, _swap, _flip, _cut, _noise, _nest),
    *(_odd_json, _odd_json, _odd_json),
)


def flipped(data: bytes, chance: random.Random) -> bytes:
    """A copy with one to eight bytes changed."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def unpack(archive: Mapping[str, bytes], folder: Path) -> None:
    """Writes an archive below `folder`, but for names that lead out of it or that the disk does not take."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in archive.items():
        path = folder / name
        if ".." in path.parts or (path.is_absolute() and folder not in path.parents):
            continue
        with suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def zipped(archive: Mapping[str, bytes]) -> bytes:
    """An archive as a zip file, whatever its names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in archive.items():
            with suppress(UnicodeError):
                file.writestr(zipfile.ZipInfo(name.replace("\0", "")), data)
    return buffer.getvalue()


_CHANGES = frozenset(
    ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_watches: list[list[str]] = []
_hooked: list[bool] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """What this process writes, makes or removes on the disk meanwhile, as events of `sys.audit`."""
    if not _hooked:
        sys.addaudithook(_note)  # for good: a hook cannot be taken off
        _hooked.append(True)
    seen: list[str] = []
    _watches.append(seen)
    try:
        yield seen
    finally:
        _watches.pop()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches:
        return
    changes = event in _CHANGES
    if event == "open":
        _, mode, flags = arguments
        changes = (isinstance(mode, str) and not set("wax+").isdisjoint(mode)) or bool((flags or 0) & _WRITING)
    if changes:
        _watches[-1].append(f"{event} {arguments}")
