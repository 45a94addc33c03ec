"""A life with kills at random instants comes to the same database and the same alarms: a few of the kills of
`python -m benchmarks.kills`, which does it hundreds of times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks and no SIGKILL here")
def test_kills_change_neither_the_database_nor_the_alarms() -> None:
    command = [sys.executable, "-m", "benchmarks.kills", "--kills", "16"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert (result["kills"], result["wrong"]) == (16, [])
    assert len(result["by_command"]) >= 5, "else hardly anything was tried"
