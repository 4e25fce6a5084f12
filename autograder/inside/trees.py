"""State as canonical bytes: equal states are equal bytes, whichever process made them.

The trees are those of `ds101.explorer.freezing`, with classes and functions by name in place of by number.

>>> frozen({"b": {3, 1}, "a": 0.5}) == frozen({"a": 0.5, "b": {1, 3}})
True
>>> thawed(frozen({"b": {3, 1}, "a": (1, 2)}))
{'a': (1, 2), 'b': {1, 3}}
"""

from __future__ import annotations

import importlib
from typing import Any

import msgspec

from ds101.errors import Mistake
from ds101.explorer.freezing import Freezer, Tree

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Names:
    """The student's own classes and functions, by their qualified names; all others are imported by theirs."""

    def __init__(self) -> None:
        self.own: dict[str, Any] = {}

    def name_of(self, thing: Any) -> str:
        """Where it can be found again."""
        module, name = getattr(thing, "__module__", "") or "", getattr(thing, "__qualname__", "")
        if not name:
            raise Mistake(f"A node can't keep {thing!r}: it has no name by which it could be found again.")
        if module == "__main__" or "<locals>" in name:
            self.own[name] = thing
            return f"__main__:{name}"
        return f"{module}:{name}"

    def find(self, name: str) -> Any:
        """The class or function of that name. Raises `Mistake` for one that is nowhere."""
        module, _, path = name.partition(":")
        if module == "__main__":
            if path in self.own:
                return self.own[path]
            raise Mistake(f"The class {path} is not part of what was handed in.")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        return found


names = Names()


class ByName(Freezer):
    """A freezer whose trees mean the same in every process."""

    def number_of(self, named: Any) -> Any:
        return names.name_of(named)

    def named(self, number: Any) -> Any:
        return names.find(number)


_freezers = {keeps_order: ByName(keeps_order) for keeps_order in (False, True)}


def frozen(value: Any, keeps_order: bool = False) -> bytes:
    """The canonical bytes of a value; with `keeps_order`, dicts that differ in their order differ.

    Raises `Mistake` for what can't be copied.
    """
    tree = _freezers[keeps_order].freeze(value)
    try:
        return _encode(tree)
    except OverflowError:
        return _encode(_with_large_numbers(tree))


def thawed(data: bytes, otherwise: bool = False, keeps_order: bool = False) -> Any:
    """A fresh value; `otherwise`: with its sets, and dicts that need not keep theirs, in another order."""
    return _freezers[keeps_order].thaw(tree_of(data), otherwise)


def tree_of(data: bytes) -> Tree:
    """The tree in canonical bytes: nested tuples."""
    return _as_tuples(_decode(data))


def _as_tuples(tree: Any) -> Tree:
    if type(tree) is not list:
        return tree
    if tree and tree[0] == "i":
        return int(tree[1])
    return tuple(map(_as_tuples, tree))


def _with_large_numbers(tree: Tree) -> Tree:
    """MessagePack has 64 bits for a number."""
    if type(tree) is int and not -(2**63) <= tree < 2**64:
        return ("i", str(tree))
    return tuple(map(_with_large_numbers, tree)) if type(tree) is tuple else tree
