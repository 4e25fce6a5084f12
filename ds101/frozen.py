"""Lists, dicts and sets that can be read and copied, but not changed in place.

What a node reads from its storage is such a copy, and so is a global that its handlers use: changing either would look
as if it had worked, and be lost or shared in ways that no network allows.

>>> log = freeze([1, {"a": 2}], "The log can't be changed in place.")
>>> log[1]["a"], [*log, 3]
(2, [1, {'a': 2}, 3])
>>> log.append(3)
Traceback (most recent call last):
    ...
ds101.errors.Mistake: The log can't be changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn

from ds101.errors import Mistake


def _refusing(*names: str) -> dict[str, Callable[..., NoReturn]]:
    def refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
        raise Mistake(self.why)

    return dict.fromkeys(names, refuse)


def _frozen(name: str, base: type, *mutators: str) -> Any:
    """A subclass of a built-in whose mutators raise, and which travels as the built-in."""
    members: dict[str, Any] = _refusing(*mutators)
    members["why"] = "This value can't be changed in place."
    members["__reduce_ex__"] = lambda self, _: (base, (base(self),))
    members["__copy__"] = lambda self: base(self)
    members["__module__"] = __name__
    return type(name, (base,), members)


FrozenList = _frozen(
    "FrozenList", list, "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse",
    "__setitem__", "__delitem__", "__iadd__", "__imul__",
)  # fmt: skip
FrozenDict = _frozen(
    "FrozenDict", dict, "clear", "pop", "popitem", "setdefault", "update", "__setitem__", "__delitem__", "__ior__"
)
FrozenSet = _frozen(
    "FrozenSet", set, "add", "remove", "discard", "pop", "clear", "update", "intersection_update",
    "difference_update", "symmetric_difference_update", "__ior__", "__iand__", "__isub__", "__ixor__",
)  # fmt: skip


_UNCHANGING = (type(None), bool, int, float, complex, str, bytes, range, Enum, type, frozenset, FrozenSet)


def freeze(value: Any, why: str) -> Any:
    """A copy of `value`, all the way down, that says `why` not when somebody tries to change it."""
    if type(value) is list:
        return _saying(FrozenList([freeze(one, why) for one in value]), why)
    if type(value) is dict:
        return _saying(FrozenDict({key: freeze(one, why) for key, one in value.items()}), why)
    if type(value) is set:
        return _saying(FrozenSet(value), why)
    if type(value) is tuple:
        return tuple(freeze(one, why) for one in value)
    if hasattr(type(value), "__ds101_value__"):
        return _frozen_message(value, why)
    return value


def _frozen_message(message: Any, why: str) -> Any:
    """A message with frozen fields; its fields themselves can't be set anyway."""
    frozen = object.__new__(type(message))
    frozen.__dict__.update({name: freeze(value, why) for name, value in vars(message).items()})
    return frozen


def is_frozen(value: Any) -> bool:
    """Whether no part of it can be changed."""
    if isinstance(value, FrozenDict):
        return all(map(is_frozen, value.values()))
    if isinstance(value, FrozenList) or type(value) is tuple:
        return all(map(is_frozen, value))
    if hasattr(type(value), "__ds101_value__"):
        return all(map(is_frozen, vars(value).values()))
    return isinstance(value, _UNCHANGING)


def _saying(value: Any, why: str) -> Any:
    value.why = why
    return value
