"""Task 1, `LamportClock`: numbers that grow along happened-before (Lamport 1978, the clock condition)."""

from __future__ import annotations

from collections.abc import Iterable

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.explorer import View
from ds101.labs.lab05.happened import Happened, happened_in
from ds101.labs.lab05.runs import LAMPORT
from ds101.labs.lab05.telling import without_clients
from ds101.labs.specification import property_of
from ds101.trials import Run

TRACE_CUT = "The trace does not tell the whole run."


def _grows(happened: Happened | None, pairs: Iterable[tuple[str, str]], how: str, lacking: str) -> Answer:
    """Whether the time of each first event is less than that of the second one; `how` says how the two stand."""
    if happened is None:
        return inconclusive(TRACE_CUT)
    looked = False
    for a, b in pairs:
        looked = True
        if not happened.stamps[a] < happened.stamps[b]:
            return broken(how.format(*(f"{event} (time {happened.stamps[event]})" for event in (a, b))))
    return holds() if looked else inconclusive(lacking)


@property_of(
    "lab05",
    points=1,
    title="sent before received",
    hint="A letter with time 7 reaches a node whose clock shows 2. What must its next time be at least, and why?",
    needs=("LamportClock",),
    worlds=LAMPORT,
    shown=without_clients,
)
def letters(run: Run | View) -> Answer:
    """The sending of a letter has a smaller time than each of its arrivals."""
    happened = happened_in(run)
    return _grows(
        happened, happened.letters() if happened else (), "The letter sent at {0} arrived at {1}.", "No letter arrived."
    )


@property_of(
    "lab05",
    points=1,
    title="a node's own events",
    hint="What may no two events of one node have in common, and which line sees to that?",
    needs=("LamportClock",),
    worlds=LAMPORT,
    shown=without_clients,
)
def own_events(run: Run | View) -> Answer:
    """Of two events of one node, the earlier has the smaller time."""
    happened = happened_in(run)
    pairs = happened.in_a_row() if happened else ()
    return _grows(happened, pairs, "{0} stands just before {1}.", "No node had two events.")


@property_of(
    "lab05",
    points=2,
    title="happened before, smaller time",
    hint="Follow the way from the first event to the second, step by step: at which step does the time not grow?",
    needs=("LamportClock",),
    worlds=LAMPORT,
    shown=without_clients,
)
def clock_condition(run: Run | View) -> Answer:
    """If a happened before b, then L(a) < L(b)."""
    happened = happened_in(run)
    if happened is None:
        return inconclusive(TRACE_CUT)
    pairs = ((a, b) for a, b in happened.pairs() if happened.before(a, b))
    return _grows(happened, pairs, "{0} happened before {1}.", "No event happened before another one.")
