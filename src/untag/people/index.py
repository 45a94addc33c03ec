"""The embedding index: exact search of all stored embeddings for those near some references.

The distance of an embedding x from a reference r is at most a limit L exactly when x·r - |x|²/2 - c >= 0, with c =
(|r|² - L²)/2. With rows (x, |x|²/2, 1) and probes (r, -1, -c) that is a matrix product and nothing else, done for a
chunk of rows at a time, which stays in the cache. Products in float32 have a rounding error with a proven bound; c is
lowered by it, so that no face is missed, and what passes is measured again in float64 (`_measure`).

Most faces are near no reference, and their heads show it (`index_head.py`): the same product with the heads, a third of
the numbers, leaves few pairs, and only those are compared in full. Where the heads exclude little, be it for wide
limits or for embeddings without structure, the product is done with whole rows. `benchmarks/index_search.py` measures
both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from untag.errors import StoreError
from untag.people.index_file import CHUNK, ERASED, Chunks, Header, change, create, map_chunks, read_basis, read_header
from untag.people.index_head import ROUNDING, Basis, head_limits, project
from untag.store import Store, embedded_faces, embedding_generation, embeddings_after, make_durable
from untag.support.erase import destroy, replaced

_MEASURED_AT_ONCE = 4096
_MOST_PAIRS = 0.02
"""The share of pairs that the heads may leave: looking at one takes about 30 times its share of a product of rows."""
_LONGEST_PAUSE = 16
"""Chunks that are searched by whole rows, at most, before the heads are tried again."""
_ONE_THREAD = 1_000_000
"""Multiplications up to which OpenBLAS uses one thread. With more, its threads wait for each other after every product:
on a busy machine of two cores a search of 1,000,000 faces took 3.1 s then, and 0.3 s on one thread."""
_ONE_THREAD_VECTOR = 9_000
"""The same for a product with a single reference, which is another routine."""
_EVERYTHING = -1e30
"""A cut that every row passes except the erased ones, finite so that no product is NaN."""


@dataclass(frozen=True, slots=True)
class Hits:
    """M pairs of a face and a reference: `faces` (M,) int64 ids in the store, `references` (M,) their positions among
    the references searched for, `distances` (M,) float64. By reference, then distance, then id."""

    faces: NDArray[np.int64]
    references: NDArray[np.intp]
    distances: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceIndex:
    """All the embeddings that the store holds of one engine, at the moment of `open_index`."""

    header: Header
    chunks: Chunks
    basis: Basis | None = None

    def __len__(self) -> int:
        return self.header.count - self.header.erased

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of all the rows, (count,) int64, `ERASED` where a face was erased."""
        return np.asarray(self.chunks["ids"].reshape(-1)[: self.header.count], np.int64)

    def within(self, references: NDArray[np.float32], limits: ArrayLike) -> Hits:
        """Every face at most `limits`, one number or (R,), away from references (R, dimensions).

        Exact: the faces that float64 arithmetic finds, and its distances to rounding (1e-12).
        """
        targets = np.broadcast_to(np.asarray(limits, np.float64), len(references))
        return _sorted(_joined(list(self._near(references, targets, range(len(self.chunks))))))

    def nearest(self, references: NDArray[np.float32], k: int) -> Hits:
        """The `k` faces nearest to each reference, or all when there are fewer; exact, as `within` is."""
        limits = self._sample(references, k)
        best = _joined([])
        start, end = 0, 1
        # As many chunks again as are done: their limits let pass, on average, k faces more for each reference.
        while start < len(self.chunks):
            found = self._near(references, limits, range(start, min(end, len(self.chunks))))
            best, limits = _first(_joined([best, *found]), limits, k)
            start, end = end, 2 * end
        return _sorted(best)

    def _sample(self, references: NDArray[np.float32], k: int) -> NDArray[np.float64]:
        """How far the `k`-th nearest face is at most from each reference, (R,), from the best of the first chunk."""
        limits = np.full(len(references), np.inf)
        if self._nothing(references):
            return limits
        ids, _, rows = self._chunk(0)
        scores = np.empty((len(rows), len(references)), np.float32)
        # Only their order counts: beside the cut for no limit all scores would be rounded to the same.
        _multiply(rows, _probes(references, np.zeros(len(references))), scores)
        best = np.argpartition(-scores, min(k, len(rows)) - 1, axis=0)[:k]
        candidates = (best * len(references) + np.arange(len(references))).ravel()
        return _first(_measure(ids, rows, candidates, references, limits), limits, k)[1]

    def _near(self, references: NDArray[np.float32], limits: NDArray[np.float64], chunks: range) -> Iterator[Hits]:
        """For each of `chunks` the pairs within `limits` (R,)."""
        if self._nothing(references):
            return
        whole = _probes(references, limits)
        heads = None
        if self.basis is not None:
            heads = _probes(project(references, self.basis), head_limits(references, limits))
        buffer = np.empty((CHUNK, len(references)), np.float32)
        wait, pause = 0, 1
        for number in chunks:
            ids, short, rows = self._chunk(number)
            scores = buffer[: len(rows)]
            if heads is not None and wait == 0:
                candidates = _multiply(short, heads, scores)
                if len(candidates) <= _MOST_PAIRS * scores.size:
                    pause = 1
                    yield _measure(ids, rows, _narrowed(rows, candidates, whole), references, limits)
                    continue
                wait, pause = pause, min(2 * pause, _LONGEST_PAUSE)
            else:
                wait = max(0, wait - 1)
            yield _measure(ids, rows, _multiply(rows, whole, scores), references, limits)

    def _chunk(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """The ids (n,), heads (n, head + 2) and rows (n, dimensions + 2) of a chunk."""
        size = min(CHUNK, self.header.count - number * CHUNK)
        chunk = self.chunks[number]
        return chunk["ids"][:size], chunk["heads"][:size], chunk["rows"][:size]

    def _nothing(self, references: NDArray[np.float32]) -> bool:
        """Whether there is nothing to compare. Raises ValueError for references of another length."""
        if references.shape[1:] != (self.header.dimensions,) and len(self):
            raise ValueError(f"references of shape {references.shape} for {self.header.dimensions} dimensions")
        return len(references) == 0 or len(self) == 0


def load_index(path: Path, header: Header) -> FaceIndex:
    """The index in a file with this header."""
    return FaceIndex(header, map_chunks(path, header), read_basis(path, header) if header.head else None)


def open_index(store: Store, engine: str) -> FaceIndex:
    """The index of an engine, first brought up to date with the store when that has changed.

    Embeddings that the store has erased are erased from the file here, so whoever erases some opens the index again;
    forgetting destroys it. Raises StoreError while another run is scanning.
    """
    path = index_path(store.home, engine)
    try:
        with store.exclusive():
            header = read_header(path, engine)
            if header is None or header.generation != embedding_generation(store):
                # The file must not know what a power failure could take back from the database.
                make_durable(store)
                with store.transaction():
                    header = _update(store, path, engine, header)
            return load_index(path, header)
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror or error}.") from error


