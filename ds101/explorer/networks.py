"""Networks that deliver what is under way once: in any order, or in the order of each connection.

What is under way to one receiver is a tuple. (The network that is a set of all messages ever sent needs no such thing:
its messages are bits of the state, see `setspace`.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ds101.errors import Mistake
from ds101.explorer.mail import Letter

Inbox = tuple[Any, ...]


class Queues(Protocol):
    """How letters to one receiver, given by their numbers, wait until they are delivered."""

    keeps_idle: bool  # whether a delivery that changes nothing may as well not happen

    def put(self, inbox: Inbox, sent: Sequence[int], letters: Sequence[Letter]) -> Inbox:
        """What is under way when these letters, in this order, have been added."""

    def arrivals(self, inbox: Inbox) -> Iterator[tuple[int, Inbox]]:
        """Each letter that can be the next to arrive, with what is under way afterwards."""


class AnyOrder:
    """A multiset, as a sorted tuple."""

    keeps_idle = True

    def put(self, inbox: Inbox, sent: Sequence[int], letters: Sequence[Letter]) -> Inbox:
        return tuple(sorted([*inbox, *sent]))

    def arrivals(self, inbox: Inbox) -> Iterator[tuple[int, Inbox]]:
        for place, letter in enumerate(inbox):
            if place == 0 or inbox[place - 1] != letter:
                yield letter, inbox[:place] + inbox[place + 1 :]


class InOrder:
    """A queue for each connection, as a sorted tuple of tuples that are not empty."""

    keeps_idle = False

    def put(self, inbox: Inbox, sent: Sequence[int], letters: Sequence[Letter]) -> Inbox:
        queues = {_connection(letters[queue[0]]): queue for queue in inbox}
        for letter in sent:
            connection = _connection(letters[letter])
            queues[connection] = (*queues.get(connection, ()), letter)
        return tuple(queues[connection] for connection in sorted(queues))

    def arrivals(self, inbox: Inbox) -> Iterator[tuple[int, Inbox]]:
        for place, queue in enumerate(inbox):
            rest = (queue[1:],) if len(queue) > 1 else ()
            yield queue[0], (*inbox[:place], *rest, *inbox[place + 1 :])


def _connection(letter: Letter) -> tuple[str, str]:
    return letter.src, letter.dst


NETWORKS = ("set", "multiset", "fifo")


def check_network(name: object) -> None:
    """Raises `Mistake` for a network that there is not."""
    if name not in NETWORKS:
        raise Mistake(f"network={name!r}: a search knows the networks {', '.join(map(repr, NETWORKS))}.")
