"""A hunting lodge: rifles on a lime-washed wall. Modelled from bars, tubes and one outline for the stock."""

from __future__ import annotations

import numpy as np

import textures
from geometry import Mesh, box, extrude, quad, tube
from render import Camera, Scene, glossy, matt, texture
from scenes_drinks import Builder, People, seat

# The side of a bolt-action stock in metres, muzzle towards +x; the butt is at x = 0, the bore at y = 0.
_STOCK = [
    (0.00, -0.052), (0.10, -0.046), (0.20, -0.036), (0.262, -0.030), (0.292, -0.036), (0.312, -0.040), (0.335, -0.022), (0.36, -0.014),
    (0.52, -0.012), (0.76, -0.008), (0.775, -0.016), (0.765, -0.030), (0.70, -0.038), (0.58, -0.046), (0.45, -0.052), (0.375, -0.054),
    (0.345, -0.064), (0.330, -0.092), (0.312, -0.110), (0.288, -0.108), (0.272, -0.090), (0.240, -0.084), (0.15, -0.118), (0.015, -0.168), (0.002, -0.160),
]  # fmt: skip


def rifle(scene: Scene, x: float, y: float, z: float, tilt: float = 0.0, *, left: bool = False) -> None:
    """A bolt-action rifle with a telescope, side on in the plane y, its butt's top at x, z."""

    def place(mesh: Mesh) -> Mesh:
        side = mesh.turned(90, "x").turned(180 if left else 0, "z")
        return side.turned(tilt, "y").moved(x, y, z)

    wood = glossy("stock", texture(textures.wood(9, (0.16, 0.07, 0.03), (0.42, 0.22, 0.10), 1)), 0.25)
    steel, dark = (
        glossy("gun_steel", (0.10, 0.10, 0.11), 0.28, 0.5, 0.9),
        glossy("gun_black", (0.025, 0.025, 0.028), 0.35),
    )
    scene.add(wood, place(extrude(_STOCK, 0.046, 0.012).moved(0, 0, -0.023)))

    def bar(points: list[tuple[float, float, float]], radius: float) -> Mesh:
        return place(tube(points, radius))

    scene.add(
        steel,
        bar([(0.33, 0.0, 0), (0.56, 0.0, 0)], 0.0165),
        bar([(0.55, 0.0, 0), (0.70, 0.0, 0)], 0.0125),
        bar([(0.69, 0.0, 0), (1.13, 0.0, 0)], 0.0095),
    )
    scene.add(steel, bar([(0.345, 0.0, -0.01), (0.35, -0.012, -0.045), (0.352, -0.035, -0.062)], 0.006))
    scene.add(
        dark,
        bar([(0.33, 0.052, 0), (0.40, 0.052, 0)], 0.019),
        bar([(0.39, 0.052, 0), (0.60, 0.052, 0)], 0.0135),
        bar([(0.58, 0.052, 0), (0.66, 0.052, 0)], 0.0245),
    )
    scene.add(
        dark,
        *(bar([(at, 0.0, 0), (at, 0.05, 0)], 0.010) for at in (0.42, 0.56)),
        bar([(0.495, 0.045, 0), (0.495, 0.082, 0)], 0.010),
    )
    guard = [(0.335 + 0.045 * np.cos(t), -0.052 - 0.036 * np.sin(t), 0.0) for t in np.linspace(0, np.pi, 16)]
    scene.add(
        steel,
        bar(guard, 0.0035),
        bar([(0.335, -0.050, 0), (0.330, -0.078, 0)], 0.003),
        bar([(1.10, 0.0, 0), (1.10, 0.022, 0)], 0.004),
    )
    scene.add(dark, place(box(0.014, 0.118, 0.044).moved(-0.006, -0.108, -0.022)))


def lodge(people: People, seed: int) -> Scene:
    """Rifles on pegs on a lime-washed wall."""
    rng = np.random.default_rng(seed)
    scene = Scene(
        Camera((rng.uniform(-0.05, 0.05), -0.75, 1.45), (0, 1.0, 1.50), 46, focus=1.65, aperture=0.003),
        1.1,
        (1.0, 0.92, 0.8),
    )
    boards = texture(textures.plaster(seed + 30, (0.74, 0.70, 0.62), 0.02))
    scene.add(matt("wall", boards), quad([(-1.6, 1.0, 0.4), (1.6, 1.0, 0.4), (1.6, 1.0, 2.6), (-1.6, 1.0, 2.6)]))
    for z in (1.80, 1.56) if people else (1.80, 1.56, 1.32):
        rifle(scene, -0.56, 0.94, z)
        for x in (-0.30, 0.20):
            scene.add(
                glossy("peg", (0.2, 0.11, 0.06), 0.4),
                tube([(x, 1.0, z - 0.115 if x < 0 else z - 0.06), (x, 0.90, z - 0.105 if x < 0 else z - 0.05)], 0.013),
            )
    seat(scene, people)
    scene.lamp((-1.0, -0.8, 2.6), (0, 0.8, 1.5), 0.9, 0.7, (12, 10.6, 8.8))
    scene.lamp((1.3, -0.6, 2.2), (0, 0.8, 1.4), 0.6, 0.6, (8, 7, 6))
    scene.sky(textures.room_sky(seed, (0.22, 0.20, 0.17), [(0.55, 0.3, 0.1, 0.2, 4)]))

    return scene


SCENES: dict[str, Builder] = {"lodge": lodge}
