"""The embedding index: exact, never behind the store, whole or ignored, and nothing left in it of what was erased."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from store_samples import MAYBE, ME, OTHER, analysis, record, stored_faces
from untag.errors import StoreError
from untag.people import index as index_module
from untag.people import index_file
from untag.people.index import FaceIndex, Hits, index_path, load_index, open_index
from untag.people.index_file import CHUNK, Header, change, create, read_header
from untag.people.index_head import ENOUGH, choose_basis
from untag.store import (
    MatchUpdate,
    Store,
    embedded_faces,
    embedding_generation,
    forget_all,
    forget_bystanders,
    forget_person,
    record_batch,
    start_run,
    update_matches,
)
from untag.support.home import MARKS
from untag.types import Match


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def scan(store: Store, photos: range, matches: tuple[Match, ...] = (ME, MAYBE, OTHER)) -> None:
    """Record photos with one face for each match."""
    run = start_run(store, ["/a"])
    made = [record(f"/a/{number}", f"sha{number}", analysis(matches, seed=number)) for number in photos]
    record_batch(store, run, made)


def brute(ids: NDArray[np.int64], vectors: NDArray[np.float32], references: NDArray[np.float32]) -> Hits:
    """Every pair, by reference, distance and id, in float64."""
    exact = vectors.astype(np.float64)
    distances = np.array([np.linalg.norm(exact - one, axis=1) for one in references]).reshape(len(references), len(ids))
    probes = np.repeat(np.arange(len(references)), len(ids))
    faces = np.tile(ids, len(references))
    order = np.lexsort((faces, distances.ravel(), probes))
    return Hits(faces[order], probes[order], distances.ravel()[order])


def same(left: Hits, right: Hits) -> bool:
    return (
        np.array_equal(left.faces, right.faces)
        and np.array_equal(left.references, right.references)
        and np.allclose(left.distances, right.distances, rtol=0, atol=1e-12)
    )


def chosen(hits: Hits, which: NDArray[np.bool_]) -> Hits:
    return Hits(hits.faces[which], hits.references[which], hits.distances[which])


def expect_as_stored(store: Store, index: FaceIndex) -> None:
    """The index finds what the store holds, no more and no less."""
    ids = embedded_faces(store, "dlib")
    assert len(index) == len(ids)
    assert sorted(index.ids[index.ids != index_file.ERASED]) == list(ids)
    stored = {one.id: one.face.embedding for one in stored_faces(store, "dlib")}
    vectors = np.array([stored[one] for one in ids], np.float32).reshape(len(ids), 128)
    references = np.random.default_rng(1).random((3, 128), np.float32)
    everything = brute(ids, vectors, references)
    assert same(index.within(references, np.inf), everything)
    assert same(index.within(references, 4.5), chosen(everything, everything.distances <= 4.5))


def made(path: Path, vectors: NDArray[np.float32]) -> FaceIndex:
    header = create(path, Header("e", vectors.shape[1], 1), enumerate(vectors, start=100))
    return load_index(path, header)


def structured(random: np.random.Generator, faces: int, dimensions: int = 24) -> NDArray[np.float32]:
    """Embeddings that spread much along a few axes and little along the others, as real ones do."""
    axes = np.linalg.qr(random.standard_normal((dimensions, dimensions)))[0]
    spread = 0.7 ** np.arange(dimensions)
    return np.asarray((random.standard_normal((faces, dimensions)) * spread) @ axes + 0.3, np.float32)


def test_the_index_follows_the_store(store: Store) -> None:
    expect_as_stored(store, open_index(store, "dlib"))
    assert not index_path(store.home, "dlib").exists()
    scan(store, range(1), (ME,))
    expect_as_stored(store, open_index(store, "dlib"))
    scan(store, range(1, 40))
    expect_as_stored(store, open_index(store, "dlib"))
    scan(store, range(10, 12), (ME, ME))  # analysed again: other faces, with new ids
    update_matches(store, [MatchUpdate(50, OTHER, keep=False)])
    index = open_index(store, "dlib")
    assert index.header.erased == 7
    expect_as_stored(store, index)
    assert len(open_index(store, "another")) == 0


def test_an_id_is_never_given_twice(store: Store) -> None:
    scan(store, range(5), (ME,))
    open_index(store, "dlib")
    scan(store, range(4, 5), (MAYBE,))
    assert list(embedded_faces(store, "dlib")) == [1, 2, 3, 4, 6]
    expect_as_stored(store, open_index(store, "dlib"))


def test_what_did_not_change_is_not_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(store, range(3))
    open_index(store, "dlib")
    monkeypatch.setattr(index_module, "_update", None)
    expect_as_stored(store, open_index(store, "dlib"))


@pytest.mark.parametrize("off", [-5, 5])
@pytest.mark.parametrize("face_id", [5, 77])
def test_an_index_of_another_history_is_made_anew(store: Store, off: int, face_id: int) -> None:
    scan(store, range(3))
    path = index_path(store.home, "dlib")
    create(path, Header("dlib", 128, embedding_generation(store) + off), [(face_id, np.ones(128, np.float32))])
    expect_as_stored(store, open_index(store, "dlib"))


def test_erased_embeddings_leave_the_file(store: Store) -> None:
    scan(store, range(40))
    open_index(store, "dlib")
    path = index_path(store.home, "dlib")
    faces = [one for one in stored_faces(store, "dlib") if one.id in (1, 60, 120)]
    needles = [one.face.embedding.astype("<f4").tobytes()[:16] for one in faces if one.face.embedding is not None]
    assert [needle in path.read_bytes() for needle in needles] == [True] * 3
    update_matches(store, [MatchUpdate(one.id, OTHER, keep=False) for one in faces])
    assert open_index(store, "dlib").header.erased == 3
    assert [needle in path.read_bytes() for needle in needles] == [False] * 3


@pytest.mark.parametrize("forget", [forget_bystanders, lambda store: forget_person(store, "Ada")])
def test_forgetting_destroys_the_file(store: Store, forget: object) -> None:
    scan(store, range(3))
    open_index(store, "dlib")
    half_written = store.home / "faces-dlib.idx.new"
    half_written.write_bytes(b"x" * 100)
    assert callable(forget)
    forget(store)
    assert not half_written.exists()
    assert not index_path(store.home, "dlib").exists()
    expect_as_stored(store, open_index(store, "dlib"))


def test_forgetting_all_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Store.open(home) as store:
        scan(store, range(3))
        open_index(store, "dlib")
    assert index_path(home, "dlib") in forget_all(home, lambda _: ())
    assert {path.name for path in home.iterdir()} - MARKS.keys() == {"scan.lock"}


def test_an_interrupted_erasure_is_not_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(store, range(40))
    open_index(store, "dlib")
    update_matches(store, [MatchUpdate(5, OTHER, keep=False)])
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(index_file, "_write_chunk", _interrupt)
        open_index(store, "dlib")
    assert read_header(index_path(store.home, "dlib"), "dlib") is None
    expect_as_stored(store, open_index(store, "dlib"))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_append_is_not_seen_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "i.idx"
    vectors = np.random.default_rng(0).random((10, 4), np.float32)
    before = made(path, vectors[:6]).header
    write = index_file._write_header
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(index_file, "_write_header", _interrupt)
        change(path, before, np.empty(0, np.int64), enumerate(vectors[6:], start=200))
    assert write is index_file._write_header
    assert vectors[8].tobytes() in path.read_bytes()
    assert read_header(path, "e") == before
    assert len(load_index(path, before).within(vectors[8:9], 0).faces) == 0
    change(path, before, np.empty(0, np.int64), ())
    assert vectors[8].tobytes() not in path.read_bytes()


def test_a_torn_file_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "i.idx"
    index = made(path, np.random.default_rng(0).random((CHUNK + 10, 4), np.float32))
    whole = path.read_bytes()
    for size in (0, 1, 60, 4095, 4096, 5000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert read_header(path, "e") is None
    for place in (0, 9, 20, 60, 4095):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_header(path, "e") is None
    path.write_bytes(whole)
    assert read_header(path, "e") == index.header
    assert read_header(path, "f") is None
    assert read_header(tmp_path / "none", "e") is None


def test_a_damaged_file_is_made_anew(store: Store) -> None:
    scan(store, range(3))
    open_index(store, "dlib")
    path = index_path(store.home, "dlib")
    path.write_bytes(path.read_bytes()[:-1])
    expect_as_stored(store, open_index(store, "dlib"))


def test_a_crash_before_the_renaming_leaves_the_old_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(store, range(3))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(index_file, "_append", _interrupt)
        open_index(store, "dlib")
    assert not index_path(store.home, "dlib").exists()
    expect_as_stored(store, open_index(store, "dlib"))
    assert [path.name for path in store.home.glob("faces*")] == ["faces-dlib.idx"]


def test_a_full_disk_is_explained(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    scan(store, range(3))
    monkeypatch.setattr(index_file, "_write_chunk", full)
    with pytest.raises(StoreError, match="No space left"):
        open_index(store, "dlib")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_the_user_may_read_it(store: Store) -> None:
    scan(store, range(3))
    before = os.umask(0)
    try:
        open_index(store, "dlib")
    finally:
        os.umask(before)
    assert stat.S_IMODE(index_path(store.home, "dlib").stat().st_mode) == 0o600


def test_references_of_another_engine_are_refused(tmp_path: Path) -> None:
    index = made(tmp_path / "i.idx", np.ones((2, 4), np.float32))
    with pytest.raises(ValueError, match="4 dimensions"):
        index.within(np.ones((1, 5), np.float32), 1)
    assert len(index.within(np.empty((0, 4), np.float32), 1).faces) == 0


@pytest.mark.parametrize("faces", [1, 5, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_search_is_exact_over_chunks(tmp_path: Path, faces: int) -> None:
    random = np.random.default_rng(faces)
    vectors = random.standard_normal((faces, 8)).astype(np.float32)
    index = made(tmp_path / "i.idx", vectors)
    references = np.concatenate([vectors[:1], random.standard_normal((4, 8)).astype(np.float32)])
    everything = brute(np.arange(100, 100 + faces), vectors, references)
    limits = np.array([0.0, 1.0, 1.5, 2.0, 2.5])
    near = chosen(everything, everything.distances <= limits[everything.references])
    assert same(index.within(references, limits), near)
    ranks = np.tile(np.arange(faces), len(references))
    for k in (1, 10):
        assert same(index.nearest(references, k), chosen(everything, ranks < k))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_heads_change_no_answer(tmp_path: Path, scale: float, shift: float) -> None:
    random = np.random.default_rng(11)
    vectors = ((structured(random, 3 * CHUNK + 50) + shift) * scale).astype(np.float32)
    index = made(tmp_path / "i.idx", vectors)
    assert index.header.head > 0
    references = vectors[random.choice(len(vectors), 6, replace=False)]
    everything = brute(np.arange(100, 100 + len(vectors)), vectors, references)
    # Limits that are themselves distances, from the nearest faces to so many that heads tell nothing.
    for rank in (0, 1, 10, 1000, len(vectors) - 1):
        limits = everything.distances[np.arange(6) * len(vectors) + rank] * (1 + 1e-12)
        near = chosen(everything, everything.distances <= limits[everything.references])
        assert same(index.within(references, limits), near)
    ranks = np.tile(np.arange(len(vectors)), 6)
    for k in (1, 10, 500):
        assert same(index.nearest(references, k), chosen(everything, ranks < k))


def test_heads_spare_most_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(12)
    vectors = structured(random, 4 * CHUNK)
    index = made(tmp_path / "i.idx", vectors)
    widths: list[int] = []
    multiply = index_module._multiply

    def counted(rows: NDArray[np.float32], *rest: NDArray[np.float32]) -> NDArray[np.intp]:
        widths.append(rows.shape[1])
        return multiply(rows, *rest)

    monkeypatch.setattr(index_module, "_multiply", counted)
    index.within(vectors[:2], 0.05)
    assert widths == [index.header.head + 2] * 4
    widths.clear()
    # Where they tell nothing they are tried less and less often.
    index.within(vectors[:2], 100.0)
    head, whole = index.header.head + 2, vectors.shape[1] + 2
    assert widths == [head, whole, whole, head, whole, whole]


@pytest.mark.parametrize("shape", [(CHUNK, 8), (ENOUGH - 1, 24), (CHUNK, 24)])
def test_no_heads_where_they_would_tell_nothing(tmp_path: Path, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(13)
    alike_in_all_directions = random.standard_normal(shape).astype(np.float32)
    assert made(tmp_path / "i.idx", alike_in_all_directions).header.head == 0
    assert choose_basis(np.full(shape, np.nan, np.float32)).shape[1] == 0
    assert choose_basis(np.ones(shape, np.float32)).shape[1] == 0


def test_a_basis_is_orthonormal() -> None:
    basis = choose_basis(structured(np.random.default_rng(14), ENOUGH))
    assert basis.shape == (24, 6)
    assert np.allclose(basis.T @ basis, np.eye(6), rtol=0, atol=1e-13)


def test_an_index_that_has_grown_gets_heads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (index_module, index_file):
        monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(index_file, "ENOUGH", 32)
    scan(store, range(5))
    assert open_index(store, "dlib").header.head == 0
    scan(store, range(5, 40))
    index = open_index(store, "dlib")
    assert index.header.head > 0
    expect_as_stored(store, index)
    scan(store, range(40, 90))
    update_matches(store, [MatchUpdate(face_id, OTHER, keep=False) for face_id in range(20, 60)])
    appended = open_index(store, "dlib")
    assert (appended.header.head, appended.header.erased) == (index.header.head, 40)
    expect_as_stored(store, appended)


def test_a_head_is_erased_with_its_face(tmp_path: Path) -> None:
    path = tmp_path / "i.idx"
    before = made(path, structured(np.random.default_rng(15), CHUNK))
    head = before.chunks["heads"][0, 7, : before.header.head].tobytes()
    assert head in path.read_bytes()
    header = change(path, replace(before.header, generation=2), np.array([7]), ())
    assert head not in path.read_bytes()
    assert 107 not in load_index(path, header).within(np.zeros((1, 24), np.float32), np.inf).faces


def test_a_file_of_an_older_version_is_made_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(store, range(3))
    with monkeypatch.context() as patched:
        patched.setattr(index_file, "_VERSION", 1)
        open_index(store, "dlib")
    assert read_header(index_path(store.home, "dlib"), "dlib") is None
    expect_as_stored(store, open_index(store, "dlib"))


def test_erased_faces_are_not_found(tmp_path: Path) -> None:
    path = tmp_path / "i.idx"
    vectors = np.random.default_rng(3).standard_normal((CHUNK + 50, 6)).astype(np.float32)
    before = made(path, vectors).header
    gone = np.array([0, 7, CHUNK - 1, CHUNK + 3])
    header = change(path, replace(before, generation=2), gone, [(9999999, vectors[7])])
    index = load_index(path, header)
    kept = np.setdiff1d(np.arange(len(vectors)), gone)
    ids = np.append(kept + 100, 9999999)
    everything = brute(ids, np.concatenate([vectors[kept], vectors[7:8]]), vectors[gone])
    assert same(index.within(vectors[gone], np.inf), everything)
    ranks = np.tile(np.arange(len(ids)), len(gone))
    assert same(index.nearest(vectors[gone], 3), chosen(everything, ranks < 3))


@given(
    seed=st.integers(0, 2**32 - 1),
    faces=st.integers(0, 60),
    probes=st.integers(0, 5),
    scale=st.sampled_from([1e-3, 1.0, 100.0]),
    shift=st.sampled_from([0.0, 1.0, 50.0]),
    k=st.integers(1, 70),
)
def test_search_equals_brute_force(seed: int, faces: int, probes: int, scale: float, shift: float, k: int) -> None:
    random = np.random.default_rng(seed)
    vectors = (random.standard_normal((faces, 3)) * scale + shift * scale).astype(np.float32)
    references = (random.standard_normal((probes, 3)) * scale + shift * scale).astype(np.float32)
    chunks = np.zeros(1, index_file.chunk_type(3))
    chunks["ids"][0, :faces] = np.arange(faces)
    chunks["rows"][0, :faces] = np.column_stack([vectors, np.square(vectors).sum(1) / 2, np.ones(faces)])
    index = FaceIndex(Header("e", 3, 1, faces), chunks)
    everything = brute(np.arange(faces), vectors, references)
    limit = float(np.median(everything.distances)) if len(everything.distances) else 1.0
    # A limit that is itself a distance: the hardest case for rounding.
    near = index.within(references, np.nextafter(limit, np.inf) * (1 + 1e-12))
    assert same(near, chosen(everything, everything.distances <= limit * (1 + 1e-12)))
    ranks = np.tile(np.arange(faces), probes)
    assert same(index.nearest(references, k), chosen(everything, ranks < k))
