"""What a search answers: a value that can be shown, kept, and searched on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

from ds101.checks.answer import Answer
from ds101.draw import picture_of, steps_of
from ds101.draw.wording import counted
from ds101.explorer.view import View
from ds101.report import html_of, text_of
from ds101.trace import Trace
from ds101.verdict import Verdict


@dataclass(frozen=True)
class Reached:
    """A state, and a shortest run that leads there. Give it as `start=` to search on from it.

    `schedule` is the run in one line, and `again` the call of `replay` that shows it once more (`clients` are those
    that were given). `steps` counts its steps after all nodes have started. The trace has an order, and no times.
    `view` is the state itself. `print` tells it step by step.
    """

    name: str
    sentence: str
    steps: int
    schedule: str = field(repr=False)
    trace: Trace = field(repr=False)
    view: View = field(repr=False)
    again: str = field(repr=False)

    def answer(self) -> Answer:
        """As a check would say it: the sentence, what happened step by step, the picture, and how to see it again."""
        return Answer(Verdict.HOLDS, **self._story())

    def _story(self) -> dict[str, Any]:
        return {
            "sentence": self.sentence or self.name,
            "steps": steps_of(self.trace),
            "draw": picture_of(self.trace),
            "replay": self.again,
        }

    def text(self) -> str:
        """What happened, for a terminal."""
        return text_of(self.answer())

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{self.name}, after {counted(self.steps, 'step')}: {self.schedule}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": html_of(self.answer()), "text/plain": repr(self)}


@dataclass(frozen=True, repr=False)
class Violation(Reached):
    """A run after which an invariant does not hold, or in which a node died of an exception.

    `why` says what went wrong, `hint` is the invariant's, if it has one. `kind` is "invariant", "died" or "unhandled"
    (its receiver has no handler for a message). `shortest` is False where the search ran out of budget before it could
    rule out a shorter run.
    """

    why: str
    kind: Literal["invariant", "died", "unhandled"]
    shortest: bool
    hint: str = ""

    def answer(self) -> Answer:
        """As a check would say it: what is broken, and the story."""
        return Answer(Verdict.BROKEN, headline=self._headline(), hint=self.hint, **self._story())

    def _headline(self) -> str:
        least = "This is the shortest such run" if self.shortest else "There may be a shorter run than this"
        length = f"{least}: {counted(self.steps, 'step')}."
        told = self.kind == "invariant" and self.why.endswith(" does not hold")  # as the sentence says
        return length if told else f"{self.why[0].upper()}{self.why[1:].rstrip('.')}. {length}"


@dataclass(frozen=True)
class Exploration:
    """How a search ended.

    `verdict` is HOLDS if all states within the budgets were seen, every invariant held and every goal was reached (or
    if only goals were asked for, and all were reached); BROKEN if there is a `violation`, or all was seen and the goals
    in `missed` were not reached; else INCONCLUSIVE, and `why` says what stopped it. `states` is how many different ones
    were found, `depth` how many steps deep they were looked at, `pruned` how many were not gone on from.
    """

    verdict: Verdict
    exhausted: bool
    states: int
    depth: int
    transitions: int
    pruned: int
    handler_runs: int
    seconds: float = field(compare=False)
    why: str = ""
    violation: Violation | None = None
    reached: Mapping[str, Reached] = field(default_factory=dict)
    missed: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Exploration({self.verdict.value}: {' '.join(self._words().split())})"

    def _words(self) -> str:
        searched = f"{counted(self.states, 'state')}, {counted(self.depth, 'step')} deep"
        if self.violation is not None:
            least = "" if self.violation.shortest else "at most "
            return f"{self.violation.why}, after {least}{counted(self.violation.steps, 'step')}; {self.states:,} states"
        if self.why:
            return f"{searched}; {self.why}"
        pruned = f", {self.pruned:,} of them pruned" if self.pruned else ""
        if self.missed:
            return f"{' and '.join(self.missed)} can't be reached; all {searched}{pruned}"
        return f"all {searched}{pruned}" if self.exhausted else f"{' and '.join(self.reached)} reached; {searched}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = {"text/plain": repr(self)}
        if self.violation is not None:
            shown["text/html"] = f"<p>{escape(repr(self))}</p>{html_of(self.violation.answer())}"
        return shown
