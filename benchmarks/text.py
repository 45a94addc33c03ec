"""How many words of a list are found in photos that they were drawn into, and what is found that is not there.

    python -m benchmarks.text PHOTOS… [--words 600] [--others 400] [--seed 0] [--output FILE.json]

Needs untag[ocr]. Words (names of firms and schools, slogans, plates, names with accents) are drawn into photos that are
enlarged to 1600 px: in the TrueType fonts of this machine and in OpenCV's stroke fonts, in several sizes, turned,
slanted, in light and dark colours of more or less contrast, blurred, and compressed as JPEG. `cap height` is that of a
capital letter; `legible` are those from 18 pixels and a contrast of 70 on. Then the same list is looked for in photos
into which nothing was drawn.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.output import report
from untag.engine.runtime.models import ModelOptions
from untag.imaging.decode import decode
from untag.reading.cards import Card
from untag.reading.lines import load_line_reader
from untag.reading.reader import TextReader, TextWanted
from untag.types import Pixels

SIDE = 1600
FONTS = Path("/usr/share/fonts")
STROKES = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)
WORDS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "Northwind",
        "Globex",
        "Contoso Ltd",
        "Vandelay Industries",
        "Initech",
        "Umbrella",
        "Acme",
        "Kestrel & Sons",
    ),
    "school": (
        "Lincoln High School",
        "Goethe-Gymnasium",
        "St. Mary's College",
        "Riverside Academy",
        "ETH",
        "Polytechnique",
    ),
    "slogan": ("No borders", "Resist", "Smash the system", "Never again", "Free the press", "Stop the wall"),
    "plate": ("B-AN 1234", "7ABC123", "LO52 KXB", "M OI 801", "XY-123-ZB", "1-GOS-058"),
    "accents": ("Müller & Söhne", "Café Zoë", "Peña Española", "Łódź", "Ångström", "Éclair"),
}
CAP_HEIGHTS = (14, 18, 24, 36, 56)
ANGLES = (0, 0, 5, 12, 20, 30)
CONTRASTS = (40, 70, 110, 180)
"""Of 255, between the letters and what is behind them, in each channel."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A photo with a word in it, and how it was drawn."""

    pixels: Pixels
    word: str
    kind: str
    cap: int
    angle: int
    contrast: int
    font: str
    blur: float

    @property
    def is_legible(self) -> bool:
        """Whether somebody would read it who does not know it: the rest shows where reading ends."""
        return self.cap >= 18 and self.contrast >= 70


def letters(word: str, font: str, cap: int) -> Pixels:
    """A mask (height, width) uint8 of a word, with room around it."""
    if font.startswith("stroke"):
        # Drawn large and made smaller, as smooth as other letters are. These fonts have no accents.
        face, scale = STROKES[int(font.removeprefix("stroke "))], 4.0
        (width, height), below = cv2.getTextSize(word, face, scale, 6)
        image = np.zeros((height + below + 40, width + 40), np.uint8)
        cv2.putText(image, word, (20, height + 20), face, scale, 255, 8, cv2.LINE_AA)
        factor = cap / height
        return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    type_face = ImageFont.truetype(font, round(cap / 0.72))
    left, top, right, bottom = type_face.getbbox(word)
    drawn = Image.new("L", (round(right - left) + 8, round(bottom - top) + 8))
    ImageDraw.Draw(drawn).text((4 - left, 4 - top), word, fill=255, font=type_face)
    return np.asarray(drawn)


def turned(mask: Pixels, angle: float, slant: float) -> Pixels:
    height, width = mask.shape
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    matrix = np.array([[cosine, -sine + slant, 0], [sine, cosine, 0]], np.float32)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32) @ matrix[:, :2].T
    matrix[:, 2] = -corners.min(axis=0)
    columns, rows = np.ceil(np.ptp(corners, axis=0)).astype(int) + 2
    return np.asarray(cv2.warpAffine(mask, matrix, (int(columns), int(rows)), flags=cv2.INTER_LINEAR), np.uint8)


def enlarged(photo: Pixels) -> Pixels:
    factor = SIDE / max(photo.shape[:2])
    return np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)


