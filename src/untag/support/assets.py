"""The files in `models/`: beside the package's modules in a wheel, at the top of the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

from untag.errors import ModelError


def read_asset(name: str) -> bytes:
    """The bytes of a file that ships with untag. Raises ModelError when the installation lacks it."""
    package = Path(__file__).parents[1]
    for folder in (package / "models", package.parents[1] / "models"):
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise ModelError(f"this installation of untag lacks models/{name}; install it again")
