"""What `untag stats` has to say, as lines with bars, and as an object for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from untag.findings.stats import Stats
from untag.support.words import counted, printable

_BAR = 24
_MOST = 12
_LONGEST_NAME = 28
_NAMELESS = {"year": "no date", "platform": "not online, as far as is known", "poster": "nobody named"}

KEEP_SOME = (
    "Do not empty your profile: 47 % of employers are less likely to interview somebody of whom they find nothing"
    " online (CareerBuilder, 2018)."
)


def stats_lines(found: Stats) -> Iterator[str]:
    """The statistics for people."""
    yield f"{counted(found.photos, 'photo')} of you{_without_file(found)}"
    if not found.photos and not found.not_me:
        return
    yield from _since(found)
    for title, values, names in (
        ("year", found.by_year, _NAMELESS),
        ("category", found.by_category, {}),
        ("platform", found.by_platform, _NAMELESS),
        ("poster", found.by_poster, _NAMELESS),
        ("status", {str(name): count for name, count in found.by_status.items() if count}, {}),
    ):
        yield from _bars(title, values, names.get(title, ""))
    yield ""
    yield f"before    {counted(found.flagged, 'photo')} with something you may not want online"
    yield f"now       {found.now}, without those that are done"
    yield f"planned   {found.planned}, once all that you decided is carried out"
    yield f"keep      {counted(found.keep, 'photo')} to leave where they are"
    yield KEEP_SOME


def stats_record(found: Stats) -> dict[str, object]:
    """The statistics for programs."""
    return {
        "photos": found.photos,
        "without_file": found.without_file,
        "not_me": found.not_me,
        "by_year": dict(found.by_year),
        "by_category": dict(found.by_category),
        "by_platform": dict(found.by_platform),
        "by_poster": dict(found.by_poster),
        "by_status": {str(status): count for status, count in found.by_status.items()},
        "since": found.since.moment,
        "new": found.new,
        "decided_since": {str(status): count for status, count in found.since.decided.items()},
        "flagged": found.flagged,
        "now": found.now,
        "planned": found.planned,
        "keep": found.keep,
    }


def _without_file(found: Stats) -> str:
    return f"; {found.without_file} reported without a file" if found.without_file else ""


def _since(found: Stats) -> Iterator[str]:
    decided = [f"{count} {status}" for status, count in found.since.decided.items() if count]
    words = f"; decided: {', '.join(decided)}" if decided else ""
    if found.since.moment is None:
        yield f"all of them are from the first scan{words}"
    else:
        yield f"since the scan of {found.since.moment[:10]}: {found.new} new{words}"


def _bars(title: str, values: Mapping[str, int], nameless: str) -> Iterator[str]:
    if not values:
        return
    shown = list(values.items())
    # Years stay in their order, and of the others the commonest come first.
    rest = 0 if title == "year" else max(0, len(shown) - _MOST)
    named = [(_short(printable(name) or nameless), count) for name, count in shown[: len(shown) - rest]]
    width = max(len(name) for name, _ in named)
    most = max(count for _, count in named)
    yield ""
    yield f"by {title}"
    for name, count in named:
        yield f"  {name:<{width}}  {'#' * max(1, round(_BAR * count / most)) if count else ''} {count}"
    if rest:
        yield f"  … and {rest} more; all are in: untag stats --format json"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
