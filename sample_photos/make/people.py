"""The two persons of the sample photos, cut out of their public-domain portraits.

A cut-out is a flat figure: colour, soft alpha and a normal map guessed from the outline, so that the renderer can light it
like everything else in the scene. Sizes in metres follow from the distance between the eyes (62 mm).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import skimage.data

Array = np.ndarray
UPSCALE = 3
EYE_DISTANCE_M = 0.062


@dataclass(frozen=True, slots=True)
class Figure:
    """rgb: (h, w, 3) in 0..1 sRGB; alpha: (h, w) in 0..1; eyes: (2, 2) in pixels, left one of the picture first."""

    rgb: Array
    alpha: Array
    eyes: Array

    @property
    def metres_per_pixel(self) -> float:
        return EYE_DISTANCE_M / float(np.hypot(*(self.eyes[1] - self.eyes[0])))

    @property
    def face(self) -> Array:
        """The point between the eyes, in pixels."""
        return self.eyes.mean(axis=0)


def collins_portrait() -> Array:
    """Eileen Collins, NASA, public domain: the file that ships inside scikit-image. (512, 512, 3) RGB uint8."""
    return skimage.data.astronaut()


def hopper_portrait() -> Array:
    """Grace Hopper, United States Navy, public domain: the file that ships inside matplotlib. (600, 512, 3) RGB uint8."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


COLLINS_EYES = np.array([[202.0, 101.0], [246.0, 103.0]])
HOPPER_EYES = np.array([[223.0, 191.0], [305.0, 187.0]])

# Outlines in pixels of the originals, drawn by hand; GrabCut refines a band around them where the background allows it.
COLLINS_HEAD = [
    (188, 176), (186, 150), (183, 134), (172, 131), (163, 122), (153, 96), (153, 70), (160, 52), (185, 36), (200, 22),
    (230, 14), (260, 20), (285, 38), (299, 62), (302, 88), (294, 114), (281, 130), (268, 137), (262, 160), (256, 178),
    (240, 190), (205, 190),
]  # fmt: skip
COLLINS_COLLAR = [
    (190, 172),
    (187, 190),
    (180, 208),
    (190, 236),
    (224, 246),
    (256, 236),
    (268, 208),
    (259, 192),
    (253, 178),
]
COLLINS_SUIT = [
    (184, 150), (160, 152), (138, 165), (122, 182), (114, 188), (115, 206), (98, 218), (70, 240), (50, 268), (38, 300),
    (26, 340), (22, 400), (22, 470), (30, 512), (512, 512), (508, 450), (494, 400), (460, 360), (410, 344), (362, 349),
    (356, 310), (345, 280), (325, 255), (305, 236), (302, 220), (290, 198), (272, 180), (258, 174),
]  # fmt: skip
HOPPER_OUTLINE = [
    (0, 600), (14, 560), (22, 480), (30, 420), (44, 395), (62, 378), (130, 358), (182, 338), (197, 320), (200, 298),
    (184, 288), (166, 276), (160, 256), (162, 236), (154, 205), (151, 184), (156, 150), (150, 130), (152, 105), (158, 92),
    (174, 84), (178, 60), (196, 46), (216, 40), (226, 28), (250, 23), (280, 26), (300, 38), (324, 44), (344, 62),
    (353, 86), (366, 88), (372, 110), (370, 140), (368, 178), (376, 190), (375, 210), (368, 232), (364, 262), (356, 284),
    (342, 305), (332, 310), (330, 320), (352, 335), (395, 357), (450, 374), (490, 390), (502, 412), (512, 450), (512, 600),
]  # fmt: skip


def _polygon(shape: tuple[int, ...], points: list[tuple[float, float]]) -> Array:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(points) * 16).astype(np.int32)], 255, shift=4)
    return mask


