"""What several commands share: settings, the store, the models, progress, and the list of what could not be read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import untag
from untag.cli.app import Context
from untag.cli.terminal import progress as progress
from untag.cli.terminal import say as say
from untag.cli.terminal import warn
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.config import Settings
    from untag.faces.engine import FaceEngine
    from untag.scenes.installed import SceneModels
    from untag.types import ReadError

UNREADABLE = 1
MOST_LISTED = 50

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "coreml", "directml", "openvino"]),
    help="Where the models run; one that does not really run is an error.  [default: auto]",
)
source_option = click.option(
    "--source", metavar="NAME", help="Read the archive as this one, such as facebook.  [default: what it looks like]"
)
engine_option = click.option("--engine", metavar="ID", help="The face engine.  [default: dlib]")


def called(names: Sequence[str]) -> str:
    """The options of `untag enroll` that say that you are called so."""
    return " ".join(f"--called {shlex.quote(name)}" for name in names)


def settings_of(context: Context, *, tend: bool = True, **overrides: Any) -> Settings:
    """The settings in force: the home folder's, with the options that were given.

    With `tend`, its permissions are brought in order, and what a killed run has left unfinished is erased.
    """
    from untag.config import check_jobs, default_home, load_settings
    from untag.engine.runtime.session import Device

    settings = load_settings(context.home or default_home())
    given = {name: value for name, value in overrides.items() if value is not None}
    if "device" in given:
        given["device"] = Device(given["device"])
    if "jobs" in given:
        check_jobs(given["jobs"])
    settings = replace(settings, **given)
    if tend:
        tend_home_of(settings)
    return settings


def tend_home_of(settings: Settings) -> None:
    """Keep the home folder its owner's, erase what a killed run has left, and say what was done."""
    from untag.support.aside import sweep
    from untag.support.home import HomeRules, tend_home

    for sentence in tend_home(settings.home, HomeRules(settings.without_permissions, settings.in_backups)):
        say(sentence)
    erased = sweep(settings.home)
    if erased:
        say(f"erased {counted(erased, 'unfinished file')} that a killed untag had left")


def opened(context: Context, *, tend: bool = True, **settings: Any) -> untag.Untag:
    """The home folder that was chosen, with the options that were given; what the library says is said."""
    given = {name: value for name, value in settings.items() if value is not None}
    return untag.open(context.home, on_message=say, on_warning=warn, tend=tend, **given)


def warn_of_settings(settings: Settings, forgotten: Iterable[str]) -> None:
    """Say which forgotten categories config.toml still names: it will be wrong from now on."""
    for name in forgotten:
        if name in settings.thresholds or name in settings.severities:
            say(f"config.toml still names {name}: take it out there, or untag will not know what it means")


def load_faces(settings: Settings) -> FaceEngine:
    """The face engine that the settings name."""
    from untag.engine.runtime.models import ModelOptions
    from untag.faces.engine import load_engine
    from untag.people.calibrate import is_provisional

    engine = load_engine(settings.engine, ModelOptions(settings.home, settings.device, on_build=say))
    if is_provisional(engine.id):
        say(f"the thresholds of the engine {engine.id} are provisional: look at its verdicts before you trust them")
    return engine


def load_scenes(settings: Settings) -> SceneModels:
    """The scene models that are installed."""
    from untag.engine.runtime.models import ModelOptions
    from untag.scenes.installed import load_scene_models

    return load_scene_models(ModelOptions(settings.home, settings.device, on_build=say))


def list_unreadable(errors: Sequence[ReadError], *, most: int | None = MOST_LISTED) -> int:
    """Names what could not be read, at most so many, on standard error; returns the exit status that follows."""
    if not errors:
        return 0
    warn(f"{len(errors)} could not be read:")
    for error in errors[:most]:
        warn(f"  {error.path}: {error.error}")
    if most is not None and len(errors) > most:
        warn(f"  … and {len(errors) - most} more; all are in the output of: untag scan --json")
    return UNREADABLE


def skipped_lines(skipped: Mapping[Any, int], named: Mapping[Any, Sequence[str]]) -> list[str]:
    """A line for each kind of file that is not read: how many, some of their names, and what to do about it."""
    from untag.sources.kinds import ADVICE, counted_kind

    lines = []
    for kind, advice in ADVICE.items():
        if count := skipped.get(kind, 0):
            some = [Path(path).name for path in named.get(kind, ())]
            names = f" ({', '.join(some)}{' …' if count > len(some) else ''})" if some else ""
            lines.append(f"not read: {counted_kind(count, kind)}{names}; {advice.remedy}")
    return lines


def path_argument() -> Callable[[Any], Any]:
    """One or more photos or folders."""
    return click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
