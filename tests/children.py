"""Other processes that tests start: none outlives its test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def killed_on_leaving(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """`process`, which is killed and waited for however the block is left: also by a failure or a timeout."""
    with process:
        try:
            yield process
        finally:
            process.kill()
