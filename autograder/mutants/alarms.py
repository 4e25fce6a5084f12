"""False alarms: a right solution that is said to break a property. There must be none, however busy the machine is."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.mutants.judged import ANOTHER_WAY, REFERENCE, Judged, Task, judged_apart
from ds101.labs.specification import find_lab
from ds101.labs.worlds import judge_in_worlds


def false_alarms(lab: str, seeds: int, real: int) -> Iterator[str]:
    """A sentence for each alarm, over so many seeds, and so many judgings on real processes with all cores busy."""
    for one in judged_apart(list(_simulated(lab, seeds))):
        yield from _alarms_of(one)
    with busy_cores():
        for one in judged_apart(list(_real(lab, real)), at_once=1):
            yield from _alarms_of(one)


def _simulated(lab: str, seeds: int) -> Iterator[Task]:
    """For labs that are judged in worlds: all but the real processes. A seed draws many days."""
    if find_lab(lab).judging is judge_in_worlds:
        worlds = frozenset({"orders", "simulation"})
        for seed in range(100, 100 + seeds):
            yield Task(lab, (REFERENCE, ANOTHER_WAY)[seed % 2], seed, size=2, worlds=worlds)


def _real(lab: str, runs: int) -> Iterator[Task]:
    worlds = frozenset({"processes"} if find_lab(lab).judging is judge_in_worlds else ())
    for seed in range(500, 500 + runs):
        yield Task(lab, (REFERENCE, ANOTHER_WAY)[seed % 2], seed, size=2, worlds=worlds)


def _alarms_of(one: Judged) -> Iterator[str]:
    for title in sorted(one.broken):
        yield f"{one.task.lab}: {one.task.solution} is said to break {title!r} with seed {one.task.seed}\n{one.text}"


@contextmanager
def busy_cores() -> Iterator[None]:
    """Each core of this machine is kept busy by a process that does nothing else."""
    context = multiprocessing.get_context("spawn")
    busy = [context.Process(target=_run_in_circles, daemon=True) for _ in range(os.cpu_count() or 2)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.join()


def _run_in_circles() -> None:
    while True:
        pass
