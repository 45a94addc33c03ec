"""Findings as a table for a terminal, and as plain aligned text for a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from untag.findings.counting import Group, Groups, in_words
from untag.reports.summary import ReportSummary, Summing, places_online, posted_at
from untag.support.words import counted, printable
from untag.types import Action, Finding, Status, Verdict

NOTHING = (
    "No photos to show yet. Show untag your face with `untag enroll PHOTO…`, then run `untag scan FOLDER`.",
    "If you have scanned already, enrolling more photos of you may find more.",
)

_Row = tuple[Group, list[Text]]
_HEADERS = ("Id", "Risk", "Who", "Categories", "Date", "Action", "Status", "Photo")
_SHORTEST_PATH = 24
"""Where a table would leave fewer columns than this for the path, a photo gets two lines of its own."""
_MOST_CATEGORIES = 2
_GAP = "  "
_HIGH, _MEDIUM = 60, 30
_WHO = {Verdict.ME: "you", Verdict.MAYBE: "maybe", Verdict.OTHER: "not you"}
_ACTION_STYLES = {Action.UNTAG: "bold", Action.REQUEST_REMOVAL: "bold", Action.REVIEW: "", Action.KEEP: "dim"}


NONE_OF_THESE = (
    "No photos of these. See all with `untag list`, and what can be judged with `untag categories`.",
    "What you taught or changed since the last scan counts from the next `untag scan`.",
)


def table_lines(groups: Groups, width: int | None, *, nothing: Sequence[str] = NOTHING) -> Iterator[Text]:
    """The photos in their order, copies folded into one line, and a summary line at the end.

    The photos are gone through twice, first for the widths of the columns, and none is held. `width` is that of the
    terminal in columns; None: there is none, and nothing is shortened. Control characters in names are shown as
    escapes. `nothing` is what to say without findings.
    """
    if len(groups) == 0:
        yield from map(Text, nothing)
        return
    most = None if width is None else _MOST_CATEGORIES
    found, widths = _measured(groups, most)
    rows = ((group, _cells(group, found, most)) for group in groups)
    used = sum(widths) + len(_GAP) * len(widths)
    if width is None:
        yield from _aligned(rows, widths, None)
    elif width - used < _SHORTEST_PATH:
        yield from _stacked(rows, width)
    else:
        yield from _aligned(rows, widths, width - used)
    yield Text()
    yield Text(in_words(found.counts), style="bold")


def shorten(path: str, width: int) -> str:
    """The end of `path` in at most `width` columns, cut at a folder where that leaves the file name whole."""
    if cell_len(path) <= width:
        return path
    rest = path
    while "/" in rest:
        rest = rest.split("/", 1)[1]
        if rest and cell_len(rest) + 2 <= width:
            return f"…/{rest}"
    while rest and cell_len(rest) + 1 > width:
        rest = rest[1:]
    return f"…{rest}"


def _measured(groups: Iterable[Group], most: int | None) -> tuple[ReportSummary, list[int]]:
    """What the photos hold, and the widths of all columns but the last."""
    summing = Summing()
    alone = [cell_len(name) for name in _HEADERS[:-1]]
    named = list(alone)
    for group in groups:
        summing.add(group)
        for widths, several in ((alone, False), (named, True)):
            widths[:] = map(max, widths, map(cell_len, _words(group, most, several=several)))
    found = summing.summary()
    return found, named if found.several_people else alone


def _aligned(rows: Iterable[_Row], widths: Sequence[int], room: int | None) -> Iterator[Text]:
    header = _header()
    yield _line(header, widths) + header[-1]
    for group, row in rows:
        line = _line(row, widths)
        line.append_text(_photo(group, room))
        line.rstrip()
        yield line
        yield from _link(group, sum(widths[:2]) + 2 * len(_GAP))


def _line(row: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for cell, column in zip(row, widths, strict=False):
        padding = " " * (column - cell_len(cell.plain))
        line.append_text(Text(padding) + cell if cell.justify == "right" else cell + Text(padding))
        line.append(_GAP)
    return line


def _stacked(rows: Iterable[_Row], width: int) -> Iterator[Text]:
    for number, (group, row) in enumerate(rows):
        if number:
            yield Text()
        yield Text(" · ").join(cell for cell in row if cell.plain)
        yield Text("  ") + _photo(group, width - 2)
        yield from _link(group, 2)


def _header() -> list[Text]:
    return [Text(name, style="bold", justify="right" if name == "Risk" else None) for name in _HEADERS]


def _cells(group: Group, found: ReportSummary, most: int | None) -> list[Text]:
    """All columns but the photo, which takes what room is left; only the first `most` categories by name."""
    finding = group.finding
    styles = ("cyan", _risk_style(finding.risk), "", "", "", _ACTION_STYLES[finding.action], "green")
    words = _words(group, most, several=found.several_people)
    cells = [Text(word, style=style) for word, style in zip(words, styles, strict=True)]
    cells[1].justify = "right"
    return cells


def _words(group: Group, most: int | None, *, several: bool) -> list[str]:
    """What the cells say; `several` people are enrolled and named."""
    finding = group.finding
    return [
        finding.id,
        str(finding.risk),
        _who(finding, several=several),
        _categories(finding, most),
        _day(group),
        str(finding.action),
        "" if finding.status is Status.OPEN else str(finding.status),
    ]


def _who(finding: Finding, *, several: bool) -> str:
    if finding.verdict is Verdict.OTHER:
        return _WHO[finding.verdict]
    # Whom only a tag names is not alike.
    who = _WHO[finding.verdict] + (f" {round(100 * finding.similarity)}%" if finding.similarity > 0 else "")
    return f"{who} {printable(finding.person)}" if several and finding.person is not None else who


def _day(group: Group) -> str:
    taken = group.finding.taken_at
    if taken is not None:
        return printable(taken[:10])
    posted = posted_at(group)
    return "" if posted is None else f"posted {printable(posted[:10])}"


def _categories(finding: Finding, most: int | None) -> str:
    words = [f"{printable(name)} {round(100 * score)}%" for name, score in finding.categories.items()]
    named = words if most is None else words[:most]
    more = len(words) - len(named)
    return ", ".join(named) + (f" +{more}" if more else "")


def _photo(group: Group, width: int | None) -> Text:
    if group.finding.absent:
        return Text(_untold(group.finding, width))
    path = printable(group.finding.path)
    copies = f"  +{counted(len(group.copies), 'copy', 'copies')}" if group.copies else ""
    if width is not None:
        path = shorten(path, width - cell_len(copies))
    return Text(path) + Text(copies, style="dim")


def _untold(finding: Finding, width: int | None) -> str:
    """What is known of a photo without a copy, in place of a path that is one in name only."""
    origin = finding.origin
    who = "no copy here" if origin.poster is None else f"no copy here; posted by {printable(origin.poster)}"
    said = who if origin.caption is None else f"{who}: “{printable(' '.join(origin.caption.split()))}”"
    if width is None or cell_len(said) <= width:
        return said
    while cell_len(said) + 1 > width:
        said = said[:-1]
    return f"{said}…"


def _link(group: Group, indent: int) -> Iterator[Text]:
    """A line with the link to act on, whole so that it can be opened, and in how many more places the picture is."""
    places = places_online(group)
    if places and places[0].origin.permalink is not None:
        more = f" and {counted(len(places) - 1, 'more place')}" if len(places) > 1 else ""
        yield Text(" " * indent + printable(places[0].origin.permalink)) + Text(more, style="dim")


def _risk_style(risk: int) -> str:
    if risk >= _HIGH:
        return "bold red"
    return "yellow" if risk >= _MEDIUM else "dim"
