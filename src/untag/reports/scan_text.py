"""What a scan has to say, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from untag.findings.counting import NewFinding, in_words
from untag.support.words import counted
from untag.types import ReadError

if TYPE_CHECKING:
    from untag.scan import ScanSummary

_MOST_NAMED = 100
_MOST_EXAMPLES = 3


def counts_lines(summary: ScanSummary) -> Iterator[str]:
    """What was looked at, and what was seen in it."""
    count = summary.without_file
    more = f"; {counted(count, 'more photo')} reported without a file" if count else ""
    yield (
        f"{counted(summary.photos, 'photo file')}: {summary.analysed} analysed, {summary.unchanged} unchanged,"
        f" {counted(summary.copies, 'identical copy', 'identical copies')};"
        f" {counted(summary.faces, 'face')} found{more}"
    )
    yield in_words(summary.findings)


def news_lines(summary: ScanSummary, *, whole: bool = False) -> Iterator[str]:
    """What calls for attention: new findings, places that are away, what was removed, how much could not be read.

    Long lists are cut, unless they are wanted `whole`.
    """
    if summary.new:
        yield f"{counted(summary.new_findings, 'new photo')}:"
        yield from _cut([_new_line(finding) for finding in summary.new], None if whole else _MOST_NAMED, "untag list")
    for place in summary.away:
        yield f"away: {place.path}: {place.reason}; what is on record there is kept ({counted(place.kept, 'file')})"
    if summary.away:
        yield "if what is away is really gone, scan again with --prune"
    if summary.removed:
        yield _removed_line(summary, None if whole else _MOST_EXAMPLES)
    if summary.removed_excluded:
        were = counted(summary.removed_excluded, "photo on record is", "photos on record are")
        yield f"{were} excluded now and no longer listed; what you decided about them is kept"
    if summary.moved or summary.to_move:
        left = counted(summary.to_move, "photo still has", "photos still have")
        yield f"{counted(summary.moved, 'photo')} moved to the home's engine; {left} the verdicts of the one before"
    if unread := len(unreadable_here(summary)):
        since = "all of them" if summary.newly_unreadable == unread else summary.newly_unreadable
        news = f", {since} since the last scan" if summary.newly_unreadable else ", as before"
        yield f"{unread} could not be read{news}"


def unreadable_here(summary: ScanSummary) -> list[ReadError]:
    """What could not be read, but for the places that are named as away."""
    away = {place.path for place in summary.away}
    return [error for error in summary.unreadable if error.path not in away]


def _new_line(finding: NewFinding) -> str:
    parts = [f"risk {finding.risk}", *finding.categories]
    return f"  {finding.path}: {', '.join(parts)}{f'; {finding.link}' if finding.link else ''}"


def _removed_line(summary: ScanSummary, most: int | None) -> str:
    paths = summary.removed_paths if most is None else summary.removed_paths[:most]
    more = f" and {summary.removed - len(paths)} more" if summary.removed > len(paths) else ""
    elsewhere = f" (copies elsewhere: {summary.removed_elsewhere})" if summary.removed_elsewhere else ""
    return f"{counted(summary.removed, 'photo')} removed, no longer there{elsewhere}: {', '.join(paths)}{more}"


def _cut(lines: Sequence[str], most: int | None, command: str) -> Iterator[str]:
    yield from lines[:most]
    if most is not None and len(lines) > most:
        yield f"  … and {len(lines) - most} more; see them all with: {command}"
