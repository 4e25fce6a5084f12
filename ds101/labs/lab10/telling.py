"""What is told of a run of the available store: what its clients saw, and what went wrong.

Anti-entropy never stops. Its messages would hide the few that a story is about.
"""

from __future__ import annotations

from ds101.trace import Event, Trace

FAULTS = frozenset({"partition", "heal", "link", "crash", "restart", "pause", "resume"})
ENDS = frozenset({"start", "invoke", "ok", "fail", "info", "error"})


def as_clients_saw_it(trace: Trace) -> Trace:
    """The run without what nodes said to each other."""
    return Trace([event for event in trace if _is_seen(event)], trace.nodes, trace.cut)


def _is_seen(event: Event) -> bool:
    return event.kind in FAULTS or event.kind in ENDS or "." in event.src or "." in event.dst
