"""Triangle meshes from numpy: surfaces of revolution, boxes, tubes, extrusions, height fields. Metres, z is up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Array = np.ndarray
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mesh:
    """vertices, normals: (n, 3); uv: (n, 2); faces: (m, 3) of int32. Normals point to the outer medium."""

    vertices: Array
    normals: Array
    uv: Array
    faces: Array

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        return Mesh(self.vertices + np.array([x, y, z]), self.normals, self.uv, self.faces)

    def turned(self, degrees: float, axis: str = "z") -> Mesh:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        m = np.eye(3)
        m[i, i], m[i, j], m[j, i], m[j, j] = c, -s, s, c
        return Mesh(self.vertices @ m.T, self.normals @ m.T, self.uv, self.faces)

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> Mesh:
        factor = np.array([x, x if y is None else y, x if z is None else z])
        normals = self.normals / factor
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        return Mesh(self.vertices * factor, normals, self.uv, self.faces)


def merged(meshes: Sequence[Mesh]) -> Mesh:
    offsets = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.faces + o for m, o in zip(meshes, offsets, strict=False)]),
    )


def write_ply(mesh: Mesh, path: Path) -> None:
    """Binary PLY with normals and texture coordinates, the form that Mitsuba reads."""
    fields = ("x", "y", "z", "nx", "ny", "nz", "u", "v")
    rows = np.concatenate([mesh.vertices, mesh.normals, mesh.uv], axis=1).astype("<f4")
    faces = np.empty(len(mesh.faces), dtype=[("n", "u1"), ("i", "<i4", 3)])
    faces["n"], faces["i"] = 3, mesh.faces
    header = "ply\nformat binary_little_endian 1.0\n" + f"element vertex {len(rows)}\n"
    header += "".join(f"property float {f}\n" for f in fields)
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    path.write_bytes(header.encode() + rows.tobytes() + faces.tobytes())


def spline(points: Sequence[Point], steps: int = 10) -> list[Point]:
    """Catmull-Rom curve through `points`."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.concatenate([*out, p[-1:]])]


def lathe(
    profile: Sequence[Point], segments: int = 72, crease: float = 35.0, arc: tuple[float, float] = (0.0, 360.0)
) -> Mesh:
    """Turns (radius, height) points about z. Going up gives outward normals. Corners over `crease` degrees stay sharp."""
    p = np.array(profile, float)
    p = p[np.concatenate([[True], np.linalg.norm(np.diff(p, axis=0), axis=1) > 1e-7])]
    d = np.diff(p, axis=0)
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    flat = np.stack([d[:, 1], -d[:, 0]], axis=1)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
    rings, joins = [], []
    for k in range(len(d)):
        start, end = flat[k], flat[k]
        if k > 0 and flat[k - 1] @ flat[k] > np.cos(np.radians(crease)):
            start = flat[k - 1] + flat[k]
        if k + 1 < len(d) and flat[k + 1] @ flat[k] > np.cos(np.radians(crease)):
            end = flat[k + 1] + flat[k]
        rings += [
            (p[k], start / np.linalg.norm(start), length[k]),
            (p[k + 1], end / np.linalg.norm(end), length[k + 1]),
        ]
        joins.append((2 * k, 2 * k + 1))
    angle = np.radians(np.linspace(arc[0], arc[1], segments + 1))
    c, s = np.cos(angle), np.sin(angle)
    v, n, uv = [], [], []
    for (r, z), (nr, nz), at in rings:
        v.append(np.stack([r * c, r * s, np.full_like(c, z)], 1))
        n.append(np.stack([nr * c, nr * s, np.full_like(c, nz)], 1))
        uv.append(np.stack([np.linspace(0, 1, segments + 1), np.full_like(c, at / length[-1])], 1))
    w, faces = segments + 1, []
    k = np.arange(segments)
    for a, b in joins:
        lo, hi = a * w + k, b * w + k
        faces += [np.stack([lo, lo + 1, hi + 1], 1), np.stack([lo, hi + 1, hi], 1)]
    return Mesh(np.concatenate(v), np.concatenate(n), np.concatenate(uv), np.concatenate(faces).astype(np.int32))


