"""untag sources"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from untag.cli.app import Context
from untag.cli.common import called, list_unreadable, path_argument, say, settings_of, skipped_lines, source_option
from untag.cli.terminal import tell, tell_json
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.sources.overview import Overview

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
    from untag.sources.base import readers_named
    from untag.sources.overview import survey

    settings = settings_of(context)
    found = survey(paths, settings.limits, readers_named(source))
    if as_json:
        tell_json([_as_dict(overview) for overview in found.overviews], indent=1)
    else:
        for overview in found.overviews:
            for line in _lines(overview):
                tell(line)
    if not any(overview.photos or overview.absent for overview in found.overviews):
        say("there are no photos in what you gave")
    return list_unreadable(found.unreadable)


def _lines(overview: Overview) -> list[str]:
    dates = "" if overview.first is None else f", {overview.first} to {overview.last}"
    lines = [f"{overview.source}: {overview.root}", f"  {counted(overview.photos, 'photo file')}{dates}"]
    if overview.owner:
        lines.append(f"  account of {', '.join(overview.owner)}; if that is you: untag enroll {called(overview.owner)}")
    if overview.absent:
        lines.append(f"  {counted(overview.absent, 'more photo')} reported without a file: it has a link, but no copy")
    links = [f"{count} {confidence}" for confidence, count in sorted(overview.linked.items())]
    if links:
        lines.append(f"  links: {', '.join(links)}")
    for title, names in (("posted by", overview.posters), ("people named", overview.people)):
        if names:
            lines.append(f"  {title}: {_names(names)}")
    lines += [f"  missing: {sentence}" for sentence in overview.missing]
    if overview.unknown:
        shown = ", ".join(overview.unknown[:_MOST_NAMED])
        more = f" and {len(overview.unknown) - _MOST_NAMED} more" if len(overview.unknown) > _MOST_NAMED else ""
        lines.append(f"  not looked into: {shown}{more}")
    lines += [f"  {line}" for line in skipped_lines(overview.skipped, overview.named)]
    return lines


def _names(names: Counter[str]) -> str:
    shown = ", ".join(f"{name} ({count})" for name, count in names.most_common(_MOST_NAMED))
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"


def _as_dict(overview: Overview) -> dict[str, Any]:
    return {
        "source": overview.source,
        "path": overview.root,
        "photos": overview.photos,
        "without_copy": overview.absent,
        "links": {str(confidence): count for confidence, count in overview.linked.items()},
        "first": overview.first,
        "last": overview.last,
        "posters": dict(overview.posters.most_common()),
        "people": dict(overview.people.most_common()),
        "owner": list(overview.owner),
        "missing": list(overview.missing),
        "unknown": list(overview.unknown),
        "skipped": {str(kind): count for kind, count in overview.skipped.items()},
    }
