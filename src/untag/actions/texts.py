"""The texts of letters: Jinja2 templates and short words, in a folder for each language.

A new language is a new folder with the same files; tests hold that none lacks a text, a word or a placeholder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from untag.errors import UsageError

FOLDER = Path(__file__).parent / "texts"


def languages() -> tuple[str, ...]:
    """The codes of the languages that there are."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


class Texts:
    """All texts of one language. Values go in as text and are never read as templates."""

    def __init__(self, language: str) -> None:
        """Raises UsageError for a language that there is not."""
        if language not in languages():
            raise UsageError(f"there are no texts in {language!r}; there are {', '.join(languages())}")
        self.language = language
        self.labels = _labels(language)

    def render(self, template: str, **values: Any) -> str:
        """A whole text that ends with one line end, and has no more than one empty line in a row."""
        return tidy(_environment(self.language).get_template(f"{template}.j2").render(values))

    def words(self, table: str, key: str) -> str:
        """One of the short words."""
        return str(self.labels[table][key])

    def day(self, day: date) -> str:
        """A day as the language writes it."""
        return str(self.labels["day"]).format(day=day.day, month=self.labels["months"][day.month - 1], year=day.year)


def tidy(text: str) -> str:
    """The text without spaces at line ends and without several empty lines in a row."""
    lines: list[str] = []
    for line in (one.rstrip() for one in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"


@cache
def _environment(language: str) -> Environment:
    return Environment(  # noqa: S701
        loader=FileSystemLoader(FOLDER / language),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _labels(language: str) -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / language / "labels.toml").read_text("utf-8"))
