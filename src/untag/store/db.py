"""The database file: where it is, who may read it, how it is opened, and what its errors mean for the user."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from untag.errors import DiskFullError, StoreError
from untag.store.codec import now
from untag.store.lock import scan_lock
from untag.store.migrations import MIGRATIONS, migrate, schema_version
from untag.store.scrub import close_emptied, empty_log, opened, scrub, scrub_file
from untag.support.home import is_private, make_home

DATABASE_NAME = "untag.db"
BUSY_SECONDS = 30.0
_LEAST_ROOM = 128 * 1024  # bytes: the shared memory and the first pages of a log
_PRAGMAS = (
    "foreign_keys = ON",
    "secure_delete = ON",
    "synchronous = NORMAL",
    "trusted_schema = OFF",
    # What SQLite would put into temporary files lies outside of the home folder.
    "temp_store = MEMORY",
    "auto_vacuum = NONE",
)

Row = dict[str, Any]
Parameters = Sequence[Any] | dict[str, Any]


class Store:
    """An open database. Use it as a context manager, in the thread that opened it; `reader` gives one for another."""

    def __init__(self, home: Path, db: Database, *, in_place: bool = False) -> None:
        self.home = home
        self._db = db
        self._locked = False
        self._closed = False
        self._in_place = in_place

    @classmethod
    def open(cls, home: Path, *, create: bool = True) -> Store:
        """Open `home/untag.db`, bringing it up to date; with `create`, make the folder (0700) and the file (0600).

        Raises StoreError when it is missing (without `create`), newer than this program, damaged, or not writable.
        """
        path = home / DATABASE_NAME
        _prepare(home, path, create=create)
        db = connect(path)
        try:
            with _explained(path):
                # The journals of other modes are deleted with old rows in them; a new database has none yet.
                if 0 < schema_version(db) <= len(MIGRATIONS):
                    _write_ahead(db)
                migrate(db)
                _write_ahead(db)
        except BaseException:
            close_emptied(db, path)
            raise
        return cls(home, db)

    @classmethod
    def open_in_place(cls, home: Path) -> Store:
        """Open the database to erase rows where the disk has no room for a log: alone, and writing straight into it.

        A power failure meanwhile may damage it. Raises StoreError when anybody else uses it.
        """
        path = home / DATABASE_NAME
        _prepare(home, path, create=False)
        db = connect(path, alone=True)
        try:
            with _explained(path):
                alone = empty_log(db, path) and db.execute("PRAGMA journal_mode = MEMORY").fetchone()[0] == "memory"
                if not alone:
                    raise StoreError(f"{path} is in use by another untag. Close that one and run this again.")
                if schema_version(db) != len(MIGRATIONS):
                    raise DiskFullError(f"The disk is full, and {path} is of another version. Make room first.")
        except BaseException:
            close_emptied(db, path)
            raise
        return cls(home, db, in_place=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            close_emptied(self._db, self.home / DATABASE_NAME)

    def reader(self) -> Store:
        """A second connection that cannot write and may be used in one other thread. Close it as well."""
        path = self.home / DATABASE_NAME
        db = connect(path, any_thread=True)
        try:
            with _explained(path):
                db.execute("PRAGMA query_only = ON")
        except BaseException:
            close_emptied(db, path)
            raise
        return Store(self.home, db)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only run that scans into this home; raises StoreError with the other's process id. May be nested.

        What was deleted inside, or before an interruption, is erased at the end, unless somebody reads just then.
        """
        if self._locked:
            yield
            return
        with scan_lock(self.home):
            self._locked = True
            try:
                yield
                if self.row("SELECT 1 FROM unfinished_erasures") is not None:
                    with suppress(StoreError):
                        self.erase_traces()
            finally:
                self._locked = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All the writes inside, or none of them. Inside another transaction, that one's."""
        if self._db.conn.in_transaction:
            yield
            return
        with _explained(self.home / DATABASE_NAME):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.conn.in_transaction:  # a full disk may have ended it
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def durable(self) -> Iterator[None]:
        """A transaction that is on the disk when it ends: no power failure takes it back. Inside another one, that."""
        if self._db.conn.in_transaction:
            yield
            return
        # It may not be changed inside of a transaction.
        self._db.execute("PRAGMA synchronous = FULL")
        try:
            with self.transaction():
                yield
        finally:
            self._db.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that is read inside is as of one moment, whatever others write meanwhile."""
        with _explained(self.home / DATABASE_NAME):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one writing statement; returns the number of rows it touched."""
        with _explained(self.home / DATABASE_NAME):
            return int(self._db.execute(sql, parameters).rowcount)

    def insert(self, table: str, row: Row) -> int:
        """Insert one row by the names of its columns; returns its id."""
        with _explained(self.home / DATABASE_NAME):
            return int(self._db.table(table).insert(row).last_rowid or 0)

    def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one writing statement for each row of parameters."""
        with _explained(self.home / DATABASE_NAME):
            self._db.conn.executemany(sql, parameters)

    def insert_all(self, table: str, rows: Iterable[Row], *, replace: bool = False, ignore: bool = False) -> None:
        """Insert rows by the names of their columns; all of them have the same ones, and the table is there.

        A row whose key is there already is an error, unless it is to `replace` that one or to be left out (`ignore`).
        """
        with _explained(self.home / DATABASE_NAME):
            if not ignore:
                self._db.table(table).insert_all(rows, replace=replace)
            elif listed := list(rows):
                # sqlite-utils asks for the rowid of a row that was left out, which not every table has.
                columns = ", ".join(f'"{name}"' for name in listed[0])
                values = ", ".join(f":{name}" for name in listed[0])
                self._db.conn.executemany(f'INSERT OR IGNORE INTO "{table}" ({columns}) VALUES ({values})', listed)  # noqa: S608 - own names

    def upsert_all(
        self, table: str, rows: Sequence[Row], key: str, *, instead: Mapping[str, str] | None = None
    ) -> None:
        """Insert rows, or update those that are there by their key.

        `instead` maps a column to the SQL of what it becomes in a row that is there, where that is not the new value.
        """
        with _explained(self.home / DATABASE_NAME):
            if not instead:
                self._db.table(table).upsert_all(rows, pk=key)
            elif rows:
                self._db.conn.executemany(_upsert(table, rows[0], key, instead), rows)

    def rows_where(
        self, table: str, where: str | None = None, parameters: Parameters = (), *, order_by: str | None = None
    ) -> Iterator[Row]:
        """The rows of a table for which the SQL `where` is true, or all."""
        with _explained(self.home / DATABASE_NAME):
            yield from self._db.table(table).rows_where(where, parameters, order_by=order_by)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with _explained(self.home / DATABASE_NAME):
            return int(self._db.table(table).count)

    def rows(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """The rows of a query, read as they are asked for."""
        with _explained(self.home / DATABASE_NAME):
            yield from self._db.query(sql, parameters)

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, or None."""
        return next(iter(list(self.rows(sql, parameters))), None)

    def begin_erasure(self) -> None:
        """Note, in the transaction that deletes rows, that their traces are to be erased, whatever comes between."""
        self.execute("INSERT INTO unfinished_erasures VALUES (?)", (now(),))

    def erase_traces(self) -> None:
        """Overwrite whatever is left of deleted rows in the file and in the write-ahead log, in place.

        Raises StoreError when another process still reads, or when the database is damaged.
        """
        path = self.home / DATABASE_NAME
        try:
            with _explained(path):
                done = self._scrub_in_place(path) if self._in_place else self._scrub(path)
        except ValueError as error:
            raise StoreError(damaged(path, str(error))) from error
        if not done:
            raise StoreError(
                "The rows are deleted, but another untag has the database open, so traces remain in its log. "
                "Close the other one and run the same command again."
            )

    def _scrub(self, path: Path) -> bool:
        fresh = connect(path)
        try:
            return scrub(fresh, path, lambda: self._finish_erasure(fresh))
        finally:
            close_emptied(fresh, path)

    @staticmethod
    def _finish_erasure(fresh: Database) -> None:
        # Added first, so that something changes whether or not the caller had noted an erasure.
        fresh.execute("INSERT INTO unfinished_erasures VALUES (?)", (now(),))
        fresh.execute("DELETE FROM unfinished_erasures")

    def _scrub_in_place(self, path: Path) -> bool:
        roots = [row["rootpage"] for row in self.rows("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")]
        scrub_file(path, roots)
        self.execute("DELETE FROM unfinished_erasures")
        return True


