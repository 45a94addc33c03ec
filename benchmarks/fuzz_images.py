"""Damaged pictures through a scan: does it crash, does it hang, and how much memory does it take?

    python -m benchmarks.fuzz_images [--count 10000] [--seed 1] [--batch 500] [--jobs N] [--output FILE.json]

Pictures of all formats that untag reads are made from the sample portrait and damaged in ways that real and hostile
files are: bytes, bits, lengths and sizes changed, parts cut out, doubled, exchanged between files, and cut off. Each
batch is scanned in a process of its own, with the default models. A process that ends by a signal or an error is a
crash; ten seconds of work without a photo, on however many processors, are a hang. Exits with 1 when there is any, or
when the peak is not below 2 GB.
"""

from __future__ import annotations

import argparse
import random
import resource
import struct
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from benchmarks.output import report

ME = Path(__file__).parents[1] / "sample_photos" / "me"
SIDE = 320
MOST_SECONDS = 10.0
MOST_BYTES = 2_000_000_000
_LENGTHS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of one batch. `longest` is the most work between two photos, in seconds; `peak` is in bytes."""

    photos: int
    analysed: int
    unreadable: dict[str, int]
    longest: float
    peak: int


@cache
def originals() -> dict[str, bytes]:
    """The sample portrait in every format and many of their kinds, by suffix and number."""
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "2019:07:04 21:03:59"
    with Image.open(next(path for path in sorted(ME.iterdir()) if path.suffix == ".jpg")) as image:
        photo = image.convert("RGB").resize((SIDE, SIDE))
    kinds: list[tuple[str, str, Image.Image, dict[str, object]]] = [
        ("jpg", "JPEG", photo, {"exif": exif, "quality": 80}),
        ("jpg", "JPEG", photo, {"progressive": True, "comment": b"a comment"}),
        ("jpg", "JPEG", photo.convert("CMYK"), {}),
        ("jpg", "JPEG", photo.convert("L"), {"restart_marker_rows": 4, "icc_profile": bytes(500)}),
        ("png", "PNG", photo, {"exif": exif, "icc_profile": bytes(500)}),
        ("png", "PNG", photo.convert("RGBA"), {}),
        ("png", "PNG", photo.convert("LA"), {}),
        ("png", "PNG", photo.quantize(64), {"transparency": 3}),
        ("png", "PNG", photo.convert("I").point(lambda shade: shade * 256).convert("I;16"), {}),
        ("png", "PNG", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("gif", "GIF", photo.quantize(128), {"transparency": 5, "comment": b"a comment"}),
        ("gif", "GIF", photo.quantize(32), {"save_all": True, "append_images": [photo.rotate(90)], "interlace": 1}),
        ("webp", "WEBP", photo, {"exif": exif, "quality": 80}),
        ("webp", "WEBP", photo.convert("RGBA"), {"lossless": True}),
        ("webp", "WEBP", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("tif", "TIFF", photo, {"exif": exif}),
        ("tif", "TIFF", photo, {"compression": "tiff_lzw"}),
        ("tif", "TIFF", photo, {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),
        ("tif", "TIFF", photo, {"compression": "jpeg"}),
        ("tif", "TIFF", photo.convert("1"), {"compression": "group4"}),
        ("tif", "TIFF", photo, {"big_tiff": True}),
        ("bmp", "BMP", photo, {}),
        ("bmp", "BMP", photo.quantize(16), {}),
        ("avif", "AVIF", photo, {"exif": exif, "speed": 9}),
    ]
    saved = {f"{number}.{kind[0]}": _saved(kind[2], kind[1], kind[3]) for number, kind in enumerate(kinds)}
    return saved | _heic(photo)


def _saved(image: Image.Image, name: str, options: dict[str, object]) -> bytes:
    out = BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def _heic(photo: Image.Image) -> dict[str, bytes]:
    try:
        import pillow_heif  # writes what pi-heif reads; of the extra `dev`
    except ImportError:
        return {}
    out = BytesIO()
    pillow_heif.from_pillow(photo).save(out, quality=70)
    return {"90.heic": out.getvalue()}


def damaged(seed: int) -> tuple[str, bytes]:
    """The name and the bytes of the damaged picture number `seed`."""
    chance = random.Random(seed)
    name = chance.choice(sorted(originals()))
    data = bytearray(originals()[name])
    damage(data, chance)
    return f"{seed:06}.{name.partition('.')[2]}", bytes(data)


def damage(data: bytearray, chance: random.Random) -> None:
    """Changes a file in up to eight of these ways."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        chance.choice(_DAMAGES)(data, chance)


