"""The tables of requests, as the migration makes them that brought them. Never edited once released."""

from __future__ import annotations

# What was asked of whom and what came of it, and what the user said of the steps on the way. Like decisions these have
# no foreign key to photos, and are never changed, but for being undone. `request` is an id that was drawn.
REQUESTS = (
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE,
        recipient TEXT NOT NULL,
        name TEXT,
        platform TEXT,
        person TEXT,
        channel TEXT NOT NULL,
        law TEXT NOT NULL,
        requested_on TEXT NOT NULL,
        due_on TEXT NOT NULL,
        photos TEXT NOT NULL,
        links TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        undone_at TEXT
    )""",
    """CREATE TABLE request_events (
        id INTEGER PRIMARY KEY,
        request TEXT NOT NULL,
        event TEXT NOT NULL,
        happened_on TEXT NOT NULL,
        due_on TEXT,
        batch TEXT,
        recorded_at TEXT NOT NULL,
        undone_at TEXT
    )""",
    "CREATE INDEX request_events_request ON request_events(request)",
    """CREATE TABLE step_answers (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL,
        person TEXT,
        place TEXT NOT NULL,
        step TEXT NOT NULL,
        answer TEXT NOT NULL,
        request TEXT,
        decided TEXT,
        batch TEXT NOT NULL,
        answered_at TEXT NOT NULL,
        undone_at TEXT
    )""",
    "CREATE INDEX step_answers_sha256 ON step_answers(sha256)",
    "CREATE INDEX step_answers_batch ON step_answers(batch)",
    "CREATE TABLE sender (field TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
)
