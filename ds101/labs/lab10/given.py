"""What lab10 gives its students: the requests, the replies, and two settings. It is all that the tasks need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ds101.messages import Message

DEADLINE = 0.4
"""Seconds after its arrival by which a request must have been answered."""

PERIOD = 0.1
"""Seconds between two rounds of anti-entropy."""

Context = dict[str, int]
"""A version vector: of each node's writes under a key, the number of the last one that is known."""

AS_READ: Context = {"as read": 0}
"""Stands in a workload for the context that the client has read by then."""


class Read(Message):
    """What is the value under this key? The reply is a Value, or Refused."""

    key: str


class Value(Message):
    """The value; None if nothing has been written."""

    value: str | None


class Write(Message):
    """Set the value under this key. The reply is Done, or Refused."""

    key: str
    value: str


class Done(Message):
    """It has been written."""


class Refused(Message):
    """Not now. A write that is refused may have been done, or be done later."""


class Get(Message):
    """Which values are there under this key? The reply is Siblings."""

    key: str


class Siblings(Message):
    """The values that no other replaces, and the context: what a client has seen that read them."""

    values: list[str]
    context: Context


class Put(Message):
    """Write a value in place of all that the client has seen: those in `context`. Empty: it has read nothing.

    The reply is Stored.
    """

    key: str
    value: str
    context: Context

    def informed(self, told: Sequence[tuple[Any, Any]]) -> Put:
        """In a workload: with the context that its client was told last for this key, in place of AS_READ."""
        if self.context != AS_READ:
            return self
        contexts = [reply.context for request, reply in told if request == Get(self.key) and reply is not None]
        return Put(self.key, self.value, contexts[-1] if contexts else {})


class Stored(Message):
    """It has been stored here; others will hear of it."""
