"""The one place from which text goes to a terminal: whatever came from files is made harmless on the way.

Lines for people are escaped wherever they go. JSON is written in ASCII, with escapes of its own. CSV keeps every
character as it is in a pipe or a file, and is escaped on a terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from untag.cli.voice import current_voice
from untag.errors import ResourceError
from untag.support.words import printable

if TYPE_CHECKING:
    from _typeshed import SupportsWrite
    from rich.text import Text


def say(message: str) -> None:
    """A message for the user, one line on standard error: standard output is for results."""
    if current_voice().quiet:
        current_voice().note(printable(message))
    else:
        warn(message)


def warn(message: str) -> None:
    """A message that is said even where a command is to be quiet."""
    current_voice().note(printable(message))
    _to_stderr(printable(message))


def complain(message: str) -> None:
    """Why a command ends, on standard error."""
    name = click.style("untag: ", fg="red", bold=True) if _may_style() else "untag: "
    _to_stderr(name + printable(message))


def _may_style() -> bool:
    """Whether the user has not asked for plain text, by https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def complain_of_usage(error: click.ClickException) -> None:
    """What was wrong with the arguments, and how to ask for help, on standard error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        for line in context.get_usage().splitlines():
            say(line)
        say(f"Try '{context.command_path} --help' for help.")
        say("")
    message = error.format_message()
    # What is missing is said in our own words, which are several lines where there are choices.
    lines = message.expandtabs(2).splitlines() if isinstance(error, click.MissingParameter) else [message]
    say(f"Error: {lines[0]}")
    for line in lines[1:]:
        say(line)


def complain_of_bug(error: BaseException) -> None:
    """The whole traceback, for developers."""
    for part in traceback.format_exception(error):
        for line in part.splitlines():
            say(line)


def tell(line: str, *, mark: str = "", colour: str | None = None) -> None:
    """A line of the result, on standard output; `mark` comes first and has the colour."""
    current_voice().note(mark + printable(line))
    with _delivered():
        click.echo((click.style(mark, fg=colour) if mark else "") + _encodable(printable(line), sys.stdout))


def tell_json(value: object, *, indent: int | None = None) -> None:
    """The result as JSON, on standard output. ASCII only: every character that could do harm is an escape."""
    for line in json.dumps(value, indent=indent).splitlines():
        tell(line)


def tell_lines(render: Callable[[int | None], Iterable[Text]]) -> None:
    """Lines with styles, on standard output; `render` gets the width of the terminal in columns, None without one."""
    with _delivered():
        draw_lines(render, sys.stdout)


def draw_lines(
    render: Callable[[int | None], Iterable[Text]],
    stream: TextIO,
    *,
    terminal: bool | None = None,
    width: int | None = None,
) -> None:
    """Writes lines with styles to `stream`; `terminal` and `width` are those of the stream unless given."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            # Rich would end the process here; what a reader that has gone means is for the caller to say.
            raise

    colours: Literal["auto"] | None = "auto" if _may_style() else None  # without any, nothing is bold or dim either
    console = Plain(file=stream, force_terminal=terminal, width=width, highlight=False, color_system=colours)
    if console.width < 1:  # where COLUMNS says so, Rich would print nothing
        console.width = _USUAL_WIDTH
    for line in render(console.width if console.is_terminal else None):
        console.print(_harmless(line, stream), soft_wrap=True)


@contextmanager
def results(*, as_csv: bool = False) -> Iterator[SupportsWrite[str]]:
    """Standard output for a writer of JSON or CSV, which escapes what needs it; CSV only in a pipe is left as it is."""
    with _delivered():
        if as_csv and sys.stdout.isatty():
            yield _Rows(sys.stdout)
        else:
            if as_csv and hasattr(sys.stdout, "reconfigure"):
                # CSV ends its lines itself; Windows would turn each end into two.
                sys.stdout.reconfigure(newline="", encoding="utf-8")
            yield sys.stdout


