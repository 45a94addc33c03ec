"""untag sources"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import Context
from untag.cli.common import called, list_unreadable, opened, path_argument, say, source_option
from untag.cli.terminal import tell, tell_json
from untag.support.words import counted

_MOST_NAMED = 5


@click.command("sources")
@path_argument()
@source_option
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@click.pass_obj
def command(context: Context, paths: tuple[Path, ...], source: str | None, as_json: bool) -> int:
    """Say what archives hold, before any scan: photos, dates, people tagged, and what is missing or not understood.

    Knows the downloads of social networks and photo services, unpacked or as zip files, and the files that download
    tools write beside photos. Looks at no photo, stores nothing.

    \b
    Examples:
      untag sources ~/Downloads
      untag sources takeout-20250104T120000Z-001.zip takeout-20250104T120000Z-002.zip
    """
    with opened(context) as home:
        found = home.sources(paths, source)
    if as_json:
        tell_json([_as_dict(summary) for summary in found.summaries], indent=1)
    else:
        for summary in found.summaries:
            for line in _lines(summary):
                tell(line)
    if not any(summary.photos or summary.absent for summary in found.summaries):
        say("there are no photos in what you gave")
    return list_unreadable(found.unreadable)


def _lines(summary: untag.ArchiveSummary) -> list[str]:
    from untag.reports.skipped import skipped_lines

    dates = "" if summary.first is None else f", {summary.first} to {summary.last}"
    lines = [f"{summary.source}: {summary.root}", f"  {counted(summary.photos, 'photo file')}{dates}"]
    if summary.owner:
        lines.append(f"  account of {', '.join(summary.owner)}; if that is you: untag enroll {called(summary.owner)}")
    if summary.absent:
        lines.append(f"  {counted(summary.absent, 'more photo')} reported without a file: it has a link, but no copy")
    links = [f"{count} {confidence}" for confidence, count in sorted(summary.linked.items())]
    if links:
        lines.append(f"  links: {', '.join(links)}")
    for title, names in (("posted by", summary.posters), ("people named", summary.people)):
        if names:
            lines.append(f"  {title}: {_names(names)}")
    lines += [f"  missing: {sentence}" for sentence in summary.missing]
    if summary.unknown:
        shown = ", ".join(summary.unknown[:_MOST_NAMED])
        more = f" and {len(summary.unknown) - _MOST_NAMED} more" if len(summary.unknown) > _MOST_NAMED else ""
        lines.append(f"  not looked into: {shown}{more}")
    lines += [f"  {line}" for line in skipped_lines(summary.skipped, summary.named)]
    return lines


def _names(names: Counter[str]) -> str:
    shown = ", ".join(f"{name} ({count})" for name, count in names.most_common(_MOST_NAMED))
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"


def _as_dict(summary: untag.ArchiveSummary) -> dict[str, Any]:
    return {
        "source": summary.source,
        "path": summary.root,
        "photos": summary.photos,
        "without_copy": summary.absent,
        "links": {str(confidence): count for confidence, count in summary.linked.items()},
        "first": summary.first,
        "last": summary.last,
        "posters": dict(summary.posters.most_common()),
        "people": dict(summary.people.most_common()),
        "owner": list(summary.owner),
        "missing": list(summary.missing),
        "unknown": list(summary.unknown),
        "skipped": {str(kind): count for kind, count in summary.skipped.items()},
    }
