"""The colours of the HTML report are readable in both themes (WCAG 2.2, level AA)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import pytest


def themes() -> Iterator[tuple[str, dict[str, str]]]:
    style = resources.files("untag.reports").joinpath("templates/report.css").read_text("utf-8")
    light, dark = re.findall(r":root \{[^}]*--page[^}]*--ink[^}]*\}", style)
    yield "light", dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    yield "dark", dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark))


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("name", "colours"), list(themes()))
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "page", 4.5),
        ("ink", "surface", 4.5),
        ("ink", "tag", 4.5),
        ("soft", "page", 4.5),
        ("soft", "surface", 4.5),
        ("soft", "tag", 4.5),
        ("soft", "photo", 4.5),
        ("accent", "surface", 4.5),
        ("accent", "page", 4.5),
        ("on-accent", "accent", 4.5),
        ("on-risk", "high", 4.5),
        ("on-risk", "medium", 4.5),
        ("on-risk", "low", 4.5),
        ("field", "surface", 3.0),
        ("field", "page", 3.0),
    ],
)
def test_contrast(name: str, colours: dict[str, str], ink: str, ground: str, least: float) -> None:
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least, f"{ink} on {ground} in the {name} theme"
