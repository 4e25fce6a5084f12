"""Where a run went wrong: what came later is no part of its story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ds101.history import History, Operation
from ds101.trace import Trace
from ds101.trials.search import Check
from ds101.trials.trial import Run
from ds101.verdict import Verdict


def until_broken(run: Run, check: Check) -> Run:
    """The run up to the event that breaks a check of safety: "this must never happen", which no later event mends.

    With the history as far as it had come. All of it, where the check reads the nodes' states in the end.
    """
    low, high = 0, len(run.trace)  # after so many events it is not broken yet, and broken
    if _is_broken(run, low, check) or not _is_broken(run, high, check):
        return run
    while high - low > 1:
        middle = (low + high) // 2
        if _is_broken(run, middle, check):
            high = middle
        else:
            low = middle
    return _beginning(run, high)


def _is_broken(run: Run, events: int, check: Check) -> bool:
    return check(_beginning(run, events)).verdict is Verdict.BROKEN


def _beginning(run: Run, events: int) -> Run:
    kept = run.trace.events[:events]
    trace = Trace(kept, run.trace.nodes, run.trace.cut, timed=run.trace.timed)
    return replace(run, trace=trace, history=History(_until(run.history, kept[-1].at if kept else 0.0)))


def _until(history: History, at: float) -> Iterator[Operation]:
    """What clients had asked and been told by then."""
    for one in history:
        if one.began <= at:
            ended = one.ended is not None and one.ended <= at
            yield one if ended else replace(one, ended=None, outcome="open", reply=None)
