"""An open home folder: its settings, its database and its models, each opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from untag.config import Settings
from untag.library.options import Paths, paths_of

if TYPE_CHECKING:
    from untag.library.models import Models
    from untag.store import Store

OnMessage = Callable[[str], object]
"""Is called with a sentence for the user."""


class OpenHome:
    """What all methods share. Use it as a context manager, in one thread."""

    def __init__(self, settings: Settings, on_message: OnMessage, on_warning: OnMessage) -> None:
        self.settings = settings
        self._say = on_message
        self._warn = on_warning
        self._store: Store | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database; what is called afterwards opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.settings.home

    def tend(self) -> None:
        """Keeps the home folder its owner's, and erases what a killed run has left."""
        from untag.support.aside import sweep
        from untag.support.home import HomeRules, tend_home
        from untag.support.words import counted

        for sentence in tend_home(self.home, HomeRules(self.settings.without_permissions, self.settings.in_backups)):
            self._say(sentence)
        if erased := sweep(self.home):
            self._say(f"erased {counted(erased, 'unfinished file')} that a killed untag had left")

    def count_photos(self, paths: Paths, source: str | None = None) -> int:
        """About how many photos are in `paths`, without reading any. Raises UsageError for a path that is no place."""
        from untag.scan import count_photos
        from untag.sources.base import readers_named

        return count_photos(paths_of(paths), self.settings, readers_named(source))

    @cached_property
    def _models(self) -> Models:
        from untag.library.models import Models

        return Models(replace(self.settings, engine=self.engine), self._say)

    @property
    def engine(self) -> str:
        """The name of the face engine: that of the settings, or for `auto` the one that this home works with."""
        from untag.faces.engine import AUTO
        from untag.library.engines import engine_of_home
        from untag.store import DATABASE_NAME

        if self.settings.engine != AUTO:
            return self.settings.engine
        return engine_of_home(self.home, self._opened() if (self.home / DATABASE_NAME).exists() else None)

    def _has_database(self) -> bool:
        """Whether anything was stored: to look whether there is something must make nothing."""
        from untag.store import DATABASE_NAME

        return (self.home / DATABASE_NAME).exists()

    def _opened(self, *, create: bool = True) -> Store:
        """The database, which is opened once and kept. Raises StoreError where there is none, unless it may be made."""
        from untag.store import Store

        if self._store is None:
            self._store = Store.open(self.home, create=create)
        return self._store
