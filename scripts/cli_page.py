"""Write the part of docs/cli.md that the commands say of themselves; what stands above the mark is written by hand.

python scripts/cli_page.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from untag.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
MARK = "<!-- Below this line everything is written by `make docs-cli`. -->\n"
_DEFAULT = re.compile(r"\s*\[default: (.+)\]$")


def page() -> str:
    """The page as it should be: its own head, then every command."""
    head, mark, _ = PAGE.read_text("utf-8").partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE} has no line {MARK}")
    return head + mark + "\n" + "\n".join(commands())


def commands() -> Iterator[str]:
    """A section for untag itself and for each command below it, in the order of `untag --help`."""
    yield from _sections(app.untag, "untag", level=2)


def _sections(command: click.Command, name: str, level: int) -> Iterator[str]:
    yield from _section(command, name, level)
    if isinstance(command, click.Group):
        for below in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), below)
            assert found is not None
            yield from _sections(found, f"{name} {below}", 2 if command is app.untag else 3)


def _section(command: click.Command, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    # Versions of click differ in the brackets of a group that may be called without a command.
    usage = " ".join((name, *command.collect_usage_pieces(context))).replace("[COMMAND]", "COMMAND")
    yield f"{'#' * level} {name}\n"
    yield f"```\n{usage}\n```\n"
    yield from (f"{_escaped(paragraph)}\n" for paragraph in _paragraphs(command.help or ""))
    rows = [_row(option) for option in command.params if isinstance(option, click.Option)]
    if rows:
        yield "| option | default | what it does |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    """Those of prose, each as one line; lists of examples and of statuses become blocks of code."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        if lines[0] != "\b":
            yield " ".join(lines)
        else:
            title = lines[1] if lines[1].endswith(":") else ""
            rest = lines[2:] if title else lines[1:]
            yield f"{title}\n\n```\n{chr(10).join(rest)}\n```".strip()


def _row(option: click.Option) -> str:
    text = option.help or ""
    said = _DEFAULT.search(text)
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" `{_value(option)}`"
    required = ", required" if option.required else ""
    default = said[1] if said is not None else _default(option)
    return f"| {_cell(names + value)}{required} | {_cell(default)} | {_cell(_DEFAULT.sub('', text))} |"


def _value(option: click.Option) -> str:
    """What the option takes; not as click writes it, which differs between its versions."""
    if option.metavar is not None:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    return "N" if option.type.name.startswith("integer") else "DIR" if option.type.name == "directory" else "PATH"


def _default(option: click.Option) -> str:
    if option.is_flag:
        return "off"
    stated = isinstance(option.default, str | int | float) and option.default != ""
    return f"`{option.default}`" if stated else "none"


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text if "```" in text else text.replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