def discard_index(store: Store, engine: str) -> None:
    """Destroy the index of an engine, if there is one. Raises StoreError."""
    try:
        _destroy(index_path(store.home, engine))
    except OSError as error:
        raise StoreError(f"{store.home} cannot be used: {error.strerror or error}.") from error


def index_path(home: Path, engine: str) -> Path:
    """Where the index of an engine lies."""
    return home / f"faces-{''.join(c if c.isalnum() else '-' for c in engine)}.idx"


def _update(store: Store, path: Path, engine: str, old: Header | None) -> Header:
    generation = embedding_generation(store)
    wanted = embedded_faces(store, engine)
    # An older database that was put back has another history; then ids say nothing.
    if old is not None and old.generation < generation:
        ids = load_index(path, old).ids
        newest = int(ids.max(initial=0))
        gone = np.flatnonzero(~np.isin(ids, wanted) & (ids != ERASED))
        complete = np.isin(wanted[wanted <= newest], ids).all()
        few = old.erased + len(gone) <= len(wanted) // 4
        # With too few faces there was no basis for heads; a whole chunk is worth one.
        grown = old.head == 0 and old.count < CHUNK <= old.count + np.count_nonzero(wanted > newest)
        if complete and few and not grown:
            return change(path, replace(old, generation=generation), gone, embeddings_after(store, engine, newest))
    _destroy(path)
    first = next(embeddings_after(store, engine, 0), None)
    header = Header(engine, 0 if first is None else len(first[1]), generation)
    return header if first is None else create(path, header, embeddings_after(store, engine, 0))


def _destroy(path: Path) -> None:
    for file in (path, path.with_name(path.name + ".new"), replaced(path)):
        destroy(file)


