"""Makes `me/` and `archive/` again: python sample_photos/make/build.py [--cache DIR] [--only TEXT] [--size WIDTH]."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

import exports
import layout
import people
import render
import scenes_drinks
import scenes_harmless
import scenes_lodge
import scenes_outdoor
from photo import encode, finish

ROOT = Path(__file__).resolve().parent.parent
SCENES = scenes_drinks.SCENES | scenes_harmless.SCENES | scenes_outdoor.SCENES | scenes_lodge.SCENES


def figure_of(who: layout.Who) -> people.Figure:
    if who.look == "uniform":
        figure = people.hopper_in_uniform()
    elif who.look == "suit":
        figure = people.collins_in_suit()
        if who.hue:
            figure = people.recoloured(figure, who.hue, 0.6, 0.75)
    else:
        figure = people.collins_in_jumper(who.colour, who.look)
    if who.scarf:
        figure = people.with_scarf(figure)
    if who.sunglasses:
        figure = people.with_sunglasses(figure)
    if who.mirror:
        figure = people.mirrored(figure)
    return people.tilted(figure, who.tilt) if who.tilt else figure


def plate(name: str, cache: Path, scale: float) -> np.ndarray:
    """The rendered scene behind a photo; kept in `cache` under a name that changes with its description."""
    if name in layout.PORTRAITS:
        source, (left, top, right, bottom), width = layout.PORTRAITS[name]
        image = {"collins": people.collins_portrait, "hopper": people.hopper_portrait}[source]()[top:bottom, left:right]
        size = (width, round(width * image.shape[0] / image.shape[1]))
        return cv2.resize(image, size, interpolation=cv2.INTER_LANCZOS4).astype(np.float32) / 255
    shot = layout.SHOTS[name]
    key = hashlib.sha256(repr((shot, scale)).encode()).hexdigest()[:10]
    path = cache / f"{name}-{key}.png"
    if not path.exists():
        began = time.monotonic()
        places = [scenes_drinks.Place(figure_of(w), w.x, w.y, w.z, w.size, w.shine) for w in shot.people]
        scene = SCENES[shot.scene](places, shot.seed)
        size = (round(shot.size[0] * scale), round(shot.size[1] * scale))
        image = render.render(scene, size, shot.samples, seed=shot.seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), (image[..., ::-1] * 255 + 0.5).astype(np.uint8))
        print(f"rendered {name} in {time.monotonic() - began:.0f} s", flush=True)
    return cv2.imread(str(path))[..., ::-1].astype(np.float32) / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "untag-sample-plates")
    parser.add_argument("--only", default="", help="only photos whose path or shot contains this text")
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: a quick look")
    parser.add_argument("--output", type=Path, default=ROOT)
    options = parser.parse_args()
    zipped: dict[str, bytes] = {}
    for path, (shot, how) in layout.PHOTOS.items():
        if options.only not in path and options.only not in shot:
            continue
        data = encode(finish(plate(shot, options.cache, options.scale), how), how, Path(path).suffix)
        name = exports.inside(path)
        if name is not None:
            zipped[name] = data
            continue
        (options.output / path).parent.mkdir(parents=True, exist_ok=True)
        (options.output / path).write_bytes(data)
    for copy, original in layout.COPIES.items():
        if (options.output / original).exists() and options.only in copy + original:
            (options.output / copy).parent.mkdir(parents=True, exist_ok=True)
            (options.output / copy).write_bytes((options.output / original).read_bytes())
    exports.write(options.output, zipped)


if __name__ == "__main__":
    main()