def sphere(radius: float, segments: int = 32) -> Mesh:
    angle = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    return lathe([(max(radius * np.cos(a), 1e-6), radius * np.sin(a)) for a in angle], segments, 60)


def quad(corners: Sequence[tuple[float, float, float]]) -> Mesh:
    """One rectangle, its four corners counter-clockwise as seen from the front; uv from the first corner."""
    v = np.array(corners, float)
    n = np.cross(v[2] - v[0], v[3] - v[1])
    n = np.tile(n / max(float(np.linalg.norm(n)), 1e-12), (4, 1))
    return Mesh(v, n, np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float), np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def box(x: float, y: float, z: float, bevel: float = 0.0) -> Mesh:
    """A block centred in x and y that stands on z = 0, with chamfered upright and top edges."""
    b = min(bevel, 0.49 * min(x, y))
    return extrude([(-x / 2, -y / 2), (x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2)], z, b)


def _inset(outline: Array, amount: float) -> Array:
    before, after = np.roll(outline, 1, 0), np.roll(outline, -1, 0)
    e1, e2 = outline - before, after - outline
    e1, e2 = e1 / np.linalg.norm(e1, axis=1, keepdims=True), e2 / np.linalg.norm(e2, axis=1, keepdims=True)
    n1, n2 = np.stack([-e1[:, 1], e1[:, 0]], 1), np.stack([-e2[:, 1], e2[:, 0]], 1)
    mid = n1 + n2
    return outline + amount * mid / np.maximum(np.sum(mid * n1, axis=1, keepdims=True), 0.35)


