"""Trials in the simulation: the same seed, the same days, on every machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ds101.checks.answer import Answer
from ds101.labs.specification import Effort, Parts, Property
from ds101.labs.worlds.stuck import handlers_end
from ds101.labs.worlds.trying import Trials, Trying
from ds101.trials import Run, Trial
from ds101.trials.trial import Nodes


@dataclass(frozen=True)
class Days:
    """Simulated days.

    `nodes` makes the nodes out of the student's parts (a class, or classes by name); `trials` draws the trials from a
    random generator, for a size: 1 for a student's own check, more for grading.
    """

    name: str
    nodes: Callable[[Parts], Nodes]
    trials: Trials
    kind = "simulation"

    def begin(self, parts: Parts, asked: Iterable[Property], effort: Effort) -> Trying:
        """The days of one judging."""
        return Trying(self, parts, asked, effort)

    def run(self, nodes: Nodes, trial: Trial) -> Run:
        """One day."""
        with handlers_end():
            return trial.run(nodes, watch=False)

    def confirmed(self, _: Property, __: Nodes, ___: Trial, answer: Answer) -> Answer:
        """A simulation has no hurry: its answer stands."""
        return answer
