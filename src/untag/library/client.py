"""`untag.open`, the object that it gives, and what needs no home folder that is in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untag.config import default_home, load_settings, overridden
from untag.library.actions import Actions
from untag.library.clustering import Clusters
from untag.library.engines import Engines
from untag.library.home import OnMessage
from untag.library.options import AnyPath, Paths, path_of
from untag.library.people import People
from untag.library.places import Places
from untag.library.reviewing import Reviewing
from untag.library.scheduling import Scheduling
from untag.library.upkeep import Upkeep

if TYPE_CHECKING:
    from untag.doctor.checks import Check
    from untag.scan.inspection import Inspection
    from untag.upkeep.rescue import Rescued


def _silent(_: str) -> None:
    pass


def open(
    home: AnyPath | None = None,
    *,
    on_message: OnMessage = _silent,
    on_warning: OnMessage | None = None,
    tend: bool = True,
    **settings: Any,
) -> Untag:
    """Opens a home folder, `untag.Untag`; None is `$UNTAG_HOME`, else the platform's folder for user data.

    `settings` override those of config.toml in it, under the same names. `on_message` gets what is good to know while
    something runs, `on_warning` what is wrong; without it that goes to `on_message` as well. With `tend`, the folder's
    permissions are brought in order, and what a killed run has left unfinished is erased. Nothing is created before
    something is stored. Raises UsageError for a setting that there is not, or a wrong value.
    """
    client = Untag(overridden(load_settings(_folder(home)), settings), on_message, on_warning or on_message)
    if tend:
        client.tend()
    return client


class Untag(People, Places, Scheduling, Reviewing, Actions, Upkeep, Engines, Clusters):
    """A home folder: who is enrolled, what was scanned and decided. Use it as a context manager, in one thread.

    Every method raises an `UntagError` with a sentence that names the remedy; StoreError where the database is damaged
    or of a newer untag. Paths may be strings, which may begin with ~, and one stands for a list of one.
    """


def inspect(paths: Paths, home: AnyPath | None = None, **settings: Any) -> Iterator[Inspection]:
    """What the models see in photos, in order; stores nothing. Faces get a verdict where somebody is enrolled.

    `settings` are those of `untag.open`. Raises UsageError for a path that does not exist.
    """
    with open(home, tend=False, **settings) as client:
        yield from client.inspect(paths)


def rescue(folder: AnyPath, home: AnyPath | None = None) -> Rescued:
    """Copies what is readable in a damaged home folder into a new one; its config.toml may be damaged as well.

    Raises UsageError for a folder that is not empty, or where there is no database.
    """
    from untag.upkeep.rescue import rescue

    return rescue(_folder(home), path_of(folder))


def find_damage(home: AnyPath | None = None) -> str | None:
    """What is wrong with the database of a home folder, in a sentence; None when it is whole, or there is none."""
    from untag.store import check_damage

    return next(iter(check_damage(_folder(home))), None)


def prove_offline() -> Iterator[Check]:
    """Runs every command that handles photos, on a drawn picture, while its system calls are watched."""
    from untag.doctor.offline import prove_offline

    return prove_offline()


def _folder(home: AnyPath | None) -> Path:
    return default_home() if home is None else path_of(home)
