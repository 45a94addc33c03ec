"""TOML files that users write."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from untag.errors import UsageError


def read_toml(path: Path) -> tuple[dict[str, Any], str] | None:
    """The values of a TOML file, and its text; None where there is none.

    Raises UsageError that names the file, and for a mistake the line and the column.
    """
    try:
        if path.is_fifo():  # reading one waits without end
            raise UsageError(f"{path} is a pipe; settings are read from a file")
        text = path.read_bytes().decode("utf-8-sig")  # some editors on Windows put a mark in front
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return parse_toml(text, str(path)), text


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The values of a TOML text. Raises UsageError that says where in the file called `name` the mistake is."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines() or [""]
        end = f"(at line {len(lines)}, column {len(lines[-1]) + 1})"
        raise UsageError(f"{name}: {str(error).replace('(at end of document)', end)}") from error
    except RecursionError as error:
        raise UsageError(f"{name}: brackets are nested too deeply; no setting needs more than two") from error
    except ValueError as error:
        # Python reads no number of more than 4,300 digits.
        raise UsageError(f"{name}: a number is too long; no setting needs more than 20 digits") from error
