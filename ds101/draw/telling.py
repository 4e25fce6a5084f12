"""From events to steps and flights."""

from __future__ import annotations

from collections.abc import Sequence

from ds101.draw.story import OTHERS, Flight, Step, Story
from ds101.trace import Event, Trace, base_name

# What belongs to the step of the event that caused it. (Setting a timer is not shown: its firing is.)
CONSEQUENCES = ("send", "change", "log", "print", "error", "set", "cancel")
OUTCOMES = ("ok", "fail", "info")
OF_THE_WORLD = ("partition", "heal", "link")  # these concern several lanes
SILENT = ("set", "cancel")
MESSAGES = ("send", "deliver", "drop")
NOWHERE = -1


def story_of(trace: Trace) -> Story:
    """Group the events of a trace into steps and flights.

    Messages to and from nodes that the trace has no lane for (it was filtered) get one more lane for those.
    """
    strangers = {name for event in trace.events for name in _ends(event)} - {"", *trace.nodes}
    other = min(strangers) if len(strangers) == 1 else _unlike(trace.nodes)
    teller = _Teller(trace.nodes, dict.fromkeys(sorted(strangers), other))
    for event in trace.events:
        teller.take(event)
    for flight in teller.flights:
        flight.under_way = not trace.timed and flight.ended_at is None
    known = [*trace.nodes, *([other] if teller.met_strangers else [])]
    lanes = [lane for lane in known if lane in teller.clients] + [lane for lane in known if lane not in teller.clients]
    others = frozenset([other] if teller.met_strangers else [])
    return Story(
        teller.steps, teller.flights, lanes, frozenset(teller.clients & set(known)), others, trace.cut, trace.timed
    )


def _ends(event: Event) -> tuple[str, str]:
    return base_name(event.src), base_name(event.dst)


def _unlike(names: Sequence[str]) -> str:
    other = OTHERS
    while other in names:
        other += "'"
    return other


def is_retry(event: Event, step: Step) -> bool:
    """Whether a client sends again what its call, begun in that step, has sent before."""
    return event.kind == "send" and step.head.kind == "invoke" and bool(step.departures)


class _Teller:
    def __init__(self, lanes: Sequence[str], lane_of_strangers: dict[str, str]) -> None:
        self._lanes = {"", *lanes}
        self._lane_of = lane_of_strangers
        self.met_strangers = False
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
        if event.kind in MESSAGES and not self._concerns_a_lane(event):
            return
        if event.kind == "drop":
            self._drop(event)
            return
        step = self._step_for(event)
        if event.kind == "send":
            self._depart(event, step)
        elif event.kind == "deliver":
            flight = self._end(event)
            flight.head = step
            step.arrivals.append(flight)

    def _step_for(self, event: Event) -> Step:
        lane = self._lane_for(event)
        step = self._joined(event, lane)
        if step is None:
            strange = event.kind in MESSAGES and lane in self._lane_of.values()
            shown = event.kind not in SILENT and (strange or lane in self._lanes)
            step = Step(lane, event, len(self.steps) if shown else NOWHERE)
            if shown:
                self.steps.append(step)
            step.earlier = self._goes_back_to(event, lane)
            self._latest[lane] = step
        step.events.append(event)
        self._step_of[event.id] = step
        return step

    def _lane_for(self, event: Event) -> str:
        if event.kind in OF_THE_WORLD:
            return ""
        sender, receiver = _ends(event)
        name = receiver if event.kind == "deliver" else sender if event.kind in MESSAGES else event.node
        return self._lane_of.get(name, name)

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

    def _concerns_a_lane(self, event: Event) -> bool:
        """Whether one of its ends has a lane of its own."""
        own = [name in self._lanes and name != "" for name in _ends(event)]
        self.met_strangers |= any(own) and not all(own)
        return any(own)

    def _drop(self, event: Event) -> None:
        flight = self._end(event)
        flight.lost = event.detail or "dropped"
        if flight.tail is None:  # its send isn't in the trace: its end has to do for both
            flight.tail = self._step_for(event)
            flight.tail.departures.append(flight)
            flight.reconstructed = True

    def _depart(self, event: Event, step: Step) -> None:
        flight = self._flight(event)
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
            flight = self._flight(event)
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

    def _flight(self, event: Event) -> Flight:
        sender, receiver = _ends(event)
        src, dst = self._lane_of.get(sender, sender), self._lane_of.get(receiver, receiver)
        return Flight(src, dst, sender, receiver, event.type, event.body)
