"""Nodes of ours that work and write letters when clients ask, and ask a student's clock for the time of each event.

An event is named for its node and its number there: `n1.2` is the second event of n1. What a node notes of its events
is all that a check reads: the event, the letter that it was brought about by, and its stamp.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ds101.messages import Message
from ds101.node import Node, on


class Work(Message):
    """Do something of your own."""


class Write(Message):
    """Send a letter to that node."""

    to: str


class Done(Message):
    """It was that event."""

    event: str


class Noted(NamedTuple):
    """One event as its node noted it: its name, the sending of the letter that it is the arrival of, its stamp."""

    event: str
    cause: str
    stamp: Any


class Traveller(Node):
    """Works, sends letters and receives them; subclasses say what a letter is, and what stamp an event has.

    A request that arrives twice is served once: what clients ask for is no part of what a lab's links may duplicate.
    """

    def start(self) -> None:
        self._noted: tuple[tuple[str, str, Any], ...] = ()
        self._served: tuple[str, ...] = ()

    @on(Work)
    def work(self, _: Work, client: str) -> None:
        if self._is_new(client):
            self.send(client, Done(self.note("works", "", self.stamp_of_work())))

    @on(Write)
    def write(self, request: Write, client: str) -> None:
        if self._is_new(client):
            stamp = self.stamp_of_sending()
            event = self.note(f"writes to {request.to}", "", stamp)
            self.send(request.to, self.letter(event, stamp))
            self.send(client, Done(event))

    def stamp_of_work(self) -> Any:
        """The stamp of an event that concerns nobody else."""
        raise NotImplementedError

    def stamp_of_sending(self) -> Any:
        """The stamp of the sending of a letter."""
        raise NotImplementedError

    def letter(self, event: str, stamp: Any) -> Message:
        """What is sent at that event."""
        raise NotImplementedError

    @property
    def next_event(self) -> str:
        """The name of the event that has not been noted yet."""
        return f"{self.id}.{len(self._noted) + 1}"

    def note(self, what: str, cause: str, stamp: Any, more: str = "") -> str:
        """Keep an event, and log it; returns its name."""
        event = self.next_event
        self._noted = (*self._noted, (event, cause, stamp))
        self.log(f"{event} {what}: {in_words(stamp)}{more}")
        return event

    def _is_new(self, client: str) -> bool:
        """Every call has an address of its own."""
        new = client not in self._served
        self._served = self._served if not new else (*self._served, client)
        return new


def in_words(stamp: Any) -> str:
    """A stamp, in short.

    >>> in_words(3), in_words({"n1": 2, "n2": 0})
    ('time 3', '[n1 2, n2 0]')
    """
    if isinstance(stamp, dict):
        return f"[{', '.join(f'{node} {count}' for node, count in sorted(stamp.items()))}]"
    return f"time {stamp}"
