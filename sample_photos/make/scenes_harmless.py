"""Scenes that nobody need hide: a desk, a kitchen table, fruit, a stage, books, a living room, a lake, a street."""

from __future__ import annotations

import numpy as np

import textures
import vessels
from geometry import box, cushion, lathe, merged, quad, sphere, spline, tube
from render import Camera, Scene, glossy, matt, texture
from scenes_drinks import TABLE, Builder, People, bottle_of, seat, table_camera, wooden_table


def desk(people: People, seed: int) -> Scene:
    """An office desk: laptop, keyboard, mouse, a mug of coffee."""
    rng = np.random.default_rng(seed)
    scene = Scene(Camera((rng.uniform(-0.1, 0.1), -1.05, 1.30), (0, 0.15, 0.95), 48, focus=1.15, aperture=0.003), 1.0)
    wooden_table(scene, seed, (0.50, 0.40, 0.28), (0.72, 0.60, 0.44))
    metal = glossy("aluminium", (0.62, 0.63, 0.65), 0.3, 0.5, 0.85)
    keys, legend = glossy("keys", (0.04, 0.04, 0.045), 0.4), glossy("keys_light", (0.80, 0.80, 0.80), 0.4)
    base = [
        box(0.33, 0.23, 0.014, 0.004),
    ]
    rows = merged(
        [
            box(0.0185, 0.0175, 0.002, 0.001).moved(-0.1445 + c * 0.0222, 0.085 - r * 0.021, 0.0142)
            for r in range(5)
            for c in range(14)
        ]
    )
    pad = box(0.105, 0.065, 0.0006).moved(0, -0.068, 0.0142)
    shell = box(0.33, 0.006, 0.215, 0.002).turned(-14, "x").moved(0, 0.118, 0.010)
    art = (
        quad([(-0.155, -0.0036, 0.012), (0.155, -0.0036, 0.012), (0.155, -0.0036, 0.205), (-0.155, -0.0036, 0.205)])
        .turned(-14, "x")
        .moved(0, 0.118, 0.010)
    )
    lx, ly = -0.06, -0.04
    scene.add(metal, *(m.turned(8).moved(lx, ly, TABLE) for m in (*base, shell)))
    scene.add(keys, rows.turned(8).moved(lx, ly, TABLE))
    scene.add(glossy("pad", (0.5, 0.5, 0.52), 0.35), pad.turned(8).moved(lx, ly, TABLE))
    name, picture = glossy("screen", texture(textures.screen(seed)), 0.15)
    scene.add((name, picture), art.turned(8).moved(lx, ly, TABLE))
    board = merged(
        [
            box(0.017, 0.017, 0.008, 0.003).moved(-0.17 + c * 0.0196, 0.05 - r * 0.0196, 0.010)
            for r in range(5)
            for c in range(18)
        ]
    )
    scene.add(metal, box(0.37, 0.125, 0.012, 0.004).turned(-12).moved(0.31, -0.16, TABLE))
    scene.add(legend, board.turned(-12).moved(0.31, -0.155, TABLE))
    scene.add(
        glossy("mouse", (0.06, 0.06, 0.065), 0.25),
        cushion(0.062, 0.105, 0.036, 0.75).turned(-10).moved(0.10, -0.25, TABLE),
    )
    vessels.mug(scene, -0.36, -0.08, TABLE, (0.75, 0.16, 0.10), "red", 200)
    paper = matt(
        "paper",
        texture(
            textures.write(np.ones((500, 360, 3), np.float32) * 0.93, (0.5, 0.2), "Meeting notes", 34, (0.2, 0.2, 0.3))
        ),
    )
    scene.add(
        paper,
        quad(
            [
                (0.30, 0.0, TABLE + 0.001),
                (0.50, 0.06, TABLE + 0.001),
                (0.42, 0.33, TABLE + 0.001),
                (0.22, 0.27, TABLE + 0.001),
            ]
        ),
    )
    seat(scene, people)
    scene.add(
        matt("wall", texture(textures.plaster(seed, (0.72, 0.74, 0.74)))),
        quad([(-3, 1.8, 0), (3, 1.8, 0), (3, 1.8, 2.8), (-3, 1.8, 2.8)]),
    )
    shelves(scene, rng, 1.62, (1.55,), 0.35, 1.35)
    scene.lamp((-2.0, -0.6, 2.3), (0, 0.5, 1.0), 1.3, 1.3, (9, 9.3, 9.8))
    scene.lamp((1.0, -1.0, 2.5), (0, 0.4, 0.9), 0.8, 0.8, (7, 6.6, 6))
    scene.sky(
        textures.room_sky(
            seed, (0.35, 0.36, 0.38), [(0.1, 0.25, 0.12, 0.25, 6), (0.55, 0.25, 0.12, 0.25, 5)], (1, 1, 1)
        )
    )
    return scene


