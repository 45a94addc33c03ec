"""Files that are not read, as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from untag.sources.kinds import ADVICE, UNSEEN, counted_kind


def skipped_lines(skipped: Mapping[Any, int], named: Mapping[Any, Sequence[str]]) -> list[str]:
    """A line for each kind of file that is not read: how many, some of their names, and what to do about it."""
    lines = []
    for kind, advice in ADVICE.items():
        if count := skipped.get(kind, 0):
            some = [Path(path).name for path in named.get(kind, ())]
            names = f" ({', '.join(some)}{' …' if count > len(some) else ''})" if some else ""
            lines.append(f"not read: {counted_kind(count, kind)}{names}; {advice.remedy}")
    return lines


def skipped_in_scan(skipped: Mapping[Any, int]) -> list[str]:
    """The same after a scan, which does not report what is passed over for its name."""
    return skipped_lines({kind: count for kind, count in skipped.items() if kind not in UNSEEN}, {})
