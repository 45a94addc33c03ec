"""untag list"""

from __future__ import annotations

from collections.abc import Iterator

import click

import untag
from untag.cli.app import Context
from untag.cli.common import next_step, opened, say
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import results, somebody_reads, tell_lines
from untag.support.words import counted


@click.command("list")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@filter_options()
@click.pass_obj
def command(context: Context, style: str, filters: Filters) -> int:
    """List the photos that show you, the riskiest first, with what untag suggests to do.

    Each has an id, which the other commands take. What you decided to keep, have done or are not in is left out unless
    you ask for it with --status. In JSON and CSV each file has a row of its own, in the table each photo.

    \b
    Examples:
      untag list
      untag list --category alcohol --verdict me
      untag list --poster "Bob Miller" --since 2019 --until 2021-06
      untag list --status done --status keep
      untag list --format csv > findings.csv
    """
    from untag.reports import table_lines
    from untag.reports.plan_text import due_lines
    from untag.reports.table import NONE_OF_THESE, NOTHING

    with opened(context) as home:
        wanted = filters.of(home)
        if style != "table":
            with results(as_csv=style == "csv") as stream:
                home.export(stream, style, home.findings(wanted))
            return 0
        nothing = NONE_OF_THESE if filters.narrows else NOTHING
        with home.open_pictures(wanted) as pictures:
            listed = _Listed(pictures)
            tell_lines(lambda width: table_lines(listed, width, nothing=nothing))
        for line in due_lines(home.requests(due=True)):
            say(line)
        if len(listed) == 0 and filters.narrows:
            _say_what_hides(home, filters)
        if len(listed) and not filters.asked.get("status") and somebody_reads():
            _say_next(context, listed)
        # Whoever asks for the first few is not at the end of what there is.
        cut = len(listed) == filters.asked.get("limit")
        if not cut and not filters.narrows:
            _say_what_would_count(home)
    return 0


class _Listed:
    """Photos, and what the words below their table tell of those that were gone through last."""

    def __init__(self, pictures: untag.Pictures) -> None:
        self._pictures = pictures
        self.suggested = 0
        self.undecided: str | None = None

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[untag.Group]:
        self.suggested, self.undecided = 0, None
        for group in self._pictures:
            self._note(group.finding)
            yield group

    def _note(self, finding: untag.Finding) -> None:
        self.suggested += finding.status is untag.Status.OPEN and finding.action is not untag.Action.REVIEW
        if self.undecided is None and finding.status in (untag.Status.OPEN, untag.Status.IS_ME):
            self.undecided = finding.id


def _say_what_would_count(home: untag.Untag) -> None:
    """What is not shown as something to act on, and would be."""
    if more := home.count_unlearnt():
        photos = counted(more, "more photo")
        say(f"{photos} would count without the thresholds that your decisions moved; see: untag categories")
    if more := home.count_hidden():
        photos = counted(more, "more photo")
        say(f'{photos} would count with sensitivity = "high" in config.toml, after another untag scan')


def _say_next(context: Context, listed: _Listed) -> None:
    """What to do with the list, as a command that can be copied."""
    if listed.suggested:
        decide = next_step(context, "decide --suggested --yes")
        say(f"to decide about {counted(listed.suggested, 'photo')} as untag suggests: {decide}")
    elif listed.undecided is not None:
        say(f"to decide: {next_step(context, f'decide {listed.undecided} --status untag')}")
    else:
        say(f"all of these are decided; to act on them: {next_step(context, 'act')}")


def _say_what_hides(home: untag.Untag, filters: Filters) -> None:
    """Which of the filters, left out alone, would show photos, and how many."""
    for name in filters.asked.keys() - {"sort", "limit"}:
        others = {other: value for other, value in filters.asked.items() if other != name}
        count = home.count(**others)
        if count:
            say(f"without --{name.replace('_', '-')} there {'is' if count == 1 else 'are'} {counted(count, 'file')}")
    if "status" not in filters.asked and (decided := home.count(**filters.asked, status=tuple(untag.Status))):
        say(f"{counted(decided, 'file')} that you decided about; see them with: --status all")
