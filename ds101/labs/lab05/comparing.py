"""Travellers that know the true vector of each event, and ask a student's `relation` about every two that they know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ds101.errors import Mistake
from ds101.labs.lab05.clocks import Letter, Vector
from ds101.labs.lab05.travelling import Traveller
from ds101.node import Node, on

WORDS = ("before", "after", "concurrent", "same")


class Comparing(Traveller):
    """Keeps the vectors of the events that it knows by name, and what `relation` says of any two of them."""

    RELATION: ClassVar[Callable[[Vector, Vector], str]]

    def start(self) -> None:
        super().start()
        self._known: dict[str, Vector] = {}
        self._said: tuple[str, ...] = ()  # two events and a word, each

    def stamp_of_work(self) -> Vector:
        return self._learn(self.next_event)

    def stamp_of_sending(self) -> Vector:
        return self._learn(self.next_event)

    def letter(self, event: str, stamp: Any) -> Letter:
        return Letter(event, stamp)

    @on(Letter)
    def read(self, letter: Letter, sender: str) -> None:
        assert isinstance(letter.stamp, dict)
        self._compare(letter.event, letter.stamp)
        self.note(f"gets {letter.event} from {sender}", letter.event, self._learn(self.next_event))

    def _learn(self, event: str) -> Vector:
        """The vector of an event that happens now: how many events of each node are known here, or are its causes."""
        names = sorted((self.id, *self.peers))
        vector = {name: max([known[name] for known in self._known.values()], default=0) for name in names}
        vector[self.id] += 1
        self._compare(event, vector)
        return vector

    def _compare(self, event: str, vector: Vector) -> None:
        """Ask about a vector that is new here and each that is known, both ways, and about the new one and itself."""
        if event in self._known:
            return
        pairs = [(event, vector, event, vector)]
        for other, known in self._known.items():
            pairs += [(other, known, event, vector), (event, vector, other, known)]
        self._said = (*self._said, *(f"{a} {b} {self._ask(one, other)}" for a, one, b, other in pairs))
        self._known[event] = dict(vector)

    def _ask(self, vector: Vector, other: Vector) -> str:
        word = type(self).RELATION(dict(vector), dict(other))
        if word not in WORDS:
            raise Mistake(
                f"relation({vector}, {other}) returned {word!r}. It returns 'before', 'after', 'concurrent' or 'same'."
            )
        return word


def comparing(relation: Callable[[Vector, Vector], str]) -> type[Node]:
    """The class of nodes that ask this relation."""

    class Traveller(Comparing):
        RELATION = relation

    return Traveller
