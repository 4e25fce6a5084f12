"""False alarms: a right solution that is said to break a property. There must be none, however busy the machine is."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.mutants.judged import ANOTHER_WAY, CORES, REFERENCE, Judged, Task, judged_apart
from ds101.labs.specification import find_lab
from ds101.labs.worlds import judge_in_worlds


def false_alarms(lab: str, seeds: int, real: int) -> Iterator[str]:
    """A sentence for each alarm, over at least so many simulated runs, and so many on real processes, all cores busy.

    For a lab that is not judged in worlds, `real` counts judgings.
    """
    in_worlds = find_lab(lab).judging is judge_in_worlds
    if in_worlds:
        yield from _alarms(lab, seeds, frozenset({"orders", "simulation"}), first_seed=100, at_once=CORES)
    with busy_cores():
        yield from _alarms(lab, real, frozenset({"processes"} if in_worlds else ()), first_seed=500, at_once=1)


def _alarms(lab: str, at_least: int, worlds: frozenset[str], first_seed: int, at_once: int) -> Iterator[str]:
    runs, seed = 0, first_seed
    while runs < at_least:
        seeds = range(seed, seed + at_once)
        tasks = [Task(lab, (REFERENCE, ANOTHER_WAY)[one % 2], one, size=2, worlds=worlds) for one in seeds]
        for one in judged_apart(tasks, at_once):
            runs += one.runs or 1
            yield from _alarms_of(one)
        seed += at_once


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
