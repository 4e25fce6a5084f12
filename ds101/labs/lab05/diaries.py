"""Nodes that keep diaries: each knows events of others from their letters, and sorts all that it knows when asked.

The times are true Lamport times: each is greater than those of all events that its node knew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ds101.errors import Mistake
from ds101.labs.lab05.given import Stamped
from ds101.labs.lab05.travelling import Traveller
from ds101.messages import Message
from ds101.node import Node, on


class News(Message):
    """A letter with all that its sender knows; `event` is its sending."""

    event: str
    known: tuple[Stamped, ...]


class Sort(Message):
    """Sort all the events that you know."""


class Sorted(Message):
    """The names of the events in the order that `total_order` gave them."""

    events: tuple[str, ...]


class Diary(Traveller):
    """Knows its own events and those that letters told it, in the order in which it came to know them."""

    ORDER: ClassVar[Callable[[list[Stamped]], list[Stamped]]]

    def start(self) -> None:
        super().start()
        self._known: tuple[Stamped, ...] = ()
        self._wall = 0.0

    def stamp_of_work(self) -> int:
        return self._write_down("works")

    def stamp_of_sending(self) -> int:
        return self._write_down("writes a letter")

    def letter(self, event: str, stamp: Any) -> News:
        return News(event, self._known)

    @on(News)
    def read(self, news: News, sender: str) -> None:
        self._known = (*self._known, *(one for one in news.known if one not in self._known))
        self.note(f"gets {news.event} from {sender}", news.event, self._write_down(f"gets {news.event}"))

    def note(self, what: str, cause: str, stamp: Any, more: str = "") -> str:
        return super().note(what, cause, stamp, f", wall {self._wall:.6g} s")

    @on(Sort)
    def sort(self, _: Sort, client: str) -> None:
        known = list(self._known)
        in_order = type(self).ORDER(list(known))
        if not isinstance(in_order, list) or sorted(map(repr, in_order)) != sorted(map(repr, known)):
            raise Mistake(
                f"total_order was given {len(known)} lines and returned {_in_words(in_order)}. "
                "It returns a list of the same lines, each once."
            )
        events = tuple(one.event for one in in_order)
        self.log(f"sorts: {', '.join(events) or 'nothing'}")
        self.send(client, Sorted(events))

    def _write_down(self, what: str) -> int:
        time = 1 + max((one.time for one in self._known), default=0)
        self._wall = self.wall()
        self._known = (*self._known, Stamped(self.next_event, self.id, time, self._wall, f"{self.id} {what}"))
        return time

    def wall(self) -> float:
        """What the clock on the wall shows, in seconds."""
        return self.now()


class Timeless(Diary):
    """For the explorer, which goes through orders and knows no times: the later a node's name, the later its clock."""

    def wall(self) -> float:
        return len(self._noted) - 100.0 * int(self.id.removeprefix("n"))


def _in_words(value: Any) -> str:
    return f"{len(value)} of them, or others" if isinstance(value, list) else repr(value)


def diary(order: Callable[[list[Stamped]], list[Stamped]]) -> type[Node]:
    """The class of nodes that sort so."""

    class Traveller(Diary):
        ORDER = order

    return Traveller


def timeless(order: Callable[[list[Stamped]], list[Stamped]]) -> type[Node]:
    """The same, for the explorer."""

    class Traveller(Timeless):
        ORDER = order

    return Traveller
