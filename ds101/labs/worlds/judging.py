"""`judge_in_worlds`: what the worlds of a property have to say of it, one after the other, until one breaks it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from ds101.checks.answer import Answer, holds, inconclusive
from ds101.labs.specification import LATER, Effort, Parts, Property
from ds101.labs.worlds.outcome import Failure, Outcome
from ds101.labs.worlds.replaying import shown_again
from ds101.labs.worlds.stories import story_of


def judge_in_worlds(parts: Parts, asked: Sequence[Property], effort: Effort) -> Judging:
    """The judging of these properties, for a lab's `judging`."""
    return Judging(parts, asked, effort)


class Judging:
    """One judging of one solution. Each run is made once, and shown to every property that asks for its world."""

    def __init__(self, parts: Parts, asked: Sequence[Property], effort: Effort) -> None:
        self.parts, self.effort = parts, effort
        stages = {stage.name: stage for one in asked for stage in one.data["worlds"]}
        self._begun = {
            stage.name: stage.begin(parts, [one for one in asked if stage in one.data["worlds"]], effort)
            for stage in stages.values()
            if not effort.worlds or stage.kind in effort.worlds
        }
        self._failures: dict[str, Failure] = {}
        self._hopeless: Answer | None = None  # it is the answer to all: each run would take seconds

    @property
    def runs(self) -> int:
        """How many trials were run so far."""
        return sum(begun.runs for begun in self._begun.values())

    def judge(self, one: Property) -> Generator[str, None, Answer]:
        """Judge one property: yields what is done, in words, and returns the `Answer`.

        Yields `LATER` where another property's mistake can be told first: when a run has shown it, and before real
        processes, since it may show in memory.
        """
        if self.effort.replay:
            return shown_again(one, self.parts, self.effort.replay)
        if self._hopeless is not None:
            return self._hopeless
        outcomes: list[Outcome] = []
        in_memory = True
        for stage in one.data["worlds"]:
            if stage.name not in self._begun:
                continue
            if in_memory and stage.kind == "processes":
                in_memory = False
                yield LATER
            begun = self._begun[stage.name]
            for words in begun.look(one):
                yield words
                if not self._failures and any(other.failure for other in begun.outcomes.values()):
                    yield LATER
            outcomes.append(begun.outcomes[one.title])
            if failure := outcomes[-1].failure:
                self._failures[one.title] = failure
                answer = _with(failure.answer, outcomes[-1:])
                self._hopeless = answer if failure.takes_long else None
                return answer
        return _with(_unbroken(outcomes), outcomes)

    def tell(self, one: Property, answer: Answer) -> Answer:
        """The answer with its story, which takes time to make: the failing run is made as small as it gets."""
        failure = self._failures.get(one.title)
        return answer if failure is None or answer.to_do else story_of(one, failure, self.parts, answer)


def _unbroken(outcomes: Sequence[Outcome]) -> Answer:
    """Undecided where a world was; held where it held in a run at least; otherwise its situation never arose."""
    for outcome in outcomes:
        if outcome.undecided:
            return inconclusive(outcome.undecided)
    if any(outcome.held for outcome in outcomes):
        return holds()
    why = next((outcome.why_not for outcome in outcomes if outcome.why_not), "")
    return inconclusive(why or "What it is about never came up in any run.")


def _with(answer: Answer, outcomes: Sequence[Outcome]) -> Answer:
    return replace(answer, looked=", ".join(outcome.looked for outcome in outcomes))