def _ears(outline: Array) -> Array:
    """Triangles of a simple counter-clockwise polygon (ear clipping)."""
    left, out = list(range(len(outline))), []

    def cross(a: int, b: int, c: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = outline[a], outline[b], outline[c]
        return float((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))

    while len(left) > 3:
        for k in range(len(left)):
            a, b, c = left[k - 1], left[k], left[(k + 1) % len(left)]
            if cross(a, b, c) <= 1e-14:
                continue
            if any(
                cross(a, b, q) >= 0 and cross(b, c, q) >= 0 and cross(c, a, q) >= 0 for q in left if q not in (a, b, c)
            ):
                continue
            out.append((a, b, c))
            left.pop(k)
            break
        else:
            left.pop(0)
    return np.array([*out, tuple(left)], np.int32)


def counter_clockwise(outline: Sequence[Point] | Array) -> Array:
    p = np.array(outline, float)
    area = float(np.sum(p[:, 0] * np.roll(p[:, 1], -1) - np.roll(p[:, 0], -1) * p[:, 1]))
    return p if area > 0 else p[::-1]


def extrude(outline: Sequence[Point], depth: float, bevel: float = 0.0) -> Mesh:
    """A counter-clockwise polygon in x, y pulled up along z by `depth`, flat shaded, both rims chamfered by `bevel`."""
    base = counter_clockwise(outline)
    small = _inset(base, bevel) if bevel > 0 else base
    levels = (
        [(small, 0.0), (base, bevel), (base, depth - bevel), (small, depth)]
        if bevel > 0
        else [(base, 0.0), (base, depth)]
    )
    parts = []
    for (low, z0), (high, z1) in zip(levels, levels[1:], strict=False):
        for k in range(len(base)):
            m = (k + 1) % len(base)
            parts.append(quad([(*low[k], z0), (*low[m], z0), (*high[m], z1), (*high[k], z1)]))
    cap = polygon(small)
    parts.append(cap.moved(z=depth))
    parts.append(Mesh(cap.vertices, -cap.normals, cap.uv, cap.faces[:, ::-1]))
    return merged(parts)


def polygon(outline: Sequence[Point] | Array) -> Mesh:
    """A simple counter-clockwise polygon, flat on z = 0, facing up."""
    p = np.array(outline, float)
    flat = np.concatenate([p, np.zeros((len(p), 1))], 1)
    return Mesh(flat, np.tile([0.0, 0, 1], (len(p), 1)), (p - p.min(0)) / np.ptp(p, axis=0).max(), _ears(p))


def tube(path: Sequence[tuple[float, float, float]], radius: float | Array, segments: int = 14) -> Mesh:
    """A round bar along a path of 3-d points; `radius` may differ at each."""
    p = np.array(path, float)
    radii = np.broadcast_to(radius, (len(p),))
    tangent = np.gradient(p, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.array([0.0, 0, 1]) if abs(tangent[0, 2]) < 0.9 else np.array([1.0, 0, 0])
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    v, n, uv = [], [], []
    for k, (at, t) in enumerate(zip(p, tangent, strict=True)):
        side = np.cross(t, up)
        side /= np.linalg.norm(side)
        up = np.cross(side, t)
        ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up
        v.append(at + radii[k] * ring)
        n.append(ring)
        uv.append(np.stack([angle / (2 * np.pi), np.full_like(angle, k / (len(p) - 1))], 1))
    w, k, faces = segments + 1, np.arange(segments), []
    for row in range(len(p) - 1):
        lo, hi = row * w + k, (row + 1) * w + k
        faces += [np.stack([lo, hi + 1, lo + 1], 1), np.stack([lo, hi, hi + 1], 1)]
    return Mesh(np.concatenate(v), np.concatenate(n), np.concatenate(uv), np.concatenate(faces).astype(np.int32))


def ring(radius: float, thickness: float, segments: int = 64) -> Mesh:
    """A torus about z."""
    a = np.linspace(0, 2 * np.pi, segments + 1)
    return tube([(radius * np.cos(t), radius * np.sin(t), 0.0) for t in a], thickness)


def cushion(x: float, y: float, z: float, power: float = 0.35, segments: int = 40) -> Mesh:
    """A superellipsoid: a pillow, a sofa part, a loaf. Centred in x and y, standing on z = 0."""
    u = np.linspace(-np.pi, np.pi, segments + 1)
    w = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)

    def bend(value: Array) -> Array:
        return np.sign(value) * np.abs(value) ** power

    uu, ww = np.meshgrid(u, w)
    v = np.stack(
        [
            x / 2 * bend(np.cos(ww)) * bend(np.cos(uu)),
            y / 2 * bend(np.cos(ww)) * bend(np.sin(uu)),
            z / 2 * bend(np.sin(ww)) + z / 2,
        ],
        -1,
    )
    return _sheet(v, np.stack([uu / (2 * np.pi) + 0.5, ww / np.pi + 0.5], -1))


def height_field(heights: Array, size: tuple[float, float]) -> Mesh:
    """A terrain over x, y centred at the origin; heights is (rows along y, columns along x) in metres."""
    rows, cols = heights.shape
    xx, yy = np.meshgrid(np.linspace(-size[0] / 2, size[0] / 2, cols), np.linspace(-size[1] / 2, size[1] / 2, rows))
    uv = np.stack(np.meshgrid(np.linspace(0, 1, cols), np.linspace(0, 1, rows)), -1)
    return _sheet(np.stack([xx, yy, heights], -1), uv)


def _sheet(v: Array, uv: Array) -> Mesh:
    rows, cols = v.shape[:2]
    du, dv = np.gradient(v, axis=1), np.gradient(v, axis=0)
    n = np.cross(du, dv)
    n /= np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-12)
    k = (np.arange(rows - 1)[:, None] * cols + np.arange(cols - 1)[None, :]).ravel()
    faces = np.concatenate([np.stack([k, k + 1, k + cols + 1], 1), np.stack([k, k + cols + 1, k + cols], 1)])
    return Mesh(v.reshape(-1, 3), n.reshape(-1, 3), uv.reshape(-1, 2), faces.astype(np.int32))
