"""Paths as text that can be shown and stored.

A file name on Linux is any bytes. Python carries those that are not UTF-8 as lone surrogates, which neither SQLite
nor a terminal accepts. `printable_path` writes each such byte as `\\xNN`, and a backslash that looks like the start of
one as `\\x5c`; so two files never share a printable path, and `os_path` finds the file again without a table.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_UNPRINTABLE = re.compile(r"[\udc80-\udcff]|\\(?=x(?:5c|[89a-f][0-9a-f]))")
_ESCAPED = re.compile(r"\\x(5c|[89a-f][0-9a-f])")


def printable_path(path: str) -> str:
    """`path` as the operating system gave it, made fit to print and store; unchanged for nearly every name."""
    return _UNPRINTABLE.sub(_escape, path)


def os_path(printable: str) -> str:
    """The path that opens the file which `printable_path` named `printable`."""
    return _ESCAPED.sub(_unescape, printable) if "\\" in printable else printable


def absolute(path: Path) -> str:
    """`path` made absolute and free of `.` and `..`, with its symbolic links kept as the user wrote them."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute() keeps "..", Path.resolve() follows links


def folder_of(path: str) -> str:
    """The folder of a path with the separators of the system: everything before its last one."""
    return os.path.split(path)[0]


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return "\\x5c" if char == "\\" else f"\\x{ord(char) - 0xDC00:02x}"


def _unescape(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return "\\" if byte == 0x5C else chr(0xDC00 + byte)
