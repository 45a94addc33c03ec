"""Where a benchmark puts what it measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def report(result: Any, output: Path | None, *, shown: str | None = None) -> None:
    """Prints `shown`, or the result as JSON, and writes the JSON to `output` where one is given."""
    text = json.dumps(result, indent=1)
    print(text if shown is None else shown)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text + "\n", encoding="utf-8")
