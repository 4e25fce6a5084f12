"""Counters, queues and locks.

>>> Queue().step((1, 2), Dequeue(), 1)
(2,)
>>> Queue().step((1, 2), Dequeue(), 2)
REFUSED
>>> Lock().step("ada", Acquire("bob"), False), Lock().step("ada", Acquire("bob"), True)
('ada', REFUSED)
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from ds101.checks.fields import Named, argument_of, arguments_of, key_of, told, value_in_words, yes
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, Effect
from ds101.checks.registers import Read
from ds101.checks.speaking import Kind, Reader, Spoken, keyed
from ds101.checks.unknown import UNKNOWN
from ds101.errors import Mistake


@dataclass(frozen=True)
class Add:
    """Adds to a counter; the reply is the new count, or None where it says nothing."""

    amount: Any = 1
    key: Hashable = None


@dataclass(frozen=True)
class Enqueue:
    """Puts a value at the end of a queue; the reply says nothing."""

    value: Any
    key: Hashable = None


@dataclass(frozen=True)
class Dequeue:
    """Takes the first value out of a queue; the reply is that value, None where the queue is empty."""

    key: Hashable = None
    asks: ClassVar[bool] = True


@dataclass(frozen=True)
class Acquire:
    """Tries to take a lock; the reply is whether it was granted. The owner is the client, unless named."""

    owner: Hashable = None
    key: Hashable = None


@dataclass(frozen=True)
class Release:
    """Gives a lock back; the reply is whether the owner held it."""

    owner: Hashable = None
    key: Hashable = None


def _add(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    amount = argument_of(request, field) if arguments_of(request, field) else 1
    return Add(amount, key_of(request, field)), None if isinstance(request, Named) else told(reply, field)


@dataclass(frozen=True, kw_only=True)
class Counter(Spoken):
    """A number for each key that is added to and read. A request to add that carries nothing adds 1."""

    add: Kind = "add"
    read: Kind = "read"
    initial: Any = 0
    READERS: ClassVar[dict[str, Reader]] = {"add": _add, "read": keyed(Read, told)}

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """A read tells the sum of what was added."""
        match request:
            case Read():
                return state if reply == state else REFUSED
            case Add(amount):
                return state + amount if reply is None or reply == state + amount else REFUSED
        raise Mistake(f"A counter is added to or read; {request!r} is neither.")

    def effect(self, request: Any, reply: Any) -> Effect:
        """A read needs the count that it tells."""
        return Effect(ANY if reply is UNKNOWN else reply, SAME) if isinstance(request, Read) else Effect()

    def describe(self, state: Any) -> str:
        """In words."""
        return f"the count is {value_in_words(state)}"


def _enqueue(request: Any, reply: Any, field: str) -> tuple[Any, Any]:
    return Enqueue(argument_of(request, field), key_of(request, field)), None


@dataclass(frozen=True, kw_only=True)
class Queue(Spoken):
    """First in, first out. A dequeue whose reply has no fields found the queue empty."""

    enqueue: Kind = "enqueue"
    dequeue: Kind = "dequeue"
    initial: Any = ()
    READERS: ClassVar[dict[str, Reader]] = {"enqueue": _enqueue, "dequeue": keyed(Dequeue, told)}

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """Values leave in the order in which they came."""
        match request:
            case Enqueue(value):
                return (*state, value)
            case Dequeue():
                return state[1:] if reply == (state[0] if state else None) else REFUSED
        raise Mistake(f"A queue is enqueued to or dequeued from; {request!r} is neither.")

    def effect(self, request: Any, reply: Any) -> Effect:
        """To find nothing needs an empty queue."""
        return Effect((), SAME) if isinstance(request, Dequeue) and reply is None else Effect()

    def describe(self, state: Any) -> str:
        """In words."""
        return f"the queue holds {', '.join(map(value_in_words, state))}" if state else "the queue is empty"


def _lock(make: type[Acquire] | type[Release]) -> Reader:
    return lambda request, reply, field: (make(None, key_of(request, field)), yes(reply))


@dataclass(frozen=True, kw_only=True)
class Lock(Spoken):
    """Held by one owner at a time: the client, unless a function says otherwise. It is not reentrant.

    The only bool of a reply says whether it was granted (or given back); a reply without one says yes.
    """

    acquire: Kind = "acquire"
    release: Kind = "release"
    READERS: ClassVar[dict[str, Reader]] = {"acquire": _lock(Acquire), "release": _lock(Release)}

    def step(self, state: Any, request: Any, reply: Any) -> Any:
        """Granted only while it is free, given back only by its holder."""
        match request:
            case Acquire(owner):
                free = state is None
                return (owner if free else state) if reply == free else REFUSED
            case Release(owner):
                own = state == owner
                return (None if own else state) if reply == own else REFUSED
        raise Mistake(f"A lock is acquired or released; {request!r} is neither.")

    def effect(self, request: Any, reply: Any) -> Effect:
        """What was granted needs a free lock; what was given back, its holder."""
        if reply is False:
            return Effect(DEPENDS, SAME)
        return Effect(None, request.owner) if isinstance(request, Acquire) else Effect(request.owner, None)

    def describe(self, state: Any) -> str:
        """In words."""
        return "the lock is free" if state is None else f"{value_in_words(state)} holds the lock"