def _place(data: bytearray, chance: random.Random) -> int:
    """Anywhere; half of the time among the headers."""
    return chance.randrange(min(len(data), 600) if chance.random() < 0.5 else len(data)) if data else 0


def _bytes(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 5, 20))):
        if data:
            data[_place(data, chance)] = chance.randrange(256)


def _bit(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _length(data: bytearray, chance: random.Random) -> None:
    layout = chance.choice((">H", "<H", ">I", "<I"))
    packed = struct.pack(layout, chance.choice(_LENGTHS) & (0xFFFF if layout[1] == "H" else 0xFFFFFFFF))
    at = _place(data, chance)
    data[at : at + len(packed)] = packed


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _cut_out(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 4, 64, 1000))]


def _doubled(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    part = data[at : at + chance.choice((4, 64, 1000, 20_000))]
    data[at:at] = part * chance.choice((1, 2, 50))


def _zeroed(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    size = min(chance.choice((4, 64, 512, 4096)), len(data) - at)
    data[at : at + size] = bytes(size)


def _exchanged(data: bytearray, chance: random.Random) -> None:
    other = originals()[chance.choice(sorted(originals()))]
    at, start = _place(data, chance), chance.randrange(len(other))
    size = chance.choice((16, 256, 4096))
    data[at : at + size] = other[start : start + size]


_DAMAGES = (_bytes, _bit, _length, _length, _cut_off, _cut_out, _doubled, _zeroed, _exchanged)


def scan_batch(home: Path, models: Path, folder: Path, jobs: int) -> Batch:
    """Scans `folder` into a new home, with the first sample portrait enrolled."""
    from untag.config import Settings
    from untag.engine.runtime.models import ModelOptions
    from untag.faces.engine import load_engine
    from untag.people.enrolment import EnrolmentRequest, enroll_person, look_for_references
    from untag.scan import ScanModels, scan
    from untag.scan.judge import load_judge
    from untag.scenes.installed import load_scene_models
    from untag.store import Store

    options = ModelOptions(models)
    settings = Settings(home, jobs=jobs)
    loaded = ScanModels(load_engine("dlib", options), load_scene_models(options))
    with Store.open(home) as store:
        request = EnrolmentRequest("me", (ME,))
        enroll_person(store, request, look_for_references(store, request, loaded.faces, settings), settings)
        moments = [time.process_time()]
        summary = scan(
            store,
            [folder],
            loaded,
            load_judge(store, loaded.faces.id, settings),
            settings,
            on_photo=lambda: moments.append(time.process_time()),
        )
    moments.append(time.process_time())
    outcomes: dict[str, int] = {}
    for error in summary.unreadable:
        outcomes[error.outcome] = outcomes.get(error.outcome, 0) + 1
    longest = max(later - earlier for earlier, later in pairwise(moments))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Batch(summary.photos, summary.analysed, outcomes, longest, peak)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the number of the first picture")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    batches: list[Batch] = []
    crashes: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for first in range(options.seed, options.seed + options.count, options.batch):
            seeds = range(first, min(first + options.batch, options.seed + options.count))
            folder, home = Path(scratch) / f"{first}", Path(scratch) / f"home-{first}"
            folder.mkdir()
            for seed in seeds:
                name, data = damaged(seed)
                (folder / name).write_bytes(data)
            try:
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                    scanned = pool.submit(scan_batch, home, Path(scratch) / "models", folder, options.jobs)
                    batches.append(scanned.result())
            except Exception as error:  # of the scan, or of a process that died
                crashes.append(f"seeds {seeds[0]} to {seeds[-1]}: {error!r}")
            print(f"{seeds[-1]}: {batches[-1] if batches else crashes}", file=sys.stderr, flush=True)
    longest, peak = max((one.longest for one in batches), default=0.0), max((one.peak for one in batches), default=0)
    result = {
        "pictures": sum(one.photos for one in batches),
        "analysed": sum(one.analysed for one in batches),
        "unreadable": sum(sum(one.unreadable.values()) for one in batches),
        "crashes": crashes,
        "longest_seconds": round(longest, 1),
        "peak_megabytes": round(peak / 1e6),
    }
    report(result, options.output)
    return int(bool(crashes) or longest > MOST_SECONDS or peak >= MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
