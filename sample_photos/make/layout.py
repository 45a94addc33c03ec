"""What is rendered (SHOTS), what becomes a photo (PHOTOS) and where it lies in the exports. Data only.

Sidecar files of an export belong beside the photos of the same folder: add them here as a further table.
"""

from __future__ import annotations

from dataclasses import dataclass

from photo import Finish

Colour = tuple[float, float, float]
WIDE, LARGE, TALL = (1024, 768), (1120, 840), (840, 1120)


@dataclass(frozen=True, slots=True)
class Who:
    """A person in a scene. look: plain, zip, stripes (a jumper for Collins), suit (her launch suit) or uniform (Hopper)."""

    look: str
    x: float
    y: float = 0.62
    z: float = 1.15
    colour: Colour = (0.2, 0.3, 0.45)
    hue: float = 0.0
    mirror: bool = False
    tilt: float = 0.0
    sunglasses: bool = False
    scarf: bool = False
    size: float = 1.0
    shine: float = 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    scene: str
    seed: int
    people: tuple[Who, ...] = ()
    size: tuple[int, int] = WIDE
    samples: int = 10


NAVY, RED, OLIVE, GREY, BLACK, TEAL, CREAM = (
    (0.11, 0.16, 0.30),
    (0.50, 0.10, 0.10),
    (0.27, 0.29, 0.15),
    (0.36, 0.36, 0.38),
    (0.07, 0.07, 0.08),
    (0.08, 0.30, 0.32),
    (0.70, 0.64, 0.52),
)

SHOTS: dict[str, Shot] = {
    # drinks, with me
    "wine-me": Shot("wine_dinner", 1, (Who("plain", 0.10, colour=RED, tilt=2),)),
    "wine-both": Shot(
        "wine_dinner", 2, (Who("stripes", -0.24, colour=NAVY, tilt=-3), Who("uniform", 0.26, 0.66, 1.14, size=1.08))
    ),
    "pub-me": Shot("pub_beers", 1, (Who("zip", 0.12, colour=OLIVE, tilt=-3),)),
    "pub-both": Shot(
        "pub_beers",
        2,
        (Who("plain", 0.25, colour=GREY, mirror=True, tilt=3), Who("uniform", -0.26, 0.68, 1.14, size=1.08)),
    ),
    "bar-me": Shot("bar_shelf", 1, (Who("plain", 0.14, 0.50, 1.50, colour=TEAL),)),
    "cocktail-me": Shot("cocktails", 1, (Who("stripes", 0.12, colour=BLACK, tilt=-2),)),
    "cocktail-glasses": Shot("cocktails", 2, (Who("plain", -0.12, colour=RED, sunglasses=True),)),
    "terrace-me": Shot("terrace", 1, (Who("suit", 0.10, hue=195.0, tilt=2),)),
    "terrace-both": Shot(
        "terrace", 2, (Who("stripes", 0.24, colour=RED, mirror=True), Who("uniform", -0.25, 0.66, 1.14, size=1.08))
    ),
    # drinks, without me
    "wine-hopper": Shot("wine_dinner", 3, (Who("uniform", 0.05, 0.62, 1.14, size=1.08),)),
    "pub-nobody": Shot("pub_beers", 4),
    "bar-hopper": Shot("bar_shelf", 3, (Who("uniform", -0.12, 0.50, 1.49, size=1.08),)),
    # harmless, with me
    "desk-me": Shot("desk", 1, (Who("zip", 0.12, colour=GREY, tilt=2),)),
    "desk-both": Shot("desk", 2, (Who("plain", -0.22, colour=TEAL), Who("uniform", 0.28, 0.66, 1.14, size=1.08))),
    "library-me": Shot("library", 1, (Who("plain", 0.10, 0.30, 1.45, colour=CREAM),)),
    "kitchen-me": Shot("kitchen", 1, (Who("stripes", -0.05, colour=TEAL, mirror=True),)),
    "kitchen-scarf": Shot("kitchen", 2, (Who("zip", 0.02, colour=OLIVE, scarf=True),)),
    "living-me": Shot("living_room", 1, (Who("plain", 0.25, -0.75, 1.28, colour=OLIVE),)),
    "stage-both": Shot(
        "stage",
        1,
        (
            Who("zip", 0.32, -1.55, 1.38, colour=BLACK, shine=1.15),
            Who("uniform", -0.28, -1.45, 1.36, size=1.08, shine=1.15),
        ),
    ),
    "lake-me": Shot("lake", 1, (Who("suit", 0.22, -0.25, 1.60),)),
    "lake-glasses": Shot("lake", 2, (Who("stripes", -0.22, -0.35, 1.58, colour=NAVY, sunglasses=True),)),
    "beach-me": Shot("beach", 1, (Who("stripes", 0.18, -0.25, 1.57, colour=RED),)),
    "street-me": Shot("street", 1, (Who("zip", -0.12, -0.85, 1.60, colour=RED),)),
    "street-scarf": Shot("street", 2, (Who("zip", 0.20, -0.95, 1.58, colour=GREY, scarf=True),)),
    # harmless, without me
    "library-hopper": Shot("library", 2, (Who("uniform", -0.12, 0.25, 1.44, size=1.08),)),
    "living-nobody": Shot("living_room", 3),
    "kitchen-nobody": Shot("kitchen", 3),
    "beach-nobody": Shot("beach", 3),
    "desk-hopper": Shot("desk", 3, (Who("uniform", 0.10, 0.62, 1.14, size=1.08),)),
    "lunch-me": Shot("lunch", 1, (Who("plain", 0.04, colour=NAVY, mirror=True, tilt=-2),)),
    # harder: one small bottle at the edge
    "desk-beer": Shot("desk_with_beer", 4, (Who("stripes", -0.10, colour=BLACK),)),
    # weapons
    "lodge-me": Shot("lodge", 1, (Who("zip", 0.28, 0.40, 1.30, colour=OLIVE),)),
    "lodge-nobody": Shot("lodge", 2),
    # references
    "reference-lake": Shot("lake", 5, (Who("plain", 0.05, -0.75, 1.60, colour=CREAM, mirror=True),), TALL, 16),
    "reference-room": Shot("living_room", 6, (Who("zip", -0.15, -1.20, 1.28, colour=NAVY, tilt=-3),), LARGE, 16),
    "reference-library": Shot("library", 7, (Who("suit", 0.0, -0.15, 1.45),), LARGE, 16),
}

