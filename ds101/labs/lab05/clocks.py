"""Travellers with a student's clock: `lamport` and `vector` make their classes; `comparing` has true vectors.

A student's clock object is kept as the dict of its attributes: data that every world can carry and compare.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ds101.errors import Mistake
from ds101.labs.lab05.travelling import Traveller
from ds101.messages import Message
from ds101.node import Node, on

Vector = dict[str, int]  # for each node's name, a number


class Letter(Message):
    """From one node to another: the event of its sending, and the stamp of that event."""

    event: str
    stamp: int | dict[str, int]


class Clocked(Traveller):
    """Asks a clock for the stamp of each event."""

    CLOCK: ClassVar[type]

    def start(self) -> None:
        super().start()
        self._clock: dict[str, Any] = vars(self.new_clock())

    def new_clock(self) -> Any:
        """The clock at its beginning."""
        return self.CLOCK()

    def refuse(self, stamp: Any) -> str:
        """What the stamp should be, if it is none."""
        raise NotImplementedError

    def stamp_of_work(self) -> Any:
        return self._ask("tick")

    def stamp_of_sending(self) -> Any:
        return self._ask("send")

    def letter(self, event: str, stamp: Any) -> Letter:
        return Letter(event, stamp)

    @on(Letter)
    def read(self, letter: Letter, sender: str) -> None:
        self.note(f"gets {letter.event} from {sender}", letter.event, self._ask("receive", letter.stamp))

    def _ask(self, method: str, *arguments: Any) -> Any:
        clock: Any = object.__new__(self.CLOCK)
        vars(clock).update(self._clock)
        stamp = getattr(clock, method)(*arguments)
        self._clock = dict(vars(clock))
        if wanted := self.refuse(stamp):
            raise Mistake(f"{self.CLOCK.__name__}.{method} returned {stamp!r}. It returns {wanted}.")
        return dict(stamp) if isinstance(stamp, dict) else stamp


class Lamport(Clocked):
    """With a Lamport clock, whose stamps are numbers."""

    def refuse(self, stamp: Any) -> str:
        return "" if type(stamp) is int else "the time of the event, an int"


class WithVectors(Clocked):
    """With a vector clock, whose stamps are vectors."""

    def new_clock(self) -> Any:
        return self.CLOCK(self.id, tuple(sorted((self.id, *self.peers))))

    def refuse(self, stamp: Any) -> str:
        names = sorted((self.id, *self.peers))
        is_one = isinstance(stamp, dict) and sorted(stamp) == names and all(type(n) is int for n in stamp.values())
        return "" if is_one else f"the vector of the event: a dict with an int for each of {', '.join(names)}"


def lamport(clock: type) -> type[Node]:
    """The class of nodes with this Lamport clock."""

    class Traveller(Lamport):
        CLOCK = clock

    return Traveller


def vector(clock: type) -> type[Node]:
    """The class of nodes with this vector clock."""

    class Traveller(WithVectors):
        CLOCK = clock

    return Traveller
