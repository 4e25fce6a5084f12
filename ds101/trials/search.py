"""Many trials, until one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ds101.checks.answer import Answer
from ds101.trials.trial import Nodes, Run, Trial
from ds101.verdict import Verdict

Check = Callable[[Run], Answer]


@dataclass(frozen=True)
class Found:
    """How a search ended: after so many trials, with the first that failed, or with the worst answer that there was."""

    tried: int
    trial: Trial | None
    answer: Answer

    @property
    def verdict(self) -> Verdict:
        """Broken if a trial failed; inconclusive if none failed and one of them was; otherwise it holds."""
        return self.answer.verdict

    def __repr__(self) -> str:
        return f"<{self.verdict.value} after {self.tried} trial{'' if self.tried == 1 else 's'}>"


def first_failure(nodes: Nodes, check: Check, trials: Iterable[Trial]) -> Found:
    """Run trials until the check is broken. A node that dies of a mistake is the check's business, as `run.error`."""
    worst: Answer | None = None
    tried = 0
    for tried, trial in enumerate(trials, start=1):
        answer = check(trial.run(nodes))
        if answer.verdict is Verdict.BROKEN:
            return Found(tried, trial, answer)
        if worst is None or answer.verdict is Verdict.INCONCLUSIVE:
            worst = answer
    return Found(tried, None, worst or Answer(Verdict.INCONCLUSIVE, "There were no trials."))