# Straight from the public-domain portraits: which, crop in pixels (left, top, right, bottom), width of the picture.
PORTRAITS: dict[str, tuple[str, tuple[int, int, int, int], int]] = {
    "portrait-collins": ("collins", (40, 0, 400, 360), 1000),
    "portrait-collins-close": ("collins", (110, 0, 350, 240), 720),
    "portrait-collins-whole": ("collins", (0, 0, 512, 512), 1024),
    "portrait-hopper": ("hopper", (0, 0, 512, 600), 900),
}

FACEBOOK = "archive/facebook-ana-2025-01-04/your_facebook_activity/posts/media"
MOBILE, WEEKEND = f"{FACEBOOK}/Mobileuploads_1002003004", f"{FACEBOOK}/Weekendinthehills_1002003117"
TIMELINE = f"{FACEBOOK}/Timelinephotos_1002003001"
FB_OLD = "archive/facebook-ana-2019-06-30/photos_and_videos/Friday_b7QxP2mLkA"
FB_CHAT = "archive/facebook-ana-2025-01-04/your_facebook_activity/messages/inbox/beamoor_4410223/photos"
TAKEOUT = "archive/Takeout/Google Photos"
INSTAGRAM = "archive/instagram-ana-2025-01-05/media"
GALLERY = "archive/gallery-dl/facebook/bea.moor/Birthday at the Otter (a.5005006007)"
GALLERY_TAGGED = "archive/gallery-dl/facebook/carl.venn/Photos of Ana (t.7007008009)"
LOADER = "archive/instaloader/bea.moor"
PHONE = "archive/Phone backup/DCIM/Camera"

