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
from untag.imaging.thumbnail import Thumbnail
from untag.reports.cards import Card, card_of, day_words
from untag.reports.overview import Group, Overview, fold, overview
from untag.types import Finding


def write_report(
    findings: Iterable[Finding],
    output: Path,
    *,
    thumbnail: Callable[[Finding], Thumbnail | None],
    made_at: str,
    on_progress: Callable[[], None] | None = None,
) -> int:
    """Writes the report and returns how many findings it holds; `output` is replaced only once the new one is complete.

    `thumbnail` is asked for one photo at a time, so that memory does not grow with the pictures; None means that the
    photo cannot be read now. `made_at` is shown as it is. `on_progress` is called once for each picture, with its
    copies folded in. The file can be read by its owner only: it holds private photos.

    Raises UsageError when `output` cannot be written.
    """
    groups = fold(findings)
    _write_aside(output, _render(groups, thumbnail, made_at, on_progress))
    return sum(1 + len(group.copies) for group in groups)


def _render(
    groups: list[Group],
    thumbnail: Callable[[Finding], Thumbnail | None],
    made_at: str,
    on_progress: Callable[[], None] | None,
) -> Iterator[str]:
    counts = overview(groups)

    def cards() -> Iterator[Card]:
        for group in groups:
            picture = None if group.finding.absent else thumbnail(group.finding)
            yield card_of(group, picture, named=counts.several_people)
            if on_progress is not None:
                on_progress()

    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html")
        .generate(
            cards=cards(),
            total=len(groups),
            counts=counts,
            dates=_dates(counts),
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


def _dates(counts: Overview) -> str | None:
    if counts.first_day is None or counts.last_day is None:
        return None
    if counts.first_day == counts.last_day:
        return day_words(counts.first_day)
    return f"{day_words(counts.first_day)} – {day_words(counts.last_day)}"


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
