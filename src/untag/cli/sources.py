"""untag sources"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import Context
from untag.cli.common import called, list_unreadable, opened, path_argument, say, source_option
from untag.cli.terminal import tell, tell_json
from untag.support.words import counted

_MOST_NAMED = 5
_FETCH = "gallery-dl --write-metadata --cookies-from-browser firefox --sleep-request 10-30 --input-file-comment"


@click.command("sources")
@path_argument()
@source_option
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@click.option("--missing", is_flag=True, help="Print only the links of photos that are reported without a file.")
@click.pass_obj
def command(context: Context, paths: tuple[Path, ...], source: str | None, as_json: bool, missing: bool) -> int:
    """Say what archives hold, before any scan: photos, dates, people tagged, and what is missing or not understood.

    Knows the downloads of social networks and photo services, unpacked or as zip files, and the files that download
    tools write beside photos. Looks at no photo, stores nothing.

    With --missing, prints one link a line, as gallery-dl reads them from a file. Nothing is fetched.

    \b
    Examples:
      untag sources ~/Downloads
      untag sources takeout-20250104T120000Z-001.zip takeout-20250104T120000Z-002.zip
      untag sources --missing facebook.zip > links.txt
    """
    if missing:
        return _missing(context, paths, source, as_json)
    with opened(context) as home:
        found = home.sources(paths, source)
    if as_json:
        tell_json([_as_dict(summary) for summary in found.summaries], indent=1)
    else:
        for summary in found.summaries:
            for line in _lines(summary):
                tell(line)
    if not any(summary.photos or summary.videos or summary.absent for summary in found.summaries):
        say("there are no photos in what you gave")
    return list_unreadable(found.unreadable)


def _missing(context: Context, paths: tuple[Path, ...], source: str | None, as_json: bool) -> int:
    with opened(context) as home:
        found = home.missing(paths, source)
    if as_json:
        tell_json([asdict(photo) for photo in found.photos], indent=1)
    else:
        for photo in found.photos:
            tell(photo.link)
    for line in _about(found, paths, source):
        say(line)
    return list_unreadable(found.unreadable)


def _about(found: untag.MissingPhotos, paths: tuple[Path, ...], source: str | None) -> list[str]:
    lines = [f"{counted(len(found.photos), 'link')} of photos that are reported without a file"]
    if found.here:
        lines.append(f"  left out: {counted(found.here, 'photo')} of which there is a copy in what you gave")
    if found.without_link:
        lines.append(f"  left out: {counted(found.without_link, 'photo')} without a link")
    if found.refused:
        lines.append(f"  left out: {counted(found.refused, 'link')} that no program should be given")
    if found.photos:
        chosen = [] if source is None else ["--source", source]
        again = shlex.join(["untag", "sources", "--missing", *chosen, "--", *map(str, paths)])
        lines += [
            f"to keep them as a file: {again} > links.txt",
            f"to fetch them, with your login in Firefox: {_FETCH} links.txt",
            "sites may warn or lock an account that fetches by program: see docs/archives/friends.md first",
        ]
    return lines


def _lines(summary: untag.ArchiveSummary) -> list[str]:
    from untag.reports.skipped import skipped_lines

    dates = "" if summary.first is None else f", {summary.first} to {summary.last}"
    lines = [f"{summary.source}: {summary.root}", f"  {counted(summary.photos, 'photo file')}{dates}"]
    if summary.owner:
        lines.append(f"  account of {', '.join(summary.owner)}; if that is you: untag enroll {called(summary.owner)}")
    if summary.videos:
        lines.append(f"  {counted(summary.videos, 'video')} that a scan looks through")
    if summary.absent:
        lines.append(f"  {counted(summary.absent, 'more photo')} reported without a file: it has a link, but no copy")
    links = [f"{count} {confidence}" for confidence, count in sorted(summary.linked.items())]
    if links:
        lines.append(f"  links: {', '.join(links)}")
    for title, names in (("posted by", summary.posters), ("people named", summary.people)):
        if names:
            lines.append(f"  {title}: {_names(names)}")
    lines += [f"  note: {sentence}" for sentence in summary.notes]
    lines += [f"  missing: {sentence}" for sentence in summary.missing]
    if summary.unknown:
        shown = ", ".join(summary.unknown[:_MOST_NAMED])
        more = f" and {len(summary.unknown) - _MOST_NAMED} more" if len(summary.unknown) > _MOST_NAMED else ""
        lines.append(f"  not understood, though photos are named there: {shown}{more}")
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
        "videos": summary.videos,
        "without_copy": summary.absent,
        "links": {str(confidence): count for confidence, count in summary.linked.items()},
        "first": summary.first,
        "last": summary.last,
        "posters": dict(summary.posters.most_common()),
        "people": dict(summary.people.most_common()),
        "owner": list(summary.owner),
        "notes": list(summary.notes),
        "missing": list(summary.missing),
        "unknown": list(summary.unknown),
        "skipped": {str(kind): count for kind, count in summary.skipped.items()},
    }