PHOTOS: dict[str, tuple[str, Finish]] = {
    "me/portrait.jpg": ("portrait-collins", Finish(quality=92, noise=0.003)),
    "me/by-the-lake.jpg": (
        "reference-lake",
        Finish(quality=92, crop=(0.06, 0.32, 0.94, 1.0), taken="2023:07:16 11:20:05"),
    ),
    "me/at-home.jpg": ("reference-room", Finish(quality=92, gamma=0.95, warmth=0.15)),
    "me/library.jpg": ("reference-library", Finish(quality=92, crop=(0.12, 0.0, 0.88, 1.0))),
    # Facebook, new layout: no EXIF
    f"{MOBILE}/4005006007.jpg": ("wine-me", Finish()),
    f"{MOBILE}/4005006021.jpg": ("desk-me", Finish()),
    f"{MOBILE}/4005006038.jpg": ("pub-both", Finish(quality=80)),
    f"{MOBILE}/4005006044.jpg": ("kitchen-me", Finish(gamma=0.8)),
    f"{MOBILE}/4005006059.jpg": ("cocktail-me", Finish(quality=84)),
    f"{WEEKEND}/4005007103.jpg": ("lake-me", Finish()),
    f"{WEEKEND}/4005007110.jpg": ("lake-glasses", Finish()),
    f"{WEEKEND}/4005007121.jpg": ("beach-nobody", Finish()),
    f"{WEEKEND}/4005007133.jpg": ("terrace-me", Finish()),
    f"{TIMELINE}/4005008200.jpg": ("portrait-collins-whole", Finish(noise=0.004)),
    f"{TIMELINE}/4005008214.png": ("desk-me", Finish(crop=(0.0, 0.42, 0.62, 1.0), width=640, noise=0.0)),
    f"{TIMELINE}/4005008227.jpg": ("desk-beer", Finish()),
    f"{FB_CHAT}/4105009301.jpg": ("cocktail-glasses", Finish(width=900, quality=68)),
    # Facebook, old layout: small and hard pressed
    f"{FB_OLD}/28819_1251667781858_646231_n_1251667781858.jpg": ("pub-me", Finish(width=720, quality=62, warmth=0.2)),
    f"{FB_OLD}/28819_1251667781859_646232_n_1251667781859.jpg": ("bar-me", Finish(width=720, quality=60)),
    f"{FB_OLD}/28819_1251667781860_646233_n_1251667781860.jpg": ("stage-both", Finish(width=720, quality=66)),
    # Google Photos: EXIF kept, some stored turned
    f"{TAKEOUT}/Photos from 2023/IMG_20230916_203114.jpg": ("pub-me", Finish(taken="2023:09:16 20:31:14")),
    f"{TAKEOUT}/Photos from 2023/IMG_20230916_214502.jpg": ("pub-nobody", Finish(taken="2023:09:16 21:45:02")),
    f"{TAKEOUT}/Photos from 2023/IMG_20231224_181530.jpg": (
        "wine-both",
        Finish(taken="2023:12:24 18:15:30", orientation=6),
    ),
    f"{TAKEOUT}/Photos from 2023/IMG_20231002_091011.jpg": (
        "library-me",
        Finish(taken="2023:10:02 09:10:11", orientation=8),
    ),
    f"{TAKEOUT}/Photos from 2023/IMG_20231002_093347.jpg": ("library-hopper", Finish(taken="2023:10:02 09:33:47")),
    f"{TAKEOUT}/Photos from 2023/IMG_20231119_124455.jpg": (
        "kitchen-nobody",
        Finish(gamma=0.8, taken="2023:11:19 12:44:55"),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240611_165920.jpg": (
        "street-me",
        Finish(taken="2024:06:11 16:59:20", orientation=3),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240802_130705.jpg": ("beach-me", Finish(taken="2024:08:02 13:07:05")),
    f"{TAKEOUT}/Photos from 2024/IMG_20240802_201010.jpg": (
        "terrace-both",
        Finish(taken="2024:08:02 20:10:10", warmth=0.35, gamma=1.15),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240802_201010-edited.jpg": (
        "terrace-both",
        Finish(crop=(0.1, 0.0, 1.0, 1.0), warmth=0.1, gamma=0.9, quality=90),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240427_101500.jpg": (
        "lodge-me",
        Finish(gamma=0.85, taken="2024:04:27 10:15:00"),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240427_101612.jpg": (
        "lodge-nobody",
        Finish(gamma=0.85, taken="2024:04:27 10:16:12"),
    ),
    f"{TAKEOUT}/Photos from 2024/IMG_20240505_130002.jpg": ("lunch-me", Finish(gamma=0.8, taken="2024:05:05 13:00:02")),
    f"{TAKEOUT}/Photos from 2024/IMG_20241130_181818.jpg": (
        "street-scarf",
        Finish(taken="2024:11:30 18:18:18", gamma=1.3, warmth=-0.2),
    ),
    # Instagram
    f"{INSTAGRAM}/posts/202409/17800000000000001.jpg": (
        "cocktail-me",
        Finish(crop=(0.12, 0.0, 0.87, 1.0), width=1080, quality=82),
    ),
    f"{INSTAGRAM}/posts/202409/17800000000000002.jpg": (
        "terrace-me",
        Finish(crop=(0.10, 0.0, 0.85, 1.0), width=1080, quality=80, warmth=0.2),
    ),
    f"{INSTAGRAM}/posts/202410/17800000000000117.jpg": ("living-me", Finish(width=1080, quality=82, gamma=0.92)),
    f"{INSTAGRAM}/posts/202411/17800000000000213.webp": ("kitchen-scarf", Finish(gamma=0.8, quality=80)),
    f"{INSTAGRAM}/stories/202412/17800000000000344.webp": ("bar-me", Finish(crop=(0.22, 0.0, 0.85, 1.0), quality=80)),
    f"{INSTAGRAM}/profile/202301/17800000000000400.jpg": (
        "portrait-collins-close",
        Finish(mirror=True, width=640, warmth=0.15),
    ),
    # gallery-dl: pictures that others put online
    f"{GALLERY}/5005006101.jpg": ("pub-both", Finish(mirror=True, quality=82)),
    f"{GALLERY}/5005006102.jpg": ("bar-hopper", Finish()),
    f"{GALLERY}/5005006103.jpg": ("wine-hopper", Finish()),
    f"{GALLERY}/5005006104.jpg": ("stage-both", Finish(quality=85)),
    f"{GALLERY_TAGGED}/7007008110.jpg": ("desk-both", Finish()),
    f"{GALLERY_TAGGED}/7007008127.jpg": ("wine-me", Finish(mirror=True, grey=True, quality=80)),
    f"{GALLERY_TAGGED}/7007008133.jpg": ("beach-me", Finish(rotate=4, shadow=0.35, quality=82)),
    # instaloader
    f"{LOADER}/2024-09-03_14-23-18_UTC_1.jpg": ("portrait-hopper", Finish(noise=0.004)),
    f"{LOADER}/2024-09-03_14-23-18_UTC_2.jpg": ("desk-hopper", Finish()),
    f"{LOADER}/2024-10-12_19-02-44_UTC.jpg": ("living-nobody", Finish()),
    # a phone's own folder
    f"{PHONE}/20240310_154412.jpg": ("street-me", Finish(taken="2024:03:10 15:44:12", gamma=1.6, noise=0.03, motion=3)),
    f"{PHONE}/20240622_190355.jpg": (
        "lake-me",
        Finish(taken="2024:06:22 19:03:55", crop=(0.25, 0.1, 1.0, 1.0), warmth=0.4, shadow=0.3),
    ),
}

# Byte for byte: the same photo in two archives.
COPIES: dict[str, str] = {
    f"{TAKEOUT}/Photos from 2024/IMG_20240713_112233.jpg": f"{WEEKEND}/4005007103.jpg",
    f"{PHONE}/20231224_181530.jpg": f"{TAKEOUT}/Photos from 2023/IMG_20231224_181530.jpg",
}
