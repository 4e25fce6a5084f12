"""Trials on real processes: sockets, SIGKILL, SIGSTOP, and links that are really cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ds101.checks.answer import Answer, inconclusive
from ds101.cluster.cluster import Cluster
from ds101.labs.specification import Effort, Parts, Property
from ds101.labs.worlds.trying import Trials, Trying, said_of
from ds101.labs.worlds.witness import Witness
from ds101.trials import Run, Trial
from ds101.trials.trial import Nodes
from ds101.verdict import Verdict

ATTEMPTS = 3  # at a deadline that was missed, until the machine keeps the time


@dataclass(frozen=True)
class Processes:
    """Real days: the same as `Days`, each node a process of its own.

    `slack` is how late this machine may be, in seconds, for a missed deadline to count against a solution. Choose a
    part of the lab's own deadlines.
    """

    name: str
    nodes: Callable[[Parts], Nodes]
    trials: Trials
    slack: float = 0.05
    kind = "processes"

    def begin(self, parts: Parts, asked: Iterable[Property], effort: Effort) -> Trying:
        """The days of one judging."""
        return Trying(self, parts, asked, effort)

    def run(self, nodes: Nodes, trial: Trial) -> Run:
        """One day."""
        return trial.run(nodes, Cluster)

    def confirmed(self, one: Property, nodes: Nodes, trial: Trial, answer: Answer) -> Answer:
        """What must never happen did happen; but a deadline must be missed while a witness keeps the time."""
        if not one.data.get("live"):
            return answer
        for _ in range(ATTEMPTS):
            with Witness(self.slack) as witness:
                again = said_of(one, self.run(nodes, trial))
            if again.verdict is not Verdict.BROKEN or witness.kept_time:
                return again
        return inconclusive(
            f"Deadlines were missed on real processes, but this machine was too busy to tell: a witness of ours was "
            f"late by {1000 * witness.late:.0f} ms. Close what keeps it busy, and check again."
        )
