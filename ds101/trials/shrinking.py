"""A failing trial made smaller, until nothing can go.

Delta debugging (Zeller and Hildebrandt 2002) on what a trial is made of: nodes, faults, clients and their operations,
time, and randomness. Taking something away changes what the seed draws for the rest, so each smaller trial is
tried with a few seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ds101.bad_days import BadDay
from ds101.progress import counted_aloud
from ds101.trials.search import Check
from ds101.trials.trial import NO_FAULTS, Nodes, Trial, Workload
from ds101.verdict import Verdict

STEADY = (0.001, 0.001)  # seconds: every message takes as long as the others
SEEDS = 8  # with which each smaller trial is tried, besides its own
MOST_RUNS = 2_000


def shrunk(trial: Trial, nodes: Nodes, check: Check, most_runs: int = MOST_RUNS) -> Trial:
    """The smallest trial that was found to break the same check, starting from one that does.

    How far it is is shown when it takes long.
    """
    runs = iter(counted_aloud(range(most_runs), "making it smaller"))
    while True:
        smaller = next((one for one in _each_tried(trial, runs) if _breaks(one, nodes, check)), None)
        if smaller is None:
            return trial
        trial = smaller


def _each_tried(trial: Trial, runs: Iterator[int]) -> Iterator[Trial]:
    for smaller in _smaller(trial):
        for seed in dict.fromkeys([smaller.seed, *range(SEEDS)]):
            if next(runs, None) is None:
                return
            yield replace(smaller, seed=seed)


def _breaks(trial: Trial, nodes: Nodes, check: Check) -> bool:
    return check(trial.run(nodes)).verdict is Verdict.BROKEN


def _smaller(trial: Trial) -> Iterator[Trial]:
    """What could be left out, the most first."""
    if trial.day.steps:
        yield replace(trial, day=NO_FAULTS)
    yield from _fewer_nodes(trial)
    for name, _ in trial.workload:
        yield trial.with_workload(tuple(one for one in trial.workload if one[0] != name))
    for fault in trial.day.faults:
        yield replace(trial, day=trial.day.without(fault))
    for workload in _fewer_calls(trial.workload):
        yield trial.with_workload(workload)
    for share in (0.25, 0.5, 0.8):
        if trial.seconds > 0.01:
            yield replace(trial, seconds=round(share * trial.seconds, 3))
    if trial.latency != STEADY:
        yield replace(trial, latency=STEADY)


def _fewer_nodes(trial: Trial) -> Iterator[Trial]:
    if trial.n is None or trial.n < 2:
        return
    last = f"n{trial.n}"
    workload = tuple((name, tuple(call for call in calls if call.node != last)) for name, calls in trial.workload)
    yield replace(trial.with_workload(workload), n=trial.n - 1, day=_without_node(trial.day, last))


def _without_node(day: BadDay, node: str) -> BadDay:
    """The day without what happens to this node; a partition goes on without it where two sides are left."""
    gone: set[int] = set()
    kept = []
    for step in day.steps:
        if step.verb == "skew" and step.arguments[0] == node:
            continue
        if step.arguments == (node,) or (step.verb == "one link" and node in step.arguments[:2]):
            gone.add(step.fault)
        elif "partition" in step.verb:
            sides = tuple([name for name in side if name != node] for side in step.arguments)
            kept.append(replace(step, arguments=sides))
            if not all(sides):
                gone.add(step.fault)
        else:
            kept.append(step)
    return BadDay(tuple(step for step in kept if step.fault not in gone), day.seconds)


def _fewer_calls(workload: Workload) -> Iterator[Workload]:
    """Half of a client's calls, then single ones."""
    for index, (name, calls) in enumerate(workload):
        for size in sorted({len(calls) // 2, 1} - {0}, reverse=True):
            for begin in range(0, len(calls), size):
                rest = calls[:begin] + calls[begin + size :]
                yield (*workload[:index], (name, rest), *workload[index + 1 :])
