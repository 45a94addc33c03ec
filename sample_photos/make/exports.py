"""Writes what the exports say of the photos, and the zipped one: python sample_photos/make/exports.py [--output DIR].

Needs nothing but Python. The same photos give the same bytes, whenever and wherever it runs.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import export_facebook
import export_google
import export_instagram
import export_tools
from places import TAKEOUT_ZIP

ROOT = Path(__file__).resolve().parent.parent
_PACKED_AT = (2025, 1, 4, 12, 0, 0)


def files() -> dict[str, bytes]:
    """Everything that is not a photo, by its path; what is below a path that ends in .zip belongs into that file."""
    parts = (export_facebook.files(), export_google.files(), export_instagram.files(), export_tools.files())
    return {path: data for part in parts for path, data in part.items()}


def inside(path: str) -> str | None:
    """The name in the zip file for a path below it; None for all others."""
    archive, slash, name = path.partition(f"{TAKEOUT_ZIP}/")
    return name if slash and not archive else None


def packed(members: Mapping[str, bytes]) -> bytes:
    """A zip file with fixed times, stored as it is: how well something is packed depends on the library."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _PACKED_AT)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])
    return out.getvalue()


def write(output: Path, photos: Mapping[str, bytes] | None = None) -> None:
    """Writes it all below `output`. The zip file keeps the photos that it has, but for those given by their names."""
    target = output / TAKEOUT_ZIP
    zipped: dict[str, bytes] = {}
    if target.exists():
        with zipfile.ZipFile(target) as archive:
            zipped = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".json")}
    zipped |= photos or {}
    for path, data in files().items():
        name = inside(path)
        if name is not None:
            zipped[name] = data
            continue
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        (output / path).write_bytes(data)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(packed(zipped))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT)
    write(parser.parse_args().output)


if __name__ == "__main__":
    main()
