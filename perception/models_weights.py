"""Reads a PyTorch state dict without PyTorch, and without running anything it holds.

PyTorch's file format from before 1.6 is a row of pickles (a magic number, a version, the machine's
type sizes, the object, the storage keys), then the storages: a count and the raw numbers, each. The
pickles are read with an unpickler that imports nothing: the four names a state dict needs are mapped
to functions of this module, and any other name is refused.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import GroundupError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

Weights = dict[str, NDArray[Any]]


class UnreadableWeights(GroundupError):
    """The file is no state dict of PyTorch's older format, or asks for more than tensors."""


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_KINDS: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
    "HalfStorage": np.dtype("<f2"),
}


def _rebuild(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Reader(pickle.Unpickler):
    """Knows tensors and their storages, imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        allowed: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            **{("torch", kind): kind for kind in _KINDS},
        }
        if (module, name) not in allowed:
            raise UnreadableWeights(f"the weights ask for {module}.{name}, which no state dict needs")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        label, kind, key, *_ = pid
        if label != "storage" or kind not in _KINDS:
            raise UnreadableWeights("the weights hold a storage of an unknown type")
        return _Storage(str(key), str(kind))


def read_state_dict(path: Path) -> Weights:
    """Name to array, from a file of PyTorch's format before 1.6; raises UnreadableWeights."""
    with path.open("rb") as file:
        try:
            return _read(file)
        except (pickle.UnpicklingError, EOFError, struct.error, ValueError, TypeError, KeyError) as error:
            raise UnreadableWeights(f"{path.name} is no PyTorch state dict: {error}") from error


def _read(file: BinaryIO) -> Weights:
    def load() -> Any:
        return _Reader(file).load()

    if load() != MAGIC or load() != PROTOCOL:
        raise UnreadableWeights("the file does not begin as PyTorch's older format does")
    load()
    tensors: OrderedDict[str, _Tensor] = load()
    keys: list[str] = load()
    kinds = {tensor.storage.key: _KINDS[tensor.storage.kind] for tensor in tensors.values()}
    data = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        data[key] = np.frombuffer(file.read(count * kinds[key].itemsize), kinds[key], count)
    return {name: _array(tensor, data[tensor.storage.key]) for name, tensor in tensors.items()}


def _array(tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    reach = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)) + 1
    if 0 in tensor.shape or reach > storage.size or min((tensor.offset, *tensor.strides)) < 0:
        raise UnreadableWeights("a tensor reaches beyond its storage")
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps, writeable=False)
    return view.copy()
