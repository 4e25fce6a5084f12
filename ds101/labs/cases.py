"""Judging a property by cases: try them one by one, and shrink the first that breaks it.

A lab that is judged so gives each property, beside its check:

    property_of(..., cases=..., simpler=..., case=..., trial=...)

- `cases(random, size)` yields the cases to try, the smallest first, all different from seed to seed
- `simpler(case)` yields cases that are a step simpler, the boldest step first
- `case` is the dataclass of its cases: its JSON form is what a replay line carries
- `trial(part, aloud)` is a context manager around the student's part; `check(trial, case)` tries one case in it
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ds101.checks.answer import Answer, broken, inconclusive
from ds101.draw.wording import counted
from ds101.errors import Mistake, NodeError
from ds101.labs.specification import Effort, Parts, Property
from ds101.verdict import Verdict

MOST_SIMPLER_TRIES = 200  # when shrinking; each is one more run


def judge_by_cases(parts: Parts, asked: Sequence[Property], effort: Effort) -> ByCases:
    """The judging of these properties, for a lab's `judging`."""
    return ByCases(parts, asked, effort)


@dataclass(frozen=True)
class ByCases:
    """The judging of one solution: each property by cases of its own."""

    parts: Parts
    asked: Sequence[Property]
    effort: Effort

    @property
    def runs(self) -> int:
        """Cases are not counted."""
        return 0

    def judge(self, one: Property) -> Generator[str, None, Answer]:
        """Judge one property; its story is in the answer at once."""
        yield "trying cases"
        return _judged(one, self.parts, self.effort)

    def tell(self, _: Property, answer: Answer) -> Answer:
        """The answer, whose story is there."""
        return answer


def _judged(of: Property, parts: Parts, effort: Effort) -> Answer:
    """The finding of the first case that breaks the property, made as simple as possible; or that all cases held."""
    (needed,) = of.needs
    only = _case_of(of, effort.replay) if effort.replay else None
    try:
        with of.data["trial"](parts[needed], only is not None) as trial:
            if only is not None:
                return _tried(of, trial, only)
            return _searched(of, trial, of.data["cases"](random.Random(f"{effort.seed} {of.title}"), effort.size))
    except (Mistake, NodeError) as error:  # it can't travel to another process, or died on arrival
        return broken(str(error))
    except OSError as error:  # sockets, files and processes of ours: nothing that a solution can be blamed for
        return inconclusive(f"The check could not be carried out here ({error}). Check again later.")


def _searched(of: Property, trial: Any, cases: Iterator[Any]) -> Answer:
    last = inconclusive("No case of it came up.")
    unclear: Answer | None = None
    number = 0
    for number, case in enumerate(cases, start=1):
        last = _tried(of, trial, case)
        if last.verdict is Verdict.BROKEN:
            found = last if last.to_do else _shrunk(of, trial, case, last)
            return replace(found, looked=counted(number, "case"))
        if last.verdict is Verdict.INCONCLUSIVE:
            unclear = last
    return replace(last if unclear is None else unclear, looked=counted(number, "case"))


def _shrunk(of: Property, trial: Any, case: Any, finding: Answer) -> Answer:
    """The finding of the simplest case that still breaks it, by greedy descent."""
    tries = MOST_SIMPLER_TRIES if "simpler" in of.data else 0
    while tries > 0:
        for candidate in of.data["simpler"](case):
            tries -= 1
            attempt = _tried(of, trial, candidate)
            if attempt.verdict is Verdict.BROKEN:
                case, finding = candidate, attempt
                break
            if tries == 0:
                break
        else:
            break
    return finding


def _tried(of: Property, trial: Any, case: Any) -> Answer:
    finding: Answer = of.check(trial, case)
    return replace(finding, replay=f"{of.title} {msgspec.json.encode(case).decode()}")


def _case_of(of: Property, replay: str) -> Any:
    try:
        return msgspec.json.decode(replay.removeprefix(of.title), type=of.data["case"])
    except msgspec.DecodeError as error:
        raise Mistake(f"The replay line can't be read ({error}). Copy it whole from the report.") from None
