"""What photos show is kept of photos that surely show somebody enrolled, and of no other, whatever happens later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from store_samples import MAYBE, ME, OTHER, analysis, record
from untag.store import (
    DATABASE_NAME,
    MatchUpdate,
    Store,
    forget_person,
    photo_evidence,
    record_batch,
    record_decision,
    scene_vectors,
    start_run,
    update_matches,
)
from untag.store.migrations import MIGRATIONS
from untag.store.traces import needles_of_person, stored_words, words_of
from untag.types import Match, SceneScores, Status, Vector, Verdict

BOB = Match(Verdict.ME, 0.8, "Bob")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def vector(seed: int = 0) -> Vector:
    return np.random.default_rng(seed).random(384, dtype=np.float32)


def save(store: Store, sha256: str, matches: Sequence[Match], shown: Vector) -> None:
    scenes = SceneScores({"alcohol": 0.5}, {}, "toy", vector=shown, space="s")
    seen = replace(analysis(matches), scenes=scenes)
    record_batch(store, start_run(store, []), [record(f"/{sha256}.jpg", sha256, seen)])


def kept(store: Store, space: str = "s") -> list[str]:
    return [sha256 for sha256, _ in scene_vectors(store, space)]


def test_only_photos_of_somebody_enrolled_keep_what_they_show(store: Store) -> None:
    for sha256, matches in {"me": (OTHER, ME), "maybe": (MAYBE,), "other": (OTHER,), "nobody": ()}.items():
        save(store, sha256, matches, vector())
    assert kept(store) == ["me"]
    assert kept(store, "another space") == []
    ((_, back),) = scene_vectors(store, "s")
    np.testing.assert_allclose(back, vector(), atol=1e-3)


def test_another_analysis_replaces_it(store: Store) -> None:
    save(store, "a", (ME,), vector(1))
    save(store, "a", (ME,), vector(2))
    ((_, back),) = scene_vectors(store, "s")
    np.testing.assert_allclose(back, vector(2), atol=1e-3)
    save(store, "a", (OTHER,), vector(2))
    assert kept(store) == []


def judge_again(store: Store, sha256: str, *verdicts: Match) -> None:
    (evidence,) = photo_evidence(store, [sha256])
    update_matches(store, [MatchUpdate(face.id, match) for face, match in zip(evidence.faces, verdicts, strict=True)])


def test_it_goes_with_the_last_face_that_is_yours(store: Store) -> None:
    save(store, "a", (ME, BOB), vector())
    judge_again(store, "a", OTHER, BOB)
    assert kept(store) == ["a"]
    judge_again(store, "a", OTHER, MAYBE)
    assert kept(store) == []


def test_forgetting_somebody_erases_it_from_every_file(store: Store, tmp_path: Path) -> None:
    shown = vector(5)
    save(store, "a", (ME,), shown)
    save(store, "b", (BOB,), vector(6))
    # A vector is spread over pages: some of its pieces lie whole in the file.
    pieces = [shown[start : start + 8].astype("<f4").tobytes() for start in range(0, 384, 8)]
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert any(piece in path.read_bytes() for path in files for piece in pieces)
    forget_person(store, "Ada")
    assert kept(store) == ["b"]
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(piece in path.read_bytes() for path in files for piece in pieces)


def test_what_forgetting_is_to_erase_is_looked_for(store: Store) -> None:
    save(store, "a", (ME,), vector(5))
    save(store, "both", (ME, BOB), vector(6))
    save(store, "b", (BOB,), vector(7))
    words = {seed: set(words_of([vector(seed)]).tolist()) for seed in (5, 6, 7)}
    needles = set(needles_of_person(store, "Ada").words.tolist())
    assert words[5] <= needles
    assert not words[6] & needles  # it still shows Bob
    assert not words[7] & needles
    assert words[5] | words[6] | words[7] <= set(stored_words(store).tolist())


def test_not_me_erases_it_and_keeps_it_away(store: Store) -> None:
    save(store, "a", (ME,), vector())
    record_decision(store, "a", Status.NOT_ME)
    assert kept(store) == []
    save(store, "a", (ME,), vector())
    assert kept(store) == []
    record_decision(store, "a", Status.KEEP)
    save(store, "a", (ME,), vector())
    assert kept(store) == ["a"]


def test_a_database_of_before_is_brought_up_to_date(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("untag.store.migrations.MIGRATIONS", MIGRATIONS[:1])
        with Store.open(home):
            pass
    with sqlite3.connect(home / DATABASE_NAME) as raw:
        assert raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'scene_vectors'").fetchone() is None
    with Store.open(home) as opened:
        save(opened, "a", (ME,), vector())
        assert kept(opened) == ["a"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_photo_in_which_another_face_is_yours_now_keeps_what_it_shows(store: Store, first: int) -> None:
    save(store, "a", (ME, OTHER) if first == 0 else (OTHER, ME), vector())
    (photo,) = photo_evidence(store, ["a"])
    swapped = [OTHER, ME] if first == 0 else [ME, OTHER]
    update_matches(
        store, [MatchUpdate(face.id, match, keep=True) for face, match in zip(photo.faces, swapped, strict=True)]
    )
    assert kept(store) == ["a"]
