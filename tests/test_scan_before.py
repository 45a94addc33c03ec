"""untag scan --before: a command of the user's runs first; the scan goes on whatever comes of it."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from fakes import ME, Untag, paint
from untag.errors import UsageError
from untag.support.user_command import run_user_command


def python(program: str, *arguments: object) -> str:
    return shlex.join([sys.executable, "-c", program, *map(str, arguments)])


def test_what_it_fetches_is_scanned(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME))
    later = untag.photos / "later"
    program = "import pathlib, shutil, sys; pathlib.Path(sys.argv[2]).mkdir(); shutil.copy(sys.argv[1], sys.argv[2])"
    result = untag.run("scan", later, "--json", "--before", python(program, untag.photos / "a.png", later))
    assert result.status == 0
    assert json.loads(result.out)["photos"] == 1


def test_its_failure_is_said_and_the_scan_goes_on(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME))
    result = untag.run("scan", untag.photos, "--json", "--before", python("raise SystemExit(7)"))
    assert (result.status, json.loads(result.out)["photos"]) == (1, 1)
    assert "ended with exit status 7; the scan goes on" in result.err
    assert untag.run("scan", untag.photos).status == 0


def test_what_matters_more_than_its_failure(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME))
    assert untag.run("scan", untag.photos, "--fail-on-new", "--before", "no-such-program-at-all").status == 3


@pytest.mark.parametrize("command", ["", "  ", "''", "echo 'open"])
def test_what_is_no_command(untag: Untag, command: str) -> None:
    untag.enroll()
    assert untag.run("scan", untag.photos, "--before", command).status == 2
    with pytest.raises(UsageError):
        run_user_command(command)


def test_no_shell(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = "import json, sys; json.dump(sys.argv[2:], open(sys.argv[1], 'w'))"
    extra = "$HOME ; touch x | `id` > y *"
    assert run_user_command(f"{python(program, seen)} {extra}") is None
    assert json.loads(seen.read_text()) == extra.split()


def test_it_gets_no_input_and_leaves_standard_output_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_user_command(python("import sys; print('said', repr(sys.stdin.read()))")) is None
    out, err = capfd.readouterr()
    assert (out, err.strip()) == ("", "said ''")


def test_a_program_that_there_is_not() -> None:
    failed = run_user_command("no-such-program-at-all --now")
    assert failed is not None
    assert failed.startswith("no-such-program-at-all could not be run: ")