def drawn_words(
    photos: Sequence[Pixels], fonts: Sequence[str], count: int, random: np.random.Generator
) -> Iterator[Drawn]:
    """`count` photos with a word in each."""
    kinds = [(kind, word) for kind, words in WORDS.items() for word in words]
    while count:
        kind, word = kinds[int(random.integers(len(kinds)))]
        plain = word.isascii()
        font = str(random.choice([font for font in fonts if plain or not font.startswith("stroke")]))
        cap, angle, contrast = (int(random.choice(choices)) for choices in (CAP_HEIGHTS, ANGLES, CONTRASTS))
        angle *= int(random.choice((-1, 1)))
        mask = turned(letters(word, font, cap), angle, float(random.uniform(-0.2, 0.2)))
        photo = photos[int(random.integers(len(photos)))]
        rows, columns = mask.shape
        if rows >= photo.shape[0] or columns >= photo.shape[1]:
            continue
        top, left = int(random.integers(photo.shape[0] - rows)), int(random.integers(photo.shape[1] - columns))
        behind = photo[top : top + rows, left : left + columns].astype(np.float32)
        middle = behind.mean(axis=(0, 1))
        # Lighter or darker than what is there, whichever has more room; with a tint of its own.
        way = np.where(middle.mean() < 128, 1, -1)
        colour = np.clip(middle + way * contrast + random.uniform(-15, 15, 3), 0, 255)
        part = (mask / np.float32(255))[..., None]
        pixels = photo.copy()
        pixels[top : top + rows, left : left + columns] = behind * (1 - part) + colour * part
        blur = float(random.choice((0, 0.7, 1.2)))
        if blur:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur), np.uint8)
        _, packed = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, int(random.choice((60, 80, 92)))))
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        yield Drawn(seen, word, kind, cap, abs(angle), contrast, Path(font).stem, blur)
        count -= 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--words", type=int, default=600)
    parser.add_argument("--others", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    paths = sorted(path for folder in options.photos for path in folder.rglob("*.jpg"))
    paths = [paths[number] for number in random.permutation(len(paths))]
    photos = [enlarged(decode(path.read_bytes(), max_side=SIDE).pixels) for path in paths[:60]]
    fonts = [str(path) for path in sorted(FONTS.rglob("*.ttf"))] if FONTS.exists() else []
    fonts = [font for font in fonts if "Math" not in font] + [f"stroke {number}" for number in range(len(STROKES))]
    words = tuple(word for each in WORDS.values() for word in each)
    reader = TextReader(load_line_reader(ModelOptions(Path(), threads=options.threads)), TextWanted(words, cards=True))
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    wrong: list[str] = []
    start = time.perf_counter()
    for drawn in drawn_words(photos, fonts, options.words, random):
        seen = reader.found(drawn.pixels)
        found = {word for word in words if f'"{word}"' in seen}
        wrong += [f"{word} for {drawn.word}" for word in found if word != drawn.word]
        for what in ("kind", "cap", "angle", "contrast", "font", "blur"):
            counts[what][str(getattr(drawn, what))][0] += drawn.word in found
            counts[what][str(getattr(drawn, what))][1] += 1
        for name in ("all", *(("legible",) if drawn.is_legible else ())):
            counts["together"][name][0] += drawn.word in found
            counts["together"][name][1] += 1
    seconds = (time.perf_counter() - start) / options.words
    others, cards = [], []
    for path in paths[60 : 60 + options.others]:
        seen = reader.found(decode(path.read_bytes(), max_side=SIDE).pixels)
        others += [f"{what} in {path.name}" for what in seen if what not in set(Card)]
        cards += [f"{what} in {path.name}" for what in seen if what in set(Card)]
    table = {what: {key: f"{hit} of {of}" for key, (hit, of) in sorted(by.items())} for what, by in counts.items()}
    report(
        {
            "found": table,
            "other_words_found": wrong,
            "seconds_each": round(seconds, 3),
            "photos_without": min(options.others, len(paths) - 60),
            "found_without": others,
            "cards": cards,
        },
        options.output,
    )


if __name__ == "__main__":
    main()
