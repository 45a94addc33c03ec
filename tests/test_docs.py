"""The documentation is true: what it names exists, and what exists is named."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from untag.cli import app
from untag.config import Settings
from untag.scenes.categories import Category
from untag.sources.readers import READERS

ROOT = Path(__file__).parents[1]
ARCHIVES = ROOT / "docs" / "archives"
HELPERS = [ROOT / name for name in ("CONTRIBUTING.md", "RELEASING.md", "SECURITY.md")]
DOCUMENTS = [ROOT / "README.md", *HELPERS, *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [*DOCUMENTS, *sorted((ROOT / "sample_photos").glob("*.md")), ROOT / "CHANGELOG.md"]

FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OPTION = re.compile(r"--[a-z][a-z-]*")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def codes(text: str) -> Iterator[str]:
    """Every line of the fenced blocks, and every inline code."""
    for block in FENCED.findall(text):
        yield from block.splitlines()
    yield from INLINE.findall(FENCED.sub("", text))


def untag_lines() -> list[tuple[str, str]]:
    """Every `untag …` written anywhere, with where: in the documents, and among the examples of the help texts."""
    found = [(name(path), code.strip()) for path in DOCUMENTS for code in codes(path.read_text())]
    for command_name in app._COMMANDS:
        _, _, examples = (command_of(command_name).help or "").partition("Example")
        found += [(f"{command_name} --help", line.strip()) for line in examples.splitlines()]
    return [(where, line.removeprefix("$ ")) for where, line in found if re.match(r"(\$ )?untag(?=\s|$)", line)]


def command_of(command_name: str) -> click.Command:
    found = app.untag.get_command(click.Context(app.untag), command_name)
    assert found is not None, f"there is no command {command_name}"
    return found


def options_of(command: click.Command) -> set[str]:
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {option for parameter in command.get_params(context) for option in parameter.opts}


def every_option(command: click.Command) -> set[str]:
    nested = command.commands.values() if isinstance(command, click.Group) else ()
    return options_of(command).union(*(every_option(below) for below in nested))


def problem_of(line: str) -> str | None:
    """What is wrong with a written command, or None. Stops at what is for a reader: COMMAND, | and ; and comments."""
    try:
        words = shlex.split(line.replace("[", " ").replace("]", " "), comments=True)[1:]
    except ValueError as error:
        return str(error)
    command: click.Command = app.untag
    options = options_of(app.untag) | {"--help"}
    while words:
        word = words.pop(0)
        if word in ("|", ">", "&&", ";"):
            break
        if word.startswith("--"):
            option = word.split("=")[0]
            if option not in options:
                return f"{command.name} has no option {option}"
            if command is app.untag and option == "--home" and words:
                words.pop(0)
        elif command is app.untag:
            if word.isupper() or word == "…":
                break
            if word not in app._COMMANDS:
                return f"there is no command {word}"
            command = command_of(word)
            options = options_of(command) | {"--help"}
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
            options = options | options_of(command)
    return None


def test_every_command_that_is_written_exists() -> None:
    lines = untag_lines()
    problems = [f"{where}: `{line}`: {problem}" for where, line in lines if (problem := problem_of(line)) is not None]
    assert not problems, "\n".join(problems)
    assert len(lines) > 20


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("untag scna ~/Pictures", "there is no command scna"),
        ("untag scan ~/Pictures --fail-on-old", "scan has no option --fail-on-old"),
        ("untag --house x scan ~/Pictures", "untag has no option --house"),
        ("untag --home x scan ~/Pictures --jobs 4  # --nope", None),
        ("untag COMMAND --help", None),
    ],
)
def test_a_wrong_command_would_be_noticed(line: str, problem: str | None) -> None:
    assert problem_of(line) == problem


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_options_that_are_written_alone_exist(path: Path) -> None:
    known = {"--help", *options_of(app.untag)}.union(*(every_option(command_of(command)) for command in app._COMMANDS))
    alone = [code for code in INLINE.findall(FENCED.sub("", path.read_text())) if code.startswith("--")]
    unknown = {option for code in alone for option in OPTION.findall(code)} - known
    assert not unknown, f"{name(path)} names options that no command has: {sorted(unknown)}"


@pytest.mark.parametrize("command", app._COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert re.search(rf"untag {command}\b", text), f"neither README.md nor docs/ mentions untag {command}"


@pytest.mark.parametrize("category", Category)
def test_every_category_is_documented(category: Category) -> None:
    assert re.search(rf"\b{category}\b", (ROOT / "docs" / "models.md").read_text().lower())


def test_every_reader_has_a_page_in_the_index_of_archives() -> None:
    rows = re.findall(r"^\| \[[^\]]+\]\(([^)]+)\) \| `(\w+)` \|", (ARCHIVES / "README.md").read_text(), re.MULTILINE)
    assert sorted(reader for _, reader in rows) == sorted(reader.name for reader in READERS)
    pages = {page.partition("#")[0] for page, _ in rows}
    assert pages == {path.name for path in ARCHIVES.glob("*.md")} - {"README.md", "friends.md"}


def test_every_site_is_on_the_page_about_photos_of_others() -> None:
    index, page = (ARCHIVES / "README.md").read_text(), (ARCHIVES / "friends.md").read_text()
    assert "](friends.md)" in index
    sites = set(re.findall(r"^\| \[([^\]]+)\]\(", index, re.MULTILINE))
    tools = {"facebook-photos-download", "XMP sidecars", "Picasa"}
    words = {site.partition(" ")[0] if site.startswith(("X ", "iCloud")) else site for site in sites - tools}
    assert {word for word in words if not re.search(rf"\b{re.escape(word)}\b", page, re.IGNORECASE)} == set()


@pytest.mark.parametrize("setting", [item.name for item in fields(Settings) if item.name != "home"])
def test_every_setting_is_documented(setting: str) -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert re.search(rf"\b{setting}\b", text), f"neither README.md nor docs/ mentions the setting {setting}"


def test_the_example_configuration_holds(tmp_path: Path) -> None:
    from untag.config import load_settings

    text = (ROOT / "docs" / "configuration.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "config.toml").write_text(example)
    settings = load_settings(tmp_path)
    defaults = Settings(tmp_path)
    changed = {item.name for item in fields(Settings) if getattr(settings, item.name) != getattr(defaults, item.name)}
    # What the example shows are the defaults, but that the weights are those of the preset unless they are set.
    weights = {"act_from", "severities", "certainty", "exposure", "prominence", "nearness"}
    assert changed - {"jobs"} == {"thresholds", *weights}
    assert settings.weights == defaults.weights
    assert set(tomllib.loads(example)) == {item.name for item in fields(Settings)} - {"home"}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    written = {
        (name(path), target)
        for path in [*DOCUMENTS, ROOT / ".ci" / "run"]
        for code in (codes(path.read_text()) if path.suffix == ".md" else path.read_text().splitlines())
        if code.startswith("make ")
        for target in re.findall(r"(?<!\S)[a-z-]+(?!\S)", code.split("#")[0].removeprefix("make "))
    }
    assert {target for _, target in written} >= {"demo", "test"}
    missing = sorted(item for item in written if item[1] not in targets)
    assert not missing, f"there is no such target in the Makefile: {missing}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_link_is_dead(path: Path) -> None:
    links = [link for link in LINK.findall(FENCED.sub("", path.read_text())) if "://" not in link]
    dead = []
    for link in links:
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)
    assert not dead, f"{name(path)} links to what is not there: {dead}"


def anchors(text: str) -> set[str]:
    """The anchors that the headings of a page get where it is shown."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(item for extra, items in extras.items() if extra != "dev" for item in items)]
    names = {re.split(r"[\s<>=!~\[;]", requirement)[0] for requirement in wanted}
    text = (ROOT / "docs" / "architecture.md").read_text()
    missing = sorted(package for package in names if package not in text)
    assert not missing, f"docs/architecture.md gives no reason for {missing}"


SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_changelog_has_the_sections_of_keepachangelog_and_short_entries() -> None:
    versions = re.split(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    for version, text in zip(versions[::2], versions[1::2], strict=True):
        assert re.fullmatch(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)", version)
        parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
        assert not parts[0].strip(), f"{version} has entries outside of sections"
        assert parts[1::2] == [section for section in SECTIONS if section in parts[1::2]], version
        for entries in parts[2::2]:
            items = re.findall(r"^- .*(?:\n  .*)*", entries, re.MULTILINE)
            assert items
            assert "".join(items).replace("\n", "") == entries.replace("\n", ""), "something is no entry"
            assert all(item.count("\n") < 3 for item in items), max(items, key=len)
