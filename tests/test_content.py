"""What lies in an archive is unpacked for those who need an open file, as long as the disk has room for it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from untag.errors import ReadFailure
from untag.sources.content import PIECE, Content
from untag.types import Outcome

Usage = namedtuple("Usage", "total used free")
GIGABYTE = 1 << 30


def pieces(unpacked: list[int], most: int = 100) -> Iterator[bytes]:
    for number in range(most):
        unpacked.append(number)
        yield bytes(PIECE)


def test_room_that_others_take_meanwhile_is_not_taken_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, unpacked = [GIGABYTE] * 4 + [GIGABYTE // 2], list[int]()
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(GIGABYTE, 0, left.pop(0) if len(left) > 1 else left[0]))
    with (
        pytest.raises(ReadFailure, match="no room in the home folder") as raised,
        Content(PIECE, lambda: pieces(unpacked)).opened(tmp_path),
    ):
        pass
    assert raised.value.outcome is Outcome.TOO_LARGE
    assert len(unpacked) == 4
    assert list(tmp_path.iterdir()) == []


def test_unpacking_ends_with_the_scan(tmp_path: Path) -> None:
    unpacked = list[int]()
    with (
        pytest.raises(ReadFailure, match="stopped"),
        Content(PIECE, lambda: pieces(unpacked)).opened(tmp_path, lambda: len(unpacked) > 2),
    ):
        pass
    assert len(unpacked) == 3
