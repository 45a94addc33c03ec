"""The schema as a numbered list of changes. A change that was released is never edited; the next one is appended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import cache

from sqlite_utils import Database

from untag.errors import StoreError
from untag.store.engine_tables import ENGINES
from untag.store.schema_of_requests import REQUESTS
from untag.store.schema_of_up_to_date import UP_TO_DATE

# `files` are places, `photos` are contents: a photo that lies in three archives is analysed once and listed thrice.
# `findings` holds machine output only and `decisions` human decisions only. Decisions have no foreign key on purpose:
# they outlive the photo's files, so that a photo which comes back is still decided.
_FIRST = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started_at TEXT NOT NULL,
        finished_at TEXT,
        paths TEXT NOT NULL,
        counts TEXT NOT NULL DEFAULT '{}'
    )""",
    """CREATE TABLE photos (
        sha256 TEXT PRIMARY KEY,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        taken_at TEXT,
        phash INTEGER,
        pipeline TEXT NOT NULL,
        people_key TEXT,
        engine TEXT NOT NULL,
        scene_model TEXT,
        discarded INTEGER NOT NULL,
        named TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX photos_named ON photos(named, sha256) WHERE named <> '[]'",
    # `path` is text, or bytes where a file name is not valid UTF-8. `link` is the key of the permalink.
    """CREATE TABLE files (
        path PRIMARY KEY NOT NULL,
        folder NOT NULL,
        source TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT,
        outcome TEXT NOT NULL,
        error TEXT,
        platform TEXT,
        permalink TEXT,
        permalink_confidence TEXT NOT NULL,
        link TEXT,
        poster TEXT,
        people TEXT NOT NULL,
        caption TEXT,
        album TEXT,
        taken_at TEXT,
        posted_at TEXT,
        audience TEXT,
        first_run INTEGER NOT NULL REFERENCES runs(id),
        seen_run INTEGER NOT NULL REFERENCES runs(id)
    )""",
    "CREATE INDEX files_folder ON files(folder)",
    "CREATE INDEX files_sha256 ON files(sha256)",
    "CREATE INDEX files_link ON files(link, sha256) WHERE link IS NOT NULL",
    "CREATE INDEX files_unreadable ON files(folder) WHERE outcome <> 'ok'",
    "CREATE INDEX files_people ON files(people, sha256) WHERE people <> '[]'",
    # Every folder that holds files. A run that saw a folder saw all its files, whatever their own `seen_run` says.
    # `digest` and `count` are set by remember_folders; a change of a row behind the digest takes it back.
    """CREATE TABLE folders (
        path PRIMARY KEY NOT NULL,
        seen_run INTEGER REFERENCES runs(id),
        digest BLOB,
        count INTEGER
    ) WITHOUT ROWID""",
    """CREATE TRIGGER file_added AFTER INSERT ON files
        BEGIN INSERT INTO folders (path) VALUES (new.folder) ON CONFLICT (path) DO UPDATE SET digest = NULL; END""",
    """CREATE TRIGGER file_changed
        AFTER UPDATE OF path, folder, source, size, mtime_ns, sha256, outcome, platform, permalink,
            permalink_confidence, poster, people, caption, album, taken_at, posted_at, audience ON files
        BEGIN
            INSERT INTO folders (path) VALUES (new.folder) ON CONFLICT (path) DO UPDATE SET digest = NULL;
            UPDATE folders SET digest = NULL WHERE path = old.folder;
        END""",
    """CREATE TRIGGER file_removed AFTER DELETE ON files
        BEGIN UPDATE folders SET digest = NULL WHERE path = old.folder; END""",
    """CREATE TRIGGER photo_judged AFTER UPDATE OF sha256, pipeline, people_key, discarded, scene_model ON photos
        BEGIN UPDATE folders SET digest = NULL
            WHERE path IN (SELECT folder FROM files WHERE sha256 IN (old.sha256, new.sha256)); END""",
    """CREATE TRIGGER photo_removed AFTER DELETE ON photos
        BEGIN UPDATE folders SET digest = NULL
            WHERE path IN (SELECT folder FROM files WHERE sha256 = old.sha256); END""",
    # The photos that have come to lie somewhere, or lie somewhere no more, since their finding was decided: those that
    # lose a place by these triggers, the others by record_batch.
    """CREATE TABLE changed_places (
        sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE
    ) WITHOUT ROWID""",
    """CREATE TRIGGER place_changed AFTER UPDATE OF sha256 ON files WHEN old.sha256 IS NOT new.sha256
        BEGIN INSERT INTO changed_places
            SELECT sha256 FROM photos WHERE sha256 = old.sha256
                AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = old.sha256)
            ON CONFLICT DO NOTHING; END""",
    """CREATE TRIGGER place_removed AFTER DELETE ON files
        BEGIN INSERT INTO changed_places
            SELECT sha256 FROM photos WHERE sha256 = old.sha256
                AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = old.sha256)
            ON CONFLICT DO NOTHING; END""",
    # Ids are never given twice (AUTOINCREMENT), so that the index of embeddings, a copy outside of the database, can
    # tell what is new; `generation` tells it that it is out of date.
    """CREATE TABLE faces (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL REFERENCES photos(sha256) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        "left" REAL NOT NULL,
        top REAL NOT NULL,
        "right" REAL NOT NULL,
        bottom REAL NOT NULL,
        score REAL NOT NULL,
        quality REAL NOT NULL,
        landmarks BLOB NOT NULL,
        embedding BLOB,
        person TEXT,
        verdict TEXT NOT NULL,
        similarity REAL NOT NULL,
        UNIQUE (sha256, ordinal)
    )""",
    "CREATE TABLE embedding_changes (generation INTEGER NOT NULL)",
    "INSERT INTO embedding_changes VALUES (0)",
    """CREATE TRIGGER embedding_added AFTER INSERT ON faces WHEN new.embedding IS NOT NULL
        BEGIN UPDATE embedding_changes SET generation = generation + 1; END""",
    """CREATE TRIGGER embedding_changed AFTER UPDATE OF embedding ON faces WHEN old.embedding IS NOT new.embedding
        BEGIN UPDATE embedding_changes SET generation = generation + 1; END""",
    """CREATE TRIGGER embedding_removed AFTER DELETE ON faces WHEN old.embedding IS NOT NULL
        BEGIN UPDATE embedding_changes SET generation = generation + 1; END""",
    """CREATE TABLE scenes (
        sha256 TEXT NOT NULL REFERENCES photos(sha256) ON DELETE CASCADE,
        category TEXT NOT NULL,
        score REAL NOT NULL,
        evidence TEXT NOT NULL,
        across REAL,
        down REAL,
        PRIMARY KEY (sha256, category)
    ) WITHOUT ROWID""",
    """CREATE TABLE findings (
        sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE,
        person TEXT,
        verdict TEXT NOT NULL,
        similarity REAL NOT NULL,
        risk INTEGER NOT NULL,
        categories TEXT NOT NULL,
        reasons TEXT NOT NULL,
        action TEXT NOT NULL,
        faces TEXT NOT NULL,
        act_on TEXT,
        first_run INTEGER NOT NULL REFERENCES runs(id)
    ) WITHOUT ROWID""",
    # A finding whose scene was not judged when it was none: the next scan does that.
    """CREATE TRIGGER finding_added AFTER INSERT ON findings
        WHEN (SELECT scene_model FROM photos WHERE sha256 = new.sha256) IS NULL
        BEGIN UPDATE folders SET digest = NULL
            WHERE path IN (SELECT folder FROM files WHERE sha256 = new.sha256); END""",
    # Which findings are lesser copies of which. Both must exist; what loses its representative is single again.
    """CREATE TABLE near_duplicates (
        sha256 TEXT PRIMARY KEY REFERENCES findings(sha256) ON DELETE CASCADE,
        representative TEXT NOT NULL REFERENCES findings(sha256) ON DELETE CASCADE
    ) WITHOUT ROWID""",
    "CREATE INDEX near_duplicates_representative ON near_duplicates(representative)",
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL,
        status TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        undone_at TEXT
    )""",
    "CREATE INDEX decisions_sha256 ON decisions(sha256)",
    """CREATE TABLE reference_faces (
        id INTEGER PRIMARY KEY,
        person TEXT NOT NULL,
        engine TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        path NOT NULL,
        "left" REAL NOT NULL,
        top REAL NOT NULL,
        "right" REAL NOT NULL,
        bottom REAL NOT NULL,
        score REAL NOT NULL,
        quality REAL NOT NULL,
        landmarks BLOB NOT NULL,
        embedding BLOB NOT NULL,
        used INTEGER NOT NULL,
        note TEXT,
        added_at TEXT NOT NULL,
        UNIQUE (person, engine, sha256)
    )""",
    """CREATE TABLE person_names (
        person TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (person, name)
    ) WITHOUT ROWID""",
)


