"""The world's book of events: batches as they came from the nodes, read only when somebody asks.

It is bounded: the oldest batches are forgotten first, and counted. When it is read, a send whose record died
with its process is reconstructed from the delivery, and a message that was on its way to a process that died is a drop.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from ds101.cluster.frames import Envelope, decode_envelope
from ds101.trace import Event, Trace, base_name

RECONSTRUCTED = "reconstructed"
Origin = tuple[int, int]  # when it was sent, in ns since the world began, and the Lamport clock of that


class Batch(msgspec.Struct):
    """Some events of one node: as records, which a node has packed, and as events after the first reading."""

    node: str
    count: int
    packed: bytes = b""
    records: Sequence[Sequence[Any]] = ()
    events: list[Event] | None = None
    origins: dict[str, Origin] = msgspec.field(
        default_factory=dict
    )  # of the messages that arrived or were dropped there, by the ids of their sends


class TraceBook:
    """All events of a world, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.cut = 0
        self._count = 0
        self._batches: deque[Batch] = deque()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def add(self, event: Event) -> None:
        """Write down what the world itself did or saw."""
        self._append(Batch(event.node, 1, events=[event]))

    def add_record(self, node: str, record: Sequence[Any]) -> None:
        """Write down what happened at a client, in the form that nodes use too."""
        self._append(Batch(node, 1, records=(record,)))

    def add_batch(self, node: str, count: int, forgotten: int, packed: bytes) -> None:
        """Write down what a node recorded; it forgot some if it recorded faster than this side could take."""
        with self._lock:
            self.cut += forgotten
        self._append(Batch(node, count, packed))

    def _append(self, batch: Batch) -> None:
        with self._lock:
            self._batches.append(batch)
            self._count += batch.count
            while self._count > self.limit and len(self._batches) > 1:
                oldest = self._batches.popleft()
                self._count -= oldest.count
                self.cut += oldest.count

    def read(self, nodes: Sequence[str]) -> Trace:
        """The trace so far, with lanes for these nodes first."""
        with self._lock:
            batches, cut = list(self._batches), self.cut
        events: list[Event] = []
        origins: dict[str, Origin] = {}
        with self._reading:  # several threads may read
            for batch in batches:
                events += unpacked(batch)
                origins |= batch.origins
        events += reconstructed_sends(events, origins)
        events += drops_at_the_dead(events)
        events = with_clocks(events)
        kept, older = events[-self.limit :], events[: -self.limit]
        cut += sum(event.detail != RECONSTRUCTED for event in older)
        clients = sorted({event.node for event in kept} - set(nodes) - {""})
        return Trace(kept, [*nodes, *clients], cut)


def unpacked(batch: Batch) -> list[Event]:
    """The events in a batch of `ds101.cluster.recorder`."""
    if batch.events is None:
        records = msgspec.msgpack.decode(batch.packed) if batch.packed else batch.records
        batch.events = [_event(batch, *record) for record in records]
        batch.packed, batch.records = b"", ()
    return batch.events


def _event(batch: Batch, kind: str, *record: Any) -> Event:
    if kind == "send":
        cause, line = record
        return event_of_send(decode_envelope(line), cause)
    if kind in ("deliver", "drop"):
        name, at, clock, line, *why = record
        envelope = decode_envelope(line)
        batch.origins[envelope.id] = (envelope.sent, envelope.clock)
        return Event(
            name, kind, at / 1e9, batch.node, clock, envelope.id, envelope.src, envelope.dst, envelope.type,
            envelope.body, "".join(why),
        )  # fmt: skip
    name, at, clock, cause, type_name, body, detail = record
    return Event(name, kind, at / 1e9, batch.node, clock, cause, type=type_name, body=body, detail=detail)


def event_of_send(envelope: Envelope, cause: str | None) -> Event:
    """The sending of a message, from what the message itself carries."""
    return Event(
        envelope.id, "send", envelope.sent / 1e9, base_name(envelope.src), envelope.clock, cause,
        envelope.src, envelope.dst, envelope.type, envelope.body,
    )  # fmt: skip


def reconstructed_sends(events: Iterable[Event], origins: Mapping[str, Origin]) -> list[Event]:
    """A send for each delivery or drop whose sender took its record with it."""
    known = {event.id for event in events}
    made: dict[str, Event] = {}
    for event in events:
        if event.kind in ("deliver", "drop") and event.cause is not None and event.cause not in known:
            sent, clock = origins.get(event.cause, (int(event.at * 1e9), event.clock - 1))
            made.setdefault(event.cause, Event(
                event.cause, "send", sent / 1e9, base_name(event.src), clock, None,
                event.src, event.dst, event.type, event.body, RECONSTRUCTED,
            ))  # fmt: skip
    return list(made.values())


def drops_at_the_dead(events: Sequence[Event]) -> list[Event]:
    """A drop for each message that went to a dead node, or that its sender or its receiver took along when it died."""
    arrived = {event.cause for event in events if event.kind in ("deliver", "drop")}
    turns: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.kind in ("crash", "restart", "pause", "resume"):
            turns.setdefault(event.node, []).append(event)
    sends = (event for event in events if event.kind == "send" and event.id not in arrived)
    ends = ((send, _end_of(send, turns.get(send.src, ()), turns.get(send.dst, ()))) for send in sends)
    return [_drop(send, *end) for send, end in ends if end is not None]


def _end_of(send: Event, of_sender: Sequence[Event], of_receiver: Sequence[Event]) -> tuple[Event, str] | None:
    """At which event, and of what, a message was lost that has not arrived; None while it is on its way."""
    before = [turn for turn in of_receiver if turn.at <= send.at]
    if before and before[-1].kind == "crash":
        return send, f"{send.dst} is down"
    for turn in of_receiver:
        if turn.at > send.at and turn.kind == "crash":
            return turn, f"{send.dst} crashed"
    if of_receiver and of_receiver[-1].kind == "pause":
        return None  # it may wait at the receiver's door
    for turn in of_sender:
        if turn.at >= send.at and turn.kind == "crash":
            return turn, f"{send.src} crashed"
    return None


def _drop(send: Event, end: Event, why: str) -> Event:
    return Event(
        f"{send.id}:lost", "drop", end.at, end.node, end.clock, send.id,
        send.src, send.dst, send.type, send.body, why,
    )  # fmt: skip


def with_clocks(events: Iterable[Event]) -> list[Event]:
    """What the world did to a node (clock 0) happens at the node's latest clock."""
    latest: dict[str, int] = {}
    clocked = []
    for event in sorted(events, key=lambda event: event.at):
        if event.clock == 0:
            event = replace(event, clock=latest.get(event.node, 0))
        latest[event.node] = max(event.clock, latest.get(event.node, 0))
        clocked.append(event)
    return clocked