def shelves(
    scene: Scene, rng: np.random.Generator, y: float, levels: tuple[float, ...], left: float, right: float
) -> None:
    """Rows of books on boards."""
    boards = glossy("boards", texture(textures.wood(5, (0.20, 0.11, 0.06), (0.42, 0.25, 0.14), 1)), 0.4)
    tones = [
        (0.35, 0.07, 0.06),
        (0.07, 0.13, 0.28),
        (0.09, 0.22, 0.14),
        (0.62, 0.52, 0.34),
        (0.10, 0.10, 0.11),
        (0.55, 0.30, 0.10),
        (0.78, 0.75, 0.68),
        (0.25, 0.15, 0.30),
    ]
    for z in levels:
        scene.add(boards, box(right - left + 0.06, 0.26, 0.025).moved((left + right) / 2, y, z - 0.025))
        x = left
        while x < right - 0.02:
            wide, tall, deep = rng.uniform(0.018, 0.05), rng.uniform(0.19, 0.28), rng.uniform(0.14, 0.2)
            if rng.random() < 0.05:
                x += 0.09
                continue
            tone = tones[int(rng.integers(len(tones)))]
            kind = int(rng.integers(2))
            number = tones.index(tone)
            block = box(wide * 0.96, deep, tall, 0.003).moved(x + wide / 2, y - 0.11 + deep / 2, z)
            scene.add(glossy(f"book_{number}", tone, 0.45), block)
            band = tones[(number + 3) % len(tones)]
            for at in (0.15, 0.8) if kind else (0.55,):
                strip = box(wide * 0.965, 0.002, tall * 0.10).moved(x + wide / 2, y - 0.1115, z + tall * at)
                scene.add(glossy(f"book_{tones.index(band)}", band, 0.45), strip)
            x += wide


def library(people: People, seed: int) -> Scene:
    """Before a wall of books."""
    rng = np.random.default_rng(seed)
    scene = Scene(
        Camera((rng.uniform(-0.1, 0.1), -1.1, 1.45), (0, 0.6, 1.38), 50, focus=1.7, aperture=0.003),
        1.05,
        (1.0, 0.93, 0.82),
    )
    shelves(scene, rng, 1.15, (0.66, 0.99, 1.32, 1.65, 1.98), -1.4, 1.4)
    scene.add(matt("back", (0.10, 0.06, 0.035)), quad([(-2, 1.29, 0), (2, 1.29, 0), (2, 1.29, 2.6), (-2, 1.29, 2.6)]))
    scene.add(
        glossy("boards", texture(textures.wood(5, (0.20, 0.11, 0.06), (0.42, 0.25, 0.14), 1)), 0.4),
        *(box(0.03, 0.27, 2.4).moved(x, 1.15, 0) for x in (-0.72, 0.02, 0.76)),
    )
    seat(scene, people)
    scene.lamp((-0.9, -0.9, 2.5), (0, 0.8, 1.3), 1.0, 0.7, (13, 11, 8.6))
    scene.lamp((1.3, -0.3, 2.3), (0.2, 0.9, 1.3), 0.7, 0.5, (9, 7.4, 5.6))
    scene.sky(textures.room_sky(seed, (0.14, 0.12, 0.10), [(0.55, 0.3, 0.1, 0.2, 4)]))
    return scene


