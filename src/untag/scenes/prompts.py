"""What CLIP is asked about a photo: the prompts that ship with untag, and the user's own over them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from untag.errors import UsageError
from untag.scenes.categories import Category
from untag.support.assets import read_asset
from untag.support.toml_file import parse_toml, read_toml

PROMPTS_NAME = "prompts.toml"
"""The user's file in the home folder."""

ASKED = tuple(category for category in Category if category not in (Category.LOCATION, Category.TEXT))
"""The categories that can be asked about. The file itself tells whether it says where it was taken, and CLIP reads no
text that is more than a word or two."""

_KEYS = ("prompts", "negatives", "threshold")
_DEFAULT_THRESHOLD = 0.9


@dataclass(frozen=True, slots=True)
class CategoryPrompts:
    """A category in words: what it looks like, and what looks like it but is not. Thresholds were not measured."""

    prompts: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    threshold: float = _DEFAULT_THRESHOLD


@dataclass(frozen=True, slots=True)
class Prompts:
    """All that CLIP is asked. `negatives` count against every category; `{}` in a template is where a prompt goes.

    `own` are the categories that the user has put into words, who thereby wants them judged in these.
    """

    templates: tuple[str, ...]
    negatives: tuple[str, ...]
    categories: Mapping[str, CategoryPrompts]
    own: frozenset[str] = frozenset()

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every prompt and negative, each once, in a fixed order."""
        own = [phrase for asked in self.categories.values() for phrase in (*asked.prompts, *asked.negatives)]
        return tuple(dict.fromkeys([*self.negatives, *own]))

    @property
    def digest(self) -> str:
        """Changes whenever a score could: with any word, but not with a threshold."""
        asked = {name: (spec.prompts, spec.negatives) for name, spec in self.categories.items()}
        said = [self.templates, self.negatives, asked, sorted(self.own)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def load_prompts(home: Path) -> Prompts:
    """The prompts that ship with untag, with whatever `home/prompts.toml` replaces.

    Raises UsageError that names the file, the line and the column of what is wrong.
    """
    text = read_asset("scene_prompts.toml").decode("utf-8")
    name = "the shipped prompts"
    shipped = _parse(parse_toml(text, name), text, name, Prompts((), (), {}))
    path = home / PROMPTS_NAME
    found = read_toml(path)
    if found is None:
        return shipped
    values, text = found
    prompts = _parse(values, text, str(path), shipped)
    return replace(prompts, own=frozenset(values.keys() & prompts.categories.keys()))


def _parse(values: Mapping[str, Any], text: str, name: str, base: Prompts) -> Prompts:
    categories = dict(base.categories)
    for key, value in values.items():
        if key == "templates":
            base = replace(base, templates=_phrases(text, name, (key,), value))
        elif key == "negatives":
            base = replace(base, negatives=_phrases(text, name, (key,), value))
        elif key in ASKED:
            categories[key] = _category(text, name, key, value)
        else:
            known = ", ".join(["templates", "negatives", *ASKED])
            raise _wrong(text, name, (key,), f"{key!r} is nothing to ask about; there are {known}")
    for template in base.templates:
        if template.count("{}") != 1:
            raise _wrong(text, name, ("templates",), f"the template {template!r} needs one {{}}, for the prompt")
    if not base.templates:
        raise _wrong(text, name, ("templates",), "there must be at least one template, which may be just '{}'")
    asked = {category: spec for category, spec in categories.items() if spec.prompts}
    for category, spec in asked.items():
        if not spec.negatives and not base.negatives:
            raise _wrong(text, name, (category,), f"{category} has nothing to be told from; give it negatives")
        both = set(spec.prompts) & {*spec.negatives, *base.negatives}
        if both:
            raise _wrong(text, name, (category,), f"{min(both)!r} is a prompt and a negative of {category}")
    return replace(base, categories=asked)


def _category(text: str, name: str, category: str, value: Any) -> CategoryPrompts:
    if not isinstance(value, dict):
        raise _wrong(text, name, (category,), f"{category} must be a table with {', '.join(_KEYS)}")
    unknown = sorted(set(value) - set(_KEYS))
    if unknown:
        raise _wrong(text, name, (category, unknown[0]), f"{unknown[0]!r} is none of {', '.join(_KEYS)}")
    if "prompts" not in value:
        raise _wrong(text, name, (category,), f"{category} has no prompts; prompts = [] switches it off")
    threshold = value.get("threshold", _DEFAULT_THRESHOLD)
    if not isinstance(threshold, (int, float)) or isinstance(threshold, bool) or not 0 <= threshold <= 1:
        raise _wrong(text, name, (category, "threshold"), f"threshold must be a number from 0 to 1, not {threshold!r}")
    prompts = _phrases(text, name, (category, "prompts"), value["prompts"])
    negatives = _phrases(text, name, (category, "negatives"), value.get("negatives", []))
    return CategoryPrompts(prompts, negatives, float(threshold))


def _phrases(text: str, name: str, keys: tuple[str, ...], value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(phrase, str) and phrase.strip() for phrase in value):
        raise _wrong(text, name, keys, f"{keys[-1]} must be a list of texts in quotes, not {value!r}")
    return tuple(dict.fromkeys(phrase.strip() for phrase in value))


def _wrong(text: str, name: str, keys: tuple[str, ...], problem: str) -> UsageError:
    line, column = _place(text, keys)
    return UsageError(f"{name}: {problem} (at line {line}, column {column})")


def _place(text: str, keys: tuple[str, ...]) -> tuple[int, int]:
    """Where a key stands, counted from 1. tomllib keeps no positions, so it is looked for: first its table, then it."""
    start = 0
    for key in keys:
        spelled = rf"[ \t]*\[?[ \t]*(?P<key>[\"']?{re.escape(key)}[\"']?)[ \t]*[\].=]"
        found = re.compile(rf"^{spelled}", re.MULTILINE).search(text, start)
        # A table written in one line has its keys within that line.
        found = found or re.compile(rf"(?P<key>\b{re.escape(key)}\b)").search(text, start)
        if found is not None:
            start = found.start("key")
    return text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1
