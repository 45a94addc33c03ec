"""Findings as a JSON array, one object on each line, written as they come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from untag.reports.record import record
from untag.types import Finding

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


def write_json(findings: Iterable[Finding], stream: SupportsWrite[str]) -> int:
    """Writes the array to `stream` without ever holding it whole; returns how many findings it has.

    Only ASCII is written: every terminal and pipe takes it, and a file name that is no valid UTF-8 survives the trip.
    """
    count = 0
    for finding in findings:
        stream.write("[\n  " if count == 0 else ",\n  ")
        stream.write(json.dumps(record(finding), allow_nan=False))
        count += 1
    stream.write("\n]\n" if count else "[]\n")
    return count
