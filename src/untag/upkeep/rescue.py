"""Saving what is readable in a damaged home folder into a new one, and into a backup file beside its database."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from untag.errors import StoreError, UsageError
from untag.scenes.taught_files import load_examples, save_examples, taught_names
from untag.store import DATABASE_NAME, Decision, SavedReference, Store, merge_records, note_written, saved_records
from untag.store import salvage as salvage_records
from untag.upkeep.backup import all_records, write_backup

BACKUP_NAME = "rescued-untag-backup.jsonl"
_SETTINGS = ("config.toml", "prompts.toml")


@dataclass(frozen=True, slots=True)
class Rescued:
    """What was readable: how many `references` of which `people`, `decisions`, and taught `categories`.

    `lost` are the categories whose files are damaged. `backup` is the file that holds all of it.
    """

    people: dict[str, int]
    decisions: int
    categories: tuple[str, ...]
    lost: tuple[str, ...]
    backup: Path


def rescue(home: Path, folder: Path) -> Rescued:
    """Copy what is readable in `home` into `folder`, a new home; `home` itself is only read.

    What a scan finds out again is left behind. Raises UsageError for a folder that is not empty, or without a database.
    """
    _check(home, folder)
    try:
        saved = salvage_records(home / DATABASE_NAME)
    except OSError as error:
        raise UsageError(f"{home / DATABASE_NAME} cannot be read: {error.strerror or error}") from error
    with Store.open(folder) as store:
        merge_records(store, saved)
        categories, lost = _copy_taught(home, folder)
        for name in _SETTINGS:
            _copy(home / name, folder / name)
        backup = folder / BACKUP_NAME
        note_written(store, backup, "backup")
        write_backup(store.home, backup, all_records(store))
        kept = list(saved_records(store))
    people = Counter(record.reference.person for record in kept if isinstance(record, SavedReference))
    decisions = sum(isinstance(record, Decision) for record in kept)
    return Rescued(dict(people), decisions, categories, lost, backup)


def _check(home: Path, folder: Path) -> None:
    if not (home / DATABASE_NAME).is_file():
        raise UsageError(f"there is no {home / DATABASE_NAME} to rescue anything from")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder; name a new one, on another disk if this one fails")
    if folder.resolve().is_relative_to(home.resolve()):
        raise UsageError(f"{folder} lies in the damaged home folder; name one outside of it")


def _copy_taught(home: Path, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    copied, lost = [], []
    for name in taught_names(home):
        try:
            save_examples(folder, load_examples(home, name))
        except StoreError:
            lost.append(name)
        else:
            copied.append(name)
    return tuple(copied), tuple(lost)


def _copy(source: Path, target: Path) -> None:
    with suppress(OSError):
        shutil.copyfile(source, target)
        target.chmod(0o600)
