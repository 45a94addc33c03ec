"""`config.toml` in the home folder -> one frozen Settings, which is passed to whatever needs it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from untag.engine.runtime.session import Device
from untag.errors import UsageError
from untag.findings.nearness import Nearness
from untag.findings.preset import Preset, load_preset
from untag.findings.prominence import Prominence
from untag.findings.rules import Audience, Weights
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.scenes.categories import Category, Sensitivity
from untag.scenes.taught_files import taught_names
from untag.sources.exclusions import Exclusions, check_pattern
from untag.support.toml_file import read_toml
from untag.types import Verdict

CONFIG_NAME = "config.toml"

MOST_JOBS = 128
"""Each decoder thread holds a photo; more threads than cores gain nothing."""
MOST_MEGAPIXELS = 100_000
MOST_MOVED = 100_000_000

FEWEST_LETTERS, MOST_LETTERS, MOST_WORDS = 2, 80, 500
"""Of an entry of `text_words`, and of all: a single letter is everywhere."""

# The tables: what their keys name, which there are, and the greatest number.
_TABLES: Mapping[str, tuple[str, tuple[str, ...], int]] = {
    "thresholds": ("category", tuple(Category), 1),
    "severities": ("category", tuple(Category), 1),
    "certainty": ("verdict", tuple(Verdict), 1),
    "exposure": ("audience", tuple(Audience), 2),
    "prominence": ("place in the picture", tuple(Prominence), 2),
    "nearness": ("distance", tuple(Nearness), 2),
}
MOST_VIDEO_MINUTES = 1440
_RANGES = {
    "jobs": (0, MOST_JOBS),
    "max_megapixels": (1, MOST_MEGAPIXELS),
    "move_per_scan": (0, MOST_MOVED),
    "video_minutes": (1, MOST_VIDEO_MINUTES),
}
_MOST_SHOWN = 60
_SWITCHES = frozenset(
    {
        *("evenings", "in_backups", "keep_bystanders", "learn_from_decisions"),
        *("text_cards", "videos", "without_permissions"),
    }
)
_GIVEN = "untag.open"
_BY_CATEGORY = ("thresholds", "severities")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user can set, with the defaults.

    `in_backups` lets backup programs copy the home folder; `without_permissions` accepts one that others can read.
    `me_similarity` and `maybe_similarity` (0 to 1) are on the calibrated curve, the same for every engine.
    `sensitivity` moves the thresholds of all categories; `thresholds` override those of one; `learn_from_decisions`
    lets what was decided move them; `evenings` lets photos of one evening speak for each other. `severities`,
    `certainty`, `exposure`, `prominence`, `nearness` and `act_from` override the weights of the `preset`. `jobs` is the
    number of decoder threads, 0 for none. `text_words` and, with `text_cards`, cards are looked for in the text of
    photos of somebody enrolled. `engine` is the home's own for `auto`; after a change of it a scan reads
    `move_per_scan` photos again that the one before had analysed. `exclude` are patterns, as git has them, of what
    scans leave out. `cluster_keys` is the folder with the TLS keys for `scan --cluster`, empty for `cluster/` in the
    home folder. `videos` are looked through, each for at most `video_minutes` of work.
    """

    home: Path
    engine: str = "auto"
    device: Device = Device.AUTO
    move_per_scan: int = 2000
    jobs: int = field(default_factory=lambda: max(1, min(8, os.cpu_count() or 1)))
    keep_bystanders: bool = False
    cluster_keys: str = ""
    in_backups: bool = False
    without_permissions: bool = False
    max_megapixels: int = DEFAULT_LIMITS.max_pixels // 1_000_000
    me_similarity: float = 0.9
    maybe_similarity: float = 0.5
    sensitivity: Sensitivity = Sensitivity.NORMAL
    learn_from_decisions: bool = True
    evenings: bool = True
    thresholds: Mapping[str, float] = field(default_factory=dict)
    preset: Preset = Preset.JOB_HUNT
    act_from: float | None = None
    exclude: tuple[str, ...] = ()
    videos: bool = True
    video_minutes: int = 10
    text_words: tuple[str, ...] = ()
    text_cards: bool = False
    severities: Mapping[str, float] = field(default_factory=dict)
    certainty: Mapping[Verdict, float] = field(default_factory=dict)
    exposure: Mapping[Audience, float] = field(default_factory=dict)
    prominence: Mapping[Prominence, float] = field(default_factory=dict)
    nearness: Mapping[Nearness, float] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """What one photo may ask for."""
        pixels = self.max_megapixels * 1_000_000
        seconds = 60.0 * self.video_minutes if self.videos else 0.0
        return replace(DEFAULT_LIMITS, max_pixels=pixels, video_seconds=seconds)

    @property
    def exclusions(self) -> Exclusions:
        """What scans leave out, by these settings and by what folders say of themselves."""
        return Exclusions(self.exclude)

    @property
    def weights(self) -> Weights:
        """Those of the preset, where nothing else is set."""
        preset = load_preset(self.preset)
        return Weights(
            severities={**preset.severities, **self.severities},
            certainty={**preset.certainty, **self.certainty},
            exposure={**preset.exposure, **self.exposure},
            prominence={**preset.prominence, **self.prominence},
            nearness={**preset.nearness, **self.nearness},
            act_from=preset.act_from if self.act_from is None else self.act_from,
        )


