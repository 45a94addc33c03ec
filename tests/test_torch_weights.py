"""State dicts are read as data: honest ones exactly, hostile and damaged ones not at all."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.engine.weights.torch_weights import read_state_dict
from untag.errors import ModelError

MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True)
class Tensor:
    """How a tensor is written: a view of a storage."""

    key: str
    count: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    kind: str = "FloatStorage"


WHOLE = Tensor("7", 6, (2, 3), (3, 1))
DATA = np.arange(6, dtype="<f4").tobytes()


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def row(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(number(value) for value in values) + b"t"


def written(tensor: Tensor) -> bytes:
    storage = text("storage") + f"ctorch\n{tensor.kind}\n".encode() + text(tensor.key) + text("cpu")
    hooks = b"ccollections\nOrderedDict\n)R"
    view = number(tensor.offset) + row(tensor.shape) + row(tensor.strides) + b"\x89" + hooks
    return b"ctorch._utils\n_rebuild_tensor_v2\n((" + storage + number(tensor.count) + b"NtQ" + view + b"tR"


def tensors_pickle(tensors: Mapping[str, bytes]) -> bytes:
    items = b"".join(text(name) + value for name, value in tensors.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u}" + text("_metadata") + b"}sb."


def state_file(
    tensors: Mapping[str, Tensor] | bytes, storages: Mapping[str, tuple[int, bytes]], *, magic: int = MAGIC
) -> bytes:
    body = tensors if isinstance(tensors, bytes) else tensors_pickle({k: written(t) for k, t in tensors.items()})
    head = [magic, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}]
    parts = [*(pickle.dumps(value, protocol=2) for value in head), body, pickle.dumps(list(storages), protocol=2)]
    return b"".join([*parts, *(struct.pack("<q", count) + data for count, data in storages.values())])


def honest(**changes: Any) -> bytes:
    return state_file({"weight": replace(WHOLE, **changes)}, {"7": (6, DATA)})


def test_reads_a_tensor() -> None:
    state = read_state_dict(honest())
    assert list(state) == ["weight"]
    assert state["weight"].dtype == np.float32
    np.testing.assert_array_equal(state["weight"], [[0, 1, 2], [3, 4, 5]])


def test_reads_a_transposed_view_as_contiguous_rows() -> None:
    weight = read_state_dict(honest(shape=(3, 2), strides=(1, 3)))["weight"]
    np.testing.assert_array_equal(weight, [[0, 3], [1, 4], [2, 5]])
    assert weight.flags.c_contiguous


def test_reads_offsets_scalars_and_the_arbitrary_strides_of_single_axes() -> None:
    tensors = {
        "tail": replace(WHOLE, shape=(2, 1), strides=(1, 999), offset=4),
        "scalar": replace(WHOLE, shape=(), strides=(), offset=5),
        "count": Tensor("8", 1, (), (), kind="LongStorage"),
    }
    state = read_state_dict(state_file(tensors, {"7": (6, DATA), "8": (1, struct.pack("<q", 2**40))}))
    np.testing.assert_array_equal(state["tail"], [[4], [5]])
    assert state["scalar"] == 5
    assert state["count"] == 2**40
    assert state["count"].dtype == np.int64


class Bomb:
    """Unpickling this runs a command that leaves a file behind."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("part", [0, 1, 2, 3, 4])
