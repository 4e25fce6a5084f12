"""A failing run that can be kept: its check's answer, its trial, its story."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

import msgspec

from ds101.checks.answer import Answer
from ds101.trials.ordering import shortest_ordering
from ds101.trials.search import Check, first_failure
from ds101.trials.shrinking import MOST_RUNS, shrunk
from ds101.trials.trial import Nodes, Run, Trial, trial_from

MOST_STEPS = 18  # of the story in words; the diagram has them all


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
        trials.
        """
        order = shortest_ordering(trial, nodes, check) if safety else None
        if order is not None:
            return cls(trial, order.answer, order.run, order.schedule)
        return cls.as_it_is(shrunk(trial, nodes, check, most_runs), nodes, check)

    @classmethod
    def as_it_is(cls, trial: Trial, nodes: Nodes, check: Check) -> Counterexample:
        """The failing trial, not made smaller."""
        run = trial.run(nodes)
        return cls(trial, check(run), run)

    def text(self) -> str:
        """What happened, for a terminal: the sentence, the steps, the line that replays it, the hint."""
        lines = [f"✗ {self.answer.sentence}", ""]
        if self.answer.headline:
            lines += [f"  {self.answer.headline}", ""]
        lines += [f"  {line}" for line in self.run.trace.text(at_most=MOST_STEPS).splitlines()]
        lines += ["", f"  Replay: {self.schedule or self.line()}"]
        if self.answer.hint:
            lines += [f"  Think: {self.answer.hint}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return (
            f"<p>✗ <b>{escape(self.answer.sentence)}</b></p><p>{escape(self.answer.headline)}</p>"
            f"{self.run.trace.html()}<p>Replay: <code>{escape(self.schedule or self.line())}</code></p>"
            f"<p>Think: {escape(self.answer.hint)}</p>"
        )

    def line(self) -> str:
        """All that is needed to see it again, in one line: for `replay`."""
        return self.trial.line()

    def save(self, path: str | Path) -> None:
        """Write the trial as JSON."""
        content = {"sentence": self.answer.sentence, "headline": self.answer.headline, "trial": self.trial.line()}
        Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(content)))

    @classmethod
    def load(cls, path: str | Path, nodes: Nodes, check: Check) -> Counterexample:
        """Run again what `save` wrote."""
        return cls.replay(msgspec.json.decode(Path(path).read_bytes())["trial"], nodes, check)

    @classmethod
    def replay(cls, line: str, nodes: Nodes, check: Check) -> Counterexample:
        """The run of that line, event by event as it was."""
        return cls.as_it_is(trial_from(line, nodes), nodes, check)

    def __str__(self) -> str:
        return self.text()


def searched_for(trial: Trial, nodes: Nodes, check: Check, seeds: int = 200) -> Counterexample | None:
    """The same trial in the simulation, with many seeds: the first that fails, made smaller. None if none does."""
    found = first_failure(nodes, check, (replace(trial, seed=seed) for seed in range(seeds)))
    return None if found.trial is None else Counterexample.as_it_is(shrunk(found.trial, nodes, check), nodes, check)
