"""The README is short, its promises can be proven, and its figures are those of docs/models.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from untag.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
MODELS = (ROOT / "docs" / "models.md").read_text("utf-8")
MOST_LINES = 90
SESSION = ("enroll", "scan", "list", "report", "decide", "letters", "act")


def section(title: str) -> str:
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


PROMISES = [
    row.strip("|").split(" | ") for row in re.findall(r"^\| \*\*.*$", section("What it promises"), re.MULTILINE)
]


def test_it_is_short_and_shows_one_picture_before_its_commands() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert README.index("](docs/report.png)") < README.index("make demo") < README.index("make test")


def test_the_session_is_the_commands_that_users_need() -> None:
    written = re.findall(r"^untag (\w+)", section("A real session"), re.MULTILINE)
    assert tuple(written) == SESSION


@pytest.mark.parametrize("command", [name for name in app._COMMANDS if name not in ("forget", "models")])
def test_every_command_is_met(command: str) -> None:
    assert f"untag {command}" in section("A real session")


def test_there_are_promises() -> None:
    assert len(PROMISES) >= 8


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row[0].strip(" *")[:30])
def test_each_promise_stands_beside_a_proof_that_can_be_run(row: list[str]) -> None:
    _, proof = row
    commands = re.findall(r"`([^`]+)`", proof)
    assert commands
    for path in re.findall(r"tests/\w+\.py", proof):
        text = (ROOT / path).read_text("utf-8")
        chosen = re.search(rf"{path} -k (\w+)", proof)
        assert re.search(rf"^def test_\w*{chosen[1] if chosen else ''}", text, re.MULTILINE)
    for module in re.findall(r"python -m (benchmarks\.\w+)", proof):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()


FIGURES = {
    "alcohol": "{} % of alcohol",
    "alcohol, amateur photos of people with a drink": "{} % where amateurs photograph people with a",
    "weapon": "{} % of weapons",
    "party, experimental": "{} % of parties",
    "bar, experimental": "{} % of bars",
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_of_scenes_are_those_that_were_measured(name: str) -> None:
    table = MODELS.partition("### What it judges")[2].partition("\n### ")[0]
    (row,) = re.findall(rf"^\| {name} \|(.*)\|$", table, re.MULTILINE)
    found = float(row.split("|")[4])
    assert FIGURES[name].format(round(found * 100)) in README


def test_the_share_of_ordinary_photos_that_are_flagged_is_the_measured_one() -> None:
    (ordinary, unknown) = re.findall(r"flag ([\d.]+) of 1,000 ordinary photos, and ([\d.]+) of 1,000", MODELS)[0]
    said = " ".join(README.split())
    assert f"About {round(float(ordinary) + 0.01)} in 1,000 ordinary photos are flagged, {unknown} in 1,000" in said
