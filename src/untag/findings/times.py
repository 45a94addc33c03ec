"""When somebody is to be seen in a video, in words."""

from __future__ import annotations

from collections.abc import Sequence

from untag.support.words import clock
from untag.types import Box, Finding, Span

_TOGETHER = 5.0
"""Seconds between two looks at somebody that are said to be one: the camera turned away, or the person did."""

_MOST = 6


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap or nearly follow each other as one; its best look is the first one's."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.since):
        if found and span.since - found[-1].until <= _TOGETHER:
            found[-1] = found[-1]._replace(until=max(found[-1].until, span.until))
        else:
            found.append(span)
    return tuple(found)


def when(spans: Sequence[Span]) -> str:
    """Such as "0:42 to 1:10, 2:05"."""
    times = joined(spans)
    said = [
        clock(span.since) if clock(span.since) == clock(span.until) else f"{clock(span.since)} to {clock(span.until)}"
        for span in times[:_MOST]
    ]
    more = len(times) - _MOST
    return ", ".join(said) + (f" and {more} more times" if more > 0 else "")


def faces_shown(finding: Finding) -> tuple[Box, ...]:
    """The person's own faces in the picture that stands for a finding: of a video the frame of the first one."""
    return finding.faces[:1] if finding.spans else finding.faces
