"""Processor time against the number of photos on two logarithmic axes, as an SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

SHOWN = {
    "find": "#888888",
    "sources": "#1b9e77",
    "scan comparing all": "#d95f02",
    "rescan": "#7570b3",
    "list the first 50": "#e7298a",
    "list as JSON": "#66a61e",
    "report": "#e6ab02",
    "review page": "#a6761d",
    "export links": "#17becf",
    "backup": "#1f78b4",
    "enroll and judge again": "#d62728",
    "forget all": "#000000",
}
"""The steps that are drawn, and their colours."""

_WIDTH, _HEIGHT = 760, 480
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 20, 530, 430


def draw(sizes: Mapping[int, Mapping[str, Any]]) -> str:
    """A picture of `sizes`, which maps numbers of photos to the costs of their steps."""
    drawn = {
        name: {size: steps[name]["processor"] for size, steps in sorted(sizes.items()) if name in steps}
        for name in SHOWN
    }
    values = [max(value, 0.01) for one in drawn.values() for value in one.values()]
    across = _scale(min(sizes), max(sizes), _LEFT, _RIGHT)
    up = _scale(10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values))), _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12"><title>Processor time against the number of photos</title>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        *_grid(sorted(sizes), values, across, up),
        _diagonal(min(sizes), max(sizes), across, up, min(values)),
    ]
    last = {name: up(max(one[max(one)], 0.01)) for name, one in drawn.items() if one}
    labels = _apart(last)
    for name, one in drawn.items():
        if one:
            points = " ".join(f"{across(size):.1f},{up(max(value, 0.01)):.1f}" for size, value in one.items())
            parts.append(f'<polyline points="{points}" fill="none" stroke="{SHOWN[name]}" stroke-width="2"/>')
            label = f"{name}: {one[max(one)]:.1f} s"
            parts.append(
                f'<text x="{_RIGHT + 10}" y="{labels[name] + 4:.1f}" fill="{SHOWN[name]}">{escape(label)}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


def _scale(low: float, high: float, start: float, end: float) -> Any:
    span = math.log(high / low) or 1.0
    return lambda value: start + (end - start) * math.log(value / low) / span


def _grid(sizes: list[int], values: list[float], across: Any, up: Any) -> list[str]:
    lines = []
    for size in sizes:
        x = across(size)
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_BOTTOM}" stroke="#dddddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{size:,} photos</text>')
    for power in range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1):
        y = up(10.0**power)
        lines.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    return lines


def _diagonal(least: int, most: int, across: Any, up: Any, value: float) -> str:
    """What linear is, beginning at the smallest value."""
    ends = f'x1="{across(least):.1f}" y1="{up(value):.1f}" x2="{across(most):.1f}" y2="{up(value * most / least):.1f}"'
    return f'<line {ends} stroke="#bbbbbb" stroke-dasharray="4 4"/>'


def _apart(heights: Mapping[str, float], least: float = 15) -> dict[str, float]:
    """Where labels go so that none lies on another."""
    placed: dict[str, float] = {}
    bottom = -math.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        bottom = placed[name] = max(height, bottom + least)
    return placed
