"""What can be done on each platform: one TOML file for each, meant to be read and mended by anybody.

`unknown.toml` is for all platforms without a file and for photos of which no platform is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from untag.errors import UsageError
from untag.support.toml_file import parse_toml

FOLDER = Path(__file__).parent / "platforms"
UNKNOWN, INTIMATE, SEARCH = "unknown", "intimate", "google"
"""Files that are of no site where photos are posted."""

LANGUAGES = ("en", "de")
PLACEHOLDERS = frozenset({"permalink"})
_BRACES = re.compile(r"\{([^{}]*)\}")
_ID = re.compile(r"[a-z0-9_]+")


class StepKind(StrEnum):
    """What a step does, in the order in which steps are taken: what removes a photo, then a tag, then what hides it."""

    PROTECT = "protect"
    DELETE = "delete"
    LIMIT_AUDIENCE = "limit-audience"
    ASK_POSTER = "ask-poster"
    REPORT = "report"
    REMOVE_TAG = "remove-tag"
    HIDE = "hide"
    LOOK = "look"


class Whose(StrEnum):
    """Whose posts a step is for."""

    OWN = "own"
    OTHERS = "others"
    NOWHERE = "nowhere"
    ANY = "any"


class FormFor(StrEnum):
    """What a form or an address is for: a picture of you, or rights that a data protection law gives you."""

    PRIVACY = "privacy"
    DATA = "data"


class FormField(StrEnum):
    """What a form asks; the words for each are in the texts of each language."""

    LINKS = "links"
    SHOWS = "shows"
    REASON = "reason"
    NAME = "name"
    EMAIL = "email"
    COUNTRY = "country"
    GOOD_FAITH = "good_faith"


@dataclass(frozen=True, slots=True)
class Checked:
    """Who said so and when; `verified` only where somebody clicked it through."""

    on: date
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `link` is an address that may hold `{permalink}`, None where there is no exact page."""

    kind: StepKind
    whose: Whose
    words: str
    link: str | None
    checked: Checked


@dataclass(frozen=True, slots=True)
class Form:
    """A web form, or an address for email; `warning` by language is what to know before it is sent."""

    name: str
    purpose: FormFor
    link: str | None
    email: str | None
    fields: tuple[FormField, ...]
    warning: Mapping[str, str]
    checked: Checked


@dataclass(frozen=True, slots=True)
class Platform:
    """What is known of one platform; `steps` in the order of `StepKind`, `also` other names that sources give it."""

    id: str
    name: str
    also: tuple[str, ...]
    steps: tuple[Step, ...]
    forms: tuple[Form, ...]

    @property
    def is_known(self) -> bool:
        return self.id != UNKNOWN


@cache
def all_platforms() -> tuple[Platform, ...]:
    """Every platform that has a file, by id; raises UsageError for a file that is not as it should be."""
    return tuple(read_platform(path.read_text("utf-8"), path.name, path.stem) for path in sorted(FOLDER.glob("*.toml")))


def platform_called(name: str | None) -> Platform:
    """The platform that a source calls so; the one of `unknown.toml`, under its own name, where there is no file."""
    by_name = _by_name()
    if name is not None and (found := by_name.get(name.casefold())) is not None:
        return found
    unknown = by_name[UNKNOWN]
    if name is None or not name.strip():
        return unknown
    return Platform(UNKNOWN, name.replace("_", " ").strip().title(), (), unknown.steps, unknown.forms)


@cache
def _by_name() -> Mapping[str, Platform]:
    return {name: platform for platform in all_platforms() for name in (platform.id, *platform.also)}


def read_platform(text: str, file: str, platform: str) -> Platform:
    """The platform that a TOML text describes. Raises UsageError that names the file and the key that is wrong."""
    table = _Table(parse_toml(text, file), file, "")
    name, also = table.text("name"), table.texts("also", optional=True)
    base = table.checked()
    steps = tuple(_step(each, base) for each in table.tables("steps"))
    forms = tuple(_form(each, base) for each in table.tables("forms"))
    table.finish()
    if _ID.fullmatch(platform) is None:
        raise UsageError(f"{file}: a platform's file is named in small letters, digits and _")
    order = list(StepKind)
    return Platform(platform, name, also, tuple(sorted(steps, key=lambda step: order.index(step.kind))), forms)


