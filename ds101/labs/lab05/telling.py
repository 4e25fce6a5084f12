"""What is shown of a run: nodes and what they send each other. Who asked them to do it is mostly beside the point."""

from __future__ import annotations

from ds101.labs.lab05.given import Said
from ds101.labs.lab05.runs import NODES
from ds101.trace import Event, Trace

LEFT_OUT = ("skew", "ok", "info")


def without_clients(trace: Trace) -> Trace:
    """What the nodes noted, and their letters."""
    return _part(trace, [event for event in trace if event.kind != "skew" and _is_among_nodes(event)])


def with_walls(trace: Trace) -> Trace:
    """The same, and by how much the clocks on the wall differ."""
    return _part(trace, [event for event in trace if _is_among_nodes(event)])


def without_replies(trace: Trace) -> Trace:
    """What clients wanted to post, and what the nodes made of it."""
    return _part(trace, [event for event in trace if event.type != Said.__name__ and event.kind not in LEFT_OUT])


def _is_among_nodes(event: Event) -> bool:
    return all(name in NODES for name in (event.node, event.src, event.dst) if name)


def _part(trace: Trace, events: list[Event]) -> Trace:
    there = {event.node for event in events}
    return Trace(events, [lane for lane in trace.nodes if lane in there or lane in NODES], trace.cut, timed=trace.timed)
