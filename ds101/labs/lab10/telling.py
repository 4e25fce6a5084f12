"""What is told of a run: of the available store what its clients saw, of a deadline the request that missed it.

Anti-entropy never stops. Its messages would hide the few that a story is about; so would what came after a deadline.
"""

from __future__ import annotations

from ds101.labs.lab10.asked import GRACE, Asked
from ds101.labs.lab10.given import DEADLINE
from ds101.trace import Event, Trace

FAULTS = frozenset({"partition", "heal", "link", "crash", "restart", "pause", "resume"})
JUST_BEFORE = 0.01  # seconds in which the request was on its way
ENDS = frozenset({"start", "invoke", "ok", "fail", "info", "error"})


def as_clients_saw_it(trace: Trace) -> Trace:
    """The run without what nodes said to each other."""
    return Trace([event for event in trace if _is_seen(event)], trace.nodes, trace.cut)


def around(trace: Trace, one: Asked | None) -> Trace:
    """The run while this request should have been answered, with the faults before it; all of it for None."""
    if one is None:
        return trace
    begin, end = one.at - JUST_BEFORE, one.at + DEADLINE + GRACE
    if one.reply is not None:
        end = min(end, one.reply.at)
    kept = [
        event
        for event in trace
        if event.at <= end and (event.at >= begin or event.kind in FAULTS or event.kind == "start")
    ]
    return Trace(kept, trace.nodes, trace.cut)


def _is_seen(event: Event) -> bool:
    return event.kind in FAULTS or event.kind in ENDS or "." in event.src or "." in event.dst