def test_code_in_any_part_is_refused_and_not_run(tmp_path: Path, protocol: int, part: int) -> None:
    target = tmp_path / "ran"
    bomb = pickle.dumps({"weight": Bomb(target)}, protocol=protocol)
    good = [pickle.dumps(value, protocol=2) for value in (MAGIC, 1001, {"little_endian": True})]
    parts = [*good, tensors_pickle({"weight": written(WHOLE)}), pickle.dumps(["7"], protocol=2)]
    parts[part] = bomb
    with pytest.raises(ModelError, match="not a plain PyTorch state dict"):
        read_state_dict(b"".join(parts) + struct.pack("<q", 6) + DATA)
    assert not target.exists()
    # The bomb is live: the test would notice if it went off.
    pickle.loads(bomb)
    assert target.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\x80\x02cbuiltins\neval\n(" + text("1") + b"tR.",
        b"\x80\x02ccollections\nOrderedDict\n(]tR.",  # OrderedDict called with arguments
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"\x80\x02" + text("storage") + b"Q.",
        b"\x80\x02(ibuiltins\neval\n.",
        b"\x80\x02\x82\x01.",  # the extension registry
        b"\x80\x02Pid\n.",
        b"\x80\x02ccollections\nOrderedDict\n.",
        b"\x80\x02}(" + number(1) + number(2) + b"u.",
        b"\x80\x02}" + text("weight") + number(2) + b"s.",
        b"\x80\x02}" + text("weight") + b"h\x05s.",  # a memo entry that was never put
        b"\x80\x02(.",
        b"\x80\x02.",
        b"\x80\x02}}.",
        b"\x80\x02" + number(1) + b"}b.",
        b"\x80\x02(" * 50 + b"t" * 51 + b".",
    ],
)
def test_pickles_that_are_no_state_dict_are_refused(body: bytes) -> None:
    with pytest.raises(ModelError, match="not a plain PyTorch state dict"):
        read_state_dict(state_file(body, {}))


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 1},
        {"offset": -1},
        {"offset": 2**31 - 1},
        {"shape": (2, 4), "strides": (3, 1)},
        {"shape": (2, 3), "strides": (4, 1)},
        {"shape": (2, 3), "strides": (-3, 1)},
        {"shape": (-2, -3)},
        {"shape": (0, 3)},
        {"shape": (6,)},
        {"shape": (2**31 - 1, 2**31 - 1), "strides": (0, 0)},  # a small file that asks for 16 exabytes
        {"shape": (7,), "strides": (0,)},
        {"count": 5},
        {"count": -6},
        {"count": 2**31 - 1},
        {"kind": "HalfStorage"},
        {"key": "9"},
    ],
)
def test_views_outside_their_storage_are_refused(changes: dict[str, Any]) -> None:
    assert read_state_dict(honest())
    with pytest.raises(ModelError, match="not a plain PyTorch state dict"):
        read_state_dict(honest(**changes))


def test_one_storage_described_in_two_ways_is_refused() -> None:
    tensors = {"a": WHOLE, "b": replace(WHOLE, kind="LongStorage")}
    with pytest.raises(ModelError, match="two ways"):
        read_state_dict(state_file(tensors, {"7": (6, DATA)}))


@pytest.mark.parametrize(
    ("storages", "reason"),
    [
        ({"7": (5, DATA)}, "length"),
        ({"7": (-6, DATA)}, "length"),
        ({"7": (2**62, DATA)}, "length"),
        ({"7": (6, DATA[:-1])}, "ends before"),
        ({"7": (6, DATA + b"\0")}, "1 bytes follow"),
        ({}, "storages listed"),
        ({"7": (6, DATA), "8": (0, b"")}, "storages listed"),
    ],
)
def test_wrong_sizes_are_refused(storages: dict[str, tuple[int, bytes]], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read_state_dict(state_file({"weight": WHOLE}, storages))


def test_other_files_are_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02}.")
    with pytest.raises(ModelError, match="zip archive"):
        read_state_dict(archive.getvalue())
    with pytest.raises(ModelError, match="magic number"):
        read_state_dict(state_file({"weight": WHOLE}, {"7": (6, DATA)}, magic=MAGIC + 1))
    with pytest.raises(ModelError):
        read_state_dict(b"")


@given(st.integers(0, len(honest()) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(ModelError):
        read_state_dict(honest()[:length])


@given(st.integers(0, len(honest()) - 1), st.integers(0, 255))
def test_any_changed_byte_gives_tensors_or_a_model_error(position: int, value: int) -> None:
    data = bytearray(honest())
    data[position] = value
    try:
        state = read_state_dict(bytes(data))
    except ModelError:
        return
    assert all(tensor.size <= 6 for tensor in state.values())
