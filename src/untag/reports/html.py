"""Findings as one HTML file that loads nothing: photos, reasons and links to look through, filter and print."""

from __future__ import annotations

import hashlib
import heapq
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from untag.errors import AwayError, UsageError
from untag.findings.counting import Counts, Importance, Pictures, importance
from untag.imaging.thumbnail import Thumbnail
from untag.reports.cards import Card, card_of, day_words
from untag.reports.summary import ReportSummary, Summing, report_summary
from untag.support.aside import new_part
from untag.support.words import counted
from untag.types import Finding, Status

_LONGEST_LINE = 1 << 20
_UNREAD = b"The photo cannot be read now</p>"
"""As in the template, where no text of a photo's can look like it: its `<` is written `&lt;`."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a report holds: `counts` of all findings, how many photos are `shown`, and the paths of those not read."""

    counts: Counts
    shown: int
    unread: tuple[str, ...]


def write_report(
    pictures: Pictures,
    output: Path,
    *,
    home: Path,
    thumbnail: Callable[[Finding], Thumbnail | None],
    made_at: str,
    limit: int | None = None,
    replace_worse: bool = False,
    on_progress: Callable[[], None] | None = None,
) -> Written:
    """Writes the report and returns what it holds; `output` is replaced once the new one is complete.
    Until then it lies in the folder `home`, where the next command erases what a kill has left.

    The pictures are gone through twice, and none is held. `thumbnail` is asked for one photo at a time, so that memory
    does not grow with them either; None means that the photo cannot be read now. `made_at` is shown as it is. At most
    `limit` photos are shown, open ones before those that are decided and the riskiest first; all are counted.
    `on_progress` is called once for each photo, with its copies folded in. The file can be read by its owner only: it
    holds private photos.

    Raises UsageError when `output` cannot be written, and AwayError when more photos cannot be read than in the report
    that it would replace, unless `replace_worse`.
    """
    found, chosen = _most_important(pictures, limit)
    shown = found if len(chosen) == len(pictures) else report_summary(pictures.take(chosen))
    unread: list[str] = []

    def cards() -> Iterator[Card]:
        for group in pictures.take(chosen):
            picture = None if group.finding.absent else thumbnail(group.finding)
            if picture is None and not group.finding.absent:
                unread.append(group.finding.path)
            yield card_of(group, picture, named=found.several_people)
            if on_progress is not None:
                on_progress()

    def checked() -> Iterator[str]:
        yield from _render(cards(), found, shown, made_at)
        # Before the new one takes its place: the pictures of a disk that is away are only in the old one.
        if not replace_worse:
            _refuse_worse(output, unread)

    _write_aside(output, checked(), home)
    return Written(found.counts, len(chosen), tuple(unread))


def _most_important(pictures: Pictures, limit: int | None) -> tuple[ReportSummary, list[int]]:
    """What all pictures hold, and which are shown, in their order: those that are open, and then the most important."""
    summing = Summing()

    def ranked() -> Iterator[tuple[bool, Importance, int]]:
        for number, group in enumerate(pictures):
            summing.add(group)
            yield group.finding.status is not Status.OPEN, importance(group), number

    most = len(pictures) if limit is None else limit
    chosen = heapq.nsmallest(most, ranked()) if most < len(pictures) else list(ranked())
    return summing.summary(), [number for _, _, number in sorted(chosen, key=itemgetter(1))]


def _refuse_worse(output: Path, unread: Sequence[str]) -> None:
    pictures, missing = _pictures_in(output)
    if pictures and len(unread) > missing:
        raise AwayError(
            f"{counted(len(unread), 'photo')} cannot be read now, such as {unread[0]}, and {output} has pictures, so it"
            " was left as it is. Bring the disk or folder back, or let untag scan find out what is gone, and run this"
            " again; --force replaces the report all the same."
        )


def _pictures_in(report: Path) -> tuple[int, int]:
    """How many pictures there are in a report, and how many photos could not be read for it; none in another file."""
    pictures = missing = 0
    try:
        with report.open("rb") as file:
            # A line has one picture; what is no report may have no lines at all.
            while line := file.readline(_LONGEST_LINE):
                pictures += line.count(b'<img src="data:image/')
                missing += line.count(_UNREAD)
    except OSError:
        return 0, 0
    return pictures, missing


def _render(cards: Iterator[Card], found: ReportSummary, shown: ReportSummary, made_at: str) -> Iterator[str]:

    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html")
        .generate(
            cards=cards,
            total=shown.counts.photos,
            found=found,
            shown=shown,
            counts=found.counts,
            left_out=found.counts.photos - shown.counts.photos,
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


def _dates(found: ReportSummary) -> str | None:
    if found.first_day is None or found.last_day is None:
        return None
    if found.first_day == found.last_day:
        return day_words(found.first_day)
    return f"{day_words(found.first_day)} – {day_words(found.last_day)}"


def _write_aside(output: Path, pieces: Iterable[str], home: Path) -> None:
    if output.is_dir():
        raise UsageError(f"{output} is a folder. Name the file to write, such as {output / 'report.html'}.")
    if not output.parent.is_dir():
        raise UsageError(f"The folder {output.parent} does not exist, so no report can be written there.")
    if output.exists() and not output.is_file():
        raise UsageError(f"{output} is no file that a report can replace.")
    try:
        with new_part(home) as part:
            for piece in pieces:
                # A file name that is no valid UTF-8 must not stop the report: question marks stand for it.
                part.write(piece.encode("utf-8", "replace"))
            part.install(output)
    except OSError as error:
        raise UsageError(f"The report {output} cannot be written: {error.strerror or error}") from error
