"""What a service is told to start, and under which name: that of the home, so that two homes do not meet."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

NAME = "untag"
"""What the units of the usual home are called; those of another home have some letters of its path behind it."""

_NAME = re.compile(r"untag(-[0-9a-f]{8})?")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where untag runs from: the program with its arguments, the home folder, and the user's `$PATH`.

    `name` is what the units are called, so that those of two homes do not replace each other.
    """

    program: tuple[str, ...]
    home: str
    search_path: str
    name: str = NAME

    def run(self, *arguments: str) -> tuple[str, ...]:
        """The command line of one run."""
        return (*self.program, "--home", self.home, "schedule", "run", *arguments)


def this_installation(home: Path, search_path: str) -> Installation:
    """That of the Python which runs now."""
    path = str(home.absolute())
    usual = path == str(Path(platformdirs.user_data_dir("untag", appauthor=False)).absolute())
    letters = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Installation((sys.executable, "-m", "untag"), path, search_path, NAME if usual else f"{NAME}-{letters}")


def is_name(text: str) -> bool:
    """Whether units may be called so: it becomes the name of files, and lines of a crontab."""
    return _NAME.fullmatch(text) is not None
