"""What is rendered (SHOTS), what becomes a photo (PHOTOS) and where it lies in the exports. Data only.

What the exports say of the photos is in the modules `export_*.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from photo import Finish
from places import (
    CHRISTMAS,
    FB_CHAT,
    FRIDAY,
    GALLERY,
    GALLERY_INSTAGRAM,
    GALLERY_TAGGED,
    INSTAGRAM,
    LOADER,
    MOBILE,
    PHONE,
    TIMELINE,
    WEEKEND,
    Y2023,
    Y2024,
    ZIPPED,
)

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

PHOTOS: dict[str, tuple[str, Finish]] = {
    "me/portrait.jpg": ("portrait-collins", Finish(noise=0.003, quality=92, grain=1415560493)),
    "me/by-the-lake.jpg": (
        "reference-lake",
        Finish(crop=(0.06, 0.32, 0.94, 1.0), quality=92, taken="2023:07:16 11:20:05", grain=3728569614),
    ),
    "me/at-home.jpg": ("reference-room", Finish(gamma=0.95, warmth=0.15, quality=92, grain=3970947794)),
    "me/library.jpg": ("reference-library", Finish(crop=(0.12, 0.0, 0.88, 1.0), quality=92, grain=513068328)),
    # Facebook, new layout: no EXIF
    f"{MOBILE}/1000000000201.jpg": ("wine-me", Finish(grain=1998385354)),
    f"{MOBILE}/1000000000202.jpg": ("desk-me", Finish(grain=3046417505)),
    f"{MOBILE}/1000000000203.jpg": ("pub-me", Finish(width=720, warmth=0.2, quality=62, grain=2327263801)),
    f"{MOBILE}/1000000000204.jpg": ("kitchen-me", Finish(gamma=0.8, grain=2871904268)),
    f"{MOBILE}/1000000000205.jpg": ("cocktail-me", Finish(quality=84, grain=2564939544)),
    f"{WEEKEND}/1000000000301.jpg": ("lake-me", Finish(grain=119046271)),
    f"{WEEKEND}/1000000000302.jpg": ("lake-glasses", Finish(grain=2346985738)),
    f"{WEEKEND}/1000000000303.jpg": ("beach-nobody", Finish(grain=806384148)),
    f"{WEEKEND}/1000000000304.jpg": ("terrace-me", Finish(grain=2173498065)),
    f"{TIMELINE}/1000000000401.jpg": ("portrait-collins-whole", Finish(noise=0.004, grain=191856307)),
    f"{TIMELINE}/1000000000402.png": (
        "desk-me",
        Finish(crop=(0.0, 0.42, 0.62, 1.0), width=640, noise=0.0, grain=4030927535),
    ),
    f"{TIMELINE}/1000000000403.jpg": ("desk-beer", Finish(grain=4102489000)),
    f"{FB_CHAT}/photos/1000000000501.jpg": ("cocktail-glasses", Finish(width=900, quality=68, grain=85450836)),
    # Facebook, old layout
    f"{FRIDAY}/10101_1000000000101_20101_n_1000000000101.jpg": ("pub-both", Finish(quality=80, grain=1943541173)),
    f"{FRIDAY}/10102_1000000000102_20102_n_1000000000102.jpg": (
        "bar-me",
        Finish(width=720, quality=60, grain=3447483511),
    ),
    f"{FRIDAY}/10103_1000000000103_20103_n_1000000000103.jpg": (
        "stage-both",
        Finish(width=720, quality=66, grain=1882227119),
    ),
    # Google Photos: EXIF kept, some stored turned
    f"{Y2023}/IMG_20230916_203114.jpg": ("pub-me", Finish(taken="2023:09:16 20:31:14", grain=1036449669)),
    f"{Y2023}/IMG_20230916_214502.jpg": ("pub-nobody", Finish(taken="2023:09:16 21:45:02", grain=2418796745)),
    f"{Y2023}/IMG_20231002_091011.jpg": (
        "library-me",
        Finish(taken="2023:10:02 09:10:11", orientation=8, grain=1881134088),
    ),
    f"{Y2023}/IMG_20231002_093347.jpg": ("library-hopper", Finish(taken="2023:10:02 09:33:47", grain=3697257979)),
    f"{Y2023}/IMG_20231119_124455.jpg": (
        "kitchen-nobody",
        Finish(gamma=0.8, taken="2023:11:19 12:44:55", grain=4265440183),
    ),
    f"{Y2023}/IMG_20231224_181530.jpg": (
        "wine-both",
        Finish(taken="2023:12:24 18:15:30", orientation=6, grain=3292125295),
    ),
    f"{Y2024}/IMG_20240427_101500.jpg": ("lodge-me", Finish(gamma=0.85, taken="2024:04:27 10:15:00", grain=4235939498)),
    f"{Y2024}/IMG_20240427_101612.jpg": (
        "lodge-nobody",
        Finish(gamma=0.85, taken="2024:04:27 10:16:12", grain=2081412338),
    ),
    f"{Y2024}/IMG_20240505_130002.jpg": ("lunch-me", Finish(gamma=0.8, taken="2024:05:05 13:00:02", grain=818726036)),
    f"{Y2024}/IMG_20240611_165920.jpg": (
        "street-me",
        Finish(taken="2024:06:11 16:59:20", orientation=3, grain=853212966),
    ),
    f"{Y2024}/IMG_20241130_181818.jpg": (
        "street-scarf",
        Finish(gamma=1.3, warmth=-0.2, taken="2024:11:30 18:18:18", grain=1225691289),
    ),
    # Left zipped: the second part of that Takeout
    f"{ZIPPED}/IMG_20240802_130705.jpg": ("beach-me", Finish(taken="2024:08:02 13:07:05", grain=2217328606)),
    f"{ZIPPED}/IMG_20240802_201010-edited.jpg": (
        "terrace-both",
        Finish(crop=(0.1, 0.0, 1.0, 1.0), gamma=0.9, warmth=0.1, quality=90, grain=2568013437),
    ),
    f"{ZIPPED}/IMG_20240802_201010.jpg": (
        "terrace-both",
        Finish(gamma=1.15, warmth=0.35, taken="2024:08:02 20:10:10", grain=1545755357),
    ),
    # Instagram
    f"{INSTAGRAM}/media/posts/202409/17800000000000001.jpg": (
        "terrace-me",
        Finish(crop=(0.1, 0.0, 0.85, 1.0), width=1080, warmth=0.2, quality=80, grain=489284224),
    ),
    f"{INSTAGRAM}/media/posts/202410/17800000000000117.jpg": (
        "living-me",
        Finish(width=1080, gamma=0.92, quality=82, grain=2718791988),
    ),
    f"{INSTAGRAM}/media/posts/202410/17800000000000118.webp": (
        "kitchen-scarf",
        Finish(gamma=0.8, quality=80, grain=4072889651),
    ),
    f"{INSTAGRAM}/media/profile/202301/17800000000000400.jpg": (
        "portrait-collins-close",
        Finish(width=640, mirror=True, warmth=0.15, grain=922708668),
    ),
    f"{INSTAGRAM}/media/stories/202412/17800000000000344.webp": (
        "bar-me",
        Finish(crop=(0.22, 0.0, 0.85, 1.0), quality=80, grain=1002238483),
    ),
    # gallery-dl: pictures that others put online
    f"{GALLERY}/1000000000601.jpg": ("pub-both", Finish(mirror=True, quality=82, grain=679134182)),
    f"{GALLERY}/1000000000602.jpg": ("bar-hopper", Finish(grain=1876605238)),
    f"{GALLERY}/1000000000603.jpg": ("wine-hopper", Finish(grain=1387958406)),
    f"{GALLERY}/1000000000604.jpg": ("stage-both", Finish(quality=85, grain=3768208534)),
    f"{GALLERY_TAGGED}/1000000000701.jpg": ("desk-both", Finish(grain=2474359628)),
    f"{GALLERY_TAGGED}/1000000000702.jpg": ("wine-me", Finish(mirror=True, grey=True, quality=80, grain=2815366642)),
    f"{GALLERY_TAGGED}/1000000000703.jpg": ("beach-me", Finish(rotate=4, shadow=0.35, quality=82, grain=2568183959)),
    f"{GALLERY_INSTAGRAM}/9000000000000000801.jpg": (
        "cocktail-me",
        Finish(crop=(0.12, 0.0, 0.87, 1.0), width=1080, quality=82, grain=1518966864),
    ),
    # instaloader
    f"{LOADER}/2024-09-03_14-23-18_UTC_1.jpg": ("portrait-hopper", Finish(noise=0.004, grain=2573460659)),
    f"{LOADER}/2024-09-03_14-23-18_UTC_2.jpg": ("desk-hopper", Finish(grain=3737362019)),
    f"{LOADER}/2024-10-12_19-02-44_UTC.jpg": ("living-nobody", Finish(grain=460559656)),
    # a phone's own folder
    f"{PHONE}/20240310_154412.jpg": (
        "street-me",
        Finish(gamma=1.6, motion=3, noise=0.03, taken="2024:03:10 15:44:12", grain=79073567),
    ),
    f"{PHONE}/20240622_190355.jpg": (
        "lake-me",
        Finish(crop=(0.25, 0.1, 1.0, 1.0), warmth=0.4, shadow=0.3, taken="2024:06:22 19:03:55", grain=1603031109),
    ),
}

# Byte for byte: the same photo in several places.
COPIES: dict[str, str] = {
    f"{Y2024}/IMG_20240713_112233.jpg": f"{WEEKEND}/1000000000301.jpg",
    f"{PHONE}/20231224_181530.jpg": f"{Y2023}/IMG_20231224_181530.jpg",
    f"{CHRISTMAS}/IMG_20231224_181530.jpg": f"{Y2023}/IMG_20231224_181530.jpg",
    f"{GALLERY}/1000000000605.jpg": f"{FRIDAY}/10102_1000000000102_20102_n_1000000000102.jpg",
    f"{FB_CHAT}/photos/1000000000502.jpg": f"{GALLERY}/1000000000601.jpg",
}
