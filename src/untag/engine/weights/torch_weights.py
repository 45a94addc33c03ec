"""PyTorch state dict file -> numpy arrays, without PyTorch and without executing any of the file.

A state dict is written as pickles, and unpickling runs whatever the file says. Here the opcodes are only read, as data:
the few that a dict of tensors needs are interpreted into plain values, every other one is refused. No name in the file
is ever imported.

The layout is that of `torch.save` before PyTorch 1.6 (`_legacy_save` in torch/serialization.py): five pickles one after
the other (magic number, protocol, system information, the object, the storage keys in order), then for each key the
number of elements as a little-endian int64 and the raw elements. Zip files, which newer versions write, are refused: no
model of ours is one.
"""

from __future__ import annotations

import io
import pickletools
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_ORDERED_DICT = "collections OrderedDict"
_REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
_STORAGES: dict[str, np.dtype[Any]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
_COUNT = struct.Struct("<q")

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"})
_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS = frozenset({"BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"BINGET", "LONG_BINGET"})


class _MalformedError(Exception):
    """What is wrong with the file, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A global that the pickle names: only ever compared, never looked up."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of `count` elements that comes after the pickles."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage; offset and strides count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_MARK = object()


def read_state_dict(data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors in the bytes of a legacy-format PyTorch state dict.

    Returns every tensor by its name, in the file's order and shapes: C-contiguous copies, float32 or int64.
    Raises ModelError, with a sentence for the user, for bytes that are cut short, are not such a state dict, or ask for
    anything other than tensors.
    """
    try:
        return _parse(data)
    except _MalformedError as error:
        raise ModelError(f"a model file is not a plain PyTorch state dict: {error}") from error


def _parse(data: bytes) -> dict[str, NDArray[Any]]:
    if data.startswith(b"PK\x03\x04"):
        raise _MalformedError("it is a zip archive, and only the older single-stream format is read")
    stream = io.BytesIO(data)
    if _interpret(stream) != _MAGIC_NUMBER:
        raise _MalformedError("the magic number is missing")
    if _interpret(stream) != _PROTOCOL_VERSION:
        raise _MalformedError(f"the protocol is not {_PROTOCOL_VERSION}")
    system = _interpret(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _MalformedError("it was not written as little endian")
    tensors = _interpret(stream)
    keys = _interpret(stream)
    if not isinstance(tensors, dict) or not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
        raise _MalformedError("it holds something other than named tensors")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise _MalformedError("its list of storages is malformed")
    storages = _storages(stream, data, tensors, keys)
    return {name: _materialize(name, tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _storages(
    stream: io.BytesIO, data: bytes, tensors: Mapping[str, _Tensor], keys: list[str]
) -> dict[str, NDArray[Any]]:
    declared: dict[str, _Storage] = {}
    for tensor in tensors.values():
        if declared.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise _MalformedError(f"storage {tensor.storage.key!r} is described in two ways")
    if declared.keys() != set(keys):
        raise _MalformedError("the storages listed are not those its tensors use")
    arrays: dict[str, NDArray[Any]] = {}
    position = stream.tell()
    for key in keys:
        storage = declared[key]
        start = position + _COUNT.size
        position = start + storage.count * storage.dtype.itemsize
        if position > len(data):
            raise _MalformedError("the file ends before its last tensor")
        if _COUNT.unpack_from(data, start - _COUNT.size)[0] != storage.count:
            raise _MalformedError(f"storage {key!r} does not have the length that its tensors say")
        arrays[key] = np.frombuffer(data, storage.dtype, storage.count, start)
    if position != len(data):
        raise _MalformedError(f"{len(data) - position} bytes follow the last tensor")
    return arrays


def _materialize(name: str, tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    # A view may repeat elements (stride 0); were it larger than its storage, a small file could ask for any memory.
    size = 1
    for extent in tensor.shape:
        size *= extent
    last = tensor.offset + sum(
        (extent - 1) * stride for extent, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    if size == 0 or size > storage.size or last >= storage.size:
        raise _MalformedError(f"tensor {name!r} reaches outside its storage")
    # The stride of an axis of length 1 is never taken, and files hold arbitrary values there.
    strides = [
        0 if extent == 1 else stride * storage.itemsize
        for extent, stride in zip(tensor.shape, tensor.strides, strict=True)
    ]
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False)
    return view.astype(storage.dtype.newbyteorder("="), order="C", copy=True)


def _interpret(stream: io.BytesIO) -> Any:
    """The value of the next pickle: None, bool, int, str, tuple, list, dict, _Name, _Storage and _Tensor."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                break
            _step(opcode.name, argument, stack, memo)
    except (ValueError, IndexError, KeyError) as error:
        raise _MalformedError("its pickle is damaged") from error
    if len(stack) != 1 or stack[0] is _MARK:
        raise _MalformedError("its pickle is damaged")
    return stack[0]


def _step(opcode: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if opcode in _LITERALS:
        stack.append(argument)
    elif opcode in _CONSTANTS:
        stack.append(_CONSTANTS[opcode])
    elif opcode in _PUTS:
        memo[argument] = stack[-1]
    elif opcode in _GETS:
        stack.append(memo[argument])
    elif opcode == "MARK":
        stack.append(_MARK)
    elif opcode == "EMPTY_DICT":
        stack.append({})
    elif opcode == "EMPTY_LIST":
        stack.append([])
    elif opcode == "GLOBAL":
        stack.append(_name(argument))
    elif opcode == "TUPLE":
        stack.append(tuple(_pop_to_mark(stack)))
    elif opcode in _SHORT_TUPLES:
        stack.append(tuple(_pop(stack, _SHORT_TUPLES[opcode])))
    elif opcode == "APPEND":
        items = _pop(stack, 1)
        _top(stack, list).extend(items)
    elif opcode == "APPENDS":
        items = _pop_to_mark(stack)
        _top(stack, list).extend(items)
    elif opcode == "SETITEMS":
        items = _pop_to_mark(stack)
        _update(_top(stack, dict), items)
    elif opcode == "SETITEM":
        items = _pop(stack, 2)
        _update(_top(stack, dict), items)
    elif opcode == "BINPERSID":
        stack.append(_storage(_pop(stack, 1)[0]))
    elif opcode == "REDUCE":
        stack.append(_reduce(*_pop(stack, 2)))
    elif opcode == "BUILD":
        # The attributes of the OrderedDict: `_metadata`, the version of each module, which no reader of weights needs.
        _pop(stack, 1)
        _top(stack, dict)
    elif opcode != "PROTO":
        raise _MalformedError(f"its pickle uses {opcode}, which a state dict never needs")


def _pop(stack: list[Any], count: int) -> list[Any]:
    items = [stack.pop() for _ in range(count)][::-1]
    if any(item is _MARK for item in items):
        raise _MalformedError("its pickle is damaged")
    return items


def _pop_to_mark(stack: list[Any]) -> list[Any]:
    items: list[Any] = []
    while (item := stack.pop()) is not _MARK:
        items.append(item)
    return items[::-1]


def _top(stack: list[Any], kind: type) -> Any:
    if not isinstance(stack[-1], kind):
        raise _MalformedError("its pickle is damaged")
    return stack[-1]


def _update(target: dict[str, Any], items: list[Any]) -> None:
    if len(items) % 2 or not all(isinstance(key, str) for key in items[::2]):
        raise _MalformedError("it has a dict whose keys are not text")
    target.update(zip(items[::2], items[1::2], strict=True))


def _name(name: str) -> _Name:
    if name not in {_ORDERED_DICT, _REBUILD_TENSOR, *_STORAGES}:
        raise _MalformedError(f"it asks for {name.replace(' ', '.')}, which a state dict never needs")
    return _Name(name)


def _storage(persistent_id: Any) -> _Storage:
    match persistent_id:
        # The last item would describe a view of a view, which PyTorch stopped writing before 1.0.
        case ("storage", _Name(name=kind), str(key), str(), int(count), None) if kind in _STORAGES and count >= 0:
            return _Storage(key, _STORAGES[kind], count)
    raise _MalformedError("it refers to something other than a storage of numbers")


def _reduce(function: Any, arguments: Any) -> Any:
    match function, arguments:
        case _Name(name=name), () if name == _ORDERED_DICT:
            return {}
        # The last two: requires_grad and the backward hooks, an empty OrderedDict.
        case _Name(name=name), (_Storage() as storage, int(offset), tuple(shape), tuple(strides), bool(), dict()) if (
            name == _REBUILD_TENSOR
            and offset >= 0
            and len(shape) == len(strides)
            and all(type(value) is int and value >= 0 for value in (*shape, *strides))
        ):
            return _Tensor(storage, offset, shape, strides)
    raise _MalformedError("it asks for a call, and only tensors are built")
