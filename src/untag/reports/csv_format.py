"""Findings as CSV (RFC 4180) that a spreadsheet can open without running anything in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from untag.findings.times import when
from untag.reports.record import FIELDS, record
from untag.types import Finding, Span

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet reads as the start of a formula, also in full width (OWASP, CSV Injection)."""


def write_csv(findings: Iterable[Finding], stream: SupportsWrite[str]) -> int:
    """Writes a header and one row for each finding as they come; returns how many rows there are.

    Lines end in CRLF, so a file should be opened with `newline=""` and `encoding="utf-8"`. Every text is quoted: where
    the semicolon separates columns, one inside a file name must not start a cell of its own.
    """
    csv.writer(stream).writerow(FIELDS)
    rows = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    count = 0
    for finding in findings:
        rows.writerow([_cell(value) for value in record(finding).values()])
        count += 1
    return count


def _cell(value: object) -> str | int | float:
    if isinstance(value, int | float):
        return value
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _inert("; ".join(f"{name}={score:.4g}" for name, score in value.items()))
    if isinstance(value, list):
        return _inert(" | ".join(map(_item, value)))
    return _inert(str(value))


def _item(value: str | Mapping[str, Any]) -> str:
    """One of several in a cell; of a place its link, or else its path; of a time in a video from when to when."""
    if isinstance(value, str):
        return value
    if "best" in value:
        return when([Span(value["best"], value["from"], value["until"])])
    return value["permalink"] or value["path"] or ""


def _inert(text: str) -> str:
    """The text as a spreadsheet shows it and never calculates it; what UTF-8 cannot hold becomes a question mark."""
    safe = text.encode("utf-8", errors="replace").decode("utf-8")
    return f"'{safe}" if safe.startswith(_FORMULA_STARTS) else safe
