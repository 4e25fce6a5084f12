"""State as values that can be compared: equal states freeze to equal trees, in every run and whatever built them.

A tree is None, a str, an int, bytes, or a tuple that begins with a tag. Sets and dicts are sorted, because equal ones
may differ in the order of their elements, and so pickle differently; 1, 1.0 and True are kept apart; one list that is
held in two places stays one.

>>> freezer = Freezer()
>>> freezer.freeze({"b": {3, 1}, "a": [True, 1, 0.5]})
('d', 'a', ('l', ('b', 1), 1, ('f', 0.5)), 'b', ('s', 1, 3))
>>> freezer.thaw(freezer.freeze({"b": {3, 1}, "a": [True, 1, 0.5]}))
{'a': [True, 1, 0.5], 'b': {1, 3}}
>>> row = [0]
>>> freezer.freeze([row, row])
('l', ('l', 0), ('=', 1))
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from ds101.errors import Mistake
from ds101.explorer.thawing import ATOMS, Thawing
from ds101.frozen import FrozenDict, FrozenList, FrozenSet

Tree = Any  # None | str | int | bytes | tuple[Any, ...]: mypy can't check the recursion at a bearable price

_SETS: dict[type, str] = {set: "s", frozenset: "z", FrozenSet: "S"}
_LISTS: dict[type, str] = {list: "l", tuple: "t", FrozenList: "L"}
_DICTS: dict[type, str] = {dict: "d", FrozenDict: "D"}


class Freezer:
    """Turns values into trees and back. With `keeps_order`, dicts that differ in their order differ."""

    def __init__(self, keeps_order: bool = False) -> None:
        self.keeps_order = keeps_order
        self._named: list[Any] = []  # classes and functions that trees refer to by number
        self._numbers: dict[int, int] = {}

    def freeze(self, value: Any) -> Tree:
        """The tree of a value. Raises `Mistake` for what can't be copied."""
        kind = type(value)
        if kind in ATOMS:
            return value
        return _Freezing(self).freeze(value)

    def thaw(self, tree: Tree, otherwise: bool = False) -> Any:
        """A fresh value. `otherwise`: with sets and dicts in another order, for whoever depends on it to show."""
        return Thawing(self, otherwise).thaw(tree)

    def number_of(self, named: Any) -> int:
        """The number under which trees refer to a class or a function."""
        number = self._numbers.get(id(named))
        if number is None:
            number = self._numbers[id(named)] = len(self._named)
            self._named.append(named)
        return number

    def named(self, number: int) -> Any:
        """The class or function with that number."""
        return self._named[number]


class _Freezing:
    """One value on its way to a tree; it knows which changeable objects it has met."""

    def __init__(self, freezer: Freezer) -> None:
        self.freezer = freezer
        self.met: dict[int, int] = {}
        self.alive: list[Any] = []  # so that no id is used twice meanwhile

    def freeze(self, value: Any) -> Tree:
        kind = type(value)
        if kind in ATOMS:
            return value
        if kind is bool:
            return ("b", int(value))
        if kind is float:
            return ("f", value) if value == value and value else ("f", struct.pack(">d", value))  # NaN; 0.0 and -0.0
        if kind is tuple:
            return ("t", *map(self.freeze, value))
        if isinstance(value, type) or (kind is not FunctionType and _is_named(value)):
            return ("c", self.freezer.number_of(value))
        if _is_changeable(kind):
            if id(value) in self.met:
                return ("=", self.met[id(value)])
            self.met[id(value)] = len(self.met)
            self.alive.append(value)
        if kind in _LISTS:
            return (_LISTS[kind], *self._why(value), *map(self.freeze, value))
        if kind in _SETS:
            return (_SETS[kind], *self._why(value), *in_order(map(self.freezer.freeze, value)))
        if kind in _DICTS:
            return (_DICTS[kind], *self._why(value), *self._pairs(value.items()))
        return self._object(value)

    def _why(self, value: Any) -> tuple[str, ...]:
        return (value.why,) if type(value) in (FrozenList, FrozenSet, FrozenDict) else ()

    def _pairs(self, items: Iterable[tuple[Any, Any]], keeps_order: bool = False) -> Iterable[Tree]:
        pairs = [(key if type(key) is str else self.freezer.freeze(key), value) for key, value in items]
        if not self.freezer.keeps_order and not keeps_order:
            values = dict(pairs)
            pairs = [(key, values[key]) for key in in_order(values)]
        for key, value in pairs:
            yield key
            yield value if type(value) in ATOMS else self.freeze(value)

    def _object(self, value: Any) -> Tree:
        """Anything else, as it tells `pickle` that it can be made again."""
        if isinstance(value, FunctionType | MethodType | ModuleType | BuiltinFunctionType):
            raise Mistake(f"A node can't keep {value!r}: it can't be copied or compared. Keep the data it stands for.")
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:
            raise Mistake(f"A node can't keep {value!r}: it can't be copied. Keep the data it stands for.") from None
        if isinstance(reduced, str):
            return ("c", self.freezer.number_of(value))
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        if isinstance(value, set | frozenset):  # of a class of the reader's: (class, ([elements],), attributes)
            arguments = (frozenset(value),)
        ordered = hasattr(value, "move_to_end")  # an OrderedDict: its order is part of its value
        return (
            "O" if _is_changeable(type(value)) else "o",
            self.freezer.number_of(make),
            self.freeze(tuple(arguments)),
            self.freeze(state),
            None if items is None else ("t", *map(self.freeze, items)),
            None if pairs is None else ("k" if ordered else "d", *self._pairs(pairs, ordered)),
        )


def in_order(trees: Iterable[Tree]) -> list[Tree]:
    """Trees sorted, mixed kinds too."""
    found = list(trees)
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=repr)


def _is_changeable(kind: type) -> bool:
    """Whether it matters that two places hold the very same object of this kind."""
    if kind in (list, dict, set, deque, bytearray):
        return True
    if kind in _DICTS or kind in _LISTS or kind in _SETS or issubclass(kind, Enum):
        return False
    equals: Any = kind.__eq__
    return kind.__hash__ is None or (equals is object.__eq__ and hasattr(kind, "__dict__"))


def _is_named(value: Any) -> bool:
    return isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType)  # written in C, as `len`
