"""Bottles, glasses, cups: surfaces of revolution with real interfaces between glass, liquid and air."""

from __future__ import annotations

import numpy as np

import textures
from geometry import Point, lathe, merged, sphere, spline, tube
from render import Colour, Scene, clear, glossy, matt, texture

WINE = (0.42, 0.015, 0.03)
WHITE_WINE = (0.97, 0.93, 0.68)
LAGER = (0.98, 0.72, 0.20)
AMBER = (0.85, 0.42, 0.08)
WATER = (0.99, 1.0, 1.0)
COLA = (0.10, 0.03, 0.015)


def _fill(
    scene: Scene, name: str, inner: list[Point], level: float, tint: Colour, at: tuple[float, float, float]
) -> None:
    """The wall below `level` borders on liquid, above it on air; `inner` runs from the rim down to the axis."""
    p = np.array(inner)
    k = int(np.argmax(p[:, 1] < level))
    t = (p[k - 1, 1] - level) / (p[k - 1, 1] - p[k, 1])
    edge = tuple(p[k - 1] + t * (p[k] - p[k - 1]))
    scene.add(clear("glass"), lathe([*inner[:k], edge]).moved(*at))
    scene.add(clear(f"{name}_wall", tint, 1.5, 1.34), lathe([edge, *inner[k:]]).moved(*at))
    scene.add(clear(f"{name}_top", tint, 1.34), lathe([edge, (1e-5, edge[1])]).moved(*at))


def wine_glass(
    scene: Scene,
    x: float,
    y: float,
    z: float,
    level: float = 0.142,
    tint: Colour = WINE,
    name: str = "wine",
    size: float = 1.0,
) -> None:
    outer = [(1e-5, 0), (0.034, 0), (0.035, 0.0015)]
    outer += spline(
        [
            (0.035, 0.0015),
            (0.028, 0.0035),
            (0.012, 0.006),
            (0.0055, 0.013),
            (0.004, 0.03),
            (0.004, 0.075),
            (0.007, 0.088),
        ]
    )
    outer += spline([(0.007, 0.088), (0.025, 0.101), (0.040, 0.127), (0.0435, 0.150), (0.0405, 0.183), (0.035, 0.215)])
    inner = [
        (0.0345, 0.2155),
        *spline(
            [
                (0.0338, 0.215),
                (0.0392, 0.183),
                (0.0422, 0.150),
                (0.0388, 0.128),
                (0.024, 0.1045),
                (0.008, 0.096),
                (1e-5, 0.095),
            ]
        ),
    ]
    outer, inner = ([(r * size, h * size) for r, h in p] for p in (outer, inner))
    scene.add(clear("glass"), lathe([*outer, inner[0]]).moved(x, y, z))
    if level > 0:
        _fill(scene, name, inner, level * size, tint, (x, y, z))
    else:
        scene.add(clear("glass"), lathe(inner).moved(x, y, z))


def tumbler(
    scene: Scene,
    x: float,
    y: float,
    z: float,
    tint: Colour,
    name: str,
    height: float = 0.15,
    radius: float = 0.038,
    fill: float = 0.8,
    foam: float = 0.0,
    flare: float = 0.85,
    handle: bool = False,
) -> None:
    """A straight glass, filled to `fill` of its height, with a head of foam that thick."""
    low, wall, floor = radius * flare, 0.0022, 0.010
    outer = [
        (1e-5, 0),
        (low * 0.94, 0),
        (low, 0.002),
        *spline([(low, 0.002), (low * 1.02, height * 0.3), (radius * 0.99, height * 0.75), (radius, height)]),
    ]
    inner = [
        (radius - wall / 2, height + 0.001),
        *spline(
            [
                (radius - wall, height),
                (radius * 0.99 - wall, height * 0.75),
                (low * 1.02 - wall, height * 0.3),
                (low - wall, floor + 0.004),
            ]
        ),
    ]
    inner += [(low * 0.8, floor), (1e-5, floor)]
    scene.add(clear("glass"), lathe([*outer, inner[0]]).moved(x, y, z))
    level = height * fill
    _fill(scene, name, inner, level, tint, (x, y, z))
    if foam > 0:
        r = radius - wall * 1.25
        top = level + foam
        head = [
            (r * 0.985, level + 0.0006),
            (r, top - 0.006),
            *spline([(r, top - 0.006), (r * 0.96, top), (r * 0.6, top + 0.005), (1e-5, top + 0.004)]),
        ]
        scene.add(matt("foam", (0.93, 0.90, 0.80)), lathe(head).moved(x, y, z))
    if handle:
        path = [
            (radius * 0.95 + 0.034 * np.sin(t), 0.0, height * 0.5 - height * 0.3 * np.cos(t))
            for t in np.linspace(0.05, np.pi - 0.05, 18)
        ]
        scene.add(clear("glass"), tube(path, 0.006).turned(20).moved(x, y, z))


