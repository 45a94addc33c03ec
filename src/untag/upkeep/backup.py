"""Saving what cannot be made again from the photos to a file, and bringing it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from untag.errors import StoreError, UsageError
from untag.scenes.taught_files import Examples, example_file, load_examples, save_examples, taught_names
from untag.store import Merged, Saved, Store, merge_records, note_written, now, saved_records
from untag.support.aside import new_part
from untag.upkeep.backup_file import BackupReader, Record, is_backup, write_records

_MOST_CATEGORIES = 200


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore. `kept` are the taught categories that are others here than in the file, and stay.

    `left_out` is how many records only a newer untag understands.
    """

    merged: Merged
    categories: tuple[str, ...]
    kept: tuple[str, ...]
    left_out: int


def back_up(home: Path, output: Path) -> int:
    """Write people, names, decisions and taught categories to a file, 0600; returns how many records are in it.

    A backup that is there already is replaced at one stroke, anything else never. Raises UsageError, StoreError.
    """
    _check_output(output)
    with Store.open(home, create=False) as store:
        # Before it is there: a backup that was never finished is better named by forget than one missed.
        note_written(store, output, "backup")
        return write_backup(home, output, all_records(store))


def all_records(store: Store) -> Iterator[Record]:
    """What is worth saving: that of the database, then the examples of the taught categories."""
    yield from saved_records(store)
    for name in taught_names(store.home):
        yield load_examples(store.home, name)


def write_backup(home: Path, output: Path, records: Iterator[Record]) -> int:
    """Write records aside in `home`, read them back, and put the file in its place."""
    try:
        with new_part(home) as part:
            count = write_records(part, now(), records)
            written = sum(1 for _ in BackupReader(part.path))
            if written != count:
                raise StoreError(f"{output} was not written as it should be; the disk may be damaged")
            part.install(output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}") from error
    return count


def _check_output(output: Path) -> None:
    try:
        if output.is_dir():
            raise UsageError(f"{output} is a folder; name the file to write, such as {output / 'untag-backup.jsonl'}")
        if not output.parent.is_dir():
            raise UsageError(f"the folder {output.parent} does not exist")
        if output.exists() and not is_backup(output):
            raise UsageError(f"{output} is there already, and is no backup of untag; choose another name")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}") from error


def restore(home: Path, file: Path) -> Restored:
    """Bring a backup into `home`, which is made if need be; whatever is there stays. All of it, or nothing.

    Raises UsageError for a file that is not a whole backup: nothing was changed then.
    """
    reader = BackupReader(file)
    for _ in reader:
        pass
    with Store.open(home) as store:
        taught: list[Examples] = []
        merged = merge_records(store, _stored(reader, taught))
    new = [examples for examples in taught if not example_file(home, examples.name).exists()]
    kept = [examples.name for examples in taught if examples not in new and not _is_here(home, examples)]
    for examples in new:
        save_examples(home, examples)
    return Restored(merged, tuple(examples.name for examples in new), tuple(kept), reader.left_out)


def _stored(reader: BackupReader, taught: list[Examples]) -> Iterator[Saved]:
    """The records that go into the database; the others are put into `taught`."""
    for record in reader:
        if isinstance(record, Examples):
            if len(taught) == _MOST_CATEGORIES:
                raise UsageError(f"{reader.path} has more than {_MOST_CATEGORIES} categories, which nobody has taught")
            taught.append(record)
        else:
            yield record


def _is_here(home: Path, examples: Examples) -> bool:
    try:
        here = load_examples(home, examples.name)
    except StoreError:
        return False
    same = (here.backbone, here.words) == (examples.backbone, examples.words)
    return same and np.array_equal(here.like, examples.like) and np.array_equal(here.unlike, examples.unlike)
