"""From trees back to values: fresh ones, in the usual order or, for whoever depends on it to show, in another."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ds101.frozen import FrozenDict, FrozenList, FrozenSet

if TYPE_CHECKING:
    from ds101.explorer.freezing import Freezer, Tree

ATOMS = frozenset({type(None), str, int, bytes})  # these stand in a tree as they are
_FROZEN: dict[str, Callable[[Any], Any]] = {"L": FrozenList, "S": FrozenSet, "D": FrozenDict}


class Thawing:
    """One tree on its way to a value; it knows which changeable objects it has made."""

    def __init__(self, freezer: Freezer, otherwise: bool) -> None:
        self.freezer, self.otherwise = freezer, otherwise
        self.met: list[Any] = []

    def thaw(self, tree: Tree) -> Any:
        if type(tree) is not tuple:
            return tree
        tag, *parts = tree
        if tag == "t":
            return tuple(map(self.thaw, parts))
        if tag in "bf":
            return bool(parts[0]) if tag == "b" else _float(parts[0])
        if tag == "c":
            return self.freezer.named(parts[0])
        if tag == "=":
            return self.met[parts[0]]
        if tag in "oO":
            return self._object(tag, *parts)
        return self._container(tag, parts)

    def _container(self, tag: str, parts: list[Tree]) -> Any:
        if tag in "ld":
            made: Any = [] if tag == "l" else {}
            self.met.append(made)
            if tag == "l":
                made.extend(map(self.thaw, parts))
            else:
                made.update(self._items(parts))
            return made
        if tag == "s":
            made = self._set(parts)
            self.met.append(made)
            return made
        if tag == "z":
            return frozenset(self._set(parts))
        why, *rest = parts
        contents: Any = map(self.thaw, rest) if tag == "L" else self._set(rest) if tag == "S" else self._items(rest)
        made = _FROZEN[tag](contents)
        made.why = why
        return made

    def _whole(self, tree: Tree) -> Any:
        return self.freezer.thaw(tree, self.otherwise)

    def _items(self, parts: list[Tree], ordered: bool = False) -> Iterable[tuple[Any, Any]]:
        items = [
            (key if type(key) is str else self._whole(key), value if type(value) in ATOMS else self.thaw(value))
            for key, value in zip(parts[::2], parts[1::2], strict=True)
        ]
        return reversed(items) if self.otherwise and not (ordered or self.freezer.keeps_order) else items

    def _set(self, parts: list[Tree]) -> set[Any]:
        elements = list(map(self._whole, parts))
        return arranged_otherwise(elements) if self.otherwise else set(elements)

    def _object(self, tag: str, make: int, arguments: Tree, state: Tree, items: Tree, pairs: Tree) -> Any:
        place = len(self.met)
        if tag == "O":
            self.met.append(None)
        made = self.freezer.named(make)(*self.thaw(arguments))
        if tag == "O":
            self.met[place] = made
        _set_state(made, self.thaw(state))
        for item in () if items is None else map(self.thaw, items[1:]):
            made.append(item)
        for key, value in () if pairs is None else self._items(list(pairs[1:]), pairs[0] == "k"):
            made[key] = value
        return made


def arranged_otherwise(elements: list[Any]) -> set[Any]:
    """An equal set whose first element is another than that of `set(elements)`, where one can be found quickly.

    Sets of small numbers have one order only, in every run.
    """
    first = next(iter(set(elements)), None)
    for size in (16, 40, 80, 160, 320, 640, 1_280):
        fillers = [object() for _ in range(size)]
        made = set(elements).union(fillers)  # a larger table: the hashes fall into other places
        made.difference_update(fillers)
        if len(made) > 1 and next(iter(made)) is not first:
            return made
    return set(elements)


def _float(kept: float | bytes) -> float:
    return struct.unpack(">d", kept)[0] if isinstance(kept, bytes) else kept


def _set_state(made: Any, state: Any) -> None:
    """As `pickle` does it (the documentation of `object.__reduce__`)."""
    if state is None:
        return
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        vars(made).update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(made, name, value)