def martini(scene: Scene, x: float, y: float, z: float, tint: Colour, name: str, olive: bool = True) -> None:
    outer = [
        (1e-5, 0),
        (0.036, 0),
        (0.036, 0.002),
        *spline([(0.036, 0.002), (0.012, 0.005), (0.0045, 0.014), (0.004, 0.09), (0.006, 0.102)]),
        (0.056, 0.168),
    ]
    inner = [(0.0555, 0.1685), (0.0545, 0.168), (0.006, 0.1055), (1e-5, 0.1045)]
    scene.add(clear("glass"), lathe([*outer, inner[0]]).moved(x, y, z))
    _fill(scene, name, inner, 0.159, tint, (x, y, z))
    if olive:
        scene.add(
            glossy("olive", (0.25, 0.32, 0.05), 0.25),
            sphere(0.009).scaled(1, 1, 1.2).moved(x + 0.012, y - 0.008, z + 0.151),
        )
        scene.add(
            glossy("pick", (0.7, 0.5, 0.25), 0.5),
            tube([(x - 0.01, y, z + 0.13), (x + 0.055, y - 0.03, z + 0.20)], 0.0012),
        )


def wine_bottle(
    scene: Scene,
    x: float,
    y: float,
    z: float,
    label: str = "Chateau Untag",
    year: str = "2016",
    turn: float = 0.0,
    white: bool = False,
) -> None:
    body = [(1e-5, 0.004), (0.030, 0.001), (0.0365, 0.004), (0.0375, 0.012), (0.0375, 0.185)]
    shoulder = spline([(0.0375, 0.185), (0.0355, 0.203), (0.026, 0.223), (0.0175, 0.240), (0.0148, 0.262)])
    neck = [(0.0142, 0.296), (0.0155, 0.297), (0.0155, 0.306), (0.0140, 0.307), (0.0140, 0.310), (1e-5, 0.310)]
    glass = (
        clear("white_wine_bottle", (0.83, 0.88, 0.55), 1.36)
        if white
        else glossy("wine_bottle", (0.012, 0.022, 0.010), 0.06, 0.6)
    )
    scene.add(glass, lathe([*body, *shoulder, *neck], 96).moved(x, y, z))
    foil = glossy("foil_white" if white else "foil", (0.55, 0.45, 0.12) if white else (0.30, 0.02, 0.03), 0.3, 0.6)
    scene.add(
        foil,
        lathe(
            [
                (0.0156, 0.245),
                (0.0150, 0.262),
                (0.0146, 0.296),
                (0.0159, 0.297),
                (0.0159, 0.306),
                (0.0145, 0.3075),
                (0.0144, 0.3105),
                (1e-5, 0.3106),
            ]
        ).moved(x, y, z),
    )
    paper = texture(textures.wine_label(label, year))
    patch = lathe([(0.0379, 0.055), (0.0379, 0.145)], 40, arc=(-165 + turn, -15 + turn))
    scene.add(matt(f"label_{label}", paper), patch.moved(x, y, z))