def _upsert(table: str, columns: Iterable[str], key: str, instead: Mapping[str, str]) -> str:
    """For what sqlite-utils does not say: a column that keeps its value, or gets one of an expression."""
    names = list(columns)
    inserted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f":{name}" for name in names)
    given = {name: f'excluded."{name}"' for name in names} | dict(instead)
    updated = ", ".join(f'"{name}" = {given[name]}' for name in names if name != key)
    return f'INSERT INTO "{table}" ({inserted}) VALUES ({values}) ON CONFLICT ("{key}") DO UPDATE SET {updated}'  # noqa: S608 - own names


def connect(path: Path, *, any_thread: bool = False, alone: bool = False) -> Database:
    """A connection to an existing file, as every part of the store uses it; raises StoreError.

    `alone` keeps everybody else out, which needs no shared memory and so no room on the disk.
    """
    with _explained(path):
        # mode=rw: a mistyped path is an error here, never a new empty database with open permissions.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=not any_thread,
        )
        try:
            # Plugins that other packages register would run inside this connection.
            db = Database(connection, execute_plugins=False)
            # First of all: the others may read the file, and with it make the shared memory.
            for pragma in (f"locking_mode = {'EXCLUSIVE' if alone else 'NORMAL'}", *_PRAGMAS):
                db.execute(f"PRAGMA {pragma}")
        except UnicodeDecodeError as error:  # SQLite quotes the damaged schema, and Python reads what it says
            connection.close()
            raise StoreError(damaged(path, "malformed database schema")) from error
        except BaseException:
            connection.close()
            raise
        opened(path)
    return db


