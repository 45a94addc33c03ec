"""Files derived from weights, kept under the home folder so that they are built once.

A file's name carries the SHA-256 of the weights that it was built from and the version of the code that built it; its
last 32 bytes are the SHA-256 of what precedes them. A damaged file is therefore noticed, and built again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from untag.engine.downloads.registry import PackagedWeights
from untag.errors import UsageError
from untag.support.aside import new_part
from untag.support.home import OpenToOthersError, make_private_folder

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """How to make one derived file. Raise `version` whenever `build` makes other bytes from the same weights.

    `form` tells apart files that are made of the same weights.
    """

    weights: PackagedWeights
    version: int
    build: Callable[[bytes], bytes]
    form: str = ""

    def path(self, home: Path) -> Path:
        """Where the file is kept."""
        return home / "cache" / f"{self.weights.name}-{self.weights.sha256[:12]}-{self.form}v{self.version}.bin"


def derived(file: DerivedFile, home: Path, on_build: Callable[[str], None]) -> bytes:
    """The file's content, from the cache when it is whole, else built and cached.

    `on_build` gets a sentence before a build that takes seconds. A home folder that cannot be written to is no reason
    to fail: the content is then built for this run alone.
    Raises ModelError when the weights are missing or not the pinned ones.
    """

    def build() -> bytes:
        on_build(f"preparing the model {file.weights.name} (once)")
        return file.build(file.weights.read())

    return cached(file.path(home), build)


def cached(path: Path, build: Callable[[], bytes]) -> bytes:
    """The content of a cache file when it is whole, else what `build` returns, which is then cached.

    The name must change with whatever the content is made from.
    """
    content = _read(path)
    if content is None:
        content = build()
        _write(path, content)
    return content


def clear_cache(home: Path) -> None:
    """Delete all derived files, which only costs the time to build them again. Raises OSError."""
    for path in (home / "cache").glob("*"):
        path.unlink(missing_ok=True)


def is_intact(path: Path) -> bool:
    """Whether a cached file is whole."""
    return _read(path) is not None


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    content, digest = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def _write(path: Path, content: bytes) -> None:
    home = path.parent.parent
    with ExitStack() as stack:
        try:
            part = stack.enter_context(new_part(home))
            make_private_folder(path.parent)
        except (OSError, OpenToOthersError):
            return
        try:
            part.write(content)
            part.write(hashlib.sha256(content).digest())
            part.install(path)
        except OSError as error:
            raise UsageError(f"the home folder {home} cannot hold the models: {error.strerror}") from error
