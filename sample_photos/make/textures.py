"""Procedural pictures for surfaces: wood, brick, plaster, labels, screens, book spines, blurred lights. All seeded."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Array = np.ndarray
Colour = tuple[float, float, float]


def noise(shape: tuple[int, int], sigma: float | tuple[float, float], rng: np.random.Generator) -> Array:
    sx, sy = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigmaX=sx, sigmaY=sy)
    return field / (field.std() + 1e-6)


def fractal(shape: tuple[int, int], largest: float, rng: np.random.Generator, octaves: int = 5) -> Array:
    total = sum(noise(shape, largest / 2**k, rng) / 2**k for k in range(octaves))
    return np.asarray(total / np.std(total), np.float32)


def wood(seed: int, dark: Colour, light: Colour, planks: int = 5, size: tuple[int, int] = (1024, 1024)) -> Array:
    """Planks that run along the picture's width."""
    rng = np.random.default_rng(seed)
    height, width = size
    out = np.zeros((height, width, 3), np.float32)
    edges = np.linspace(0, height, planks + 1).astype(int)
    for top, bottom in zip(edges, edges[1:], strict=False):
        shape = (bottom - top, width)
        bend = noise(shape, (220, 30), rng) * 14
        y = np.arange(shape[0])[:, None] + bend
        rings = 0.5 + 0.5 * np.sin(y / rng.uniform(4, 9) + 2.2 * noise(shape, (160, 9), rng))
        pores = noise(shape, (26, 0.8), rng)
        mix = np.clip(0.45 * rings + 0.13 * pores + 0.18 * noise(shape, (300, 40), rng) + rng.uniform(0.05, 0.4), 0, 1)[
            ..., None
        ]
        plank = np.array(dark, np.float32) * (1 - mix) + np.array(light, np.float32) * mix
        plank *= rng.uniform(0.85, 1.1)
        if planks > 1:
            plank[:2] *= 0.35
            plank[-2:] *= 0.55
        out[top:bottom] = plank
    return np.clip(out, 0, 1)


def brick(seed: int, face: Colour = (0.45, 0.2, 0.14), joint: Colour = (0.5, 0.47, 0.43), size: int = 1024) -> Array:
    rng = np.random.default_rng(seed)
    out = np.ones((size, size, 3), np.float32) * np.array(joint, np.float32)
    rows, cols = 16, 6
    bh, bw = size // rows, size / cols
    for r in range(rows):
        for c in range(-1, cols + 1):
            x0 = int((c + (0.5 if r % 2 else 0)) * bw) + 3
            x1, y0, y1 = int(x0 + bw - 6), r * bh + 3, (r + 1) * bh - 3
            tone = (
                np.array(face) * rng.uniform(0.65, 1.25) * np.array([1, rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1)])
            )
            out[y0:y1, max(x0, 0) : max(x1, 0)] = tone
    out *= 1 + 0.10 * fractal((size, size), 24, rng)[..., None]
    return np.clip(cv2.GaussianBlur(out, (0, 0), 1.0), 0, 1)


def plaster(seed: int, colour: Colour, strength: float = 0.03, size: int = 512) -> Array:
    rng = np.random.default_rng(seed)
    return np.clip(np.array(colour, np.float32) * (1 + strength * fractal((size, size), 60, rng)[..., None]), 0, 1)


def write(image: Array, at: tuple[float, float], text: str, size: int, colour: Colour, spacing: int = 0) -> Array:
    """Text centred at `at` (fractions of width and height)."""
    canvas = Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8))
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(canvas)
    text = (" " * spacing).join(text) if spacing else text
    where = (at[0] * canvas.width, at[1] * canvas.height)
    draw.text(where, text, fill=tuple(int(c * 255) for c in colour), font=font, anchor="mm", align="center")
    return np.asarray(canvas, np.float32) / 255


def wine_label(name: str, year: str, paper: Colour = (0.9, 0.86, 0.76), ink: Colour = (0.2, 0.08, 0.07)) -> Array:
    image = np.ones((420, 560, 3), np.float32) * np.array(paper, np.float32)
    for inset, thick in ((14, 4), (24, 1)):
        cv2.rectangle(image, (inset, inset), (559 - inset, 419 - inset), ink, thick)
    cv2.ellipse(image, (280, 105), (70, 48), 0, 0, 360, ink, 3, cv2.LINE_AA)
    cv2.fillPoly(
        image,
        [np.array([(230, 120), (250, 75), (265, 100), (280, 65), (295, 100), (310, 75), (330, 120)], np.int32)],
        ink,
        cv2.LINE_AA,
    )
    image = write(image, (0.5, 0.50), name, 62, ink)
    image = write(image, (0.5, 0.66), "GRAND VIN ROUGE", 30, ink, 1)
    return write(image, (0.5, 0.82), year, 46, ink)


def beer_label(name: str, main: Colour, second: Colour, text: Colour = (0.95, 0.9, 0.75)) -> Array:
    image = np.ones((420, 560, 3), np.float32) * np.array(main, np.float32)
    cv2.rectangle(image, (0, 0), (559, 40), second, -1)
    cv2.rectangle(image, (0, 380), (559, 419), second, -1)
    cv2.ellipse(image, (280, 210), (235, 140), 0, 0, 360, second, -1, cv2.LINE_AA)
    cv2.ellipse(image, (280, 210), (235, 140), 0, 0, 360, text, 7, cv2.LINE_AA)
    image = write(image, (0.5, 0.47), name, 96, text)
    image = write(image, (0.5, 0.66), "PREMIUM BEER", 34, text, 1)
    return write(image, (0.5, 0.95), "BREWED WITH CARE · 5.0 % VOL", 24, text)


