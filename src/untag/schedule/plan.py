"""What is scanned by itself, and when: one file in the home folder, which every run reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from untag.errors import UsageError
from untag.schedule.installation import Installation, is_name
from untag.support.aside import new_part
from untag.support.run_files import SCHEDULE_FILE

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_REMEDY = "; write it anew with: untag schedule install PATH…"


class Service(StrEnum):
    """What starts the runs; `none` is something of the user's own, every quarter of an hour."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    CRON = "cron"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What runs by itself.

    `paths` are scanned once a day, `at` HH:MM local time or up to `spread` minutes later; exports that come into
    `downloads` are scanned when they have arrived. `before` is a command that runs before the daily scan, and `notify`
    one that tells the user; None is the desktop's, and an empty one nothing. `namespace` says that the service can
    take the whole network away, and not only Internet sockets. `installed` is what the service was told to start; None
    where nothing was.
    """

    paths: tuple[str, ...]
    downloads: str | None = None
    at: str = "03:00"
    spread: int = 60
    before: str | None = None
    notify: str | None = None
    service: Service = Service.SYSTEMD
    namespace: bool = False
    installed: Installation | None = None

    @property
    def hour(self) -> int:
        return int(self.at.partition(":")[0])

    @property
    def minute(self) -> int:
        return int(self.at.partition(":")[2])


def check_time(at: str) -> str:
    """A time of day as HH:MM. Raises UsageError for what is none."""
    match = _TIME.fullmatch(at.strip())
    if match is None:
        raise UsageError(f"{at!r} is no time of day; write it as 03:00")
    return f"{int(match[1]):02}:{match[2]}"


def load_schedule(home: Path) -> Schedule | None:
    """What was installed; None where nothing was. Raises UsageError for a file that cannot be read."""
    path = home / SCHEDULE_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}{_REMEDY}") from error
    try:
        return _schedule_of(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError) as error:
        raise UsageError(f"{path} is damaged{_REMEDY}") from error


def save_schedule(home: Path, schedule: Schedule) -> None:
    """Write it whole, or not at all. Raises OSError."""
    with new_part(home) as part:
        # Names that are no text are lone surrogates here, which JSON escapes and gives back.
        part.write(json.dumps(asdict(schedule), indent=2).encode("ascii"))
        part.install(home / SCHEDULE_FILE)


def _schedule_of(values: Mapping[str, Any]) -> Schedule:
    known = {item.name for item in fields(Schedule)}
    given = {name: value for name, value in values.items() if name in known}
    paths = given.pop("paths")
    texts = [*paths, given["at"], *(given.get(name) or "" for name in ("downloads", "before", "notify"))]
    if not isinstance(paths, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is none")
    if not isinstance(given["spread"], int) or not isinstance(given["namespace"], bool):
        raise TypeError("a number is none")
    here = _installation_of(given.pop("installed", None))
    given = {**given, "at": check_time(given["at"]), "service": Service(given["service"]), "installed": here}
    return Schedule(tuple(paths), **given)


def _installation_of(values: Mapping[str, Any] | None) -> Installation | None:
    if values is None:
        return None
    program = tuple(values["program"])
    here = Installation(program, values["home"], values["search_path"], values["name"])
    if not program or not all(isinstance(text, str) for text in (*program, here.home, here.search_path)):
        raise TypeError("a text is none")
    if not is_name(here.name):
        raise ValueError("no name of a unit")
    return here