def beer_bottle(
    scene: Scene,
    x: float,
    y: float,
    z: float,
    label: str = "Otter",
    colours: tuple[Colour, Colour] = ((0.1, 0.25, 0.12), (0.6, 0.1, 0.08)),
    glass: str = "brown",
    turn: float = 0.0,
    open_: bool = False,
) -> None:
    tint = {"brown": (0.60, 0.31, 0.08), "green": (0.22, 0.50, 0.20), "clear": (0.98, 0.80, 0.32)}[glass]
    body = [(1e-5, 0.003), (0.026, 0.0005), (0.0300, 0.004), (0.0305, 0.010), (0.0305, 0.118)]
    shoulder = spline([(0.0305, 0.118), (0.0290, 0.133), (0.0215, 0.152), (0.0165, 0.168), (0.0138, 0.200)])
    neck = [(0.0128, 0.226), (0.0140, 0.227), (0.0140, 0.231), (0.0126, 0.233), (0.0126, 0.238), (1e-5, 0.238)]
    scene.add(clear(f"beer_{glass}", tint, 1.38), lathe([*body, *shoulder, *neck], 80).moved(x, y, z))
    if not open_:
        cap = [(0.0128, 0.229), (0.0150, 0.2295), (0.0138, 0.2380), (0.0115, 0.2405), (1e-5, 0.2407)]
        scene.add(glossy("cap", (0.75, 0.6, 0.2), 0.25, 0.5, 0.9), lathe(cap).moved(x, y, z))
    art = texture(textures.beer_label(label, *colours))
    scene.add(
        matt(f"label_{label}", art),
        lathe([(0.0309, 0.030), (0.0309, 0.088)], 40, arc=(-170 + turn, -10 + turn)).moved(x, y, z),
    )
    collar = texture(textures.beer_label(label, colours[1], colours[0])[100:320])
    scene.add(
        matt(f"collar_{label}", collar),
        lathe([(0.0158, 0.178), (0.0144, 0.198)], 30, arc=(-180 + turn, 0 + turn)).moved(x, y, z),
    )


def spirit_bottle(scene: Scene, x: float, y: float, z: float, rng: np.random.Generator, number: int) -> None:
    """One of many bottle forms for a shelf."""
    r, h = rng.uniform(0.034, 0.046), rng.uniform(0.16, 0.22)
    neck, top = rng.uniform(0.011, 0.016), h + rng.uniform(0.07, 0.13)
    tints = {
        "amber": (0.80, 0.38, 0.07),
        "clear": (0.93, 0.97, 0.97),
        "green": (0.22, 0.52, 0.18),
        "dark": (0.30, 0.12, 0.04),
        "blue": (0.35, 0.6, 0.9),
        "red": (0.7, 0.08, 0.07),
        "gold": (0.95, 0.72, 0.25),
    }
    colour = str(rng.choice(list(tints), p=[0.26, 0.2, 0.16, 0.12, 0.06, 0.08, 0.12]))
    profile = [
        (1e-5, 0.002),
        (r * 0.94, 0),
        (r, 0.006),
        (r, h * 0.95),
        *spline([(r, h * 0.95), (r * 0.92, h * 1.03), (neck * 1.5, h + 0.04), (neck, h + 0.055)]),
        (neck, top - 0.03),
    ]
    profile += [(neck * 1.1, top - 0.028), (neck * 1.1, top - 0.024), (1e-5, top - 0.024)]
    scene.add(clear(f"spirit_{colour}", tints[colour], 1.37), lathe(profile, 56).moved(x, y, z))
    cap = [(neck * 1.15, top - 0.03), (neck * 1.25, top - 0.028), (neck * 1.2, top + 0.005), (1e-5, top + 0.006)]
    tone = [(0.05, 0.05, 0.05), (0.6, 0.5, 0.2), (0.5, 0.06, 0.05), (0.7, 0.7, 0.7)][number % 4]
    scene.add(glossy(f"stopper_{number % 4}", tone, 0.3, 0.5, 0.4), lathe(cap, 32).moved(x, y, z))
    low, tall = h * rng.uniform(0.15, 0.3), h * rng.uniform(0.35, 0.55)
    art = texture(textures.spirit_label(rng))
    scene.add(
        matt(f"spirit_label_{number}", art),
        lathe([(r + 0.0005, low), (r + 0.0005, low + tall)], 28, arc=(-160, -20)).moved(x, y, z),
    )


