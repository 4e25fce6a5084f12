"""What came of judging solutions, as values that travel between processes.

Solutions are judged in processes of their own, several at a time: the worlds of one can't disturb those of another.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from autograder.mutants import another_way, mutants_of, reference
from ds101.labs import judge
from ds101.labs.report import Report
from ds101.labs.specification import find_lab
from ds101.labs.worlds import judge_in_worlds
from ds101.verdict import Verdict

REFERENCE, ANOTHER_WAY = "the solution", "the solution, built otherwise"
CORES = os.cpu_count() or 2


@dataclass(frozen=True)
class Task:
    """A solution to be judged, by its name, with a seed and a size; in some worlds only, or in all."""

    lab: str
    solution: str
    seed: int = 1
    size: int = 1
    worlds: frozenset[str] = frozenset()

    def parts(self) -> tuple[Any, ...]:
        """The lab's parts as this solution has them."""
        if self.solution == REFERENCE:
            return reference(self.lab)
        if self.solution == ANOTHER_WAY:
            return another_way(self.lab)
        (mutant,) = (one for one in mutants_of(self.lab) if one.name == self.solution)
        return mutant.parts()


@dataclass(frozen=True)
class Judged:
    """A report in brief: the titles of the properties that are broken, those that were left open, and its text."""

    task: Task
    broken: frozenset[str]
    open: frozenset[str]
    asked: tuple[str, ...]
    looked: str  # at how much, until the first was known to be broken
    text: str
    seconds: float
    runs: int  # in simulation and on real processes


def judged(task: Task) -> Judged:
    """Judge one solution here."""
    begin = time.monotonic()
    report = judge(task.lab, *task.parts(), seed=task.seed, size=task.size, worlds=task.worlds)
    return Judged(
        task,
        report.broken,
        frozenset(one.title for one in report.asked if report.verdict_of(one) is Verdict.INCONCLUSIVE),
        tuple(one.title for one in report.asked),
        _looked(report),
        report.text(),
        time.monotonic() - begin,
        report.runs,
    )


def _looked(report: Report) -> str:
    return report.findings[report.told.title].looked if report.told else ""


def judged_apart(tasks: Sequence[Task], at_once: int = 0) -> Iterator[Judged]:
    """Judge solutions in processes of their own, so many at once, in the order of the tasks."""
    in_worlds = any(find_lab(task.lab).judging is judge_in_worlds for task in tasks)
    workers = at_once or (CORES if in_worlds else 2 * CORES)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(judged, tasks)
