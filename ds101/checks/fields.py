"""What stands in requests and replies, by convention, so that a lab need not say it.

- The key is the field called `key`; without one there is a single object.
- A request's arguments are its other fields in their order, or the field `value` alone where one argument is wanted.
- A reply tells the value of its field `value`, or of its only field; a reply without fields tells None.

>>> from ds101 import Message
>>> class Put(Message):
...     key: str
...     value: int
>>> key_of(Put("x", 1)), arguments_of(Put("x", 1))
('x', (1,))
>>> arguments_of(Named("cas", "x", (1, 2)))
(1, 2)
>>> class Got(Message):
...     value: int
>>> told(Got(3)), told(3)
(3, 3)
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ds101.checks.unknown import UNKNOWN
from ds101.draw.wording import value_text
from ds101.errors import Mistake

KEY = "key"
LONGEST = 20  # characters of one value in a label


@dataclass(frozen=True)
class Named:
    """A request that is known by a name, as in histories of Jepsen: `cas("x", 1, 2)`."""

    name: str
    key: Any = None
    arguments: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        given = self.arguments if self.key is None else (self.key, *self.arguments)
        return f"{self.name}({', '.join(map(repr, given))})"


def _fields_of(value: Any) -> dict[str, Any]:
    if not is_dataclass(value) or isinstance(value, type):
        return {}
    return {field.name: getattr(value, field.name) for field in fields(value)}


def key_of(request: Any, field: str = KEY) -> Hashable:
    """The key that a request names, None where it names none."""
    key: Hashable = hashable(request.key if isinstance(request, Named) else _fields_of(request).get(field))
    return key


def arguments_of(request: Any, field: str = KEY) -> tuple[Any, ...]:
    """What a request carries beside its key."""
    if isinstance(request, Named):
        return tuple(hashable(value) for value in request.arguments)
    return tuple(hashable(value) for name, value in _fields_of(request).items() if name != field)


def argument_of(request: Any, field: str = KEY) -> Any:
    """The one value that a request carries. Raises `Mistake` where it can't be told which."""
    given = _fields_of(request)
    if not isinstance(request, Named) and "value" in given:
        return hashable(given["value"])
    arguments = arguments_of(request, field)
    if len(arguments) != 1:
        raise Mistake(
            f"{request!r} should carry one value beside its {field}, in a field called value; it has {len(arguments)}. "
            "Say what it means with a function:  meaning=lambda request, reply: ..."
        )
    return arguments[0]


def told(reply: Any, field: str = KEY) -> Any:
    """The value that a reply tells. Raises `Mistake` where it can't be told which."""
    if reply is UNKNOWN or not is_dataclass(reply):
        return hashable(reply)
    given = _fields_of(reply)
    if "value" in given:
        return hashable(given["value"])
    rest = [value for name, value in given.items() if name != field]
    if len(rest) > 1:
        raise Mistake(
            f"{reply!r} should tell one value, in a field called value. "
            "Say what it means with a function:  meaning=lambda request, reply: ..."
        )
    return hashable(rest[0]) if rest else None


def yes(reply: Any) -> Any:
    """Whether a reply says that it was done: its only bool; a reply without one says so by being there."""
    if reply is UNKNOWN:
        return UNKNOWN
    if isinstance(reply, bool):
        return reply
    answers = [value for value in _fields_of(reply).values() if isinstance(value, bool)]
    if len(answers) > 1:
        raise Mistake(
            f"{reply!r} has {len(answers)} fields that say yes or no. "
            "Say what it means with a function:  meaning=lambda request, reply: ..."
        )
    return answers[0] if answers else True


def hashable(value: Any) -> Any:
    """The value with its lists, dicts and sets as tuples and frozen sets, so that it can be part of a state."""
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return tuple(hashable(one) for one in value)
    if isinstance(value, Mapping):
        return frozenset((key, hashable(one)) for key, one in value.items())
    if isinstance(value, set):
        return frozenset(value)
    return value


def value_in_words(value: Any) -> str:
    """A value as Python writes it, cut to a reasonable length."""
    return value_text(value, 60)


def key_in_words(key: Any) -> str:
    """A key as a reader says it: `x`, `('a', 1)`."""
    return key if isinstance(key, str) else value_in_words(key)


def short_text(request: Any, reply: Any, outcome: str, field: str = KEY) -> str:
    """An operation as a label shows it, without its key: `Put(1)`, `Get() → 1`, `Put(1) → ?`."""
    if isinstance(request, Named):
        name, given = request.name, request.arguments
    elif is_dataclass(request):
        name, given = type(request).__name__, tuple(v for n, v in _fields_of(request).items() if n != field)
    else:
        return f"{value_text(request, LONGEST)}{_answer(reply, outcome)}"
    return f"{name}({', '.join(value_text(value, LONGEST) for value in given)}){_answer(reply, outcome)}"


def _answer(reply: Any, outcome: str) -> str:
    if outcome == "fail":
        return " → failed"
    if outcome != "ok":
        return " → ?"
    if not is_dataclass(reply):
        return "" if reply is None else f" → {value_text(reply, LONGEST)}"
    values = list(_fields_of(reply).values())
    if len(values) == 1:
        return f" → {value_text(values[0], LONGEST)}"
    return f" → {type(reply).__name__}" + (f"({', '.join(value_text(v, LONGEST) for v in values)})" if values else "")
