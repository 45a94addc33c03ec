"""What came of damaged files that were looked at, some of them by processes of their own."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.output import report
from untag.errors import ReadFailure
from untag.types import Frame

MOST_BYTES = 2_000_000_000


def outcome_of(look: Callable[[], Frame], *, whole: str, partly: str) -> str:
    """What comes of looking at a file, in a word or the sentence for the user."""
    try:
        frame = look()
    except ReadFailure as failure:
        return str(failure).partition("(")[0].strip()
    except Exception as error:  # what the check is for
        return f"CRASH {error!r}"
    return whole if frame.fault is None else partly


def told(outcomes: Counter[str], longest: float, output: Path | None) -> int:
    """Reports how the files ended and the peak memory here and in the processes; 1 after a crash or too much memory."""
    peaks = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result = {
        "files": outcomes.total(),
        "outcomes": dict(outcomes.most_common()),
        "longest_seconds": round(longest, 1),
        "peak_megabytes": [round(peak / 1e6) for peak in peaks],
    }
    report(result, output)
    return int(any(word.startswith("CRASH") for word in outcomes) or max(peaks) >= MOST_BYTES)
