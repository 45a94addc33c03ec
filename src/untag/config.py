"""`config.toml` in the home folder -> one frozen Settings, which is passed to whatever needs it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from untag.engine.session import Device
from untag.errors import UsageError
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.scenes.categories import Category

CONFIG_NAME = "config.toml"
DEFAULT_PERSON = "me"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user can set, with the defaults.

    `me_similarity` and `maybe_similarity` (0 to 1) are on the calibrated curve, the same for every engine.
    `thresholds` and `severities` override those of a category. `jobs` is the number of decoder threads, 0 for none.
    """

    home: Path
    engine: str = "dlib"
    device: Device = Device.AUTO
    jobs: int = field(default_factory=lambda: max(1, min(8, os.cpu_count() or 1)))
    keep_bystanders: bool = False
    max_megapixels: int = DEFAULT_LIMITS.max_pixels // 1_000_000
    me_similarity: float = 0.9
    maybe_similarity: float = 0.5
    thresholds: Mapping[str, float] = field(default_factory=dict)
    severities: Mapping[str, float] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """What one photo may ask for."""
        return replace(DEFAULT_LIMITS, max_pixels=self.max_megapixels * 1_000_000)


def default_home() -> Path:
    """`$UNTAG_HOME`, else the platform's folder for user data."""
    chosen = os.environ.get("UNTAG_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("untag", appauthor=False))


def load_settings(home: Path) -> Settings:
    """The settings in `home`; the defaults where there is no file.

    Raises UsageError that names the file, the line and the column, or the key that is unknown or out of range.
    """
    path = home / CONFIG_NAME
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        # A home that is a file is for whoever needs the folder to report.
        return Settings(home)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    known = {item.name for item in fields(Settings)} - {"home"}
    for key in values:
        if key not in known:
            raise UsageError(f"{path}: unknown setting {key!r}; known are {', '.join(sorted(known))}")
    settings = Settings(home, **{key: _checked(path, key, value) for key, value in values.items()})
    if settings.maybe_similarity > settings.me_similarity:
        raise UsageError(
            f"{path}: maybe_similarity ({settings.maybe_similarity}) must not be above"
            f" me_similarity ({settings.me_similarity})"
        )
    return settings


def _checked(path: Path, key: str, value: Any) -> Any:
    problem: str | None = None
    match key:
        case "engine":
            problem = None if isinstance(value, str) else "a name in quotes"
        case "device":
            if value in list(Device):
                return Device(value)
            problem = f"one of {', '.join(Device)}"
        case "jobs" | "max_megapixels":
            least = 0 if key == "jobs" else 1
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= least
            problem = None if whole else f"a whole number, at least {least}"
        case "keep_bystanders":
            problem = None if isinstance(value, bool) else "true or false"
        case "me_similarity" | "maybe_similarity":
            problem = None if _is_share(value) else "a number from 0 to 1"
        case "thresholds" | "severities":
            table = isinstance(value, dict) and all(_is_share(share) for share in value.values())
            problem = None if table else "a table of categories and numbers from 0 to 1"
            unknown = sorted(set(value) - set(Category)) if table else []
            if unknown:
                known = ", ".join(Category)
                raise UsageError(f"{path}: {key} has no category {unknown[0]!r}; there are {known}")
    if problem is not None:
        raise UsageError(f"{path}: {key} must be {problem}, not {value!r}")
    return value


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
