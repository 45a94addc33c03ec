"""Findings as one HTML file that loads nothing: photos, reasons and links to look through, filter and print."""

from __future__ import annotations

import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from untag.errors import UsageError
from untag.findings.counting import Counts, Group, fold
from untag.imaging.thumbnail import Thumbnail
from untag.reports.cards import Card, card_of, day_words
from untag.reports.overview import Overview, overview
from untag.types import Finding


def write_report(
    findings: Iterable[Finding],
    output: Path,
    *,
    thumbnail: Callable[[Finding], Thumbnail | None],
    made_at: str,
    on_progress: Callable[[], None] | None = None,
) -> Counts:
    """Writes the report and returns the counts of what it holds; `output` is replaced once the new one is complete.

    `thumbnail` is asked for one photo at a time, so that memory does not grow with the pictures; None means that the
    photo cannot be read now. `made_at` is shown as it is. `on_progress` is called once for each picture, with its
    copies folded in. The file can be read by its owner only: it holds private photos.

    Raises UsageError when `output` cannot be written.
    """
    groups = fold(findings)
    found = overview(groups)
    _write_aside(output, _render(groups, found, thumbnail, made_at, on_progress))
    return found.counts


def _render(
    groups: list[Group],
    found: Overview,
    thumbnail: Callable[[Finding], Thumbnail | None],
    made_at: str,
    on_progress: Callable[[], None] | None,
) -> Iterator[str]:
    def cards() -> Iterator[Card]:
        for group in groups:
            picture = None if group.finding.absent else thumbnail(group.finding)
            yield card_of(group, picture, named=found.several_people)
            if on_progress is not None:
                on_progress()

    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html")
        .generate(
            cards=cards(),
            total=len(groups),
            found=found,
            counts=found.counts,
            dates=_dates(found),
            made_at=made_at,
            style=Markup(style),  # noqa: S704 - our own file, not input
            script=Markup(script),  # noqa: S704
            policy=_policy(style, script),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True,
        loader=PackageLoader("untag.reports", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy that allows the pictures in the file and exactly this style and this script."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src {_source_hash(style)}",
            f"script-src {_source_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _source_hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _dates(found: Overview) -> str | None:
    if found.first_day is None or found.last_day is None:
        return None
    if found.first_day == found.last_day:
        return day_words(found.first_day)
    return f"{day_words(found.first_day)} – {day_words(found.last_day)}"


def _write_aside(output: Path, pieces: Iterable[str]) -> None:
    if output.is_dir():
        raise UsageError(f"{output} is a folder. Name the file to write, such as {output / 'report.html'}.")
    if not output.parent.is_dir():
        raise UsageError(f"The folder {output.parent} does not exist, so no report can be written there.")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", suffix=".part", dir=output.parent)
    except OSError as error:
        raise UsageError(f"Cannot write in the folder {output.parent}: {error.strerror}") from error
    aside = Path(name)
    try:
        # A file name that is no valid UTF-8 must not stop the report: what cannot be written becomes a question mark.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(output)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
