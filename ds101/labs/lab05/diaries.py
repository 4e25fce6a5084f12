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
    HAS_A_CLOCK: ClassVar[bool] = True  # on the wall; in a search there is no time

    def start(self) -> None:
        super().start()
        self._known: tuple[Stamped, ...] = ()

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

    @on(Sort)
    def sort(self, _: Sort, client: str) -> None:
        known = list(self._known)
        in_order = type(self).ORDER(list(known))
        if not isinstance(in_order, list) or sorted(map(repr, in_order)) != sorted(map(repr, known)):
            raise Mistake(
                f"total_order was given {len(known)} lines and returned {_in_words(in_order)}. "
                "It returns a list of the same lines, each once."
            )
        self.send(client, Sorted(tuple(one.event for one in in_order)))

    def _write_down(self, what: str) -> int:
        time = 1 + max((one.time for one in self._known), default=0)
        wall = self.now() if self.HAS_A_CLOCK else 0.0
        self._known = (*self._known, Stamped(self.next_event, self.id, time, wall, f"{self.id} {what}"))
        return time


def _in_words(value: Any) -> str:
    return f"{len(value)} of them, or others" if isinstance(value, list) else repr(value)


def diary(order: Callable[[list[Stamped]], list[Stamped]]) -> type[Node]:
    """The class of nodes that sort so."""

    class Traveller(Diary):
        ORDER = order

    return Traveller


def timeless(order: Callable[[list[Stamped]], list[Stamped]]) -> type[Node]:
    """The same without clocks on the wall, for the explorer: it goes through orders, and knows no times."""

    class Traveller(Diary):
        ORDER = order
        HAS_A_CLOCK = False

    return Traveller