def _joined(parts: list[Hits]) -> Hits:
    return Hits(
        np.concatenate([np.empty(0, np.int64), *(part.faces for part in parts)]),
        np.concatenate([np.empty(0, np.intp), *(part.references for part in parts)]),
        np.concatenate([np.empty(0), *(part.distances for part in parts)]),
    )


def _at(hits: Hits, which: NDArray[np.intp] | NDArray[np.bool_]) -> Hits:
    return Hits(hits.faces[which], hits.references[which], hits.distances[which])


def _probes(references: NDArray[np.float32], limits: NDArray[np.float64]) -> NDArray[np.float32]:
    """What rows are multiplied by, (dimensions + 2, R): products are not negative within the limits."""
    probes = np.empty((references.shape[1] + 2, len(references)), np.float32)
    probes[:-2] = references.T
    probes[-2] = -1
    probes[-1] = -_cuts(references, limits)
    return probes


def _multiply(rows: NDArray[np.float32], probes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Fill `scores` (n, R) with rows (n, d) times probes (d, R); returns the positions that are not negative."""
    block = max(64, (_ONE_THREAD if probes.shape[1] > 1 else _ONE_THREAD_VECTOR) // probes.size)
    # BLAS kernels may raise floating-point flags in lanes that they compute but do not return.
    with np.errstate(all="ignore"):
        for start in range(0, len(rows), block):
            np.dot(rows[start : start + block], probes, out=scores[start : start + block])
    return np.flatnonzero(scores >= 0)


def _narrowed(rows: NDArray[np.float32], candidates: NDArray[np.intp], probes: NDArray[np.float32]) -> NDArray[np.intp]:
    """Those of `candidates`, positions in the scores (n, R), whose whole rows pass as well."""
    slots, columns = np.divmod(candidates, probes.shape[1])
    with np.errstate(all="ignore"):
        scores = (rows.take(slots, axis=0) * probes.T.take(columns, axis=0)) @ np.ones(len(probes), np.float32)
    passed: NDArray[np.intp] = candidates[scores >= 0]
    return passed


def _cuts(references: NDArray[np.float32], limits: NDArray[np.float64]) -> NDArray[np.float32]:
    """c for each reference, lowered by the largest rounding error that a product can have: (R,) float32.

    n terms summed in any order err by at most n u times the sum of their magnitudes (Higham, Accuracy and Stability of
    Numerical Algorithms, 3.1), and within the limit |x| <= |r| + L. Doubled, for |x|²/2 and c are rounded as well.
    """
    norms = np.linalg.norm(references.astype(np.float64), axis=1)
    finite = np.where(np.isfinite(limits), limits, 0)
    cuts = (norms**2 - finite**2) / 2
    largest = norms + finite
    terms = references.shape[1] + 2
    cuts -= 2 * terms * ROUNDING * (largest * norms + largest**2 / 2 + np.abs(cuts))
    return np.where(np.isfinite(limits), cuts, _EVERYTHING).astype(np.float32)


def _measure(
    ids: NDArray[np.int64],
    rows: NDArray[np.float32],
    candidates: NDArray[np.intp],
    references: NDArray[np.float32],
    limits: NDArray[np.float64],
) -> Hits:
    """Those of `candidates`, positions in the scores (n, R), that float64 says are within the limits."""
    found = []
    for start in range(0, len(candidates), _MEASURED_AT_ONCE):
        slots, probes = np.divmod(candidates[start : start + _MEASURED_AT_ONCE], len(references))
        difference = rows[slots, :-2].astype(np.float64) - references[probes]
        distances = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        pairs = Hits(ids[slots], probes, distances)
        found.append(_at(pairs, (distances <= limits[probes]) & (pairs.faces != ERASED)))
    return _joined(found)


def _sorted(pairs: Hits) -> Hits:
    return _at(pairs, np.lexsort((pairs.faces, pairs.distances, pairs.references)))


def _first(pairs: Hits, limits: NDArray[np.float64], k: int) -> tuple[Hits, NDArray[np.float64]]:
    """The `k` nearest of each reference, and with k of them found, how far the last one is."""
    ordered = _sorted(pairs)
    starts = np.searchsorted(ordered.references, np.arange(len(limits)))
    kept = _at(ordered, np.arange(len(ordered.faces)) - starts[ordered.references] < k)
    full = np.bincount(kept.references, minlength=len(limits)) == k
    last = np.searchsorted(kept.references, np.flatnonzero(full), side="right") - 1
    nearer = limits.copy()
    nearer[full] = kept.distances[last]
    return kept, nearer
