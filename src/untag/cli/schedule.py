"""untag schedule"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.cli.scan import interruptible
from untag.cli.terminal import ask, somebody_answers, tell, tell_json
from untag.support.words import counted

_SHOWN = 7


@click.group("schedule")
def command() -> None:
    """Let scans run by themselves: once a day, and whenever an export arrives in the downloads folder.

    systemd, launchd or cron starts them. A scheduled scan has no network where the system can take it away, goes
    behind everything else, waits for mains power, and makes up for what the machine slept through.

    \b
    Examples:
      untag schedule install ~/Pictures ~/gallery-dl
      untag schedule status
      untag schedule run
      untag schedule remove
    """


@command.command("install")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@click.option("--downloads", metavar="DIR|none", help="Where exports come to.  [default: your downloads folder]")
@click.option(
    "--at", metavar="HH:MM", help="When, local time; the scan begins within an hour from then.  [default: 03:00]"
)
@click.option(
    "--before", metavar="COMMAND|none", help="Run this first, with the network, such as one that fetches photos."
)
@click.option(
    "--notify",
    metavar="COMMAND|none",
    help="Tell by this command, with {} or standard input for the sentence.  [default: notify-send or osascript]",
)
@click.option(
    "--service",
    type=click.Choice(["systemd", "launchd", "cron", "none"]),
    help="What starts it.  [default: what is here]",
)
@click.option("--print", "only_print", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def install(
    context: Context,
    paths: tuple[Path, ...],
    downloads: str | None,
    at: str | None,
    before: str | None,
    notify: str | None,
    service: str | None,
    only_print: bool,
    yes: bool,
) -> int:
    """Show the files by which scans are started, ask, and write them.

    Without PATH, and for options that are not given, what was chosen before stays; at first the folders of earlier
    scans are taken. The command of --before runs in a
    unit of its own, which has the network; the scan's has none.

    \b
    Examples:
      untag schedule install ~/Pictures ~/Downloads/takeout --at 02:30
      untag schedule install ~/gallery-dl --before "gallery-dl --write-metadata --input-file links.txt"
      untag schedule install ~/Pictures --notify "mail -s untag ana@localhost"
      untag schedule install ~/Pictures --print
    """
    options = untag.ScheduleOptions(downloads, at, before, notify, service)
    with opened(context, tend=not only_print) as home:
        planned = home.plan_schedule(paths, options, ask_system=not only_print)
        for file in planned.files:
            tell(f"# {'crontab' if file.path is None else file.path}")
            for line in file.text.splitlines():
                tell(line)
            tell("")
        if only_print:
            return 0
        for remark in planned.remarks:
            say(remark)
        if not yes:
            if not somebody_answers():
                raise untag.UsageError("nobody is there to ask; say --yes to write these files")
            if not ask("Write these, and begin?"):
                say("nothing was written")
                return 0
        home.install_schedule(planned)
        _say_next(home.schedule_status())
    return 0


@command.command("status", short_help="Say when the next scan is due, and what was found.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """Say when the next scan is due, and what the last ones found, or why they failed."""
    with opened(context) as home:
        found = home.schedule_status()
        if as_json:
            tell_json(_as_dict(found))
            return 0
        if found.schedule is None:
            tell("nothing is scheduled; say which folders with: untag schedule install PATH…")
        else:
            tell(f"{', '.join(found.schedule.paths)}: daily from {found.schedule.at}, by {found.schedule.service}")
            if found.schedule.downloads is not None:
                tell(f"exports that arrive in {found.schedule.downloads}: at once")
            _say_next(found)
        for run in found.runs[:_SHOWN]:
            for line in _lines(run, found.running):
                tell(line)
        if found.requests_due:
            tell(f"{counted(found.requests_due, 'request')} due")
        if found.runs:
            say(f"the log and what was new: {home.home / 'scheduled'}")
        elif found.schedule is not None:
            say("nothing has run yet; try it with: untag schedule run")
    return 0


@command.command("run", short_help="Do now what runs by itself.")
@click.option("--only", type=click.Choice([step.value for step in untag.ScheduleStep]), help="Do this step alone.")
@click.option("--if-due", is_flag=True, help="Scan only when the daily scan is due, and not on the battery.")
@click.pass_obj
def run(context: Context, only: str | None, if_due: bool) -> int:
    """Do now what runs by itself: the command before, exports that have arrived, the scan, and telling you.

    Services call it with --only and --if-due. Exits as untag scan --fail-on-new does.
    """
    cancel = untag.Cancel()
    with opened(context) as home, interruptible(cancel):
        step = None if only is None else untag.ScheduleStep(only)
        return home.run_schedule(step, if_due=if_due, cancel=cancel)


@command.command("remove")
@click.option("--print", "only_print", is_flag=True, help="Name the files, and remove nothing.")
@click.pass_obj
def remove(context: Context, only_print: bool) -> int:
    """Take back what was installed. What runs have said stays until untag forget."""
    with opened(context) as home:
        if only_print:
            for path in home.schedule_files():
                tell(f"{path}")
            return 0
        schedule = home.remove_schedule()
    say(f"nothing runs by itself any more (it was started by {schedule.service})")
    return 0


def _say_next(found: untag.ScheduleStatus) -> None:
    if found.schedule is None or found.next_due is None:
        return
    due = found.next_due.astimezone()
    say(f"the next scan is due on {due:%Y-%m-%d} from {due:%H:%M} on")
    for problem in found.problems:
        say(problem)
    if not found.active:
        say(f"{found.schedule.service} does not start it")
    if found.problems or not found.active:
        say("mend that with: untag schedule install")
    if found.on_battery:
        say("this machine is on its battery: scans wait until it is not")


def _lines(run: untag.ScheduledRun, running: int | None) -> Iterator[str]:
    began = datetime.fromisoformat(run.started_at).astimezone()
    yield f"{began:%Y-%m-%d %H:%M}  {run.kind}: {_outcome(run, running)}"
    for place in run.away:
        yield f"    away: {place}"
    if run.before_failed is not None:
        yield f"    the command before failed: {run.before_failed}"
    if run.untold is not None:
        yield f"    nobody could be told: {run.untold}"
    if run.isolation is untag.Isolation.NONE:
        yield "    the network was not taken away from it"


def _outcome(run: untag.ScheduledRun, running: int | None) -> str:
    if run.ended_at is None:
        return "running" if running == run.process else "it was killed; nothing is lost, the next one goes on"
    if run.error is not None:
        return run.error
    parts = [counted(run.photos, "photo"), f"{run.analysed} analysed", f"{run.new} new"]
    if run.unreadable:
        parts.append(f"{run.unreadable} could not be read ({run.newly_unreadable} since the last scan)")
    if run.removed:
        parts.append(f"{run.removed} removed")
    if run.moved or run.to_move:
        parts.append(f"{run.moved} moved to the home's engine, {run.to_move} to go")
    return ", ".join(parts)


def _as_dict(found: untag.ScheduleStatus) -> dict[str, object]:
    schedule = found.schedule
    return {
        "paths": [] if schedule is None else list(schedule.paths),
        "downloads": None if schedule is None else schedule.downloads,
        "at": None if schedule is None else schedule.at,
        "service": None if schedule is None else schedule.service.value,
        "active": found.active,
        "problems": list(found.problems),
        "next_due": None if found.next_due is None else found.next_due.isoformat(timespec="seconds"),
        "on_battery": found.on_battery,
        "requests_due": found.requests_due,
        "runs": [_run_as_dict(run, found.running) for run in found.runs],
    }


def _run_as_dict(run: untag.ScheduledRun, running: int | None) -> dict[str, object]:
    return {
        "kind": run.kind.value,
        "paths": list(run.paths),
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "running": run.ended_at is None and running == run.process,
        "status": run.status,
        "error": run.error,
        "photos": run.photos,
        "analysed": run.analysed,
        "new": run.new,
        "highest_risk": run.highest_risk,
        "unreadable": run.unreadable,
        "newly_unreadable": run.newly_unreadable,
        "removed": run.removed,
        "moved": run.moved,
        "to_move": run.to_move,
        "away": list(run.away),
        "before_failed": run.before_failed,
        "untold": run.untold,
        "network_taken_away": run.isolation.value,
    }
