"""Reading pickles without executing them: plain containers and numbers come out, all else is an inert
record."""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundup.envs.errors import UsageError

LARGEST = 16 * 2**20
"""Bytes; VPT's .model files hold architecture arguments only and are below 10 KB."""


class PickleRefused(UsageError):
    """A pickle is damaged, too large, or asks for what a description of an architecture never needs."""


@dataclass(slots=True)
class Record:
    """What stands where a pickle names a class or function: its name and what it was given, never called."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)


def read_pickle(path: Path) -> Any:
    """The value in a pickle file; classes and functions it names become `Record`s, and none is imported.

    Raises PickleRefused.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise PickleRefused(f"{path} is too large for a .model file: is it the .weights file?")
        content = path.read_bytes()
    except FileNotFoundError:
        raise PickleRefused(f"There is no file {path}: give the path of a .model file.") from None
    try:
        return _Reader(pickletools.genops(content)).value()
    except PickleRefused as error:
        raise PickleRefused(f"{path}: {error}") from None
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise PickleRefused(f"{path} is not a readable .model file ({error}): fetch it again.") from error


class _Reader:
    """A pickle machine that knows the opcodes of plain data.

    `pickle.Unpickler` would still call what `find_class` answers with and look up the extension registry;
    here nothing is ever called.
    """

    def __init__(self, operations: Any) -> None:
        self._operations = operations
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def value(self) -> Any:
        for opcode, argument, _ in self._operations:
            name = opcode.name
            if name == "STOP":
                return self._stack[-1]
            if name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name])
            elif name in _LITERALS:
                self._stack.append(argument)
            elif name in _EMPTY:
                self._stack.append(_EMPTY[name]())
            elif name not in ("PROTO", "FRAME"):
                self._do(name, argument)
        raise PickleRefused("the pickle ends too early")

    def _do(self, name: str, argument: Any) -> None:
        method = getattr(self, "_op_" + name.lower(), None)
        if method is None:
            raise PickleRefused(f"the pickle uses {name}, which no .model file needs")
        method(argument)

    def _marked(self) -> list[Any]:
        mark = self._marks.pop()
        taken = self._stack[mark:]
        del self._stack[mark:]
        return taken

    def _op_mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _op_pop(self, _: Any) -> None:
        self._stack.pop()

    def _op_memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _op_put(self, argument: int) -> None:
        self._memo[argument] = self._stack[-1]

    _op_binput = _op_long_binput = _op_put

    def _op_get(self, argument: int) -> None:
        self._stack.append(self._memo[argument])

    _op_binget = _op_long_binget = _op_get

    def _op_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._marked()))

    def _op_tuple1(self, _: Any) -> None:
        self._stack[-1:] = [tuple(self._stack[-1:])]

    def _op_tuple2(self, _: Any) -> None:
        self._stack[-2:] = [tuple(self._stack[-2:])]

    def _op_tuple3(self, _: Any) -> None:
        self._stack[-3:] = [tuple(self._stack[-3:])]

    def _op_list(self, _: Any) -> None:
        self._stack.append(self._marked())

    def _op_dict(self, _: Any) -> None:
        flat = self._marked()
        self._stack.append(dict(zip(flat[::2], flat[1::2], strict=True)))

    def _op_append(self, _: Any) -> None:
        self._extend([self._stack.pop()])

    def _op_appends(self, _: Any) -> None:
        self._extend(self._marked())

    def _op_additems(self, _: Any) -> None:
        self._stack[-1].update(self._marked())

    def _op_setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _op_setitems(self, _: Any) -> None:
        self._set(self._marked())

    def _op_global(self, argument: str) -> None:
        self._stack.append(Record(argument.replace(" ", ".")))

    def _op_stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(Record(f"{module}.{name}"))

    def _op_reduce(self, _: Any) -> None:
        arguments, what = self._stack.pop(), self._stack.pop()
        self._stack.append(_stand_in(what, arguments))

    _op_newobj = _op_reduce

    def _op_build(self, _: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Record):
            target.state = state

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        (target.items if isinstance(target, Record) else target).extend(values)

    def _set(self, flat: list[Any]) -> None:
        target, pairs = self._stack[-1], list(zip(flat[::2], flat[1::2], strict=True))
        if isinstance(target, Record):
            target.items.extend(pairs)
        else:
            target.update(pairs)


def _stand_in(what: Any, arguments: Any) -> Any:
    """An ordered dict is a plain container; of anything else only its name and arguments are kept."""
    name = what.name if isinstance(what, Record) else str(what)
    given = arguments if isinstance(arguments, tuple) else (arguments,)
    if name == "collections.OrderedDict":
        return OrderedDict(*given)
    return Record(name, given)


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set}
_LITERALS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    )
)
