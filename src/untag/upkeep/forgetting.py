"""Forgetting a person, the bystanders or everything: erased on the disk, and searched for afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from untag.engine.runtime.cache import clear_cache
from untag.errors import DiskFullError, StoreError
from untag.scenes.taught_files import example_files
from untag.store import (
    Needles,
    Searched,
    Store,
    Written,
    destroy_index,
    forget_all,
    forget_bystanders,
    forget_person,
    needles_of_all,
    needles_of_bystanders,
    needles_of_person,
    search,
    stored_words,
    without,
    written_files,
)
from untag.support.erase import destroy
from untag.support.run_files import run_files

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: `count` references, faces or files were erased, and what a search found of them afterwards.

    `written` are the files outside of the home folder that untag was asked to write. `searched` is None when the
    database was too damaged to say what was to be searched for.
    """

    count: int
    searched: Searched | None
    written: tuple[Written, ...]


def erase_person(home: Path, person: str) -> Forgotten:
    """Forget a person; a count of 0 means that nobody is called so. Raises StoreError."""
    return _erase(
        home,
        lambda store: needles_of_person(store, person),
        lambda store: _forget_person(store, person),
    )


def _forget_person(store: Store, person: str) -> int:
    count = forget_person(store, person)
    if count:
        # What scheduled scans have said of the person is in words and pictures there.
        for path in run_files(store.home):
            destroy(path)
    return count


def erase_bystanders(home: Path) -> Forgotten:
    """Forget the embeddings of all faces that are not surely somebody enrolled. Raises StoreError."""
    return _erase(home, needles_of_bystanders, forget_bystanders)


def erase_all(home: Path) -> Forgotten:
    """Delete the database, even a damaged one, and all that was made from it. Raises StoreError."""
    try:
        known = _with_room(home, lambda store: (needles_of_all(store), written_files(store)))
    except StoreError:
        known = None
    files = forget_all(home, lambda place: [*example_files(place), *run_files(place)])
    if known is None:
        return Forgotten(len(files), None, ())
    needles, written = known
    elsewhere = tuple(file for file in written if not file.is_below(home))
    inside = [file for file in written if file not in elsewhere and file.destroy()]
    return Forgotten(len(files) + len(inside), search(home, needles), elsewhere)


def _erase(home: Path, doomed: Callable[[Store], Needles], forget: Callable[[Store], int]) -> Forgotten:
    def work(store: Store) -> tuple[int, Needles, tuple[Written, ...]]:
        needles = doomed(store)
        count = forget(store)
        return count, without(needles, stored_words(store)), written_files(store)

    count, needles, written = _with_room(home, work)
    return Forgotten(count, search(home, needles), written)


def _with_room(home: Path, work: Callable[[Store], T]) -> T:
    """Do the work on the store; on a full disk after making room, and at last without the log that needs some."""
    try:
        with Store.open(home, create=False) as store:
            return work(store)
    except DiskFullError:
        # Both are made again when they are needed.
        destroy_index(home)
        clear_cache(home)
    try:
        with Store.open(home, create=False) as store:
            return work(store)
    except DiskFullError:
        with Store.open_in_place(home) as store:
            return work(store)
