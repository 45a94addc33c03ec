"""What came of damaged files that were looked at, some of them by processes of their own."""

from __future__ import annotations

import resource
from collections import Counter
from pathlib import Path

from benchmarks.output import report

MOST_BYTES = 2_000_000_000


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
