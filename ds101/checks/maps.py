"""Maps: values by key, and snapshots of all of them.

>>> Map().step(frozenset(), Write(1, key="x"), None)
frozenset({('x', 1)})
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from ds101.checks.fields import key_of, told, value_in_words
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, Effect
from ds101.checks.registers import READ, Cas, Read, Write, cas_of, write_of
from ds101.checks.speaking import Kind, Reader, Spoken, keyed
from ds101.checks.unknown import UNKNOWN
from ds101.errors import Mistake


@dataclass(frozen=True)
class Delete:
    """Takes a key out of a map; the reply says nothing."""

    key: Hashable = None


@dataclass(frozen=True)
class Snapshot:
    """Asks for the whole map; the reply is a mapping."""

    key: Hashable = None
    asks: ClassVar[bool] = True


def _delete(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    return Delete(key_of(request, field)), None


def _tell_map(reply: Any, field: str) -> Any:
    value = told(reply, field)
    return frozenset(value.items()) if isinstance(value, dict) else value


@dataclass(frozen=True, kw_only=True)
class Map(Spoken):
    """Values by key: read (None where nothing is stored), write, delete, compare-and-set, and a snapshot of all of it.

    Where `snapshot` is given, the keys are not judged one by one any more, since a snapshot concerns all of them: that
    takes longer. The conventions are those of `Register`; the reply to a snapshot tells a mapping.
    """

    read: Kind = ("get", "read")
    write: Kind = ("put", "write")
    delete: Kind = "delete"
    cas: Kind = "cas"
    snapshot: Kind = ()
    initial: Any = frozenset()  # of pairs
    READERS: ClassVar[dict[str, Reader]] = {
        "read": READ,
        "write": write_of,
        "delete": _delete,
        "cas": cas_of,
        "snapshot": keyed(Snapshot, _tell_map),
    }

    def key(self, request: Any) -> Hashable:
        """Each key for itself, unless snapshots tie them together."""
        return super().key(request) if self.snapshot == () and not isinstance(request, Snapshot) else None

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """Writing and deleting concern one key; a snapshot tells them all."""
        here = dict(state).get(request.key)
        match request:
            case Snapshot():
                return state if reply == state else REFUSED
            case Read():
                return state if reply == here else REFUSED
            case Write(value):
                return _with(state, request.key, value)
            case Delete():
                return _with(state, request.key, None)
            case Cas(old, new):
                after = _with(state, request.key, new) if here == old else state
                return after if reply == (here == old) else REFUSED
        raise Mistake(f"A map is read, written, deleted from or compared-and-set; {request!r} is none of these.")

    def effect(self, request: Any, reply: Any) -> Effect:
        """That of a register for each key, unless snapshots tie the keys together."""
        if self.snapshot != ():
            return Effect(DEPENDS, SAME if isinstance(request, Read | Snapshot) else DEPENDS)

        def holding(value: Any) -> Any:
            return _with(self.initial, request.key, value)

        match request, reply:
            case Read(), _:
                return Effect(holding(reply), SAME) if reply is not UNKNOWN else Effect(ANY, SAME)
            case Write(value), _:
                return Effect(ANY, holding(value))
            case Delete(), _:
                return Effect(ANY, holding(None))
            case Cas(), False:
                return Effect(DEPENDS, SAME)
            case Cas(old, new), _:
                return Effect(holding(old), holding(new))
        return Effect()

    def describe(self, state: Any) -> str:
        """In words."""
        pairs = sorted(state, key=repr)
        return "; ".join(f"{value_in_words(key)} is {value_in_words(value)}" for key, value in pairs) or "it is empty"


def _with(state: frozenset[Any], key: Hashable, value: Any) -> frozenset[Any]:
    rest = frozenset(pair for pair in state if pair[0] != key)
    return rest if value is None else rest | {(key, value)}
