"""Stored faces and scenes, for matching and assessing again without the photos."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from untag.store.codec import json_list
from untag.store.columns import ANALYSIS, FACE, MATCH, PLACE
from untag.store.db import Row, Store
from untag.store.judged import JudgedWith, judgement_of
from untag.store.records import ABSENT, DuePhoto, MatchUpdate, StoredFace, StoredPhoto
from untag.types import Place, SceneScores, Spot, Verdict

# Photos read at a time: no query stays open while the caller writes, and memory does not grow with the archive.
_PAGE = 256


def update_matches(store: Store, updates: Iterable[MatchUpdate]) -> None:
    """Replace the verdicts of stored faces, in one transaction; embeddings that need not be kept are erased."""
    with store.transaction():
        erased = 0
        # Faces of those enrolled first: a photo that shows none for a moment loses for good what it shows.
        for update in sorted(updates, key=lambda update: update.match.verdict is not Verdict.ME):
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
                erased += store.execute(
                    "UPDATE faces SET embedding = NULL WHERE id = ? AND embedding IS NOT NULL", (update.face_id,)
                )
        if erased:
            store.begin_erasure()


def photo_evidence(
    store: Store,
    sha256s: Sequence[str] | None = None,
    *,
    engine: str | None = None,
) -> Iterator[StoredPhoto]:
    """What is on record for these photos, or for all, by hash. Photos that lie in no file are left out.

    `engine` keeps those that it analysed.
    """
    chosen = _Chosen(None if sha256s is None else json_list(sha256s), engine)
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
            places[row["sha256"]].append(PLACE.read(row))
        for photo in photos:
            sha256 = photo["sha256"]
            if sha256 in places:
                yield _evidence(photo, faces[sha256], scenes[sha256], places[sha256])


def due_photos(store: Store, engine: str, judged_with: JudgedWith, *, absent: bool = True) -> Iterator[list[DuePhoto]]:
    """The photos that `engine` analysed, or with `absent` none, and that were not `judged_with` this, a page at a time.

    In the order of their hashes, without those that lie in no file. The caller may write between two pages.
    """
    last = ""
    while page := list(
        store.rows(
            """SELECT sha256, people_key, discarded,
                EXISTS (SELECT 1 FROM findings WHERE findings.sha256 = photos.sha256)
                    OR EXISTS (SELECT 1 FROM faces WHERE faces.sha256 = photos.sha256 AND verdict <> :other) AS shows,
                EXISTS (SELECT 1 FROM faces WHERE faces.sha256 = photos.sha256 AND embedding IS NOT NULL) AS embedded
            FROM photos WHERE sha256 > :last AND engine IN (:engine, :absent) AND people_key IS NOT :key
                AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = photos.sha256)
            ORDER BY sha256 LIMIT :page""",
            {
                "other": Verdict.OTHER,
                "last": last,
                "engine": engine,
                "absent": ABSENT if absent else engine,
                "key": judged_with.text,
                "page": _PAGE,
            },
        )
    ):
        yield [
            DuePhoto(
                row["sha256"],
                judgement_of(row["people_key"]),
                row["discarded"],
                bool(row["shows"]),
                bool(row["embedded"]),
            )
            for row in page
        ]
        last = page[-1]["sha256"]


def photos_named(store: Store, is_enrolled: Callable[[Sequence[str]], bool]) -> frozenset[str]:
    """The photos whose archives or own metadata name somebody for whom `is_enrolled` is true.

    All photos without a file are among them: only names speak for those.
    """
    named = {row["sha256"] for row in store.rows("SELECT sha256 FROM photos WHERE engine = ?", (ABSENT,))}
    # The conditions are those of two indexes, so that photos without names are not looked at.
    rows = store.rows(
        """SELECT named AS names, sha256 FROM photos WHERE named <> '[]'
            UNION ALL SELECT people, sha256 FROM files WHERE people <> '[]' AND sha256 IS NOT NULL"""
    )
    named.update(row["sha256"] for row in rows if is_enrolled(json.loads(row["names"])))
    return frozenset(named)


def changed_places(store: Store) -> list[str]:
    """Some of the photos that gained or lost a place since they were assessed; none when there are no more.

    `replace_findings` with `placed` takes them off.
    """
    rows = store.rows("SELECT sha256 FROM changed_places LIMIT ?", (_PAGE,))
    return [row["sha256"] for row in rows]


def photos_of(store: Store, faces: Iterable[int]) -> frozenset[str]:
    """The hashes of the photos that these faces, by id, are in."""
    rows = store.rows(
        "SELECT DISTINCT sha256 FROM faces WHERE id IN (SELECT value FROM json_each(?))",
        (json_list(int(face_id) for face_id in faces),),
    )
    return frozenset(row["sha256"] for row in rows)


def mark_judged(store: Store, sha256s: Sequence[str], judged_with: JudgedWith) -> None:
    """Record, in one transaction, that these photos were judged with this, and that nothing has come of it."""
    key = judged_with.text
    with store.transaction():
        store.execute_many("UPDATE photos SET people_key = ? WHERE sha256 = ?", [(key, sha256) for sha256 in sha256s])


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which photos to read; None chooses by nothing. `sha256s` is a JSON list."""

    sha256s: str | None = None
    engine: str | None = None


_ALL_PHOTOS = """SELECT * FROM photos WHERE sha256 > :last AND (:engine IS NULL OR engine = :engine)
    ORDER BY sha256 LIMIT :page"""
# A statement of its own: with "chosen is null or" SQLite reads all photos for a few.
_CHOSEN_PHOTOS = """SELECT * FROM photos WHERE sha256 IN (SELECT value FROM json_each(:chosen)) AND sha256 > :last
    AND (:engine IS NULL OR engine = :engine) ORDER BY sha256 LIMIT :page"""


def _pages(store: Store, chosen: _Chosen) -> Iterator[list[Row]]:
    last = ""
    while True:
        page = list(
            store.rows(
                _ALL_PHOTOS if chosen.sha256s is None else _CHOSEN_PHOTOS,
                {
                    "last": last,
                    "engine": chosen.engine,
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
        yield StoredFace(row["id"], row["sha256"], row["ordinal"], FACE.read(row), MATCH.read(row))


def _evidence(photo: Row, faces: list[StoredFace], scenes: list[Row], places: list[Place]) -> StoredPhoto:
    return StoredPhoto(
        sha256=photo["sha256"],
        discarded=photo["discarded"],
        faces=tuple(faces),
        scenes=None
        if photo["scene_model"] is None
        else SceneScores(
            scores={row["category"]: row["score"] for row in scenes},
            # Most categories have none.
            evidence={
                row["category"]: () if row["evidence"] == "[]" else tuple(json.loads(row["evidence"])) for row in scenes
            },
            model=photo["scene_model"],
            spots={row["category"]: Spot(row["across"], row["down"]) for row in scenes if row["across"] is not None},
        ),
        places=tuple(places),
        **ANALYSIS.fields(photo),
    )