def kitchen(people: People, seed: int) -> Scene:
    """Breakfast: mugs, a bowl of fruit, a glass of water. The harmless twin of the wine table."""
    rng = np.random.default_rng(seed)
    scene = Scene(table_camera(rng), 0.95)
    wooden_table(scene, seed, (0.50, 0.38, 0.26), (0.74, 0.60, 0.44))
    fruit_bowl(scene, 0.12, -0.03, rng)
    vessels.mug(scene, -0.12, -0.16, TABLE, (0.85, 0.84, 0.80), "white", 200 + rng.uniform(-20, 20))
    vessels.mug(scene, -0.34, 0.04, TABLE, (0.12, 0.28, 0.42), "blue", -30)
    vessels.plate(scene, -0.20, 0.18, TABLE, 0.11)
    seat(scene, people)
    scene.add(
        matt("wall", texture(textures.plaster(seed, (0.80, 0.76, 0.66)))),
        quad([(-3, 1.9, 0), (3, 1.9, 0), (3, 1.9, 2.8), (-3, 1.9, 2.8)]),
    )
    frame(scene, -0.75, 1.86, 1.45, 0.5, 0.4, seed)
    scene.lamp((-2.0, -0.8, 2.3), (0, 0.4, 1.0), 1.3, 1.3, (10, 9.8, 9.2))
    scene.sky(textures.room_sky(seed, (0.42, 0.41, 0.38), [(0.55, 0.25, 0.12, 0.25, 6)], (1, 1, 1)))
    return scene


def lunch(people: People, seed: int) -> Scene:
    """A glass of cola, one of water, plates: what looks like a drink and is none."""
    rng = np.random.default_rng(seed)
    scene = Scene(table_camera(rng), 0.95)
    wooden_table(scene, seed, (0.50, 0.38, 0.26), (0.74, 0.60, 0.44))
    vessels.tumbler(scene, -0.05, -0.10, TABLE, vessels.COLA, "cola", 0.125, 0.036, 0.85, 0.0, 0.9)
    vessels.tumbler(scene, 0.30, 0.02, TABLE, vessels.WATER, "water", 0.11, 0.037, 0.75, 0.0, 0.95)
    vessels.plate(scene, -0.27, -0.02, TABLE, 0.12)
    vessels.plate(scene, 0.14, 0.10, TABLE, 0.12)
    bread = [
        cushion(0.10, 0.075, 0.05, 0.7).turned(a).moved(x, y, TABLE + 0.006)
        for x, y, a in ((-0.29, 0.0, 20), (-0.23, -0.05, -50), (0.13, 0.12, 70))
    ]
    scene.add(matt("crust", texture(textures.plaster(seed, (0.62, 0.36, 0.14), 0.12))), *bread)
    seat(scene, people)
    scene.add(
        matt("wall", texture(textures.plaster(seed, (0.66, 0.74, 0.76)))),
        quad([(-3, 1.9, 0), (3, 1.9, 0), (3, 1.9, 2.8), (-3, 1.9, 2.8)]),
    )
    frame(scene, 0.85, 1.86, 1.40, 0.5, 0.4, seed)
    scene.lamp((-2.0, -0.8, 2.3), (0, 0.4, 1.0), 1.3, 1.3, (10, 9.8, 9.2))
    scene.sky(textures.room_sky(seed, (0.42, 0.41, 0.38), [(0.55, 0.25, 0.12, 0.25, 6)], (1, 1, 1)))
    return scene


def desk_with_beer(people: People, seed: int) -> Scene:
    """The desk again, with one bottle of beer at its far corner: hard to notice."""
    scene = desk(people, seed)
    bottle_of(scene, "Otter", 0.46, 0.22, TABLE, 10)
    return scene


