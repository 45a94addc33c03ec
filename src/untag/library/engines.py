"""The face engine of a home: which it is, changing it, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from untag.errors import UsageError
from untag.library.home import OpenHome
from untag.library.options import OnProgress, counting

if TYPE_CHECKING:
    from untag.people.changing import EngineChange
    from untag.store import Store


def engine_of_home(home: Path, store: Store | None) -> str:
    """The engine that was chosen, else the one that analysed most, else the best that is installed: a new home's."""
    from untag.faces.engine import best_installed, engine_name
    from untag.people.changing import engine_in_use
    from untag.store import home_engine

    if store is None:
        return best_installed(home)
    chosen = home_engine(store)
    if chosen is not None:
        return chosen.name
    used = engine_in_use(store)
    return (None if used is None else engine_name(used)) or best_installed(home)


class Engines(OpenHome):
    """Which models find and compare faces."""

    def use_engine(self, name: str, *, on_progress: OnProgress | None = None) -> EngineChange:
        """Makes another engine the home's: enrols everybody again from their photos, and lets scans move the rest.

        Findings and decisions stay. Raises UsageError where config.toml names an engine, where the home has this one
        already, or where somebody could not be found any more; ModelError where it is not installed.
        """
        from untag.faces.engine import AUTO, best_installed, load_engine
        from untag.people.changing import change_engine

        self._check_settings()
        chosen = best_installed(self.home) if name == AUTO else name
        engine = load_engine(chosen, self._models.options)
        change = change_engine(self._opened(), chosen, engine, self.settings, on_photo=counting(on_progress))
        self.__dict__.pop("_models", None)
        return change

    def undo_use_engine(self, *, on_progress: OnProgress | None = None) -> EngineChange:
        """Makes the engine before this one the home's again, with all that it had said.

        Reads no photo but those that have enrolled somebody since. Raises UsageError where the engine was not changed.
        """
        from untag.faces.engine import load_engine
        from untag.people.changing import change_back

        self._check_settings()
        options = self._models.options
        store, advance = self._opened(create=False), counting(on_progress)
        change = change_back(store, lambda name: load_engine(name, options), self.settings, on_photo=advance)
        self.__dict__.pop("_models", None)
        return change

    def better_engine(self, names: tuple[str, ...]) -> str | None:
        """That of these engines that is installed and not the home's, where somebody is enrolled already."""
        from untag.faces.engine import AUTO, engine_names, is_installed
        from untag.people.changing import engine_in_use
        from untag.store import DATABASE_NAME

        if self.settings.engine != AUTO or not (self.home / DATABASE_NAME).exists():
            return None
        if engine_in_use(self._opened()) is None:
            return None
        offered = (name for name in names if name in engine_names() and is_installed(name, self.home))
        return next((name for name in offered if name != self.engine), None)

    def _check_settings(self) -> None:
        from untag.faces.engine import AUTO

        if self.settings.engine != AUTO:
            raise UsageError(
                f"the settings name the engine {self.settings.engine}, which goes before the home's own; "
                "take the line  engine = …  out of config.toml first"
            )
