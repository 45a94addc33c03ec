"""The photos that meet a filter, read a page at a time: what is held does not grow with what is written of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from untag.findings.counting import Group, HeldPictures, Picture, Pictures, fold, picture_of
from untag.findings.filters import FindingFilter
from untag.store import ListedPicture, Store, findings, first_files, listed_pictures
from untag.types import Status

_PAGE = 200
_FEW = 1000
"""So many photos are read at once, and then nobody who writes has to heed who reads."""

_STATUSES = tuple(Status)
_STATUS_BITS, _PERSON_BITS = 4, 20


@contextmanager
def open_pictures(store: Store, wanted: FindingFilter) -> Iterator[Pictures]:
    """The photos as of now, copies folded, in order; the limit and offset of `wanted` count photos."""
    with closing(store.reader()) as reader, reader.snapshot():
        pictures: Pictures = StoredPictures(reader, wanted)
        if len(pictures) > _FEW:
            yield pictures
            return
        pictures = HeldPictures(pictures)
    yield pictures


class StoredPictures:
    """Photos in the order of a filter; 8 bytes are held of each. `store` is one of an unchanging moment."""

    def __init__(self, store: Store, wanted: FindingFilter) -> None:
        self._store = store
        self._every = replace(wanted, limit=None, offset=0)
        self._persons: dict[str | None, int] = {}
        last = None if wanted.limit is None else wanted.offset + wanted.limit
        self._keys = _each_once(map(self._key, listed_pictures(store, wanted)), last)[wanted.offset :]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Group]:
        return self.take(range(len(self)))

    def take(self, numbers: Iterable[int]) -> Iterator[Group]:
        """The photos of these numbers, which count from 0, in their order."""
        left = iter(numbers)
        while some := list(islice(left, _PAGE)):
            yield from self._read([int(self._keys[number]) for number in some])

    def _key(self, one: ListedPicture) -> int:
        person = self._persons.setdefault(one.person, len(self._persons))
        return (one.first << _PERSON_BITS | person) << _STATUS_BITS | _STATUSES.index(one.status)

    def _read(self, keys: list[int]) -> Iterator[Group]:
        files = first_files(self._store, {key >> _PERSON_BITS + _STATUS_BITS for key in keys})
        members = findings(self._store, self._every, pictures={sha256 for _, sha256 in files.values()})
        groups = {picture_of(group.finding): group for group in fold(members, in_order=True)}
        persons = list(self._persons)
        for key in keys:
            yield groups[self._picture(key, files, persons)]

    def _picture(self, key: int, files: dict[int, tuple[str, str]], persons: list[str | None]) -> Picture:
        path, _ = files[key >> _PERSON_BITS + _STATUS_BITS]
        person = persons[key >> _STATUS_BITS & (1 << _PERSON_BITS) - 1]
        return path, person, _STATUSES[key & (1 << _STATUS_BITS) - 1]


def _each_once(keys: Iterable[int], most: int | None) -> NDArray[np.int64]:
    """Each key where it comes first; at most so many, after which none is asked for."""
    if most is None:
        every = np.fromiter(keys, np.int64)
        _, first = np.unique(every, return_index=True)
        return every[np.sort(first)]
    found: dict[int, None] = {}
    for key in keys if most else ():
        found[key] = None
        if len(found) == most:
            break
    return np.fromiter(found, np.int64)