def fruit_bowl(scene: Scene, x: float, y: float, rng: np.random.Generator) -> None:
    bowl = [
        (1e-5, 0),
        (0.06, 0),
        (0.062, 0.006),
        *spline([(0.062, 0.006), (0.11, 0.03), (0.15, 0.075)]),
        (0.147, 0.077),
        *spline([(0.147, 0.077), (0.107, 0.035), (0.06, 0.014)]),
        (1e-5, 0.012),
    ]
    scene.add(glossy("bowl", (0.80, 0.80, 0.77), 0.15), lathe(bowl, 96).moved(x, y, TABLE))
    peel = 0.5 + 0.5 * np.clip(textures.noise((256, 256), 1.2, rng), -2, 2)[..., None] * 0.12
    orange = glossy("orange", texture(np.array([0.95, 0.42, 0.03]) * (0.75 + 0.5 * (peel - 0.25))), 0.35)
    apple = spline(
        [
            (1e-5, -0.024),
            (0.014, -0.032),
            (0.032, -0.018),
            (0.039, 0.006),
            (0.030, 0.028),
            (0.012, 0.031),
            (1e-5, 0.022),
        ]
    )
    green = glossy("apple", (0.35, 0.52, 0.06), 0.2)
    spots = [
        (0.06, 0.0, 0),
        (-0.055, 0.035, 0),
        (0.0, -0.06, 1),
        (-0.01, 0.065, 0),
        (-0.065, -0.035, 1),
        (0.02, 0.005, 0),
    ]
    for k, (dx, dy, kind) in enumerate(spots):
        at = (x + dx, y + dy, TABLE + (0.066 if k < 5 else 0.112))
        tilt = rng.uniform(-25, 25)
        if kind:
            scene.add(green, lathe(apple, 48).turned(tilt, "x").moved(*at))
            scene.add(
                matt("stalk", (0.12, 0.07, 0.03)),
                tube([(at[0], at[1], at[2] + 0.02), (at[0] + 0.004, at[1], at[2] + 0.045)], 0.0016),
            )
        else:
            scene.add(orange, sphere(0.039, 40).scaled(1, 1, 0.95).turned(tilt, "x").moved(*at))
    for k in range(3):
        a = np.linspace(-0.9, 0.9, 30)
        thick = 0.017 * np.maximum(1 - np.abs(a / 0.9) ** 5, 0.02) ** 0.5
        path = [(0.115 * np.sin(t), 0.02 * k, 0.115 * (1 - np.cos(t))) for t in a]
        scene.add(
            glossy("banana", (0.88, 0.68, 0.10), 0.4),
            tube(path, thick).turned(20 - 10 * k, "x").turned(35).moved(x + 0.02, y + 0.04 + 0.02 * k, TABLE + 0.095),
        )


def frame(scene: Scene, x: float, y: float, z: float, wide: float, tall: float, seed: int) -> None:
    """A framed landscape on the wall."""
    picture = np.clip(textures.foliage(seed + 40, (320, 480)) ** (1 / 2.2), 0, 1)
    scene.add(
        glossy("picture_frame", (0.10, 0.06, 0.03), 0.35),
        box(wide + 0.06, 0.02, tall + 0.06).moved(x, y + 0.012, z - tall / 2 - 0.03),
    )
    scene.add(
        matt(f"picture_{seed}", texture(picture)),
        quad(
            [
                (x - wide / 2, y, z - tall / 2),
                (x + wide / 2, y, z - tall / 2),
                (x + wide / 2, y, z + tall / 2),
                (x - wide / 2, y, z + tall / 2),
            ]
        ),
    )


