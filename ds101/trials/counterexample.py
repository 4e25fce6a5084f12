"""A failing run that can be kept: its check's answer, its trial, its story."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ds101.checks.answer import Answer
from ds101.draw import picture_of, steps_of
from ds101.progress import counted_aloud
from ds101.report import html_of, text_of
from ds101.trials.ending import until_broken
from ds101.trials.ordering import replayed_ordering, shortest_ordering
from ds101.trials.search import Check, first_failure
from ds101.trials.shrinking import MOST_RUNS, shrunk
from ds101.trials.trial import Nodes, Run, Trial, trial_from

SEEDS = 200


@dataclass(frozen=True)
class Counterexample:
    """A trial that breaks a check, as small as it was found, with the run that shows it.

    `schedule` is the order of events alone, for `ds101.explorer.replay`, where that was enough to break the check.
    """

    trial: Trial
    answer: Answer
    run: Run = field(repr=False)
    schedule: str = ""

    @classmethod
    def of(
        cls, trial: Trial, nodes: Nodes, check: Check, *, safety: bool = False, most_runs: int = MOST_RUNS
    ) -> Counterexample:
        """The failing trial made smaller.

        A check of `safety` says "this must never happen", so that its failure needs no end of the run: then it is
        shrunk to a mere order of events, if that breaks it too. Other failures keep their times, and are shrunk as
        trials; the run of one of safety ends where it broke the check.
        """
        order = shortest_ordering(trial, nodes, check) if safety else None
        if order is not None:
            return cls(trial, order.answer, order.run, order.schedule)
        small = cls.as_it_is(shrunk(trial, nodes, check, most_runs), nodes, check)
        if not safety:
            return small
        beginning = until_broken(small.run, check)
        return replace(small, run=beginning, answer=check(beginning))

    @classmethod
    def as_it_is(cls, trial: Trial, nodes: Nodes, check: Check) -> Counterexample:
        """The failing trial, not made smaller."""
        run = trial.run(nodes)
        return cls(trial, check(run), run)

    def told(self) -> Answer:
        """The check's answer with the story: what happened step by step, the picture, and how to see it again."""
        again = f"Counterexample.replay({self.line()!r}, nodes, check)"
        trace = self.run.trace
        return replace(self.answer, steps=steps_of(trace), draw=picture_of(trace), replay=again)

    def text(self) -> str:
        """What happened, for a terminal: the sentence, the steps, the line that replays it, the hint."""
        return text_of(self.told())

    def _repr_html_(self) -> str:
        return html_of(self.told())

    def line(self) -> str:
        """All that is needed to see it again, in one line: for `replay`."""
        if not self.schedule:
            return self.trial.line()
        return f"{Trial(self.trial.n, workload=self.trial.workload).line()} {self.schedule}"

    def save(self, path: str | Path) -> None:
        """Write it as JSON."""
        content = {"sentence": self.answer.sentence, "headline": self.answer.headline, "trial": self.line()}
        Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(content)))

    @classmethod
    def load(cls, path: str | Path, nodes: Nodes, check: Check) -> Counterexample:
        """Run again what `save` wrote."""
        return cls.replay(msgspec.json.decode(Path(path).read_bytes())["trial"], nodes, check)

    @classmethod
    def replay(cls, line: str, nodes: Nodes, check: Check) -> Counterexample:
        """The run of that line, event by event as it was."""
        written, _, schedule = line.strip().partition(" ")
        trial = trial_from(written, nodes)
        if not schedule:
            return cls.as_it_is(trial, nodes, check)
        run = replayed_ordering(trial, nodes, schedule)
        return cls(trial, check(run), run, schedule)

    def __str__(self) -> str:
        return self.text()


def searched_for(
    trial: Trial,
    nodes: Nodes,
    check: Check,
    seeds: int = SEEDS,
    *,
    safety: bool = False,
    most_runs: int = MOST_RUNS,
) -> Counterexample | None:
    """A failure that was seen on real processes, looked for in the simulation, and made smaller.

    The same trial, with the same clients and faults, is run with so many seeds. `safety` and `most_runs` are those of
    `Counterexample.of`. None if no run breaks the check. How far it is is shown when it takes long.
    """
    trials = (replace(trial, seed=seed) for seed in range(seeds))
    found = first_failure(nodes, check, counted_aloud(trials, "searching in the simulation"))
    if found.trial is None:
        return None
    return Counterexample.of(found.trial, nodes, check, safety=safety, most_runs=most_runs)