def _write_ahead(db: Database) -> None:
    """Readers go on while somebody writes. Waits for others who have the file open, which SQLite does not do here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while db.journal_mode != "wal":
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def database_files(home: Path) -> list[Path]:
    """The database and the files that SQLite keeps beside it, those that exist."""
    names = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-journal")
    return [home / name for name in names if (home / name).exists()]


def _prepare(home: Path, path: Path, *, create: bool) -> None:
    try:
        if create:
            make_home(home)
        if home.exists() and not home.is_dir():
            raise StoreError(f"{home} is a file, not a folder. Choose another folder with --home.")
        if not path.exists():
            if not create:
                raise StoreError(f"No photos have been scanned yet: there is no {path}.")
            # SQLite gives the files beside the database the permissions of the database.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        for file in database_files(home):
            # Another process that closes the database takes the files beside it away. A file system without permissions
            # refuses: whether that is accepted, the command has asked before.
            with suppress(OSError):
                if not is_private(file):
                    file.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}. Choose another folder with --home.") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        kind = DiskFullError if _is_full(error, path) else StoreError
        raise kind(explain(error, path)) from error


def _is_full(error: sqlite3.DatabaseError, path: Path) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return bool(code == sqlite3.SQLITE_FULL)
    # What SQLite keeps in shared memory is a file as well, and it does not say why it cannot be made.
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free < _LEAST_ROOM
    return False


def damaged(path: Path, why: str) -> str:
    """That the database is damaged, and what to do; never to throw it away first."""
    return (
        f"{path} is damaged ({why}). Save what is readable in it first: untag doctor --rescue DIR. "
        "Move it aside and scan again only after that."
    )


def explain(error: sqlite3.DatabaseError, path: Path) -> str:
    """What a database error means and what to do, in a sentence or two."""
    # The low byte is the error, the rest its finer kind.
    if _is_full(error, path):
        return f"The disk is full: {path} cannot grow. Make room and run again; everything recorded so far is kept."
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path, str(error))
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{path} cannot be written ({error}). Check its permissions, or choose another folder with --home."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} is in use by another program for longer than {BUSY_SECONDS:.0f} seconds. Try again later."
        case _:
            return f"{path} cannot be used: {error}."
