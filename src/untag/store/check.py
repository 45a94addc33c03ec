"""The health of the database, for `untag doctor`."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from untag.errors import StoreError
from untag.store.db import DATABASE_NAME, Store, connect, damaged, database_files, explain
from untag.store.migrations import MIGRATIONS, schema_version
from untag.store.scrub import close_emptied
from untag.store.values import wrong_values


def check_integrity(home: Path) -> list[str]:
    """What is wrong with the database in `home`, a sentence each; empty when all is well or nothing is there yet.

    Changes nothing and never raises.
    """
    try:
        if not home.exists():
            return []
        if not home.is_dir():
            return [f"{home} is a file, not a folder."]
        problems = _permissions(home)
        path = home / DATABASE_NAME
        if path.exists():
            problems += _contents(path)
    except OSError as error:
        return [f"{home} cannot be read: {error.strerror}."]
    return problems


def check_damage(home: Path) -> list[str]:
    """What is wrong with the contents of the database in `home`, a sentence each, as `check_integrity`."""
    path = home / DATABASE_NAME
    try:
        return _contents(path) if path.is_file() else []
    except (OSError, ValueError):
        return []


def _permissions(home: Path) -> list[str]:
    if os.name == "nt":
        return []
    problems = []
    for path in (home, *database_files(home)):
        # Another process that closes the database takes the files beside it away.
        with suppress(FileNotFoundError):
            if path.stat().st_mode & 0o077:
                right = "700" if path == home else "600"
                problems.append(f"{path} can be read by other users of this computer: chmod {right} it.")
    return problems


def _contents(path: Path) -> list[str]:
    try:
        db = connect(path)
    except StoreError as error:
        return [str(error)]
    try:
        db.execute("PRAGMA query_only = ON")
        version = schema_version(db)
        if version > len(MIGRATIONS):
            return [f"{path} was written by a newer untag (schema {version}, this one knows {len(MIGRATIONS)})."]
        damage = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if version == len(MIGRATIONS) and not damage:
            damage += sorted(set(wrong_values(Store(path.parent, db))))
        lost = [row[0] for row in db.execute("PRAGMA foreign_key_check")]
    except sqlite3.DatabaseError as error:
        return [explain(error, path)]
    except UnicodeDecodeError as error:
        return [damaged(path, str(error))]
    except StoreError as error:
        return [str(error)]
    finally:
        close_emptied(db, path)
    problems = [damaged(path, line) for line in damage]
    return problems + [f"{path}: a row of {table} refers to one that is missing." for table in sorted(set(lost))]
