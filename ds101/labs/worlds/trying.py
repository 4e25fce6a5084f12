"""Trials one after the other, each shown to every property that asks for them: what `Days` and `Processes` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from random import Random
from typing import Protocol

from ds101.checks.answer import Answer, broken, to_do
from ds101.draw.wording import counted
from ds101.errors import Flood, Mistake, NodeError
from ds101.labs.specification import Effort, Parts, Property
from ds101.labs.worlds.outcome import Failure, Outcome
from ds101.labs.worlds.stuck import Endless
from ds101.trials import Run, Trial
from ds101.trials.trial import Nodes
from ds101.verdict import Verdict

MEND_FIRST = "Mend that first: the property can be judged only of nodes that live."
LOOPS = "What should end that loop, and can it always come about?"
FLOODS = "Which message or timer brings about another of its kind, and what would end that?"

Trials = Callable[[Random, int], Iterator[Trial]]


class Stage(Protocol):
    """A world in which trials are run."""

    @property
    def name(self) -> str: ...
    @property
    def nodes(self) -> Callable[[Parts], Nodes]: ...
    @property
    def trials(self) -> Trials: ...
    def run(self, nodes: Nodes, trial: Trial) -> Run: ...
    def confirmed(self, one: Property, nodes: Nodes, trial: Trial, answer: Answer) -> Answer:
        """What is to be believed of a run that seems to break the property."""


def unwritten_or_broken(error: BaseException) -> Answer:
    """What is said of a run in which a node died of a mistake: what to write next, where that is a skeleton."""
    _, skeleton, sentence = str(error).partition("NotYet: ")
    if skeleton:
        return to_do(sentence.split(" It happened in ")[0])
    loops = f"{Endless.__name__}: " in str(error)
    return replace(broken(str(error)), hint=FLOODS if isinstance(error, Flood) else LOOPS if loops else MEND_FIRST)


def said_of(one: Property, run: Run) -> Answer:
    """What the check says of a run, or that a node died in it. A hint is there only for what the check does not ask."""
    return replace(one.check(run), hint="") if run.error is None else unwritten_or_broken(run.error)


class Trying:
    """The trials of one stage. Each is run once, and only while a property that is asked about is open."""

    def __init__(self, stage: Stage, parts: Parts, asked: Iterable[Property], effort: Effort) -> None:
        self.stage, self.parts = stage, parts
        self.outcomes = {one.title: Outcome() for one in asked}
        self._open = {one.title: one for one in asked}
        self._trials = stage.trials(Random(f"{effort.seed} {stage.name}"), effort.size)
        self.runs = 0

    def look(self, one: Property) -> Iterator[str]:
        """Run trials until the property is broken, or there are no more. Yields what is done, in words."""
        while one.title in self._open:
            yield f"{self.stage.name}, {counted(self.runs, 'run')} so far"
            trial = next(self._trials, None)
            if trial is None:
                break
            self.runs += 1
            self._try(trial)
        if one.title in self._open:
            self.outcomes[one.title].looked = self._so_far

    @property
    def _so_far(self) -> str:
        return f"{counted(self.runs, 'run')} ({self.stage.name})"

    def _try(self, trial: Trial) -> None:
        try:
            nodes = self.stage.nodes(self.parts)
            run = self.stage.run(nodes, trial)
        except (Mistake, NodeError) as mistake:  # not even a beginning
            for title in list(self._open):
                self._close(title, trial, unwritten_or_broken(mistake))
            return
        for title, one in list(self._open.items()):
            answer = said_of(one, run)
            if answer.verdict is Verdict.BROKEN and run.error is None:
                answer = self.stage.confirmed(one, nodes, trial, answer)
            if answer.verdict is Verdict.BROKEN:
                self._close(title, trial, answer, run)
            else:
                self.outcomes[title].take(answer)

    def _close(self, title: str, trial: Trial, answer: Answer, run: Run | None = None) -> None:
        self.outcomes[title].failure = Failure(self.stage, trial, answer, run)
        self.outcomes[title].looked = self._so_far
        del self._open[title]