def somebody_answers() -> bool:
    """Whether standard input is a terminal, and not closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def somebody_reads() -> bool:
    """Whether standard output is a terminal, and not closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def ask(question: str) -> bool:
    """Whether the user says yes, on standard error and standard input."""
    if sys.stdin is None:
        raise click.Abort  # nobody can answer
    return click.confirm(printable(question), err=True)


def ask_text(question: str) -> str:
    """What the user answers, on standard error and standard input; empty for Enter alone."""
    if sys.stdin is None:
        raise click.Abort  # nobody can answer
    return str(click.prompt(printable(question), default="", show_default=False, err=True))


@contextmanager
def progress(
    title: str, total: Callable[[], int], *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[], None]]:
    """Yields a function to call after each item. A bar with rate and time left on a terminal, else a line now and then.

    `total` is asked only when a bar is shown, since counting an archive takes a while. `clock` is in seconds.
    """
    if not _on_terminal() or current_voice().quiet:
        yield _lines_of_progress(title, clock)
        return
    from rich.progress import MofNCompleteColumn, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}", markup=False)
    with _bar(MofNCompleteColumn(), rate, TimeRemainingColumn()) as bar:
        task = bar.add_task(printable(title), total=total(), rate="")

        def advance() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate="" if speed is None else f"{speed:.0f}/s")

        yield advance


_SECONDS = 30.0
_USUAL_WIDTH = 80


def _lines_of_progress(title: str, clock: Callable[[], float]) -> Callable[[], None]:
    """Says how many items there were, every 30 seconds in which there was one."""
    done, said_at, said = 0, clock(), 0

    def advance() -> None:
        nonlocal done, said_at, said
        done += 1
        elapsed = clock() - said_at
        if elapsed >= _SECONDS:
            say(f"{title}: {done:,} so far, {(done - said) / elapsed:.0f}/s")
            said_at, said = clock(), done

    return advance


@contextmanager
def bytes_progress(title: str, what: str, size: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """Yields what to tell the bytes so far and in all. A bar on a terminal, else one line."""
    if not _on_terminal():
        say(f"{title}: getting {what}")
        yield lambda _, __: None
        return
    from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    with _bar(DownloadColumn(), TimeRemainingColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(printable(title), total=size)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def finish() -> None:
    """Sends what is still held back. Raises as `tell` does."""
    if sys.stdout is not None:
        with _delivered():
            sys.stdout.flush()


def mute() -> None:
    """Throws away what is still written to standard output: Python would complain of it when it flushes at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Rows:
    """A stream that shows the rows of a CSV writer, one by one, on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(_encodable(printable(row.removesuffix("\r\n")), self._stream) + "\n")


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def _bar(*columns: Any) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    # A title may hold a name from a file, and [red] or [link=…] in a name is no markup.
    shown = (TextColumn("{task.description}", markup=False), BarColumn(), *columns)
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        yield bar


@contextmanager
def _delivered() -> Iterator[None]:
    """Turns a standard output that takes no more into a sentence. BrokenPipeError, a reader that has gone, passes."""
    if sys.stdout is None:
        raise ResourceError("standard output is closed, so nobody can read the result; send it to a file or a terminal")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        mute()
        raise ResourceError(f"standard output cannot be written: {error.strerror}; send it elsewhere") from error


def _to_stderr(text: str) -> None:
    # Nobody can be told that nobody can be told. The exit status still says how it went, and a scan goes on.
    with suppress(OSError, ValueError):
        click.echo(_encodable(text, sys.stderr), err=True)


def _encodable(text: str, stream: TextIO | None) -> str:
    """The text with escapes for what the stream's encoding lacks."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _harmless(line: Text, stream: TextIO) -> Text:
    from rich.text import Text

    shown = _encodable(printable(line.plain), stream)
    return line if shown == line.plain else Text(shown)
