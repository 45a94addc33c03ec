"""Where scheduled scans leave what they say: a log, and what was new, which names photos and shows some."""

from __future__ import annotations

from pathlib import Path

RUNS_FOLDER = "scheduled"
SCHEDULE_FILE = "schedule.json"


def run_files(home: Path) -> list[Path]:
    """All that scheduled scans have written."""
    return sorted(path for path in (home / RUNS_FOLDER).rglob("*") if path.is_file() and not path.is_symlink())
