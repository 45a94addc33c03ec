"""How values are written into columns and read back: paths, text, arrays, hashes, times."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Key = str | bytes


def path_key(path: str) -> Key:
    """A path as a column value: text, or bytes where a file name is not valid Unicode (SQLite text cannot hold it)."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")
    return path


def path_of(key: Key) -> str:
    """The inverse of `path_key`."""
    return key if isinstance(key, str) else key.decode("utf-8", "surrogatepass")


def text(value: str | None) -> str | None:
    """Text that SQLite can hold; half an emoji, as some exports contain, becomes a question mark."""
    return None if value is None else value.encode("utf-8", "replace").decode()


def array_bytes(array: NDArray[np.float32]) -> bytes:
    """The array as little-endian float32, row by row."""
    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def vector(blob: bytes) -> NDArray[np.float32]:
    """The inverse of `array_bytes` for one dimension: (n,) float32."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32)


def points(blob: bytes) -> NDArray[np.float32]:
    """The inverse of `array_bytes` for points: (n, 2) float32."""
    return vector(blob).reshape(-1, 2)


def signed(value: int | None) -> int | None:
    """A 64-bit hash as the signed integer that SQLite stores."""
    return None if value is None else int.from_bytes(int(value).to_bytes(8, "little"), "little", signed=True)


def unsigned(value: int | None) -> int | None:
    """The inverse of `signed`."""
    return None if value is None else int.from_bytes(value.to_bytes(8, "little", signed=True), "little")


def json_list(values: Iterable[str] | Iterable[int]) -> str:
    """Many values as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(values))


def now() -> str:
    """The time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