def default_home() -> Path:
    """`$UNTAG_HOME`, else the platform's folder for user data."""
    chosen = os.environ.get("UNTAG_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("untag", appauthor=False))


def load_settings(home: Path) -> Settings:
    """The settings in `home`; the defaults where there is no file.

    Raises UsageError that names the file, the line and the column, or the key that is unknown or out of range.
    """
    path = home / CONFIG_NAME
    found = read_toml(path)
    if found is None:
        # A home that is a file is for whoever needs the folder to report.
        return Settings(home)
    values, _ = found
    known = {item.name for item in fields(Settings)} - {"home"}
    for key in values:
        if key not in known:
            raise UsageError(f"{path}: unknown setting {key!r}; {_choices(key, sorted(known))}")
    return _in_order(Settings(home, **{key: _checked(path, home, key, value) for key, value in values.items()}), path)


def overridden(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings with those that a program gives, by name, instead. Raises UsageError as `load_settings` does."""
    known = {item.name for item in fields(Settings)} - {"home"}
    for key in given:
        if key not in known:
            raise UsageError(f"{_GIVEN}: unknown setting {key!r}; {_choices(key, sorted(known))}")
    if isinstance(given.get("jobs"), int):
        check_jobs(given["jobs"])
    checked = {key: _checked(_GIVEN, settings.home, key, value) for key, value in given.items()}
    return _in_order(replace(settings, **checked), _GIVEN)


def _in_order(settings: Settings, whose: object) -> Settings:
    if settings.maybe_similarity > settings.me_similarity:
        raise UsageError(
            f"{whose}: maybe_similarity ({settings.maybe_similarity}) must not be above"
            f" me_similarity ({settings.me_similarity})"
        )
    return settings


def _checked(whose: object, home: Path, key: str, value: Any) -> Any:
    problem: str | None = None
    match key:
        case "engine":
            problem = None if isinstance(value, str) else "a name in quotes"
        case "cluster_keys":
            problem = None if isinstance(value, str) else "a folder in quotes"
        case "device":
            if value in list(Device):
                return Device(value)
            problem = f"one of {', '.join(Device)}"
        case "preset":
            if value in list(Preset):
                return Preset(value)
            raise UsageError(f"{whose}: there is no preset {value!r}; {_choices(str(value), Preset)}")
        case "sensitivity":
            if value in list(Sensitivity):
                return Sensitivity(value)
            raise UsageError(f"{whose}: there is no sensitivity {value!r}; {_choices(str(value), Sensitivity)}")
        case "jobs" | "max_megapixels" | "move_per_scan" | "video_minutes":
            least, most = _RANGES[key]
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                problem = f"a whole number, at least {least}"
            elif value > most:
                problem = f"a whole number, at most {most}"
        case "text_words":
            return _checked_words(whose, value)
        case _ if key in _SWITCHES:
            problem = None if isinstance(value, bool) else "true or false"
        case "me_similarity" | "maybe_similarity" | "act_from":
            problem = None if _is_number(value, 1) else "a number from 0 to 1"
        case "exclude":
            return _checked_patterns(whose, value)
        case _:
            taught = taught_names(home) if key in _BY_CATEGORY else ()
            _check_table(whose, key, value, taught)
    if problem is not None:
        raise UsageError(f"{whose}: {key} must be {problem}, not {_shown(value)}")
    return value


def _checked_words(whose: object, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{whose}: text_words must be a list of words in quotes, not {_shown(value)}")
    for word in value:
        if sum(letter.isalnum() for letter in word) < FEWEST_LETTERS or len(word) > MOST_LETTERS:
            raise UsageError(
                f"{whose}: text_words have {FEWEST_LETTERS} letters or figures at least, and {MOST_LETTERS} signs"
                f" at most; {_shown(word)} does not"
            )
    if len(value) > MOST_WORDS:
        raise UsageError(f"{whose}: text_words has {len(value)} entries, and may have {MOST_WORDS}")
    return tuple(dict.fromkeys(value))


def _checked_patterns(whose: object, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{whose}: exclude must be a list of patterns in quotes, not {_shown(value)}")
    try:
        return tuple(map(check_pattern, value))
    except UsageError as error:
        raise UsageError(f"{whose}: {error}") from error


def _check_table(whose: object, key: str, value: Any, taught: tuple[str, ...]) -> None:
    noun, names, most = _TABLES[key]
    names = (*names, *taught)
    wanted = f"{key} must be a table with a number from 0 to {most} for each {noun}"
    if not isinstance(value, dict):
        raise UsageError(f"{whose}: {wanted}, not {_shown(value)}")
    for name, number in value.items():
        if name not in names:
            raise UsageError(f"{whose}: {key} has no {noun} {name!r}; {_choices(name, names)}")
        if not _is_number(number, most):
            raise UsageError(f"{whose}: {wanted}, not {_shown(number)} for {name}")


def check_jobs(jobs: int) -> int:
    """The number of decoder threads; raises UsageError when there are too many."""
    if jobs > MOST_JOBS:
        raise UsageError(f"--jobs {_shown(jobs)} is too many: at most {MOST_JOBS}, and as many as the cores are enough")
    return jobs


def _shown(value: object) -> str:
    """A value of any length in a sentence."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a number that is too long"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _choices(written: str, names: Iterable[str]) -> str:
    """What may be written instead: the nearest name if one is near, and all of them."""
    names = [str(name) for name in names]
    near = difflib.get_close_matches(written.casefold(), names, n=1)
    listed = ", ".join(names)
    return f"did you mean {near[0]!r}? There are {listed}" if near else f"there are {listed}"


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most