def _refine(rgb: Array, outline: Array, band: int, keep: Array | None = None) -> Array:
    """GrabCut inside a band around `outline` (uint8 mask); where `keep` is set the drawn outline stands. Returns 0..1."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    inner, outer = cv2.erode(outline, kernel), cv2.dilate(outline, kernel)
    state = np.full(outline.shape, cv2.GC_BGD, np.uint8)
    state[outer > 0] = cv2.GC_PR_BGD
    state[outline > 0] = cv2.GC_PR_FGD
    state[inner > 0] = cv2.GC_FGD
    cv2.setRNGSeed(7)
    cv2.grabCut(
        cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR),
        state,
        None,
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        4,
        cv2.GC_INIT_WITH_MASK,
    )
    mask = np.where((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    if keep is not None:
        mask = np.where(keep > 0, outline, mask)
    return mask.astype(np.float32) / 255


def _enlarge(rgb: Array, alpha: Array, eyes: Array) -> Figure:
    """Upscaled figure whose edge colours come from inside, so that no rim of the old background shows."""
    size = (rgb.shape[1] * UPSCALE, rgb.shape[0] * UPSCALE)
    solid = cv2.erode((alpha > 0.95).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2)
    spread, weight = np.zeros_like(rgb), np.full((*alpha.shape, 1), 1e-9, np.float32)
    for sigma, share in ((1.5, 1.0), (4.0, 1e-3), (12.0, 1e-6)):
        spread += share * cv2.GaussianBlur(rgb * solid[..., None], (0, 0), sigma)
        weight += share * cv2.GaussianBlur(solid.astype(np.float32), (0, 0), sigma)[..., None]
    spread /= weight
    mix = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 0.8)[..., None]
    colour = cv2.resize((rgb * mix + spread * (1 - mix)).astype(np.float32), size, interpolation=cv2.INTER_LANCZOS4)
    sharp = colour + 0.5 * (colour - cv2.GaussianBlur(colour, (0, 0), 2.2))
    soft = cv2.resize(cv2.GaussianBlur(alpha, (0, 0), 0.9), size, interpolation=cv2.INTER_CUBIC)
    soft = np.clip((soft - 0.28) / 0.6, 0, 1)
    return Figure(np.clip(sharp, 0, 1).astype(np.float32), soft.astype(np.float32), eyes * UPSCALE)


def _pad(image: Array, right: int, bottom: int) -> Array:
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE)


@cache
def collins_in_suit() -> Figure:
    """Collins as photographed: the orange launch suit, without flag, model and background."""
    rgb = collins_portrait()
    outline = np.maximum(_polygon(rgb.shape, COLLINS_HEAD), _polygon(rgb.shape, COLLINS_SUIT))
    keep = np.zeros_like(outline)
    keep[212:, :120] = 1
    keep[345:, :] = 1
    return _enlarge(rgb.astype(np.float32) / 255, _refine(rgb, outline, 5, keep), COLLINS_EYES)


def _smooth(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    out = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [tuple(q) for q in np.concatenate([*out, p[-1:]])]


def _noise(shape: tuple[int, int], sigma: tuple[float, float], rng: np.random.Generator) -> Array:
    field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
    return field / (field.std() + 1e-6)


@cache
def collins_in_jumper(colour: tuple[float, float, float], pattern: str = "plain", seed: int = 1) -> Figure:
    """Collins' head and dark turtleneck on a jumper painted here: outline, folds, knit and a collar."""
    rgb = _pad(collins_portrait(), 0, 140)
    height, width = rgb.shape[:2]
    head = _refine(rgb, _polygon(rgb.shape, COLLINS_HEAD), 5)
    head[178:] = 0
    head = np.maximum(head, _polygon(rgb.shape, COLLINS_COLLAR).astype(np.float32) / 255)
    half = _smooth([(186, 186), (172, 198), (140, 209), (96, 224), (68, 248), (56, 310), (46, 415), (44, height - 1)])
    outline = half + [(2 * 224 - x, y) for x, y in reversed(half)]
    body = _polygon(rgb.shape, outline).astype(np.float32) / 255
    neck = np.zeros((height, width), np.float32)
    cv2.ellipse(neck, (224, 186), (44, 25), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.abs(xx - 224) / 195
    light = 0.92 - 0.42 * away**2 - 0.10 * (xx - 224) / 180
    light += 0.03 * _noise((height, width), (9, 26), rng) + 0.02 * _noise((height, width), (4, 9), rng)
    edge = cv2.distanceTransform((body > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    light *= 0.62 + 0.38 * np.clip(edge / 26, 0, 1) ** 0.6
    for side in (-1, 1):
        crease = 224 + side * (120 - 0.03 * (yy - 300) + 3 * np.sin(yy / 23))
        light -= 0.40 * np.exp(-(((xx - crease) / 5) ** 2)) * np.clip((yy - 300) / 70, 0, 1)
        light -= 0.14 * np.exp(-(((xx - crease - side * 9) / 14) ** 2)) * np.clip((yy - 290) / 90, 0, 1)
        seam = 224 + side * (58 + 0.62 * (yy - 215))
        light -= 0.10 * np.exp(-(((xx - seam) / 2.2) ** 2)) * (yy < 305)
    light -= 0.30 * np.exp(-(((yy - 200) / 16) ** 2)) * np.exp(-(((xx - 224) / 60) ** 2))
    light *= 1 + 0.05 * np.sin(xx * 1.9) * np.sin(yy * 1.3 + xx * 0.2)
    band = np.hypot((xx - 224) / 50, (yy - 186) / 32)
    rib = np.exp(-(((band - 1.0) / 0.10) ** 2)) * (yy > 182)
    light = light * (1 - 0.25 * rib) + 0.10 * rib * np.sin(np.arctan2(yy - 186, xx - 224) * 70)
    cloth = np.clip(light, 0.05, 1.2)[..., None] * np.array(colour, np.float32)
    if pattern == "stripes":
        sag = yy + 0.0009 * (xx - 224) ** 2 + 2 * np.sin(xx / 31)
        band = (np.clip(3.5 * np.sin(sag / 5.2), -1, 1) * 0.5 + 0.5) * (yy > 232)
        cloth = cloth * (1 - band[..., None]) + band[..., None] * np.clip(light, 0.05, 1.2)[..., None] * np.array(
            [0.80, 0.78, 0.72], np.float32
        )
    if pattern == "zip":
        teeth = np.exp(-(((xx - 224) / 2.6) ** 2)) * (yy > 212)
        cloth = (
            cloth * (1 - 0.75 * teeth[..., None]) + 0.10 * teeth[..., None] * (0.5 + 0.5 * np.sin(yy * 1.5))[..., None]
        )
        flap = np.exp(-(((np.abs(xx - 224) - 9) / 1.6) ** 2)) * (yy > 214)
        cloth *= 1 - 0.25 * flap[..., None]
    body = body * (1 - neck)
    image = np.where(body[..., None] > 0.01, cloth, rgb.astype(np.float32) / 255)
    alpha = np.maximum(head, body)
    dark = cv2.GaussianBlur(np.where(neck > 0, 1.0, 0.0).astype(np.float32), (0, 0), 1)[..., None] * (
        yy[..., None] > 196
    )
    image = image * (1 - dark) + dark * np.minimum(image, np.array([0.09, 0.085, 0.09], np.float32))
    alpha = np.maximum(alpha, neck * (yy > 186))
    figure = _enlarge(np.clip(image, 0, 1).astype(np.float32), alpha, COLLINS_EYES)
    return figure


@cache
def hopper_in_uniform() -> Figure:
    """Hopper in uniform, without flag and sky; the coat is continued below and to the right of the frame."""
    rgb = hopper_portrait()
    outline = _polygon(rgb.shape, HOPPER_OUTLINE)
    keep = np.zeros_like(outline)
    keep[330:, :] = 1
    keep[270:, :210] = 1
    alpha = _refine(rgb, outline, 5, keep)
    pad_right, pad_bottom = 40, 260
    image = _pad(rgb, pad_right, pad_bottom).astype(np.float32) / 255
    alpha = _pad(alpha, pad_right, pad_bottom)
    alpha[:, 512:] = 0
    height, width = alpha.shape
    rng = np.random.default_rng(3)
    cloth = image[540:590, 60:200].reshape(-1, 3).mean(axis=0) * (
        1 + 0.18 * _noise((height, width), (7, 20), rng)[..., None]
    )
    cloth += 0.008 * rng.standard_normal((height, width, 1)).astype(np.float32)
    lower = np.zeros((height, width), np.float32)
    lower[594:] = 1
    lower = cv2.GaussianBlur(lower, (0, 0), 4)[..., None]
    arm = _polygon(
        alpha.shape, [(500, 405), (512, 440), (524, 520), (532, 620), (534, height), (480, height), (480, 405)]
    )
    side = cv2.GaussianBlur(((np.arange(width)[None, :] > 506) & (arm > 0)).astype(np.float32), (0, 0), 1.5)[..., None]
    mix = np.maximum(lower, side)
    image = image * (1 - mix) + cloth * mix
    alpha = np.maximum(
        alpha, arm.astype(np.float32) / 255 * (np.arange(width)[None, :] > 480) * (np.arange(height)[:, None] > 445)
    )
    alpha[600:, :14] = np.maximum(0, alpha[600:, :14] * np.linspace(0, 1, 14)[None, :])
    return _enlarge(np.clip(image, 0, 1).astype(np.float32), alpha.astype(np.float32), HOPPER_EYES)


def recoloured(figure: Figure, hue_shift: float, saturation: float = 1.0, value: float = 1.0) -> Figure:
    """The orange of the suit turned to another hue (in degrees); skin and hair lie above the collar and stay."""
    hsv = cv2.cvtColor(figure.rgb, cv2.COLOR_RGB2HSV)
    orange = ((hsv[..., 0] < 32) | (hsv[..., 0] > 345)) & (hsv[..., 1] > 0.45)
    orange[: 205 * UPSCALE] = False
    weight = cv2.GaussianBlur(orange.astype(np.float32), (0, 0), 2.0)[..., None]
    turned = hsv.copy()
    turned[..., 0] = (hsv[..., 0] + hue_shift) % 360
    turned[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 1)
    turned[..., 2] = np.clip(hsv[..., 2] * value, 0, 1)
    mixed = figure.rgb * (1 - weight) + cv2.cvtColor(turned, cv2.COLOR_HSV2RGB) * weight
    return replace(figure, rgb=mixed.astype(np.float32))


def mirrored(figure: Figure) -> Figure:
    width = figure.alpha.shape[1]
    eyes = np.array([[width - 1 - x, y] for x, y in figure.eyes[::-1]])
    return Figure(np.ascontiguousarray(figure.rgb[:, ::-1]), np.ascontiguousarray(figure.alpha[:, ::-1]), eyes)


def tilted(figure: Figure, degrees: float) -> Figure:
    """Turned about a point below the chin, as a person who leans a little."""
    height, width = figure.alpha.shape
    pivot = figure.face + np.array([0.0, 3.0 * np.hypot(*(figure.eyes[1] - figure.eyes[0]))])
    matrix = cv2.getRotationMatrix2D(tuple(map(float, pivot)), degrees, 1.0)
    rgb = cv2.warpAffine(figure.rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(figure.alpha, matrix, (width, height), flags=cv2.INTER_LINEAR)
    eyes = figure.eyes @ matrix[:, :2].T + matrix[:, 2]
    return Figure(np.clip(rgb, 0, 1), alpha, eyes)


def with_sunglasses(figure: Figure) -> Figure:
    """Dark glasses drawn over the eyes, with a soft reflection."""
    left, right = figure.eyes
    span = float(np.hypot(*(right - left)))
    rgb = figure.rgb.copy()
    mask = np.zeros(figure.alpha.shape, np.float32)
    shine = np.zeros_like(mask)
    axis = (right - left) / span
    down = np.array([-axis[1], axis[0]])
    angle = float(np.degrees(np.arctan2(axis[1], axis[0])))
    for eye, side in ((left, -1), (right, 1)):
        centre = eye + side * axis * 0.06 * span + down * 0.10 * span
        cv2.ellipse(
            mask,
            tuple(int(v) for v in centre),
            (int(0.42 * span), int(0.34 * span)),
            angle,
            0,
            360,
            1.0,
            -1,
            cv2.LINE_AA,
        )
        spot = centre - down * 0.16 * span - axis * 0.12 * span
        cv2.ellipse(
            shine, tuple(int(v) for v in spot), (int(0.17 * span), int(0.06 * span)), angle - 12, 0, 360, 1.0, -1
        )
        temple = centre + side * axis * 0.85 * span - down * 0.12 * span
        cv2.line(
            mask,
            tuple(int(v) for v in centre - down * 0.16 * span),
            tuple(int(v) for v in temple),
            0.9,
            max(2, int(0.07 * span)),
        )
    bridge = (left + axis * 0.25 * span - down * 0.02 * span, right - axis * 0.25 * span - down * 0.02 * span)
    cv2.line(mask, *(tuple(int(v) for v in p) for p in bridge), 1.0, max(2, int(0.09 * span)), cv2.LINE_AA)
    mask = np.clip(cv2.GaussianBlur(mask, (0, 0), 1.0), 0, 1)[..., None] * 0.97
    glow = cv2.GaussianBlur(shine, (0, 0), 0.05 * span)[..., None]
    tint = np.array([0.05, 0.05, 0.06], np.float32) + glow * np.array([0.35, 0.4, 0.45], np.float32)
    return replace(figure, rgb=(rgb * (1 - mask) + tint * mask).astype(np.float32))


def with_scarf(figure: Figure, colour: tuple[float, float, float] = (0.45, 0.08, 0.10)) -> Figure:
    """A knitted scarf up to the lower lip."""
    left, right = figure.eyes
    span = float(np.hypot(*(right - left)))
    centre = figure.face
    height, width = figure.alpha.shape
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (xx - centre[0]) / span, (yy - centre[1]) / span
    upper = 1.42 + 0.16 * np.abs(u) ** 1.5 + 0.03 * np.sin(5 * u)
    lower = 2.75 - 0.22 * u**2 + 0.05 * np.sin(4 * u + 1)
    inside = (
        np.clip((v - upper) * 12, 0, 1)
        * np.clip((lower - v) * 12, 0, 1)
        * np.clip((1.5 + 0.12 * v - np.abs(u)) * 10, 0, 1)
    )
    folds = (
        0.75
        + 0.18 * np.sin(v * 11 + 1.3 * u**2 + 0.8 * np.sin(2 * u))
        + 0.10 * np.sin(xx * 0.9) * np.sin(yy * 0.8)
        - 0.22 * np.abs(u) ** 2
    )
    cloth = np.clip(folds, 0.1, 1.2)[..., None] * np.array(colour, np.float32)
    mask = inside[..., None]
    rgb = figure.rgb * (1 - mask) + cloth * mask
    return replace(
        figure, rgb=np.clip(rgb, 0, 1).astype(np.float32), alpha=np.maximum(figure.alpha, inside).astype(np.float32)
    )


def normal_map(figure: Figure, strength: float = 0.55) -> Array:
    """A tangent-space normal map (0..1) that inflates the outline, so that side light models the figure a little."""
    unit = np.hypot(*(figure.eyes[1] - figure.eyes[0]))
    small = cv2.resize(figure.alpha, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    bulge = np.zeros_like(small)
    for scale in (0.35, 0.8, 1.6):
        bulge += cv2.GaussianBlur(small, (0, 0), scale * unit * 0.25) * scale
    gx = cv2.Sobel(bulge, cv2.CV_32F, 1, 0, ksize=3) / 8 * unit * 0.25
    gy = cv2.Sobel(bulge, cv2.CV_32F, 0, 1, ksize=3) / 8 * unit * 0.25
    size = (figure.alpha.shape[1], figure.alpha.shape[0])
    gx, gy = cv2.resize(gx, size), cv2.resize(gy, size)
    normal = np.stack([-gx * strength, gy * strength, np.ones_like(gx)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return (normal * 0.5 + 0.5).astype(np.float32)