# A run is finished when the record is complete, and reported when the user was shown it: only then are its findings
# no longer new. `written` is what untag was asked to write outside of its home folder.
_REPORTED = (
    "ALTER TABLE runs ADD COLUMN reported_at TEXT",
    "UPDATE runs SET reported_at = finished_at",
    "CREATE TABLE written (path PRIMARY KEY NOT NULL, kind TEXT NOT NULL, written_at TEXT NOT NULL) WITHOUT ROWID",
)


def _skipped(db: Database) -> None:
    # How many files of each kind a folder holds that were looked into and are no photos, as JSON. From now on folders
    # without photos have a row, too, once they were looked into.
    db.execute("ALTER TABLE folders ADD COLUMN skipped TEXT NOT NULL DEFAULT '{}'")


def _unfinished_erasures(db: Database) -> None:
    # A row says that rows were deleted whose traces may still be in the unused parts of the file.
    db.execute("CREATE TABLE unfinished_erasures (begun_at TEXT NOT NULL)")


# What tells away from deleted, what became unreadable from what was so, and by which software a file was refused.
_REACHABLE = (
    # A directory's identity when a finished run last saw it, as text: inodes can exceed 64 bits.
    """CREATE TABLE places (
        path PRIMARY KEY NOT NULL,
        identity TEXT NOT NULL,
        mounted INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TABLE unreadable (path PRIMARY KEY NOT NULL) WITHOUT ROWID",
    "INSERT INTO unreadable SELECT path FROM files WHERE outcome <> 'ok'",
    # NULL for a file that was read, or whose bytes could not be.
    "ALTER TABLE files ADD COLUMN refused_by TEXT",
    """CREATE TRIGGER refusal_changed AFTER UPDATE OF refused_by ON files
        BEGIN UPDATE folders SET digest = NULL WHERE path = new.folder; END""",
)


# What a photo of somebody enrolled shows, for searching it in words and for categories that come later. A row without a
# vector says that there is none to be had: the user said that the photo shows somebody else.
_SCENE_VECTORS = (
    """CREATE TABLE scene_vectors (
        sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE,
        space TEXT NOT NULL,
        vector BLOB
    ) WITHOUT ROWID""",
    """CREATE TRIGGER vector_of_another AFTER UPDATE OF verdict ON faces
        WHEN old.verdict = 'me' AND new.verdict <> 'me'
        BEGIN DELETE FROM scene_vectors WHERE sha256 = new.sha256 AND NOT EXISTS
            (SELECT 1 FROM faces WHERE faces.sha256 = new.sha256 AND verdict = 'me'); END""",
    """CREATE TRIGGER vector_without_face AFTER DELETE ON faces WHEN old.verdict = 'me'
        BEGIN DELETE FROM scene_vectors WHERE sha256 = old.sha256 AND NOT EXISTS
            (SELECT 1 FROM faces WHERE faces.sha256 = old.sha256 AND verdict = 'me'); END""",
    """CREATE TRIGGER vector_denied AFTER INSERT ON decisions WHEN new.status = 'not-me'
        BEGIN UPDATE scene_vectors SET vector = NULL WHERE sha256 = new.sha256; END""",
)


def _findings_by_risk(db: Database) -> None:
    # The first page of the list is read in this order, without sorting all the others.
    db.execute("CREATE INDEX findings_risk ON findings(risk DESC)")


def _account_owners(db: Database) -> None:
    # Whose accounts were downloaded: their posts are the user's own, unless the user says that it is somebody else.
    db.execute("CREATE TABLE account_owners (name TEXT PRIMARY KEY NOT NULL, mine INTEGER NOT NULL) WITHOUT ROWID")


def _spans(db: Database) -> None:
    # When a face is to be seen in a video or an animation: [[best, from, until], …] in seconds.
    db.execute("ALTER TABLE faces ADD COLUMN span TEXT")
    db.execute("ALTER TABLE earlier_faces ADD COLUMN span TEXT")
    db.execute("ALTER TABLE reference_faces ADD COLUMN span TEXT")
    db.execute("ALTER TABLE findings ADD COLUMN spans TEXT NOT NULL DEFAULT '[]'")


def _companions(db: Database) -> None:
    # Parts of Live Photos, photo or video, and the finding that stands for both files.
    db.execute(
        """CREATE TABLE companions (
            sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE,
            representative TEXT NOT NULL REFERENCES findings(sha256) ON DELETE CASCADE
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX companions_representative ON companions(representative)")


def _evenings(db: Database) -> None:
    # What other photos of its evening show, as it was when each photo was assessed: a run may end before all were.
    db.execute(
        """CREATE TABLE evenings (
            sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE,
            categories TEXT NOT NULL
        ) WITHOUT ROWID"""
    )


def _told(db: Database) -> None:
    # Contents that were told as findings and are no longer on record: where they come back they are not new.
    db.execute("CREATE TABLE told (sha256 TEXT PRIMARY KEY) WITHOUT ROWID")


def _each(statements: Sequence[str]) -> Callable[[Database], None]:
    def change(db: Database) -> None:
        for statement in statements:
            db.execute(statement)

    return change


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _each(_FIRST),
    _each(_REPORTED),
    _skipped,
    _unfinished_erasures,
    _each(_REACHABLE),
    _each(_SCENE_VECTORS),
    _findings_by_risk,
    _each(REQUESTS),
    _each(ENGINES),
    _account_owners,
    _spans,
    _companions,
    _evenings,
    _each(UP_TO_DATE),
    _told,
)


def empty_database() -> Database:
    """A database in memory with the schema of this version, and no rows."""
    db = Database(sqlite3.connect(":memory:", isolation_level=None), execute_plugins=False)
    migrate(db)
    return db


@cache
def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a table in the order in which a row holds their values."""
    db = empty_database()
    try:
        return tuple(column.name for column in db.table(table).columns)
    finally:
        db.close()


def schema_version(db: Database) -> int:
    """How many of the migrations a database has; 0 for a new one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Database) -> None:
    """Bring a database up to date, each change in one transaction with its number written last.

    Raises StoreError for a database that is newer than this program, or that another program made.
    """
    if schema_version(db) == len(MIGRATIONS):
        return
    for number, change in enumerate(MIGRATIONS, start=1):
        db.execute("BEGIN IMMEDIATE")
        try:
            # Read again now that no other process can write: two may have started together.
            version = schema_version(db)
            if version == 0 and db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
                raise StoreError("The database was made by another program. Choose another folder with --home.")
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"The database was written by a newer untag (schema {version}, this one knows {len(MIGRATIONS)}). "
                    "Update untag, or choose another folder with --home."
                )
            if version < number:
                change(db)
                # A PRAGMA takes no parameters; the value is our own integer.
                db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
            raise
