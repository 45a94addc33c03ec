"""Tables and bars with alcohol on them. Every scene: a table edge towards the camera at -y, people behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import textures
import vessels
from geometry import box, lathe, quad
from people import Figure
from render import Camera, Scene, glossy, matt, texture

TABLE = 0.75


@dataclass(frozen=True, slots=True)
class Place:
    """A figure and where its eyes are; `size` 1 is life size."""

    figure: Figure
    x: float
    y: float = 0.62
    z: float = 1.17
    size: float = 1.0
    shine: float = 1.0


People = Sequence[Place]
Builder = Callable[[People, int], Scene]


def seat(scene: Scene, people: People) -> None:
    for p in people:
        scene.person(p.figure, (p.x, p.y, p.z), p.size, p.shine)


def wooden_table(
    scene: Scene,
    seed: int,
    dark: tuple[float, float, float],
    light: tuple[float, float, float],
    depth: float = 0.8,
    width: float = 2.4,
) -> None:
    surface = texture(textures.wood(seed, dark, light, 4))
    top = quad(
        [
            (-width / 2, -depth / 2, TABLE),
            (width / 2, -depth / 2, TABLE),
            (width / 2, depth / 2, TABLE),
            (-width / 2, depth / 2, TABLE),
        ]
    )
    scene.add(glossy("table", surface, 0.28, 0.4), top)
    scene.add(matt("table_edge", tuple(0.6 * c for c in dark)), box(width, depth, 0.04).moved(0, 0, TABLE - 0.0405))


def table_camera(rng: np.random.Generator) -> Camera:
    return Camera((rng.uniform(-0.12, 0.12), -1.05, 1.22), (0, 0.15, 0.95), 48, focus=1.12, aperture=0.0035)


def close_camera(rng: np.random.Generator) -> Camera:
    """Nearer to the glasses than `table_camera`: what stands at y >= -0.08 fills the lower half."""
    return Camera((rng.uniform(-0.08, 0.08), -0.82, 1.11), (0, 0.1, 0.93), 47, focus=0.86, aperture=0.0035)


def wine_dinner(people: People, seed: int) -> Scene:
    """A restaurant table by candle light: bottles and glasses of red wine."""
    rng = np.random.default_rng(seed)
    scene = Scene(close_camera(rng), 1.3, (1.0, 0.86, 0.70))
    wooden_table(scene, seed, (0.12, 0.055, 0.025), (0.36, 0.19, 0.09))
    for x, y, level in ((-0.02, -0.07, 0.146), (0.14, -0.05, 0.138), (-0.27, 0.03, 0.142), (0.05, 0.14, 0.14)):
        vessels.wine_glass(scene, x + rng.uniform(-0.015, 0.015), y + rng.uniform(-0.01, 0.01), TABLE, level)
    vessels.wine_bottle(scene, -0.14 + rng.uniform(-0.01, 0.01), 0.0, TABLE, turn=rng.uniform(-20, 20))
    vessels.wine_bottle(scene, 0.24, 0.05, TABLE, "Cuvee Brahe", "2019", turn=-15)
    vessels.candle(scene, -0.44, 0.25, TABLE)
    seat(scene, people)
    scene.backdrop(textures.lights(seed, (0.030, 0.015, 0.008), 38), (0, 3.4, 1.25), 5.4, 2.7)
    scene.lamp((-0.7, -1.1, 2.1), (0, 0.5, 1.0), 0.9, 0.6, (13, 9.5, 6.3))
    scene.lamp((1.2, 0.1, 2.2), (0, 0.5, 0.9), 0.5, 0.5, (12, 8, 4.6))
    scene.sky(textures.room_sky(seed, (0.05, 0.032, 0.02), [(0.55, 0.3, 0.06, 0.2, 5), (0.85, 0.28, 0.05, 0.2, 4)]))
    return scene


GREEN, CRIMSON, BLUE, GOLD, IVORY = (
    (0.06, 0.22, 0.10),
    (0.55, 0.07, 0.06),
    (0.08, 0.14, 0.4),
    (0.85, 0.7, 0.3),
    (0.8, 0.75, 0.6),
)
BEERS = {"Otter": ((GREEN, CRIMSON), "brown"), "Malina": ((CRIMSON, GOLD), "green"), "Blau": ((BLUE, IVORY), "brown")}


def bottle_of(scene: Scene, name: str, x: float, y: float, z: float, turn: float, *, open_: bool = True) -> None:
    colours, glass = BEERS[name]
    vessels.beer_bottle(scene, x, y, z, name, colours, glass, turn, open_)


def pub_beers(people: People, seed: int) -> Scene:
    """A pub table before a brick wall: beer bottles and glasses with foam."""
    rng = np.random.default_rng(seed)
    scene = Scene(close_camera(rng), 1.3, (1.0, 0.9, 0.78))
    wooden_table(scene, seed, (0.16, 0.08, 0.035), (0.45, 0.27, 0.13))
    for x, y, foam in ((0.07, -0.06, 0.014), (-0.33, 0.12, 0.012)):
        vessels.tumbler(scene, x + rng.uniform(-0.01, 0.01), y, TABLE, vessels.LAGER, "lager", 0.165, 0.041, 0.84, foam)
    bottles = (
        (-0.19, -0.03, "Otter"),
        (-0.09, 0.03, "Malina"),
        (-0.01, -0.05, "Otter"),
        (0.15, 0.0, "Blau"),
        (0.22, -0.02, "Malina"),
        (0.30, 0.10, "Otter"),
        (-0.27, 0.07, "Blau"),
    )
    for x, y, name in bottles:
        bottle_of(
            scene, name, x + rng.uniform(-0.01, 0.01), y, TABLE, rng.uniform(-25, 25), open_=bool(rng.random() < 0.4)
        )
    seat(scene, people)
    wall = texture(textures.brick(seed, (0.20, 0.10, 0.08), (0.22, 0.20, 0.18)), (2.2, 1.2))
    scene.add(matt("brick", wall), quad([(-3, 1.9, 0), (3, 1.9, 0), (3, 1.9, 2.8), (-3, 1.9, 2.8)]))
    vessels.shade(scene, -0.75, 1.2, 1.60)
    vessels.shade(scene, 0.80, 1.3, 1.62)
    scene.lamp((0.7, -1.1, 2.1), (0, 0.5, 1.0), 0.9, 0.6, (12, 9.3, 6.6))
    scene.lamp((-1.2, 0.2, 2.2), (0, 0.5, 0.9), 0.5, 0.5, (10, 7, 4.4))
    scene.lamp((0.0, 1.75, 1.9), (0, 0, 0.8), 1.6, 0.3, (10, 7.5, 4.8))
    scene.sky(
        textures.room_sky(
            seed, (0.10, 0.07, 0.05), [(0.55, 0.3, 0.06, 0.2, 5), (0.9, 0.28, 0.05, 0.2, 4), (0.2, 0.3, 0.06, 0.2, 4)]
        )
    )
    return scene


def bar_shelf(people: People, seed: int) -> Scene:
    """A bar: lit shelves full of bottles behind, a counter with drinks in front."""
    rng = np.random.default_rng(seed)
    scene = Scene(
        Camera((rng.uniform(-0.1, 0.1), -0.95, 1.42), (0, 0.1, 1.27), 48, focus=0.98, aperture=0.003),
        1.35,
        (1.0, 0.88, 0.72),
    )
    plank = texture(textures.wood(seed, (0.10, 0.05, 0.025), (0.30, 0.16, 0.08), 2))
    wall = texture(textures.plaster(seed, (0.20, 0.13, 0.08), 0.05))
    scene.add(matt("bar_wall", wall), quad([(-2.2, 1.42, 0), (2.2, 1.42, 0), (2.2, 1.42, 3), (-2.2, 1.42, 3)]))
    number = 0
    for z in (1.10, 1.52, 1.94):
        scene.add(
            glossy("shelf", plank, 0.3),
            box(3.6, 0.26, 0.03).moved(0, 1.28, z - 0.03),
            box(3.6, 0.012, 0.05).moved(0, 1.152, z - 0.05),
        )
        scene.lamp((0, 1.19, z + 0.375), (0, 1.45, z), 3.2, 0.03, (24, 17, 9.5))
        x = -1.2
        while x < 1.2:
            x += rng.uniform(0.10, 0.13)
            vessels.spirit_bottle(scene, x, 1.26 + rng.uniform(-0.02, 0.02), z, rng, number)
            number += 1
    counter = texture(textures.wood(seed + 2, (0.10, 0.045, 0.02), (0.30, 0.15, 0.07), 3))
    scene.add(glossy("counter", counter, 0.18, 0.5), box(3.2, 0.5, 0.05, 0.006).moved(0, 0.05, 0.99))
    high = 1.04
    vessels.wine_bottle(scene, -0.17, 0.03, high, turn=rng.uniform(-20, 20))
    vessels.wine_bottle(scene, 0.27, 0.06, high, "Cuvee Brahe", "2019", turn=rng.uniform(-20, 20))
    vessels.wine_glass(scene, -0.07, -0.07, high)
    vessels.wine_glass(scene, -0.29, -0.01, high)
    vessels.tumbler(scene, 0.18, -0.05, high, vessels.LAGER, "lager", 0.165, 0.041, 0.84, 0.014)
    bottle_of(scene, "Otter", 0.08, -0.03, high, 10)
    bottle_of(scene, "Malina", 0.36, 0.04, high, -15)
    bottle_of(scene, "Otter", -0.38, 0.08, high, 20)
    seat(scene, people)
    scene.lamp((-0.8, -1.2, 2.3), (0, 0.6, 1.3), 0.8, 0.5, (15, 11, 7.5))
    scene.lamp((0.9, -0.6, 2.4), (0.2, 0.6, 1.2), 0.4, 0.4, (14, 9, 5))
    scene.sky(textures.room_sky(seed, (0.08, 0.055, 0.04), [(0.6, 0.3, 0.05, 0.15, 4), (0.9, 0.3, 0.05, 0.2, 4)]))
    return scene


def cocktails(people: People, seed: int) -> Scene:
    """A roof bar at night: cocktails and a shaker before the lights of a city."""
    rng = np.random.default_rng(seed)
    scene = Scene(close_camera(rng), 1.3, (0.98, 0.9, 0.86))
    slab = texture(np.clip(textures.plaster(seed, (0.09, 0.09, 0.10), 0.25), 0, 1))
    scene.add(glossy("slab", slab, 0.12, 0.5), box(2.4, 0.8, 0.03, 0.004).moved(0, 0, TABLE - 0.03))
    vessels.martini(scene, -0.03, -0.06, TABLE, (0.97, 0.96, 0.80), "vermouth", olive=False)
    vessels.martini(scene, 0.13, -0.04, TABLE, (0.95, 0.38, 0.20), "cosmo", olive=False)
    vessels.shaker(scene, -0.14, 0.0, TABLE)
    vessels.wine_bottle(scene, 0.23, 0.05, TABLE, "Brut Nature", "2020", white=True)
    vessels.wine_bottle(scene, -0.24, 0.12, TABLE, "Nocturne", "2018")
    vessels.wine_glass(scene, 0.05, 0.09, TABLE, 0.15, vessels.WHITE_WINE, "white")
    vessels.wine_glass(scene, -0.33, 0.03, TABLE, 0.14, vessels.WINE)
    lime = lathe([(1e-5, 0), (0.024, 0.001), (0.026, 0.004), (0.024, 0.007), (1e-5, 0.007)])
    scene.add(glossy("lime", (0.35, 0.55, 0.08), 0.3), lime.turned(80, "x").moved(0.17, -0.08, TABLE + 0.165))
    seat(scene, people)
    scene.backdrop(textures.lights(seed, (0.010, 0.012, 0.030), 70, False, power=5), (0, 3.4, 1.25), 5.4, 2.7)
    scene.lamp((-0.8, -1.0, 2.0), (0, 0.5, 1.0), 0.9, 0.6, (11, 9.5, 8.6))
    scene.lamp((1.3, 0.3, 1.7), (0, 0.5, 1.0), 0.3, 0.7, (12, 3.5, 9.5))
    scene.lamp((-1.3, 0.4, 1.6), (0, 0.5, 1.0), 0.3, 0.7, (2.5, 6, 13))
    scene.sky(
        textures.room_sky(
            seed, (0.02, 0.02, 0.035), [(0.55, 0.3, 0.06, 0.2, 6), (0.9, 0.28, 0.05, 0.2, 5)], (0.9, 0.9, 1)
        )
    )
    return scene


def terrace(people: People, seed: int) -> Scene:
    """A garden table in daylight: a bottle of wine and glasses, bread and plates."""
    rng = np.random.default_rng(seed)
    scene = Scene(close_camera(rng), 0.95)
    wooden_table(scene, seed, (0.36, 0.26, 0.17), (0.66, 0.52, 0.36))
    for x, y, tint, name in (
        (-0.02, -0.06, vessels.WINE, "wine"),
        (0.13, -0.05, vessels.WINE, "wine"),
        (-0.27, 0.06, vessels.WHITE_WINE, "white"),
    ):
        vessels.wine_glass(scene, x + rng.uniform(-0.02, 0.02), y, TABLE, 0.145, tint, name)
    vessels.wine_bottle(scene, -0.14, 0.0, TABLE, "Casa Alta", "2021", turn=rng.uniform(-20, 20))
    vessels.wine_bottle(scene, 0.23, 0.04, TABLE, "Weissburg", "2022", white=True)
    vessels.plate(scene, 0.04, 0.16, TABLE)
    seat(scene, people)
    scene.backdrop(textures.foliage(seed), (0, 4.5, 1.3), 7.5, 3.75, 1.1)
    scene.lamp((-2.2, -1.6, 3.2), (0, 0.4, 1.0), 1.6, 1.6, (15, 14, 12.5))
    scene.sky(textures.room_sky(seed, (0.75, 0.85, 1.0), [(0.55, 0.1, 0.10, 0.2, 5)], (1, 1, 1)), 0.9)
    return scene


SCENES: dict[str, Builder] = {f.__name__: f for f in (wine_dinner, pub_beers, bar_shelf, cocktails, terrace)}
