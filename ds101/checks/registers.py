"""Registers, with compare-and-set.

>>> from ds101.checks.fields import Named
>>> from ds101.history import Operation
>>> put = Operation("ada", "n1", Named("write", "x", (1,)), began=0.1, ended=0.2, outcome="ok")
>>> Register().translate(put)
Asked(request=Write(value=1, key='x'), reply=None)
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from ds101.checks.fields import argument_of, arguments_of, key_of, told, value_in_words, yes
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, Effect
from ds101.checks.speaking import Kind, Reader, Spoken, keyed
from ds101.checks.unknown import UNKNOWN
from ds101.errors import Mistake


@dataclass(frozen=True)
class Read:
    """Asks for the value; the reply is that value."""

    key: Hashable = None
    asks: ClassVar[bool] = True


@dataclass(frozen=True)
class Write:
    """Sets the value; the reply says nothing."""

    value: Any
    key: Hashable = None


@dataclass(frozen=True)
class Cas:
    """Compare-and-set: sets the value to `new` if it is `old`; the reply is whether it did."""

    old: Any
    new: Any
    key: Hashable = None


@dataclass(frozen=True)
class Append:
    """Adds to the end of a text, or of a tuple; the reply says nothing."""

    value: Any
    key: Hashable = None


def write_of(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    return Write(argument_of(request, field), key_of(request, field)), None


def _append(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    return Append(argument_of(request, field), key_of(request, field)), None


def cas_of(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    given = arguments_of(request, field)
    if len(given) == 1 and isinstance(given[0], tuple):
        given = given[0]
    if len(given) != 2:
        raise Mistake(
            f"{request!r} should carry two values beside its {field}: the one that is expected and the new one. "
            "Say what it means with a function:  meaning=lambda request, reply: ..."
        )
    return Cas(given[0], given[1], key_of(request, field)), yes(reply)


READ = keyed(Read, told)


@dataclass(frozen=True, kw_only=True)
class Register(Spoken):
    """One value for each key, which is read, written, compared-and-set, or appended to.

    `Register(read=Get, write=Put)` is enough where `Get` has at most a field `key`, `Put` a field `value` (or only one
    beside its key), and the reply to `Get` a field `value` (or only one). A `cas` carries the expected and the new
    value, and the only bool of its reply says whether it was done. Without arguments it reads Jepsen's read, write and
    cas.
    """

    read: Kind = "read"
    write: Kind = "write"
    cas: Kind = "cas"
    append: Kind = "append"
    initial: Any = None
    READERS: ClassVar[dict[str, Reader]] = {"read": READ, "write": write_of, "cas": cas_of, "append": _append}

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """A read tells the last value written."""
        match request:
            case Read():
                return state if reply == state else REFUSED
            case Write(value):
                return value
            case Append(value):
                return state + value
            case Cas(old, new):
                return (new if state == old else state) if reply == (state == old) else REFUSED
        raise Mistake(f"A register is read, written, compared-and-set or appended to; {request!r} is none of these.")

    def effect(self, request: Any, reply: Any) -> Effect:
        """A read needs the value that it tells."""
        match request, reply:
            case Read(), _:
                return Effect(reply, SAME) if reply is not UNKNOWN else Effect(ANY, SAME)
            case Write(value), _:
                return Effect(ANY, value)
            case Cas(), False:
                return Effect(DEPENDS, SAME)
            case Cas(old, new), _:
                return Effect(old, new)
        return Effect()

    def describe(self, state: Any) -> str:
        """In words."""
        return f"the value is {value_in_words(state)}"
