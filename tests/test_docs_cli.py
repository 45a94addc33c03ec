"""docs/cli.md names every command, option and exit status, and nothing that there is not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from scripts_here import script
from untag import errors
from untag.cli import app

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_the_page_is_what_the_commands_say() -> None:
    assert script("cli_page").page() == PAGE, "run: make docs-cli"


def every_command(command: click.Command, name: str = "untag") -> Iterator[tuple[str, click.Command]]:
    """Asked of click, and not of the script that writes the page."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from every_command(found, f"{name} {below}")


def test_every_command_has_a_section_and_every_option_a_row() -> None:
    parts = re.split(r"^#+ (untag.*)$", PAGE, flags=re.MULTILINE)[1:]
    written = {
        name: {
            option
            for row in re.findall(r"^\| (`-.*?) \|", text, re.MULTILINE)
            for option in re.findall(r"`(-\S+)`", row)
        }
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    there = {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        for name, command in every_command(app.untag)
    }
    assert written == there
    assert len(there) > 20
    assert sum(map(len, there.values())) > 40


@pytest.mark.parametrize("row", re.findall(r"^\| `-.*$", PAGE, re.MULTILINE))
def test_every_option_says_its_default_and_what_it_does(row: str) -> None:
    _, default, effect = (cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|")))
    assert default
    assert "sentinel" not in default.lower()
    assert effect.endswith(".")


def statuses(error: type[errors.UntagError]) -> set[int]:
    return {error.exit_status}.union(*(statuses(below) for below in error.__subclasses__()))


def test_every_exit_status_is_explained() -> None:
    own = {0, 1, 2, 3, 4, app.BUG, app.INTERRUPTED}
    text = PAGE.partition("## Exit status")[2].partition("\n## ")[0]
    assert {int(row) for row in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == own | statuses(errors.UntagError)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    assert f"_UNTAG_COMPLETE={shell}_source untag" in PAGE
    # Fish asks with what is being completed, the others with its place.
    asked = {"COMP_WORDS": "untag sour", "COMP_CWORD": "sour" if shell == "fish" else "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from untag.cli import main; main()"],
        env={**os.environ, **asked, "_UNTAG_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "sources" in done.stdout, done.stderr
    assert "evaluate" not in done.stdout
