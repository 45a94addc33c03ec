"""The command to run next is one that the shell finds: the program as it was called."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from untag.cli.app import Context
from untag.cli.common import next_step


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed program in a folder with a space, which the shell does not find by its name."""
    program = tmp_path / "my env" / "untag"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    return program


def test_a_program_that_the_shell_does_not_find_is_called_by_its_path(program: Path) -> None:
    assert shlex.split(next_step(Context(None), "letters --output letters"))[0] == str(program)


def test_a_program_that_the_shell_finds_is_called_by_its_name(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    assert next_step(Context(Path("a home")), "act") == "untag --home 'a home' act"


def test_another_untag_that_the_shell_finds_is_not_this_one(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "untag"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert shlex.split(next_step(Context(None), "act"))[0] == str(program)


def test_a_module_is_called_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/lib/untag/__main__.py"])
    assert shlex.split(next_step(Context(None), "act")) == [sys.executable, "-m", "untag", "act"]
