"""The home folder stays its owner's: made and kept 0700, marked for backup programs; refused where that is no use."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from untag.errors import UsageError
from untag.support.storage import file_system

_OTHERS = 0o077
_DATABASE = "untag.db"
_CACHEDIR_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# untag keeps this folder out of backups, as it holds what your face is known by. See in_backups in its manual.\n"
)
MARKS = {"CACHEDIR.TAG": _CACHEDIR_TAG, ".nobackup": "", ".deja-dup-ignore": ""}
"""Files that keep a folder out of backups: https://bford.info/cachedir/, a custom, and Déjà Dup's."""

OWN = (
    f"{_DATABASE}*", "config.toml", "prompts.toml", "cache", "models", "parts", "*.lock", "faces-*.idx*",
    "schedule.json", "scheduled", "taught-*", "rescued-untag-backup.jsonl", *MARKS,
)  # fmt: skip
"""The names of all that untag keeps in its home folder."""


class OpenToOthersError(UsageError):
    """The home folder lies where it cannot be kept from other users of the computer."""


@dataclass(frozen=True, slots=True)
class HomeRules:
    """What the user has settled: a home that others may read is accepted; it may be in backups."""

    without_permissions: bool = False
    in_backups: bool = False


def make_private_folder(folder: Path) -> None:
    """Make a folder and the parents that are missing, 0700 each, whatever the umask. Raises OSError."""
    missing = []
    path = folder
    while not path.exists():
        missing.append(path)
        path = path.parent
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        if stat.S_IMODE(path.stat().st_mode) & 0o777 != 0o700:
            # A file system without permissions answers with an error: whoever must know looks at `is_private`.
            with suppress(OSError):
                path.chmod(0o700)


def is_private(path: Path) -> bool:
    """Whether only the owner can read what lies there, as far as its permissions say."""
    return os.name == "nt" or path.stat().st_mode & _OTHERS == 0


def make_home(home: Path) -> None:
    """Make the home folder where it is missing, private and marked for backup programs.

    Raises OSError when it cannot be made, and OpenToOthersError, with nothing left behind, when others could read it.
    """
    if home.exists():
        return
    make_private_folder(home)
    if not is_private(home):
        home.rmdir()
        raise OpenToOthersError(_refusal(home))
    _mark(home, HomeRules())


def tend_home(home: Path, rules: HomeRules) -> list[str]:
    """Bring the permissions and marks of an existing home folder in order; returns what was done, a sentence each.

    Raises OpenToOthersError when others can read it, nothing can be done about that, and it was not accepted.
    """
    if not home.is_dir():
        return []
    changes = [] if is_private(home) else _tighten(home, rules)
    if not foreign(home):
        with suppress(OSError):  # a home that cannot be written to is for the command to report
            _mark(home, rules)
    return changes


def foreign(home: Path) -> list[str]:
    """The names in the home folder that are none of untag's, by name."""
    names = [path.name for path in home.iterdir()]
    return sorted(name for name in names if not any(fnmatch(name, own) for own in OWN))


def _tighten(home: Path, rules: HomeRules) -> list[str]:
    before = stat.S_IMODE(home.stat().st_mode)
    if _is_shared(home):
        return [
            f"{home} is not untag's alone, so its permissions ({before:04o}) are left as they are; what untag keeps in "
            "it can be read by you alone"
        ]
    problem = None
    try:
        home.chmod(0o700)
    except OSError as error:
        problem = error
    # Some file systems take the new mode and forget it.
    if is_private(home):
        return [f"{home} could be read by others ({before:04o}); it is yours alone now (0700)"]
    if not rules.without_permissions:
        raise OpenToOthersError(_refusal(home)) from problem
    return []


def _is_shared(home: Path) -> bool:
    """Whether others may have business here: a user's whole folder, one such as /tmp, one with other files."""
    if home.stat().st_mode & stat.S_ISVTX or home.resolve() == Path.home().resolve():
        return True
    return not (home / _DATABASE).exists() and bool(foreign(home))


def _refusal(home: Path) -> str:
    if home.exists() and os.name == "posix" and home.stat().st_uid != os.geteuid():
        why = f"{home} belongs to another user, and others can read it"
    else:
        kind = file_system(home if home.exists() else home.parent)
        named = "" if kind is None else f" ({kind})"
        why = f"{home} lies on a file system without permissions{named}: other users of this computer could read it"
    return (
        f"{why}. Choose another folder with --home, or accept that: "
        f"put the line  without_permissions = true  into {home / 'config.toml'}"
    )


def _mark(home: Path, rules: HomeRules) -> None:
    for name, content in MARKS.items():
        path = home / name
        if rules.in_backups:
            path.unlink(missing_ok=True)
        elif not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.write(content)
            if sys.platform == "darwin":
                _exclude_from_time_machine(home)


def _exclude_from_time_machine(home: Path) -> None:
    """Time Machine heeds a mark on the folder itself, which its own tool sets."""
    with suppress(OSError, subprocess.SubprocessError):
        command = ["/usr/bin/tmutil", "addexclusion", str(home)]
        subprocess.run(command, capture_output=True, timeout=30, check=False)  # noqa: S603 - a fixed program