def shaker(scene: Scene, x: float, y: float, z: float) -> None:
    body = [
        (1e-5, 0),
        (0.030, 0),
        (0.032, 0.004),
        *spline([(0.032, 0.004), (0.037, 0.07), (0.043, 0.150), (0.0435, 0.160)]),
        (0.0425, 0.161),
    ]
    lid = spline([(0.0425, 0.161), (0.040, 0.178), (0.026, 0.198), (0.022, 0.206)]) + [
        (0.0235, 0.207),
        (0.0225, 0.232),
        (0.018, 0.240),
        (1e-5, 0.241),
    ]
    scene.add(glossy("steel", (0.82, 0.82, 0.84), 0.10, 0.5, 1.0), lathe([*body, *lid], 80).moved(x, y, z))


def mug(
    scene: Scene, x: float, y: float, z: float, colour: Colour, name: str, turn: float = 0.0, coffee: bool = True
) -> None:
    r, h = 0.041, 0.094
    wall = [
        (1e-5, 0),
        (r * 0.9, 0),
        (r * 0.97, 0.004),
        (r, 0.012),
        (r, h - 0.001),
        (r - 0.002, h),
        (r - 0.004, h - 0.002),
        (r - 0.004, 0.010),
        (1e-5, 0.008),
    ]
    path = [(r - 0.001 + 0.026 * np.sin(t), 0, h * 0.5 - 0.030 * np.cos(t)) for t in np.linspace(0, np.pi, 20)]
    scene.add(
        glossy(f"mug_{name}", colour, 0.15), merged([lathe(wall), tube(path, 0.0052)]).turned(turn).moved(x, y, z)
    )
    if coffee:
        scene.add(
            glossy("coffee", (0.06, 0.025, 0.01), 0.05),
            lathe([(r - 0.0042, h - 0.016), (1e-5, h - 0.016)]).moved(x, y, z),
        )


def candle(scene: Scene, x: float, y: float, z: float) -> None:
    jar = [(1e-5, 0), (0.033, 0), (0.034, 0.003), (0.034, 0.075), (0.032, 0.0755), (0.032, 0.006), (1e-5, 0.005)]
    scene.add(clear("jar"), lathe(jar).moved(x, y, z))
    scene.add(
        matt("wax", (0.9, 0.82, 0.65)),
        lathe([(1e-5, 0.007), (0.029, 0.007), (0.029, 0.034), (1e-5, 0.033)]).moved(x, y, z),
    )
    scene.bulb((x, y, z + 0.045), 0.006, (60, 30, 9))


def plate(scene: Scene, x: float, y: float, z: float, radius: float = 0.13) -> None:
    top = [
        (1e-5, 0),
        (radius * 0.6, 0),
        (radius * 0.66, 0.002),
        (radius, 0.018),
        (radius - 0.002, 0.0195),
        (radius * 0.66, 0.006),
        (1e-5, 0.005),
    ]
    scene.add(glossy("china", (0.82, 0.81, 0.78), 0.12), lathe(top, 96).moved(x, y, z))


def shade(
    scene: Scene,
    x: float,
    y: float,
    z: float,
    colour: Colour = (0.05, 0.12, 0.09),
    radius: float = 0.16,
    glow: Colour = (26, 17, 8),
) -> None:
    """A pendant lamp on a cord, with its bulb."""
    cone = lathe([*spline([(radius, 0), (radius * 0.85, 0.07), (radius * 0.35, 0.13), (0.025, 0.17)]), (1e-5, 0.18)])
    scene.add(glossy("shade", colour, 0.3), cone.moved(x, y, z), tube([(x, y, z + 0.17), (x, y, z + 2.5)], 0.004))
    scene.bulb((x, y, z + 0.035), 0.04, glow)