def spirit_label(rng: np.random.Generator) -> Array:
    inks = np.array(
        [
            (0.85, 0.8, 0.68),
            (0.05, 0.05, 0.06),
            (0.38, 0.06, 0.06),
            (0.07, 0.10, 0.22),
            (0.08, 0.2, 0.12),
            (0.6, 0.45, 0.2),
        ]
    )
    main, second = inks[rng.permutation(6)[:2]] * rng.uniform(0.8, 1.1)
    image = np.ones((320, 420, 3), np.float32) * main.astype(np.float32)
    cv2.rectangle(image, (18, 18), (401, 301), second.tolist(), 8)
    band = int(rng.integers(90, 200))
    cv2.rectangle(image, (0, band), (419, band + 70), second.tolist(), -1)
    words = [
        "OLD HARBOUR",
        "NORTH STAR",
        "RED FOX",
        "SILVER OAK",
        "No. 7 DRY GIN",
        "AMARO",
        "HIGHLAND",
        "RUM BLANCO",
        "VODKA",
    ]
    return write(image, (0.5, (band + 35) / 320), str(rng.choice(words)), 46, tuple(main))


def lights(
    seed: int, base: Colour, spots: int, warm: bool = True, size: tuple[int, int] = (640, 1280), power: float = 4.0
) -> Array:
    """Linear RGB: a dark room or street far out of focus, with discs of light."""
    rng = np.random.default_rng(seed)
    height, width = size
    image = np.array(base, np.float32) * (1 + 0.35 * noise(size, 90, rng) + 0.2 * noise(size, 30, rng))[..., None]
    image = np.clip(image, 0.001, None)
    for _ in range(spots):
        centre = (int(rng.uniform(0, width)), int(np.clip(rng.normal(0.32, 0.18), 0.02, 0.9) * height))
        radius = int(rng.uniform(0.010, 0.034) * width)
        hue = np.array([1.0, rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.5)]) if warm else rng.uniform(0.1, 1.0, 3)
        disc = np.zeros(size, np.float32)
        cv2.circle(disc, centre, radius, 0.75, -1, cv2.LINE_AA)
        cv2.circle(disc, centre, radius, 1.0, 2, cv2.LINE_AA)
        image += (cv2.GaussianBlur(disc, (0, 0), 1.5)[..., None] * hue * power * rng.uniform(0.15, 0.6)).astype(
            np.float32
        )
    return image.astype(np.float32)


def foliage(seed: int, size: tuple[int, int] = (640, 1280), sky: bool = True) -> Array:
    """Linear RGB: trees in sunlight far out of focus, lawn below, bright sky between the leaves."""
    rng = np.random.default_rng(seed)
    height, width = size
    leaves = np.clip(0.5 + 0.28 * fractal(size, 60, rng, 4), 0, 1)[..., None]
    image = np.array([0.025, 0.07, 0.02]) * (1 - leaves) + np.array([0.22, 0.38, 0.08]) * leaves
    y = np.linspace(0, 1, height)[:, None]
    if sky:
        gap = np.clip((0.30 - y) * 5 + 0.45 * fractal(size, 70, rng, 4), 0, 1)[..., None]
        image = image * (1 - gap) + np.array([0.75, 0.88, 1.0]) * gap
    lawn = np.clip((y - 0.66 + 0.02 * noise(size, 60, rng)) * 30, 0, 1)[..., None]
    image = image * (1 - lawn) + np.array([0.16, 0.33, 0.06]) * (1 + 0.15 * noise(size, (60, 8), rng)[..., None]) * lawn
    return cv2.GaussianBlur(np.clip(image, 0, None).astype(np.float32), (0, 0), 7)


def room_sky(
    seed: int, base: Colour, windows: list[tuple[float, float, float, float, float]], tint: Colour = (1, 0.95, 0.85)
) -> Array:
    """Linear RGB latitude-longitude surroundings for reflections: (azimuth, height, width, tall, power) in fractions."""
    rng = np.random.default_rng(seed)
    h, w = 256, 512
    y = np.linspace(1.25, 0.5, h)[:, None, None]
    image = np.array(base, np.float32) * y * (1 + 0.2 * noise((h, w), 24, rng)[..., None])
    for x, top, wide, tall, power in windows:
        x0, x1, y0, y1 = int(x * w), int((x + wide) * w), int(top * h), int((top + tall) * h)
        image[y0:y1, x0:x1] = np.array(tint) * power
        image[y0:y1, (x0 + x1) // 2 - 1 : (x0 + x1) // 2 + 1] *= 0.1
    return np.clip(cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.2), 0.002, None)


def screen(seed: int) -> Array:
    """A code editor on a laptop."""
    rng = np.random.default_rng(seed)
    image = np.ones((600, 960, 3), np.float32) * np.array([0.10, 0.12, 0.16], np.float32)
    image[:28] = (0.22, 0.24, 0.28)
    image[28:, :190] = (0.14, 0.16, 0.20)
    inks = [(0.6, 0.75, 0.95), (0.85, 0.65, 0.45), (0.6, 0.8, 0.5), (0.75, 0.75, 0.78), (0.75, 0.55, 0.8)]
    for row in range(25):
        y, x = 50 + row * 22, 215 + 30 * int(rng.integers(0, 4))
        for _ in range(int(rng.integers(1, 6))):
            wide = int(rng.integers(20, 110))
            cv2.rectangle(image, (x, y), (min(x + wide, 940), y + 9), inks[int(rng.integers(5))], -1)
            x += wide + 12
        cv2.rectangle(image, (20, y), (20 + int(rng.integers(40, 140)), y + 7), (0.45, 0.48, 0.52), -1)
    return image
