"""The tables of `engines`, as a migration makes them. What was released is never edited."""

from __future__ import annotations

# The engine that the user chose for this home, one row at most; and what the one before it had said of photos that the
# new one has analysed since: going back reads no photo. Embeddings of bystanders are not kept here.
ENGINES = (
    """CREATE TABLE home_engine (
        name TEXT NOT NULL,
        engine TEXT NOT NULL,
        name_before TEXT,
        engine_before TEXT,
        chosen_at TEXT NOT NULL
    )""",
    """CREATE TABLE earlier_photos (
        sha256 TEXT PRIMARY KEY REFERENCES photos(sha256) ON DELETE CASCADE,
        pipeline TEXT NOT NULL,
        people_key TEXT,
        engine TEXT NOT NULL,
        discarded INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE earlier_faces (
        sha256 TEXT NOT NULL REFERENCES earlier_photos(sha256) ON DELETE CASCADE,
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
        PRIMARY KEY (sha256, ordinal)
    ) WITHOUT ROWID""",
)