def _step(table: _Table, base: Checked) -> Step:
    kind = table.one_of("kind", StepKind)
    step = Step(
        StepKind(kind),
        Whose(table.one_of("whose", Whose)),
        table.text("words"),
        table.address("link"),
        table.checked(base),
    )
    table.finish()
    return step


def _form(table: _Table, base: Checked) -> Form:
    link, email = table.address("link"), table.text("email", optional=True)
    if (link is None) == (email == ""):
        raise UsageError(f"{table.where}: give either link or email")
    fields = table.texts("fields", optional=True)
    for name in fields:
        if name not in list(FormField):
            raise UsageError(f"{table.where}fields: there is no field {name!r}; there are {', '.join(FormField)}")
    form = Form(
        table.text("name"),
        FormFor(table.one_of("purpose", FormFor)),
        link,
        email or None,
        tuple(map(FormField, fields)),
        table.by_language("warning"),
        table.checked(base),
    )
    table.finish()
    return form


class _Table:
    """A table of a TOML file that says where it is wrong, and which of its keys nobody asked for."""

    def __init__(self, values: Mapping[str, Any], file: str, place: str) -> None:
        self._values, self._file, self._place = dict(values), file, place

    @property
    def where(self) -> str:
        return f"{self._file}: {self._place}"

    def text(self, key: str, *, optional: bool = False) -> str:
        value = self._values.pop(key, None)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{self.where}{key} must be a text")
        return " ".join(value.split())

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        value = self._values.pop(key, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise UsageError(f"{self.where}{key} must be a list of texts")
        return tuple(value)

    def one_of(self, key: str, kind: type[StrEnum]) -> str:
        value = self._values.pop(key, None)
        if value not in list(kind):
            raise UsageError(f"{self.where}{key} must be one of {', '.join(kind)}")
        return str(value)

    def address(self, key: str) -> str | None:
        if key not in self._values:
            return None
        link = self.text(key)
        if not link.startswith("https://") and link != "{permalink}":
            raise UsageError(f"{self.where}{key} must begin with https://, or be {{permalink}}")
        unknown = set(_BRACES.findall(link)) - PLACEHOLDERS
        if unknown:
            raise UsageError(f"{self.where}{key} has {{{min(unknown)}}}; there is only {{permalink}}")
        return link

    def by_language(self, key: str) -> Mapping[str, str]:
        value = self._values.pop(key, {})
        if value and (not isinstance(value, dict) or set(value) != set(LANGUAGES)):
            raise UsageError(f"{self.where}{key} must have a text for each language: {', '.join(LANGUAGES)}")
        inner = _Table(value, self._file, f"{self._place}{key}.")
        return {language: inner.text(language) for language in value}

    def checked(self, base: Checked | None = None) -> Checked:
        """What the table itself says of its source, else that of the whole file."""
        if base is not None and not {"checked", "source", "verified"} & self._values.keys():
            return base
        on, verified = self._values.pop("checked", None), self._values.pop("verified", None)
        if not isinstance(on, date):
            raise UsageError(f"{self.where}checked must be a date such as 2026-11-26")
        if not isinstance(verified, bool):
            raise UsageError(f"{self.where}verified must be true or false")
        return Checked(on, self.text("source"), verified)

    def tables(self, key: str) -> list[_Table]:
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise UsageError(f"{self.where}{key} must be written as [[{key}]]")
        return [_Table(item, self._file, f"{key}[{number}].") for number, item in enumerate(value, start=1)]

    def finish(self) -> None:
        if self._values:
            raise UsageError(f"{self.where}{min(self._values)} is no key that is known here")
