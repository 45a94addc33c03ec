"""Ana's two Takeouts of Google Photos: of 2024 with old sidecars, of 2025 with those called supplemental-metadata."""

from __future__ import annotations

from typing import Any

from places import CHRISTMAS, FRIEND, ME, Y2023, Y2024, ZIPPED
from writing import at, plain_json

# Photo: the names that Ana gave to faces, her description.
OLD: dict[str, tuple[tuple[str, ...], str]] = {
    "IMG_20230916_203114.jpg": ((ME,), ""),
    "IMG_20230916_214502.jpg": ((), "Still life with tab"),
    "IMG_20231002_091011.jpg": ((ME,), ""),
    "IMG_20231002_093347.jpg": ((FRIEND,), ""),
    "IMG_20231119_124455.jpg": ((), ""),
    "IMG_20231224_181530.jpg": ((ME, FRIEND), "Christmas Eve"),
}
NEW: dict[str, tuple[tuple[str, ...], str]] = {
    "IMG_20240427_101500.jpg": ((ME,), "The cabin came with a collection"),
    "IMG_20240427_101612.jpg": ((), ""),
    "IMG_20240505_130002.jpg": ((ME,), ""),
    "IMG_20240611_165920.jpg": ((ME,), ""),
    "IMG_20240713_112233.jpg": ((ME,), ""),
    "IMG_20241130_181818.jpg": ((), ""),
}
SECOND_PART: dict[str, tuple[tuple[str, ...], str]] = {
    "IMG_20240802_130705.jpg": ((ME,), ""),
    "IMG_20240802_201010.jpg": ((ME, FRIEND), "Happy hour, third one"),
}


def files() -> dict[str, bytes]:
    """Both Takeouts but for their photos."""
    values = {
        f"{Y2023}/metadata.json": _album("Photos from 2023", "2023-01-01 00:00:00"),
        f"{Y2024}/metadata.json": _album("Photos from 2024", "2024-01-01 00:00:00"),
        f"{CHRISTMAS}/metadata.json": {
            **_album("Christmas 2023", "2023-12-24 18:15:30"),
            "sharedAlbumComments": [{"text": "Cheers!", "contentOwnerName": FRIEND}],
        },
        f"{CHRISTMAS}/IMG_20231224_181530.jpg.json": _photo("IMG_20231224_181530.jpg", *OLD["IMG_20231224_181530.jpg"]),
    }
    values |= {f"{Y2023}/{name}.json": _photo(name, *told) for name, told in OLD.items()}
    for folder, photos in ((Y2024, NEW), (ZIPPED, SECOND_PART)):
        values |= {f"{folder}/{name}.supplemental-metadata.json": _photo(name, *told) for name, told in photos.items()}
    return {path: plain_json(value, indent=2) for path, value in values.items()}


def _photo(name: str, people: tuple[str, ...], description: str) -> dict[str, Any]:
    day, clock = name[4:12], name[13:19]
    taken = at(f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}")
    nowhere = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0, "latitudeSpan": 0.0, "longitudeSpan": 0.0}
    value: dict[str, Any] = {
        "title": name,
        "description": description,
        "imageViews": "3",
        "creationTime": {"timestamp": str(taken + 3600)},
        "photoTakenTime": {"timestamp": str(taken)},
        "geoData": nowhere,
        "geoDataExif": nowhere,
    }
    if people:
        value["people"] = [{"name": name} for name in people]
    return {
        **value,
        "url": f"https://photos.google.com/photo/AF1QipEXAMPLE{day}{clock}",
        "googlePhotosOrigin": {"mobileUpload": {"deviceType": "ANDROID_PHONE"}},
    }


def _album(title: str, moment: str) -> dict[str, Any]:
    return {"title": title, "description": "", "access": "protected", "date": {"timestamp": str(at(moment))}}
