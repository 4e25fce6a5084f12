"""Every order of events, within a budget that counts states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ds101.checks.answer import Answer, broken, holds
from ds101.draw.wording import counted
from ds101.errors import Mistake
from ds101.explorer import Exploration, View, explore
from ds101.labs.specification import Effort, Parts, Property
from ds101.labs.worlds.outcome import Failure, Outcome
from ds101.labs.worlds.stuck import handlers_end
from ds101.labs.worlds.trying import unwritten_or_broken
from ds101.trials.trial import Nodes
from ds101.verdict import Verdict


@dataclass(frozen=True)
class Orders:
    """A search by the explorer, for safety: its options are those of `ds101.explore`; `states` is its budget.

    A property may give another form of its check as `orders=`, a function of a `View`.
    """

    name: str
    nodes: Callable[[Parts], Nodes]
    n: int | None = None
    clients: Mapping[str, Any] = field(default_factory=dict)
    states: int = 60_000
    options: Mapping[str, Any] = field(default_factory=dict)
    kind = "orders"

    def begin(self, parts: Parts, asked: Iterable[Property], effort: Effort) -> Searching:
        """The searches of one judging. Grading asks for more states."""
        return Searching(self, parts, asked, effort.size * self.states)


class Searching:
    """The searches of one stage: one for all properties, and one more for each that is found to be broken."""

    def __init__(self, stage: Orders, parts: Parts, asked: Iterable[Property], states: int) -> None:
        self.stage, self.parts, self.states = stage, parts, states
        self.outcomes = {one.title: Outcome() for one in asked}
        self._open = {one.title: one for one in asked}
        self._over = False
        self.runs = 0  # a search is no run

    def look(self, one: Property) -> Iterator[str]:
        """Search until the property is broken, or nothing else is. Yields what is done, in words."""
        while one.title in self._open and not self._over:
            yield f"{self.stage.name}, up to {self.states:,} states"
            self._search()

    def _search(self) -> None:
        held: set[str] = set()
        try:
            with handlers_end():
                found = explore(
                    self.stage.nodes(self.parts),
                    self.stage.n,
                    clients=self.stage.clients,
                    invariants={title: _asked(one, held) for title, one in self._open.items()},
                    states=self.states,
                    **self.stage.options,
                )
        except Mistake as mistake:
            for title in list(self._open):
                self._close(title, None, unwritten_or_broken(mistake))
            return
        if found.violation is None:
            self._end(found, held)
        elif found.violation.kind == "invariant":
            self._close(found.violation.name, found, broken(found.violation.why))
        else:
            for title in list(self._open):
                self._close(title, found, unwritten_or_broken(RuntimeError(found.violation.why)))

    def _end(self, found: Exploration, held: set[str]) -> None:
        self._over = True
        cut_short = found.states < self.states and found.verdict is Verdict.INCONCLUSIVE
        for title in self._open:
            outcome = self.outcomes[title]
            outcome.looked = f"{'all ' if found.exhausted else ''}{counted(found.states, 'state')} ({self.stage.name})"
            if cut_short:
                outcome.undecided = found.why
            elif title in held:
                outcome.held += 1

    def _close(self, title: str, found: Exploration | None, answer: Answer) -> None:
        outcome = self.outcomes[title]
        outcome.failure = Failure(self.stage, found.violation if found else None, answer)
        outcome.looked = f"{counted(found.states, 'state')} ({self.stage.name})" if found else self.stage.name
        del self._open[title]


def _asked(one: Property, held: set[str]) -> Callable[[View], Answer]:
    """The check as an invariant; notes that it held where its situation arose."""
    check = one.data.get("orders", one.check)

    def ask(view: View) -> Answer:
        answer: Answer = check(view)
        if answer.verdict is Verdict.HOLDS:
            held.add(one.title)
        return answer if answer.verdict is Verdict.BROKEN else holds()

    ask.__doc__ = one.sentence
    return ask
