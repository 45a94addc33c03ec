"""The command-line contract: exit statuses, what goes where, the keys that scripts rely on."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fakes import MAYBE, ME, STRANGER, Untag, paint
from untag import __version__
from untag.cli import app

CLI = Path(app.__file__).parent
COMMANDS = list(app._COMMANDS)

LIST_KEYS = [
    *("path", "sha256", "source", "platform", "permalink", "permalink_confidence", "poster", "taken_at"),
    *("verdict", "similarity", "categories", "risk", "reasons", "action", "status", "duplicate_of"),
]


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    untag.enroll()
    untag.add("a.png", paint(ME, STRANGER, serial=1, alcohol=0.9))
    untag.add("b.png", paint(MAYBE, serial=2))
    untag.add("c.png", paint(STRANGER, serial=3))
    assert untag.run("scan", untag.photos).status == 0
    return untag


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(untag: Untag, command: str) -> None:
    result = untag.invoke([command, "--help"])
    assert result.status == 0
    assert result.out.startswith(f"Usage: untag {command}")
    if command not in ("people", "doctor"):
        assert f"  untag {command}" in result.out.split("Example", 1)[1]
    assert result.out == untag.invoke([command, "-h"]).out


def test_help_lists_every_command_and_the_version_is_told(untag: Untag) -> None:
    result = untag.invoke(["--help"])
    assert result.status == 0
    listed = [line.split()[0] for line in result.out.split("Commands:\n")[1].splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in COMMANDS] == COMMANDS
    assert untag.invoke(["--version"]).out == f"untag, version {__version__}\n"
    assert untag.invoke([]).status == 2


def test_every_command_module_is_a_command() -> None:
    own = {"__init__", "app", "browser", "common", "ending", "filters", "terminal", "trouble", "voice"}
    modules = {path.stem for path in CLI.glob("*.py")} - own
    assert modules == set(COMMANDS)


def all_options(command: click.Command) -> list[click.Option]:
    nested = command.commands.values() if isinstance(command, click.Group) else ()
    here = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return here + [option for below in nested for option in all_options(below)]


@pytest.mark.parametrize("command", COMMANDS)
def test_options_say_what_they_do(command: str) -> None:
    found = app.untag.get_command(click.Context(app.untag), command)
    assert found is not None
    for option in all_options(found):
        assert option.help, option.name


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, untag.cli, untag.cli.common; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "cv2", "onnx", "onnxruntime", "PIL", "sqlite_utils", "sqlite3", "rich", "jinja2"}
    assert heavy & set(modules) == set()


@pytest.mark.parametrize("path", sorted(CLI.glob("*.py")), ids=lambda path: path.stem)
def test_command_modules_import_only_click_and_themselves(path: Path) -> None:
    allowed = {"__future__", "untag", "click", *sys.stdlib_module_names}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert node.module.split(".")[0] in allowed
            if node.module.startswith("untag"):
                assert node.module.startswith("untag.cli") or node.module in (
                    "untag",
                    "untag.errors",
                    "untag.support.words",
                )


def test_list_json(scanned: Untag) -> None:
    result = scanned.run("list", "--format", "json")
    assert result.err == ""
    first, second = json.loads(result.out)
    assert list(first)[: len(LIST_KEYS)] == LIST_KEYS
    assert list(second) == list(first)
    assert first["path"] == str(scanned.photos / "a.png")
    assert len(first["sha256"]) == 64
    assert (first["source"], first["platform"], first["permalink"]) == ("folder", None, None)
    assert (first["permalink_confidence"], first["poster"], first["taken_at"]) == ("none", None, None)
    assert (first["verdict"], first["categories"]) == ("me", {"alcohol": 0.9})
    assert 0.9 < first["similarity"] <= 1
    assert 0 < second["risk"] < first["risk"] <= 100
    assert first["reasons"][0].startswith("Your face: ")
    assert (first["action"], first["status"], first["duplicate_of"]) == ("review", "open", None)
    assert second["verdict"] == "maybe"


def test_list_filters(scanned: Untag) -> None:
    assert scanned.found() == {"a.png": "me", "b.png": "maybe"}
    assert scanned.found("--verdict", "me") == {"a.png": "me"}
    assert scanned.found("--verdict", "maybe") == {"b.png": "maybe"}
    assert scanned.found("--category", "alcohol") == {"a.png": "me"}
    assert scanned.found("--category", "weapon") == {}
    assert scanned.found("--category", "weapon", "--category", "alcohol") == {"a.png": "me"}


def test_nothing_of_a_category_is_not_nothing_at_all(scanned: Untag) -> None:
    assert scanned.run("list", "--category", "gambling").out.startswith("No photos of these. See all with `untag list`")
    assert "No photos of these" not in scanned.run("list").out


def test_list_csv(scanned: Untag) -> None:
    result = scanned.run("list", "--format", "csv")
    header, *rows = list(csv.reader(io.StringIO(result.out, newline="")))
    assert header[: len(LIST_KEYS)] == LIST_KEYS
    assert [row[header.index("verdict")] for row in rows] == ["me", "maybe"]


def test_list_table_is_data_too(scanned: Untag) -> None:
    result = scanned.run("list")
    assert result.err == ""
    assert "a.png" in result.out
    assert "c.png" not in result.out


def test_scan_json(scanned: Untag) -> None:
    scanned.add("d.jpg", b"")
    result = scanned.run("scan", scanned.photos, "--json")
    assert result.status == 1
    assert result.out.count("\n") == 1
    summary = json.loads(result.out)
    assert summary == {
        "photos": 4,
        "analysed": 0,
        "unchanged": 3,
        "copies": 0,
        "faces": 0,
        "me": 0,
        "maybe": 0,
        "new_findings": 0,
        "new": [],
        "removed": 0,
        "removed_elsewhere": 0,
        "removed_excluded": 0,
        "moved": 0,
        "to_move": 0,
        "removed_examples": [],
        "away": [],
        "newly_unreadable": 1,
        "interrupted": False,
        "due_requests": 0,
        "notes": [],
        "unreadable": [{"path": str(scanned.photos / "d.jpg"), "outcome": "empty", "error": "the file is empty"}],
        "told": 0,
        "strangers": [],
        "skipped": {},
        "findings": {
            "photos": 2,
            "showing_you": 1,
            "flagged": 1,
            "unsure": 1,
            "without_you": 0,
            "decided": 0,
            "without_file": 0,
            "copies": 0,
            "new": 0,
        },
    }
    assert "1 could not be read:" in result.err


def test_decisions(scanned: Untag) -> None:
    photo = scanned.photos / "a.png"

    def status() -> object:
        return scanned.listed("--status", "all")[0]["status"]

    for wanted in ("keep", "untag", "request-removal", "done", "not-me"):
        result = scanned.run("decide", photo, "--status", wanted)
        assert (result.status, result.err.splitlines()[0]) == (0, "recorded 1 decision")
        # Nothing says who posted it, so there is nobody to write to, but there is something to do.
        assert (" act" in result.err) == (wanted in ("untag", "request-removal"))
        assert status() == wanted
    for earlier in ("done", "request-removal", "untag", "keep", "open"):
        assert scanned.run("decide", photo, "--undo").err == "took back 1 decision\n"
        assert status() == earlier
    assert scanned.run("decide", photo, "--undo").err == "took back 0 decisions\n"


def test_decisions_need_every_photo_to_be_known(scanned: Untag) -> None:
    result = scanned.run("decide", scanned.photos / "a.png", scanned.photos / "x.png", "--status", "keep")
    assert result.status == 2
    assert scanned.listed()[0]["status"] == "open"


def test_forget_everything(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    result = scanned.run("forget", "--all")
    assert (result.status, "nothing was deleted" in result.err) == (0, True)
    assert len(scanned.listed()) == 2
    assert scanned.run("forget", "--all", "--yes").status == 0
    assert not (scanned.home / "untag.db").exists()
    assert scanned.listed() == []
    assert (scanned.photos / "a.png").exists()


def test_categories_are_all_listed(untag: Untag) -> None:
    from untag.scenes.categories import CATEGORIES, Category

    result = untag.run("categories")
    assert result.status == 0
    assert [line.split()[0] for line in result.out.splitlines()] == list(CATEGORIES)
    assert untag.run("categories", "list").out == result.out
    for line in result.out.splitlines():
        spec = CATEGORIES[line.split()[0]]  # type: ignore[index]
        # No model judges where a photo was taken: the file says it.
        assert ("unavailable" in line) is not (spec.available or spec.category is Category.LOCATION)
        assert ("experimental" in line) is spec.experimental
        assert ("false alarms in 1,000" in line) is spec.available


def test_the_home_folder_is_chosen(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNTAG_HOME", str(untag.root / "elsewhere"))
    assert untag.invoke(["people"]).status == 0
    assert (untag.root / "elsewhere" / "untag.db").exists()
    assert not untag.home.exists()


def test_an_unknown_error_is_one_sentence(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret path")

    monkeypatch.setattr("untag.reports.table_lines", fail)
    result = scanned.run("list")
    assert result.status == 70
    assert result.err == (
        "untag: this is a bug in untag (ZeroDivisionError); run again with UNTAG_DEBUG=1 to see where\n"
    )
    monkeypatch.setenv("UNTAG_DEBUG", "1")
    result = scanned.run("list")
    assert result.status == 70
    assert "Traceback (most recent call last):" in result.err
    assert "ZeroDivisionError: a secret path" in result.err


def test_ctrl_c_anywhere_is_130(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("untag.reports.table_lines", interrupt)
    result = scanned.run("list")
    assert (result.status, result.err) == (130, "\nuntag: interrupted\n")


def test_the_exit_status_reaches_the_shell(tmp_path: Path) -> None:
    def status(*arguments: str) -> int:
        command = [sys.executable, "-c", "from untag.cli import main; main()", "--home", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True).returncode

    assert status("--version") == 0
    assert status("categories") == 0
    assert status("scan", str(tmp_path)) == 2
    assert status("scna") == 2


@pytest.mark.skipif(os.name == "nt", reason="a pipe of POSIX")
@pytest.mark.parametrize("style", ["json", "csv", "table"])
def test_a_reader_that_has_gone_is_no_error(scanned: Untag, style: str) -> None:
    for number in range(10, 60):
        scanned.add(f"{number}.png", paint(ME, serial=number, side=100))
    assert scanned.run("scan", scanned.photos).status == 0
    code = "from untag.cli import main; main()"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = subprocess.run(
            [sys.executable, "-c", code, "--home", str(scanned.home), "list", "--format", style],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writing)
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("group", [[], ["people"], ["models"], ["schedule"], ["categories"]], ids=" ".join)
def test_what_a_command_does_is_said_in_full_where_commands_are_listed(untag: Untag, group: list[str]) -> None:
    result = untag.run(*group, "--help")
    listed = result.out.partition("\nCommands:\n")[2].splitlines()
    assert listed
    assert not [line for line in listed if line.endswith("...")]
