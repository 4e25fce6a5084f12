"""Who was in contact with whom, and when: read from the events of a trace that tell what went wrong.

>>> from ds101.trace import Event, Trace
>>> started = [Event(f"{node}.1", "start", 0.0, node, 1) for node in ("n1", "n2", "n3")]
>>> cut = Event("w1", "partition", 1.0, "", 0, body={"sides": [["n1"], ["n2", "n3"]], "one_way": True, "fault": "f1"})
>>> healed = Event("w2", "heal", 2.0, "", 0, body={"fault": "f1"})
>>> contact = Contact(Trace([*started, cut, healed]))
>>> contact.between("n1", "n2", 0.0, 0.9), contact.between("n1", "n2", 0.5, 1.5), contact.between("n2", "n3", 0.5, 1.5)
(True, False, True)
>>> contact.circle("n1", 0.5, 1.5), contact.circle("n1", 2.1, 3.0)
(('n1',), ('n1', 'n2', 'n3'))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from ds101.faults import Link, Partition
from ds101.trace import Event, Trace

Seconds = float
DOWN = {"crash": True, "pause": True, "restart": False, "resume": False}
SHARP = 0.0


@dataclass
class Span:
    """From when to when something was the case, in seconds; `end` is infinite while it still is."""

    begin: Seconds
    end: Seconds = inf

    def meets(self, begin: Seconds, end: Seconds) -> bool:
        """Whether it was the case at any moment of that time."""
        return self.begin <= end and begin <= self.end


class Contact:
    """The contacts of a run. `margin`: by how many seconds the times in its trace may be off."""

    def __init__(self, trace: Trace, margin: Seconds = SHARP) -> None:
        self.nodes, self.margin = tuple(event.node for event in trace if event.kind == "start"), margin
        self._down: dict[str, list[Span]] = {node: [] for node in self.nodes}
        self._faults: dict[Any, tuple[Partition | Link, Span]] = {}
        for number, event in enumerate(trace):
            if event.kind in DOWN:
                self._note_node(event)
            elif event.kind in ("partition", "link"):
                self._faults[number, event.body["fault"]] = fault_of(event), Span(event.at)
            elif event.kind == "heal":
                self._end_fault(event)

    def _note_node(self, event: Event) -> None:
        spans = self._down[event.node]
        if spans and spans[-1].end == inf:
            spans[-1].end = event.at
        if DOWN[event.kind]:
            spans.append(Span(event.at))

    def _end_fault(self, event: Event) -> None:
        ended = event.body.get("fault")
        for (_, name), (_, span) in self._faults.items():
            if span.end == inf and ended in (None, name):
                span.end = event.at

    def runs(self, node: str, begin: Seconds, end: Seconds) -> bool:
        """Whether a node ran all of that time."""
        return not self._any(self._down[node], begin, end)

    def between(self, a: str, b: str, begin: Seconds, end: Seconds) -> bool:
        """Whether two nodes ran, and could reach each other both ways without losing anything, all of that time."""
        bad = (span for fault, span in self._faults.values() if spoils(fault, a, b) or spoils(fault, b, a))
        return self.runs(a, begin, end) and self.runs(b, begin, end) and not self._any(bad, begin, end)

    def circle(self, node: str, begin: Seconds, end: Seconds) -> tuple[str, ...]:
        """The nodes with which this one was in contact all of that time, itself included."""
        return tuple(other for other in self.nodes if other == node or self.between(node, other, begin, end))

    def has_majority(self, node: str, begin: Seconds, end: Seconds) -> bool:
        """Whether this node was in contact with a majority of all nodes, itself included, all of that time."""
        return self.runs(node, begin, end) and 2 * len(self.circle(node, begin, end)) > len(self.nodes)

    def _any(self, spans: Iterable[Span], begin: Seconds, end: Seconds) -> bool:
        return any(span.meets(begin - self.margin, end + self.margin) for span in spans)


def fault_of(event: Event) -> Partition | Link:
    """The fault that begins with this event."""
    body = {name: value for name, value in event.body.items() if name != "fault"}
    if event.kind == "partition":
        return Partition(tuple(tuple(side) for side in body["sides"]), body["one_way"])
    make: Callable[..., Link] = Link
    return make(**{name: tuple(value) if isinstance(value, list) else value for name, value in body.items()})


def spoils(fault: Partition | Link, src: str, dst: str) -> bool:
    """Whether what src sends to dst is lost by this fault, or may be."""
    if isinstance(fault, Partition):
        return fault.cuts(src, dst)
    return fault.loss > 0 and fault.concerns(src, dst)
