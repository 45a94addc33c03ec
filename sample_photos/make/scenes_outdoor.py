"""Out of doors: a mountain lake, a beach, a street. Terrain from fractal noise, a painted sky that also lights the scene."""

from __future__ import annotations

import cv2
import numpy as np

import textures
from geometry import box, extrude, height_field, lathe, quad, sphere, tube
from render import Array, Camera, Colour, Scene, glossy, matt, texture
from scenes_drinks import Builder, People, seat


def sky(
    seed: int, zenith: Colour, horizon: Colour, sun: tuple[float, float], power: float = 900.0, clouds: float = 0.5
) -> Array:
    """Linear RGB latitude-longitude sky; `sun` is (azimuth, height) in fractions of the picture."""
    rng = np.random.default_rng(seed)
    h, w = 512, 1024
    y = np.clip(np.linspace(0, 2, h), 0, 1)[:, None, None]
    image = np.array(zenith) * (1 - y**1.8) + np.array(horizon) * y**1.8
    lat = np.linspace(0, 1, h)[:, None]
    veil = textures.fractal((h, w), 70, rng, 6) + 0.5 * textures.noise((h, w), (140, 18), rng)
    cover = np.clip((veil - 1.2 + clouds) * 0.7, 0, 1) * np.clip((0.49 - lat) * 12, 0, 1)
    shade = np.clip(1.0 - 0.25 * cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 9), 0.5, 1)
    image = image * (1 - cover[..., None]) + (np.array([1.0, 0.98, 0.96]) * shade[..., None]) * cover[..., None]
    image[h // 2 + 4 :] = np.array([0.16, 0.15, 0.12])
    disc = np.zeros((h, w), np.float32)
    cv2.circle(disc, (int(sun[0] * w), int(sun[1] * h)), 7, 1.0, -1, cv2.LINE_AA)
    image = image + (cv2.GaussianBlur(disc, (0, 0), 2)[..., None] * np.array([1.0, 0.93, 0.82]) * power)
    return image.astype(np.float32)


def lake(people: People, seed: int) -> Scene:
    """A meadow by a lake under mountains."""
    rng = np.random.default_rng(seed)
    scene = Scene(Camera((0, -1.6, 1.62), (0, 3.0, 1.60), 52, focus=1.5, aperture=0.002), 0.85)
    yy, xx = np.mgrid[0:260, 0:420]
    ridge = textures.fractal((260, 420), 48, rng, 4)
    peak = np.clip(0.5 + 0.32 * ridge, 0, None) * np.clip((yy - 8) / 120, 0, 1) ** 0.8
    heights = peak * 105 + 1.2 * np.abs(textures.noise((260, 420), 2.0, rng)) * np.clip(yy / 80, 0, 1) - 3
    rock = 0.5 + 0.2 * textures.fractal((512, 512), 18, rng)[..., None]
    tall = cv2.resize(heights.astype(np.float32), (512, 512))[..., None]
    green = np.clip((34 + 9 * (rock - 0.5) * 6 - tall) / 16, 0, 1)
    snow = np.clip((tall - 62 + 30 * (rock - 0.5)) / 10, 0, 1)
    tone = np.array([0.42, 0.41, 0.43]) * rock * 1.5 * (1 - green) + np.array([0.14, 0.24, 0.11]) * rock * 1.6 * green
    tone = tone * (1 - snow) + 0.92 * snow
    tone = tone * 0.75 + np.array([0.55, 0.64, 0.75]) * 0.25
    scene.add(matt("mountain", texture(tone[::-1])), height_field(heights, (560, 300)).moved(0, 330, 0))
    waves = 0.008 * textures.noise((500, 500), (5, 2), rng) + 0.004 * textures.noise((500, 500), (2, 1), rng)
    scene.add(glossy("water", (0.035, 0.09, 0.11), 0.03, 0.6), height_field(waves, (420, 190)).moved(0, 98, -0.2))
    bank = (
        0.05 * textures.fractal((300, 400), 40, rng)
        - 0.10 * np.clip((np.mgrid[0:300, 0:400][0] - 200) / 60, 0, 3) ** 1.5
    )
    lawn = np.array([0.25, 0.34, 0.13]) * (1 + 0.20 * textures.fractal((1024, 1024), 10, rng, 4)[..., None])
    scene.add(matt("lawn", texture(np.clip(lawn, 0, 1))), height_field(bank, (24, 13)).moved(0, 4, 0))
    scene.add(matt("grass", (0.20, 0.30, 0.09)), *_blades(rng, 5000))
    for x, y, tall_ in ((-5.2, 9.5, 5.5), (-4.0, 10.0, 4.2), (6.2, 10.0, 6.2), (7.2, 9.0, 4.4), (-7.0, 9.2, 6.4)):
        _fir(scene, x, y, tall_, rng)
    seat(scene, people)
    scene.sky(sky(seed, (0.16, 0.36, 0.85), (0.62, 0.78, 0.98), (0.16, 0.26)))
    return scene


def _blades(rng: np.random.Generator, count: int) -> list:
    out = []
    for x, y in zip(rng.uniform(-5, 5, count), rng.uniform(-0.6, 6.5, count), strict=True):
        tall, lean, a = rng.uniform(0.05, 0.16), rng.uniform(-0.06, 0.06), rng.uniform(0, np.pi)
        c, s = 0.005 * np.cos(a), 0.005 * np.sin(a)
        out.append(
            quad(
                [
                    (x - c, y - s, -0.02),
                    (x + c, y + s, -0.02),
                    (x + lean + c / 4, y + s / 4, tall),
                    (x + lean - c / 4, y - s / 4, tall),
                ]
            )
        )
    return out


def _fir(scene: Scene, x: float, y: float, tall: float, rng: np.random.Generator) -> None:
    scene.add(matt("trunk", (0.14, 0.09, 0.06)), lathe([(0.14, -0.5), (0.05, tall)], 12).moved(x, y, 0))
    for k in range(11):
        z = tall * (0.12 + 0.8 * k / 10)
        r = 0.24 * tall * (1 - k / 11.5)
        cone = lathe([(r, z - 0.06 * tall), (r * 0.55, z), (0.02, z + 0.13 * tall)], 26)
        bumpy = cone.vertices * (1 + rng.uniform(-0.16, 0.16, (len(cone.vertices), 1)) * np.array([1, 1, 0.15]))
        scene.add(
            matt("needles", (0.05, 0.13, 0.06)), type(cone)(bumpy, cone.normals, cone.uv, cone.faces).moved(x, y, 0)
        )


def beach(people: People, seed: int) -> Scene:
    """Sand, surf and the open sea."""
    rng = np.random.default_rng(seed)
    scene = Scene(Camera((0, -1.6, 1.60), (0, 3.0, 1.46), 52, focus=1.5, aperture=0.002), 0.82)
    y = np.mgrid[0:500, 0:600][0] / 500
    sand = (
        0.03 * textures.fractal((500, 600), 40, rng, 5)
        + 0.012 * textures.noise((500, 600), (7, 3), rng)
        - 0.9 * np.clip(y - 0.3, 0, 1)
    )
    tone = np.array([0.80, 0.69, 0.50]) * (1 + 0.07 * textures.fractal((1024, 1024), 8, rng, 4)[..., None])
    wet = np.clip(
        (np.linspace(0, 1, 1024)[::-1, None] - 0.40 + 0.015 * textures.noise((1024, 1024), (90, 9), rng)) * 22, 0, 1
    )[..., None]
    tone = tone * (1 - 0.45 * wet)
    scene.add(glossy("sand", texture(np.clip(tone, 0, 1)), 0.75, 0.2), height_field(sand, (30, 14)).moved(0, 5, 0))
    rows = np.linspace(0, 1, 900)[:, None]
    swell = 0.05 * np.sin(rows * 340 + 1.5 * textures.noise((900, 900), (120, 12), rng)) + 0.02 * textures.noise(
        (900, 900), (8, 3), rng
    )
    scene.add(glossy("sea", (0.02, 0.20, 0.26), 0.06, 0.6), height_field(swell, (260, 180)).moved(0, 94.5, -0.30))
    for at, tall in ((5.0, 0.02), (7.2, 0.10), (10.5, 0.14)):
        xs = np.linspace(-16, 16, 160)
        line = 0.35 * textures.noise((1, 160), (9, 1), rng)[0]
        path = [(x, at + d, -0.27 + tall * 0.3 + 0.02 * np.sin(3 * x)) for x, d in zip(xs, line, strict=True)]
        scene.add(
            matt("surf", (0.92, 0.94, 0.95)), tube(path, 0.05 + tall * 0.4, 10).scaled(1, 1, 0.5).moved(0, 0, -0.14)
        )
    seat(scene, people)
    scene.sky(sky(seed, (0.15, 0.40, 0.92), (0.70, 0.84, 1.0), (0.13, 0.24), clouds=0.35))
    return scene


def _facade(seed: int, tone: Colour) -> Array:
    rng = np.random.default_rng(seed)
    image = np.ones((1024, 768, 3), np.float32) * np.array(tone, np.float32)
    image *= 1 + 0.05 * textures.fractal((1024, 768), 60, rng)[..., None]
    for row in range(4):
        cv2.rectangle(image, (0, 20 + row * 210), (767, 30 + row * 210), tuple(0.7 * c for c in tone), -1)
        for col in range(4):
            x0, y0 = 45 + col * 185, 60 + row * 210
            cv2.rectangle(image, (x0 - 10, y0 - 10), (x0 + 110, y0 + 150), (0.85, 0.83, 0.78), -1)
            glass = rng.uniform(0.08, 0.35) * np.array([0.8, 0.95, 1.1])
            cv2.rectangle(image, (x0, y0), (x0 + 100, y0 + 140), glass.tolist(), -1)
            cv2.line(image, (x0 + 50, y0), (x0 + 50, y0 + 140), (0.85, 0.83, 0.78), 6)
            cv2.line(image, (x0, y0 + 50), (x0 + 100, y0 + 50), (0.85, 0.83, 0.78), 5)
    cv2.rectangle(image, (0, 862), (767, 1023), tuple(0.5 * c for c in tone), -1)
    for x0 in (40, 300, 560):
        cv2.rectangle(image, (x0, 885), (x0 + 170, 1010), (0.10, 0.13, 0.15), -1)
        cv2.rectangle(image, (x0 - 8, 866), (x0 + 178, 890), rng.uniform(0.1, 0.6, 3).tolist(), -1)
    return np.clip(image, 0, 1)


def street(people: People, seed: int) -> Scene:
    """A town street with house fronts, kerbs, lamps and a traffic light."""
    rng = np.random.default_rng(seed)
    scene = Scene(Camera((0.3, -2.2, 1.60), (0, 4.0, 1.62), 54, focus=1.6, aperture=0.002), 1.1)
    asphalt = textures.plaster(seed, (0.17, 0.17, 0.18), 0.10, 1024) * (1 + 0.08 * rng.standard_normal((1024, 1024, 1)))
    scene.add(
        matt("road", texture(np.clip(asphalt, 0, 1), (4, 16))), quad([(-4, -6, 0), (4, -6, 0), (4, 90, 0), (-4, 90, 0)])
    )
    scene.add(
        matt("paint", (0.8, 0.8, 0.76)),
        *(
            quad([(-0.07, y, 0.004), (0.07, y, 0.004), (0.07, y + 2, 0.004), (-0.07, y + 2, 0.004)])
            for y in range(3, 80, 5)
        ),
    )
    stones = texture(np.clip(textures.brick(seed, (0.42, 0.41, 0.40), (0.28, 0.27, 0.26)), 0, 1), (3, 30))
    tones = [
        (0.72, 0.62, 0.45),
        (0.62, 0.36, 0.28),
        (0.66, 0.68, 0.66),
        (0.52, 0.58, 0.62),
        (0.75, 0.70, 0.60),
        (0.60, 0.48, 0.38),
    ]
    for side in (-1, 1):
        scene.add(
            matt("pavement", stones),
            quad(
                [
                    (side * 5.4 - 1.4, -6, 0.14),
                    (side * 5.4 + 1.4, -6, 0.14),
                    (side * 5.4 + 1.4, 90, 0.14),
                    (side * 5.4 - 1.4, 90, 0.14),
                ]
            ),
        )
        scene.add(matt("kerb", (0.45, 0.45, 0.44)), box(0.14, 96, 0.14).moved(side * 4.0, 42, 0))
        y = -4.0
        while y < 80:
            deep, tall = rng.uniform(8, 12), rng.uniform(10, 15)
            number = int(rng.integers(len(tones)))
            x = side * 6.8
            wall = [(x, y, 0.14), (x, y + deep, 0.14), (x, y + deep, tall), (x, y, tall)]
            scene.add(
                matt(f"front_{number}", texture(_facade(seed + number, tones[number]))),
                quad(wall if side < 0 else [wall[1], wall[0], wall[3], wall[2]]),
            )
            scene.add(
                matt("gable", tuple(0.8 * c for c in tones[number])),
                quad([(x, y, 0), (x + side * 8, y, 0), (x + side * 8, y, tall), (x, y, tall)]),
            )
            y += deep
        for y in (6, 18, 30, 42):
            scene.add(
                glossy("post", (0.06, 0.07, 0.07), 0.4),
                tube([(side * 4.4, y, 0), (side * 4.4, y, 4.6), (side * 4.2, y, 4.9), (side * 3.6, y, 5.0)], 0.05),
                sphere(0.16).scaled(1.4, 1, 0.6).moved(side * 3.5, y, 4.95),
            )
    signal = extrude([(-0.16, -0.45), (0.16, -0.45), (0.16, 0.45), (-0.16, 0.45)], 0.22, 0.02).turned(90, "x")
    scene.add(
        glossy("post", (0.06, 0.07, 0.07), 0.4),
        signal.moved(1.95, 4.0, 2.75),
        tube([(1.95, 4.0, 0), (1.95, 4.0, 2.4)], 0.05),
    )
    for dz, tone in ((0.28, (6.0, 0.25, 0.1)), (0.0, (0.12, 0.07, 0.0)), (-0.28, (0.0, 0.10, 0.04))):
        scene.bulb((1.95, 3.78, 2.75 + dz), 0.09, tone)
    seat(scene, people)
    scene.sky(sky(seed, (0.25, 0.45, 0.85), (0.72, 0.82, 0.95), (0.10, 0.20), 900))
    return scene


SCENES: dict[str, Builder] = {f.__name__: f for f in (lake, beach, street)}
