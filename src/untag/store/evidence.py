"""Stored faces and scenes, for matching and deciding again without the photos."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from untag.store.codec import json_list, unsigned
from untag.store.db import Row, Store
from untag.store.records import Evidence, MatchUpdate, Place, StoredFace
from untag.store.rows import face_of, match_of, place_of
from untag.types import SceneScores

# Photos read at a time: no query stays open while the caller writes, and memory does not grow with the archive.
_PAGE = 256


def stored_faces(store: Store, engine: str) -> Iterator[StoredFace]:
    """Every face that `engine` found, one photo after the other, in their order in the photo."""
    for photos in _pages(store, _Chosen(engine=engine)):
        yield from _faces(store, [photo["sha256"] for photo in photos])


def update_matches(store: Store, updates: Iterable[MatchUpdate]) -> None:
    """Replace the verdicts of stored faces, in one transaction; embeddings that need not be kept are erased."""
    with store.transaction():
        for update in updates:
            match = update.match
            store.execute(
                "UPDATE faces SET person = ?, verdict = ?, similarity = ? WHERE id = ?",
                (match.person, match.verdict, float(match.similarity), update.face_id),
            )
            if not update.keep:
                store.execute(
                    """UPDATE photos SET discarded = discarded + 1 WHERE sha256 =
                        (SELECT sha256 FROM faces WHERE id = ? AND embedding IS NOT NULL)""",
                    (update.face_id,),
                )
                store.execute("UPDATE faces SET embedding = NULL WHERE id = ?", (update.face_id,))


def photo_evidence(
    store: Store,
    sha256s: Sequence[str] | None = None,
    *,
    engine: str | None = None,
    judged_otherwise_than: str | None = None,
) -> Iterator[Evidence]:
    """What is on record for these photos, or for all, by hash. Photos that lie in no file are left out.

    `engine` keeps those that it analysed; `judged_otherwise_than` those with another people_key, or with none.
    """
    chosen = _Chosen(None if sha256s is None else json_list(sha256s), engine, judged_otherwise_than)
    for photos in _pages(store, chosen):
        hashes = [photo["sha256"] for photo in photos]
        faces: defaultdict[str, list[StoredFace]] = defaultdict(list)
        for face in _faces(store, hashes):
            faces[face.sha256].append(face)
        scenes: defaultdict[str, list[Row]] = defaultdict(list)
        for row in store.rows(
            "SELECT * FROM scenes WHERE sha256 IN (SELECT value FROM json_each(?)) ORDER BY category",
            (json_list(hashes),),
        ):
            scenes[row["sha256"]].append(row)
        places: defaultdict[str, list[Place]] = defaultdict(list)
        for row in store.rows(
            "SELECT * FROM files WHERE sha256 IN (SELECT value FROM json_each(?)) ORDER BY first_run, path",
            (json_list(hashes),),
        ):
            places[row["sha256"]].append(place_of(row))
        for photo in photos:
            sha256 = photo["sha256"]
            if sha256 in places:
                yield _evidence(photo, faces[sha256], scenes[sha256], places[sha256])


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which photos to read; None chooses by nothing. `sha256s` is a JSON list."""

    sha256s: str | None = None
    engine: str | None = None
    judged_otherwise_than: str | None = None


def _pages(store: Store, chosen: _Chosen) -> Iterator[list[Row]]:
    last = ""
    while True:
        page = list(
            store.rows(
                """SELECT * FROM photos WHERE sha256 > :last
                    AND (:engine IS NULL OR engine = :engine)
                    AND (:key IS NULL OR people_key IS NOT :key)
                    AND (:chosen IS NULL OR sha256 IN (SELECT value FROM json_each(:chosen)))
                ORDER BY sha256 LIMIT :page""",
                {
                    "last": last,
                    "engine": chosen.engine,
                    "key": chosen.judged_otherwise_than,
                    "chosen": chosen.sha256s,
                    "page": _PAGE,
                },
            )
        )
        if not page:
            return
        yield page
        last = page[-1]["sha256"]


def _faces(store: Store, sha256s: Sequence[str]) -> Iterator[StoredFace]:
    rows = store.rows(
        "SELECT * FROM faces WHERE sha256 IN (SELECT value FROM json_each(?)) ORDER BY sha256, ordinal",
        (json_list(sha256s),),
    )
    # Read whole: the caller may write between two faces.
    for row in list(rows):
        yield StoredFace(row["id"], row["sha256"], row["ordinal"], face_of(row), match_of(row))


def _evidence(photo: Row, faces: list[StoredFace], scenes: list[Row], places: list[Place]) -> Evidence:
    return Evidence(
        sha256=photo["sha256"],
        width=photo["width"],
        height=photo["height"],
        taken_at=photo["taken_at"],
        phash=unsigned(photo["phash"]),
        pipeline=photo["pipeline"],
        people_key=photo["people_key"],
        engine=photo["engine"],
        discarded=photo["discarded"],
        faces=tuple(faces),
        scenes=None
        if photo["scene_model"] is None
        else SceneScores(
            scores={row["category"]: row["score"] for row in scenes},
            evidence={row["category"]: tuple(json.loads(row["evidence"])) for row in scenes},
            model=photo["scene_model"],
        ),
        places=tuple(places),
    )
