"""From events to what a picture is made of: steps on lanes, and the flights of messages between them.

A handler runs to completion, so a delivery and all that its handler sent and logged is one `Step`: one
dot on one lane. A `Flight` is one copy of a message on its way from a step to a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ds101.draw.wording import shorter_forms
from ds101.trace import Event, Trace, base_name

# What belongs to the step of the event that caused it. (Setting a timer is not shown: its firing is.)
CONSEQUENCES = ("send", "log", "print", "error", "set", "cancel")
OUTCOMES = ("ok", "fail", "info")
OF_THE_WORLD = ("partition", "heal", "link")  # these concern several lanes
SILENT = ("set", "cancel")
NOWHERE = -1


@dataclass(slots=True, eq=False)
class Step:
    """What one lane did at one moment, all at once. `lane` is "" for what concerns the whole world."""

    lane: str
    head: Event
    index: int  # its place among the steps of the story, or NOWHERE: its lane was filtered away
    events: list[Event] = field(default_factory=list)  # the head first
    earlier: Event | None = None  # what it goes back to: the partition that a heal ends, the call that is tried again
    arrivals: list[Flight] = field(default_factory=list)
    departures: list[Flight] = field(default_factory=list)

    @property
    def at(self) -> float:
        return self.head.at


def is_retry(event: Event, step: Step) -> bool:
    """Whether a client sends again what its call, begun in that step, has sent before."""
    return event.kind == "send" and step.head.kind == "invoke" and bool(step.departures)


@dataclass(slots=True, eq=False)
class Flight:
    """One copy of a message. Either end is None where the trace doesn't have it."""

    src: str  # lanes
    dst: str
    type: str
    body: Mapping[str, Any]
    copy: int = 0  # 1 for the first duplicate, ...
    tail: Step | None = None
    head: Step | None = None
    sent_at: float | None = None
    ended_at: float | None = None
    reconstructed: bool = False
    lost: str | None = None  # why it was dropped
    tooltip: str = ""  # made once, shown at the arrow and at its label
    _forms: Sequence[str] = ()

    @property
    def forms(self) -> Sequence[str]:
        """The ways to write it on a label, the longest first."""
        self._forms = self._forms or shorter_forms(self.type, self.body)
        return self._forms

    @property
    def moment(self) -> float:
        """When it was sent, as far as known."""
        return self.sent_at if self.sent_at is not None else self.ended_at or 0.0


@dataclass(slots=True)
class Story:
    """A trace, made ready for being drawn or told."""

    steps: list[Step]
    flights: list[Flight]  # in the order of their sends
    lanes: Sequence[str]  # clients first: they are at the edge of the system
    clients: frozenset[str]
    cut: int


def story_of(trace: Trace) -> Story:
    """Group the events of a trace into steps and flights."""
    teller = _Teller(trace.nodes)
    for event in trace.events:
        teller.take(event)
    clients = teller.clients & set(trace.nodes)
    lanes = [lane for lane in trace.nodes if lane in clients] + [lane for lane in trace.nodes if lane not in clients]
    return Story(teller.steps, teller.flights, lanes, frozenset(clients), trace.cut)


class _Teller:
    def __init__(self, lanes: Sequence[str]) -> None:
        self._lanes = {"", *lanes}
        self.steps: list[Step] = []
        self.flights: list[Flight] = []
        self.clients: set[str] = set()
        self._step_of: dict[str, Step] = {}  # by the id of an event in it
        self._latest: dict[str, Step] = {}  # by lane
        self._faults: dict[str, Event] = {}  # by their names
        self._flights_of: dict[str, list[Flight]] = {}  # by the id of the send

    def take(self, event: Event) -> None:
        for address in (event.src, event.dst):
            if "." in address:
                self.clients.add(base_name(address))
        if event.kind in ("invoke", *OUTCOMES):
            self.clients.add(event.node)
        if event.kind == "drop":
            self._end(event).lost = event.detail or "dropped"
            return
        step = self._step_for(event)
        if event.kind == "send":
            self._depart(event, step)
        elif event.kind == "deliver":
            flight = self._end(event)
            flight.head = step
            step.arrivals.append(flight)

    def _step_for(self, event: Event) -> Step:
        lane = "" if event.kind in OF_THE_WORLD else event.node
        step = self._joined(event, lane)
        if step is None:
            shown = event.kind not in SILENT and lane in self._lanes
            step = Step(lane, event, len(self.steps) if shown else NOWHERE)
            if shown:
                self.steps.append(step)
            step.earlier = self._goes_back_to(event, lane)
            self._latest[lane] = step
        step.events.append(event)
        self._step_of[event.id] = step
        return step

    def _joined(self, event: Event, lane: str) -> Step | None:
        if event.kind in CONSEQUENCES:
            step = self._step_of.get(event.cause or "")
            return step if step is not None and step.lane == lane and not is_retry(event, step) else None
        if event.kind in OUTCOMES:  # it comes with the reply, though its cause is the invocation
            step = self._latest.get(lane)
            return step if step is not None and step.head.kind == "deliver" and len(step.events) == 1 else None
        return None

    def _goes_back_to(self, event: Event, lane: str) -> Event | None:
        if event.kind in ("partition", "link"):
            self._faults[str(event.body.get("fault", event.id))] = event
        if event.kind == "heal":
            return self._faults.get(str(event.body.get("fault")))
        begun = self._step_of.get(event.cause or "")
        return begun.head if begun is not None and begun.lane == lane and is_retry(event, begun) else None

    def _depart(self, event: Event, step: Step) -> None:
        flight = _flight(event)
        flight.tail, flight.sent_at = step, event.at
        flight.reconstructed = event.detail == "reconstructed"
        step.departures.append(flight)
        self.flights.append(flight)
        self._flights_of[event.id] = [flight]

    def _end(self, event: Event) -> Flight:
        """The flight that ends with this delivery or drop; a copy of it, if it has ended before."""
        known = self._flights_of.setdefault(event.cause or event.id, [])
        flight = known[0] if known else None
        if flight is None or flight.ended_at is not None:
            flight = _flight(event)
            if known:
                first = known[0]
                flight.copy, flight.tail, flight.sent_at = len(known), first.tail, first.sent_at
                flight.reconstructed = first.reconstructed
                if first.tail is not None:
                    first.tail.departures.append(flight)
            known.append(flight)
            self.flights.append(flight)
        flight.ended_at = event.at
        return flight


def _flight(event: Event) -> Flight:
    return Flight(base_name(event.src), base_name(event.dst), event.type, event.body)
