"""From a list of meshes, materials and lights to a tone-mapped picture: Mitsuba 3 path tracing and Open Image Denoise."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import mitsuba as mi
import numpy as np
import pyoidn

import people
from geometry import Mesh, counter_clockwise, merged, polygon, write_ply

Array = np.ndarray
Colour = tuple[float, float, float]
Vec = tuple[float, float, float]
mi.set_variant("llvm_ad_rgb")
T = mi.ScalarTransform4f


@dataclass(frozen=True, slots=True)
class Camera:
    eye: Vec
    target: Vec
    fov: float = 40.0
    focus: float | None = None
    aperture: float = 0.004


@dataclass(slots=True)
class Scene:
    """What is in front of the camera. Meshes of one material are joined into one shape."""

    camera: Camera
    exposure: float = 1.0
    white: Colour = (1.0, 1.0, 1.0)
    meshes: dict[str, list[Mesh]] = field(default_factory=dict)
    materials: dict[str, dict[str, Any]] = field(default_factory=dict)
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, material: tuple[str, dict[str, Any]], *meshes: Mesh) -> None:
        name, bsdf = material
        self.materials[name] = bsdf
        self.meshes.setdefault(name, []).extend(meshes)

    def put(self, kind: str, **spec: Any) -> None:
        self.extra[f"{kind}_{len(self.extra)}"] = spec

    def lamp(self, corner: Vec, toward: Vec, width: float, height: float, radiance: Colour) -> None:
        """A rectangle of light at `corner` (its centre) that faces `toward`."""
        up = (0, 0, 1) if abs(corner[0] - toward[0]) + abs(corner[1] - toward[1]) > 1e-3 else (0, 1, 0)
        place = T().look_at(origin=corner, target=toward, up=up) @ T().scale([width / 2, height / 2, 1])
        self.put(
            "lamp",
            type="rectangle",
            to_world=place,
            emitter=emitter(radiance),
            bsdf={"type": "diffuse", "reflectance": rgb((0, 0, 0))},
        )

    def bulb(self, centre: Vec, radius: float, radiance: Colour) -> None:
        self.put("bulb", type="sphere", center=list(centre), radius=radius, emitter=emitter(radiance))

    def sky(self, image: Array, scale: float = 1.0) -> None:
        """A latitude-longitude picture (linear RGB) all around; z is up."""
        turn = T().rotate([0, 0, 1], 180) @ T().rotate([1, 0, 0], 90)
        self.put("sky", type="envmap", bitmap=mi.Bitmap(image.astype(np.float32)), scale=scale, to_world=turn)

    def backdrop(self, image: Array, centre: Vec, width: float, height: float, glow: float = 1.0) -> None:
        """A shining picture (linear RGB) that faces the camera: what lies far behind, already out of focus."""
        place = T().look_at(origin=centre, target=(self.camera.eye[0], self.camera.eye[1], centre[2]), up=(0, 0, 1))
        place = place @ T().scale([-width / 2, height / 2, 1])
        radiance = {"type": "bitmap", "bitmap": mi.Bitmap((image[::-1] * glow).astype(np.float32)), "raw": True}
        black = {"type": "diffuse", "reflectance": rgb((0, 0, 0))}
        self.put(
            "backdrop", type="rectangle", to_world=place, emitter={"type": "area", "radiance": radiance}, bsdf=black
        )

    def person(
        self, figure: people.Figure, face: Vec, size: float = 1.0, shine: float = 1.0, bulge: float = 0.5
    ) -> None:
        """A flat figure upright at `face` (the point between the eyes), turned to the camera about z."""
        height, width = figure.alpha.shape
        scale = figure.metres_per_pixel * size
        fx, fy = figure.face
        away = np.array([self.camera.eye[0] - face[0], self.camera.eye[1] - face[1], 0.0])
        away /= np.linalg.norm(away)
        right = np.array([-away[1], away[0], 0.0])
        sheet = []
        outline = cv2.dilate((figure.alpha > 0.01).astype(np.uint8), np.ones((7, 7), np.uint8))
        for contour in cv2.findContours(outline, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            points = cv2.approxPolyDP(contour, 2.5, True)[:, 0].astype(float)
            if len(points) < 3 or cv2.contourArea(points.astype(np.float32)) < 200:
                continue
            flat = polygon(counter_clockwise(np.stack([points[:, 0], -points[:, 1]], 1)))
            px, py = flat.vertices[:, 0], -flat.vertices[:, 1]
            at = np.array(face) + np.outer((px - fx) * scale, right) + np.outer((fy - py) * scale, (0, 0, 1.0))
            sheet.append(Mesh(at, np.tile(away, (len(at), 1)), np.stack([px / width, 1 - py / height], 1), flat.faces))
        colour = mi.Bitmap((np.clip(figure.rgb * shine, 0, 1)[::-1] * 255).astype(np.uint8))
        normals = mi.Bitmap(np.ascontiguousarray(people.normal_map(figure, bulge)[::-1]))
        alpha = mi.Bitmap(np.ascontiguousarray(figure.alpha[::-1, :, None]))
        skin = {"type": "diffuse", "reflectance": {"type": "bitmap", "bitmap": colour}}
        lit = {"type": "normalmap", "normalmap": {"type": "bitmap", "bitmap": normals, "raw": True}, "bsdf": skin}
        cut = {"type": "mask", "opacity": {"type": "bitmap", "bitmap": alpha, "raw": True}, "bsdf": lit}
        self.add((f"person_{len(self.meshes)}", cut), *sheet)


def rgb(colour: Colour | float) -> dict[str, Any]:
    return {"type": "rgb", "value": [float(c) for c in (colour if isinstance(colour, tuple) else (colour,) * 3)]}


def emitter(radiance: Colour) -> dict[str, Any]:
    return {"type": "area", "radiance": rgb(radiance)}


def texture(image: Array, repeat: tuple[float, float] = (1, 1), raw: bool = False) -> dict[str, Any]:
    """A bitmap in sRGB 0..1, first row on top."""
    data = mi.Bitmap((np.clip(image[::-1], 0, 1) * 255).astype(np.uint8))
    return {"type": "bitmap", "bitmap": data, "raw": raw, "to_uv": T().scale([repeat[0], repeat[1], 1])}


def matt(name: str, colour: Any) -> tuple[str, dict[str, Any]]:
    reflectance = colour if isinstance(colour, dict) else rgb(colour)
    return name, {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": reflectance}}


def glossy(
    name: str, colour: Any, roughness: float = 0.3, specular: float = 0.5, metallic: float = 0.0
) -> tuple[str, dict[str, Any]]:
    base = colour if isinstance(colour, dict) else rgb(colour)
    inner = {
        "type": "principled",
        "base_color": base,
        "roughness": roughness,
        "specular": specular,
        "metallic": metallic,
    }
    return name, {"type": "twosided", "bsdf": inner}


def clear(name: str, tint: Colour = (1, 1, 1), inside: float = 1.5, outside: float = 1.0) -> tuple[str, dict[str, Any]]:
    """A smooth interface; `tint` is what one crossing lets through."""
    return name, {"type": "dielectric", "int_ior": inside, "ext_ior": outside, "specular_transmittance": rgb(tint)}


def render(scene: Scene, size: tuple[int, int], samples: int = 48, seed: int = 0) -> Array:
    """(h, w, 3) float32 sRGB in 0..1."""
    with tempfile.TemporaryDirectory() as folder:
        spec: dict[str, Any] = {
            "type": "scene",
            "integrator": {
                "type": "aov",
                "aovs": "albedo:albedo,normal:sh_normal",
                "image": {"type": "path", "max_depth": 18, "rr_depth": 8},
            },
        }
        camera = scene.camera
        film = {
            "type": "hdrfilm",
            "width": size[0],
            "height": size[1],
            "pixel_format": "rgb",
            "rfilter": {"type": "box"},
        }
        focus = camera.focus or float(np.linalg.norm(np.subtract(camera.target, camera.eye)))
        spec["sensor"] = {
            "type": "thinlens", "fov": camera.fov, "fov_axis": "x", "aperture_radius": camera.aperture, "focus_distance": focus,
            "to_world": T().look_at(origin=camera.eye, target=camera.target, up=(0, 0, 1)),
            "film": film, "sampler": {"type": "independent", "sample_count": samples},
        }  # fmt: skip
        for number, (name, meshes) in enumerate(scene.meshes.items()):
            path = Path(folder) / f"{number}.ply"
            write_ply(merged(meshes), path)
            spec[f"mesh_{name}"] = {"type": "ply", "filename": str(path), "bsdf": scene.materials[name]}
        spec.update(scene.extra)
        pixels = np.array(mi.render(mi.load_dict(spec), spp=samples, seed=seed), np.float32)
    return tone_map(denoise(pixels), scene.exposure, scene.white)


def denoise(pixels: Array) -> Array:
    colour, albedo, normal = (np.ascontiguousarray(np.nan_to_num(pixels[..., k : k + 3])) for k in (0, 3, 6))
    colour = np.clip(colour, 0, 60)
    return pyoidn.denoise(colour, albedo=np.clip(albedo, 0, 1), normal=normal, hdr=True)


def tone_map(linear: Array, exposure: float, white: Colour) -> Array:
    """Soft shoulder above 0.6 of full scale, glow around the brightest spots, sRGB curve."""
    x = np.maximum(linear, 0) * exposure / np.array(white, np.float32)
    width = x.shape[1]
    glow = cv2.GaussianBlur(np.clip(x - 1.2, 0, 6), (0, 0), width / 110) + 0.4 * cv2.GaussianBlur(
        np.clip(x - 1.2, 0, 6), (0, 0), width / 32
    )
    x = x + 0.10 * glow
    x = np.where(x < 0.6, x, 0.6 + 0.4 * (1 - np.exp(-(x - 0.6) / 0.55)))
    x = np.clip(x, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)
