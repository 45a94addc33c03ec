"""The files in `models/`: beside the package's modules in a wheel, at the top of the repository in a checkout."""

from __future__ import annotations

import hashlib
from pathlib import Path

from untag.errors import ModelError


def read_asset(name: str, sha256: str | None = None) -> bytes:
    """The bytes of a file that ships with untag.

    Raises ModelError when the installation lacks it, or when it is not the one that `sha256` names.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "models", package.parents[1] / "models"):
        if (folder / name).is_file():
            data = (folder / name).read_bytes()
            if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
                raise ModelError(f"models/{name} is damaged; install untag again")
            return data
    raise ModelError(f"this installation of untag lacks models/{name}; install it again")