def living_room(people: People, seed: int) -> Scene:
    """A sofa with cushions, a lamp, a picture, a rug."""
    rng = np.random.default_rng(seed)
    scene = Scene(
        Camera((rng.uniform(-0.2, 0.2), -2.2, 1.35), (0, 1.0, 0.85), 46, focus=1.6, aperture=0.003),
        1.0,
        (1.0, 0.95, 0.86),
    )
    floor = glossy("floor", texture(textures.wood(seed, (0.30, 0.18, 0.10), (0.52, 0.34, 0.20), 10), (2, 2)), 0.25)
    scene.add(floor, quad([(-4, -4, 0), (4, -4, 0), (4, 2.2, 0), (-4, 2.2, 0)]))
    scene.add(
        matt("wall", texture(textures.plaster(seed, (0.66, 0.70, 0.66)))),
        quad([(-4, 2.2, 0), (4, 2.2, 0), (4, 2.2, 2.8), (-4, 2.2, 2.8)]),
    )
    cloth = matt(
        "sofa",
        texture(
            np.clip(np.array([0.16, 0.22, 0.30]) * (1 + 0.12 * textures.noise((512, 512), 1.0, rng)[..., None]), 0, 1)
        ),
    )
    parts = [cushion(2.1, 0.85, 0.26, 0.2).moved(0, 1.45, 0.10), cushion(2.1, 0.25, 0.62, 0.3).moved(0, 1.85, 0.28)]
    parts += [cushion(0.24, 0.9, 0.56, 0.35).moved(x, 1.45, 0.08) for x in (-1.12, 1.12)]
    parts += [cushion(0.98, 0.74, 0.20, 0.3).moved(x, 1.38, 0.32) for x in (-0.5, 0.5)]
    parts += [cushion(0.96, 0.24, 0.48, 0.4).turned(-12, "x").moved(x, 1.68, 0.42) for x in (-0.5, 0.5)]
    scene.add(cloth, *parts)
    for x, tone, k in ((-0.78, (0.70, 0.45, 0.12), 0), (0.80, (0.62, 0.60, 0.55), 1)):
        scene.add(
            matt(f"pillow_{k}", tone),
            cushion(0.42, 0.16, 0.40, 0.55).turned(-18, "x").turned(12 - 24 * k).moved(x, 1.42, 0.52),
        )
    scene.add(
        matt("rug", texture(textures.plaster(seed + 2, (0.55, 0.20, 0.15), 0.12))),
        box(2.4, 1.3, 0.012).moved(0, 0.45, 0),
    )
    table = glossy("low_table", texture(textures.wood(seed + 3, (0.25, 0.14, 0.08), (0.45, 0.28, 0.16), 1)), 0.25)
    scene.add(
        table,
        box(1.0, 0.5, 0.04, 0.008).moved(0.1, 0.45, 0.38),
        *(box(0.05, 0.05, 0.38).moved(0.1 + i * 0.44, 0.45 + j * 0.2, 0) for i in (-1, 1) for j in (-1, 1)),
    )
    scene.add(glossy("book_a", (0.5, 0.12, 0.1), 0.4), box(0.24, 0.17, 0.03).turned(15).moved(-0.1, 0.45, 0.42))
    scene.add(matt("lampshade", (0.85, 0.75, 0.55)), lathe([(0.20, 1.40), (0.14, 1.70)]).moved(-1.55, 1.6, 0))
    scene.add(
        glossy("brass", (0.7, 0.55, 0.25), 0.3, 0.5, 0.9),
        tube([(-1.55, 1.6, 0), (-1.55, 1.6, 1.5)], 0.012),
        lathe([(1e-5, 0.03), (0.14, 0.02), (0.15, 0)]).moved(-1.55, 1.6, 0),
    )
    scene.bulb((-1.55, 1.6, 1.55), 0.05, (22, 15, 8))
    frame(scene, 0.55, 2.17, 1.60, 0.8, 0.55, seed)
    seat(scene, people)
    scene.lamp((2.4, -0.8, 2.4), (0, 1.2, 0.8), 1.5, 1.3, (10, 10, 10.5))
    scene.lamp((-1.3, -2.3, 2.4), (0, -0.5, 1.1), 0.9, 0.7, (11, 10.6, 10))
    scene.sky(textures.room_sky(seed, (0.32, 0.31, 0.29), [(0.4, 0.25, 0.12, 0.25, 4)], (1, 1, 1)))
    return scene


