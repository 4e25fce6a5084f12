"""What one world has brought to light about one property so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ds101.checks.answer import Answer
from ds101.errors import Flood
from ds101.labs.worlds.stuck import Endless
from ds101.trials import Run
from ds101.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing run that can be told later: in which stage, which trial or schedule, and what the check said."""

    stage: Any
    what: Any  # the trial, or the explorer's violation
    answer: Answer
    run: Run | None = None  # of the trial

    @property
    def takes_long(self) -> bool:
        """Whether a handler never ended, or the nodes flooded each other: one more such run takes seconds."""
        flooded = self.run is not None and isinstance(self.run.error, Flood)
        return flooded or f"{Endless.__name__}: " in self.answer.headline


@dataclass(slots=True)
class Outcome:
    """Broken by a run; undecided, with the reason; or held by the runs that said something about it."""

    held: int = 0  # how many runs or states it held in
    why_not: str = ""  # what a run that says nothing about it lacked
    undecided: str = ""  # why this world can't tell at all
    failure: Failure | None = None
    looked: str = ""  # at how much, in words

    def take(self, answer: Answer) -> None:
        """One more run in which it was not broken."""
        if answer.verdict is Verdict.HOLDS:
            self.held += 1
        else:
            self.why_not = answer.headline
