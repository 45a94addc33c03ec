"""The database: the only place that knows SQL. Files are places, photos are contents, decisions are for ever."""

from untag.store.check import check_integrity
from untag.store.db import DATABASE_NAME, Store
from untag.store.decisions import Decision, decide, decisions, undo
from untag.store.embeddings import (
    destroy,
    embedded_faces,
    embedding_generation,
    embeddings_after,
    index_files,
    make_durable,
)
from untag.store.evidence import photo_evidence, stored_faces, update_matches
from untag.store.findings import findings, new_findings, replace_findings
from untag.store.folders import ListedFolder, remember_folders, touch_folders, unchanged_folder
from untag.store.groups import hashed_findings, replace_groups
from untag.store.people import (
    add_reference,
    confirmed_faces,
    denied_references,
    forget_all,
    forget_bystanders,
    forget_person,
    references,
    set_reference_use,
)
from untag.store.photos import (
    folder_of,
    known_file,
    known_files,
    known_photo,
    prune,
    read_errors,
    record_batch,
    touch_files,
)
from untag.store.records import (
    Analysis,
    Evidence,
    KnownFile,
    KnownPhoto,
    MatchUpdate,
    PhotoRecord,
    Place,
    Reference,
    StoredFace,
)
from untag.store.runs import Run, finish_run, last_run, runs, start_run

__all__ = [
    "DATABASE_NAME",
    "Analysis",
    "Decision",
    "Evidence",
    "KnownFile",
    "KnownPhoto",
    "ListedFolder",
    "MatchUpdate",
    "PhotoRecord",
    "Place",
    "Reference",
    "Run",
    "Store",
    "StoredFace",
    "add_reference",
    "check_integrity",
    "confirmed_faces",
    "decide",
    "decisions",
    "denied_references",
    "destroy",
    "embedded_faces",
    "embedding_generation",
    "embeddings_after",
    "findings",
    "finish_run",
    "folder_of",
    "forget_all",
    "forget_bystanders",
    "forget_person",
    "hashed_findings",
    "index_files",
    "known_file",
    "known_files",
    "known_photo",
    "last_run",
    "make_durable",
    "new_findings",
    "photo_evidence",
    "prune",
    "read_errors",
    "record_batch",
    "references",
    "remember_folders",
    "replace_findings",
    "replace_groups",
    "runs",
    "set_reference_use",
    "start_run",
    "stored_faces",
    "touch_files",
    "touch_folders",
    "unchanged_folder",
    "undo",
    "update_matches",
]