def stage(people: People, seed: int) -> Scene:
    """A concert stage: coloured beams, a drum kit's outline, a microphone in front."""
    rng = np.random.default_rng(seed)
    scene = Scene(Camera((rng.uniform(-0.2, 0.2), -3.0, 1.3), (0, 1.0, 1.55), 50, focus=1.5, aperture=0.003), 1.15)
    scene.add(
        glossy("stage_floor", (0.035, 0.03, 0.035), 0.18),
        quad([(-6, -1.2, 0.4), (6, -1.2, 0.4), (6, 4, 0.4), (-6, 4, 0.4)]),
    )
    scene.add(
        matt("stage_edge", (0.02, 0.02, 0.02)), quad([(-6, -1.2, 0), (6, -1.2, 0), (6, -1.2, 0.4), (-6, -1.2, 0.4)])
    )
    y, x = np.mgrid[0:720, 0:1280].astype(np.float32)
    glow = np.zeros((720, 1280, 3), np.float32)
    for k in range(9):
        tone = [(0.9, 0.15, 0.7), (0.2, 0.3, 1.0), (0.5, 0.2, 1.0), (0.15, 0.75, 1.0)][k % 4]
        x0, slope = 90 + k * 137, rng.uniform(-0.55, 0.55)
        spread = 8 + 0.13 * y
        beam = np.exp(-(((x - x0 - slope * y) / spread) ** 2)) * np.exp(-y / 520)
        glow += beam[..., None] * np.array(tone, np.float32) * 0.8
    glow += 0.012 + np.clip(textures.noise((720, 1280), 70, rng), 0, 2)[..., None] * np.array([0.01, 0.006, 0.02])
    scene.backdrop(glow, (0, 3.9, 2.4), 7.2, 4.05)
    rig = [tube([(-4, 2.6, z), (4, 2.6, z)], 0.03) for z in (3.0, 3.3)]
    rig += [
        tube([(-4 + k * 0.3, 2.6, 3.0 + 0.3 * (k % 2)), (-3.7 + k * 0.3, 2.6, 3.3 - 0.3 * (k % 2))], 0.015)
        for k in range(27)
    ]
    scene.add(glossy("rig", (0.12, 0.12, 0.13), 0.4, 0.5, 0.8), *rig)
    for k in range(8):
        scene.bulb((-2.6 + k * 0.74, 2.5, 2.86), 0.07, [(30, 8, 25), (8, 12, 36), (20, 10, 34), (8, 26, 34)][k % 4])
    drum = [
        lathe([(1e-5, 0), (r, 0), (r, d), (1e-5, d)], 48)
        for r, d in ((0.30, 0.4), (0.16, 0.2), (0.16, 0.2), (0.2, 0.35))
    ]
    kit = [
        drum[0].turned(90, "x").moved(0.9, 2.2, 0.75),
        drum[1].moved(0.7, 2.0, 1.15),
        drum[2].moved(1.1, 2.0, 1.15),
        drum[3].moved(1.45, 2.0, 0.6),
    ]
    scene.add(glossy("drums", (0.35, 0.03, 0.04), 0.15), *kit)
    scene.add(
        glossy("cymbal", (0.8, 0.6, 0.2), 0.2, 0.5, 1.0),
        *(
            lathe([(0.24, 0), (0.04, 0.03), (1e-5, 0.05)]).turned(14, "y").moved(x, 2.0, z)
            for x, z in ((0.35, 1.5), (1.55, 1.55))
        ),
    )
    scene.add(
        glossy("cabinet", (0.03, 0.03, 0.03), 0.5),
        *(box(0.7, 0.5, 0.9, 0.02).moved(x, 2.4, 0.4) for x in (-2.2, -1.45)),
    )
    seat(scene, people)
    scene.add(
        glossy("stand", (0.05, 0.05, 0.05), 0.3),
        tube([(0.10, 0.3, 0.4), (0.10, 0.3, 1.72)], 0.011),
        lathe([(0.12, 0), (0.11, 0.015), (1e-5, 0.02)]).moved(0.10, 0.3, 0.4),
    )
    scene.add(
        glossy("microphone", (0.2, 0.2, 0.2), 0.4, 0.5, 0.8),
        tube([(0.10, 0.3, 1.70), (0.07, 0.36, 1.78)], 0.014),
        sphere(0.028).moved(0.065, 0.37, 1.79),
    )
    scene.lamp((-1.4, -2.4, 3.4), (0, 0.6, 1.7), 0.6, 0.6, (42, 36, 30))
    scene.lamp((2.2, 0.0, 3.2), (0, 0.8, 1.5), 0.4, 0.4, (26, 10, 30))
    return scene


SCENES: dict[str, Builder] = {
    f.__name__: f for f in (desk, desk_with_beer, library, kitchen, lunch, living_room, stage)
}
