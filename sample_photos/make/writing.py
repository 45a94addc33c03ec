"""How sites write JSON and times."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def at(moment: str) -> int:
    """Seconds since 1970 of `2024-08-02 20:10:10`, UTC."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


def plain_json(value: Any, indent: int) -> bytes:
    """As Google and gallery-dl write it."""
    return (json.dumps(value, ensure_ascii=False, indent=indent) + "\n").encode()


def meta_json(value: Any) -> bytes:
    """As Facebook and Instagram write it: each byte of a letter's UTF-8 as a letter of its own."""
    return json.dumps(_mangled(value), indent=2).encode()


def _mangled(value: Any) -> Any:
    match value:
        case str():
            return value.encode().decode("latin-1")
        case dict():
            return {key: _mangled(below) for key, below in value.items()}
        case list():
            return [_mangled(below) for below in value]
        case _:
            return value
