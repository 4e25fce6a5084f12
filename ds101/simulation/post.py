"""The network of a simulation: messages under way between nodes and clients, and what becomes of them.

A message is its JSON, as on TCP, so that no two nodes share an object. It is delivered at the time that `ds101.network`
plans, unless a partition stands in between by then, or its receiver has died since it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from ds101.effects import Sending, no_handler
from ds101.errors import NodeError
from ds101.lines import places_of
from ds101.messages import Types, decode_body, fields_of
from ds101.network import Network
from ds101.node import Node, handler_for
from ds101.simulation.agenda import Agenda
from ds101.simulation.machine import Machine
from ds101.simulation.record import NOTHING, Record
from ds101.trace import base_name
from ds101.wire import Refused
from ds101.world.engine import Caller
from ds101.world.unheard import Unheard, death_in_words

Seconds = float
UNCHANGEABLE = frozenset({"None", "bool", "int", "float", "str", "bytes"})  # what fields of these types hold
MOST_DECODED = 1_000  # messages that are kept decoded
HEAD = 110  # bytes of a line beside its body: addresses, clock, type (see `ds101.cluster.frames`)
from_json = msgspec.json.decode


class Letter:
    """A message under way: who sent what to whom, in which life of the receiver, and the number of the send."""

    __slots__ = ("body", "clock", "dst", "life", "number", "src", "type")

    def __init__(self, src: str, dst: str, type_name: str, body: bytes, clock: int, life: int, number: int) -> None:
        self.src, self.dst, self.type, self.body = src, dst, type_name, body
        self.clock, self.life, self.number = clock, life, number


class Post:
    """All nodes and clients of a simulation, and the links between them."""

    def __init__(
        self,
        classes: Mapping[str, type[Node]],
        types: Types,
        seed: str,
        latency: tuple[Seconds, Seconds],
        record: Record,
    ) -> None:
        self.nodes, self.types, self.record = tuple(classes), types, record
        self.agenda = Agenda()
        self.network = Network(Random(f"{seed}/links"), latency)
        self.machines = {name: Machine(name, one, self, seed) for name, one in classes.items()}
        self.calls: dict[str, Caller] = {}
        self.clock = 0  # of the clients
        self.unheard = Unheard()
        self.watching = False  # whether each turn's changes of attributes are recorded
        self.speaker = ""  # the node whose handler runs
        self.died: Callable[[Machine], None] = lambda _: None  # told of a death at a crash point
        self._decoded: dict[tuple[type[Any], bytes], Any] = {}
        self._handled: dict[tuple[type[Node], str], type[Any] | None] = {}

    def send(self, src: str, one: Sending, clock: int, cause: int) -> None:
        """A message leaves."""
        now, dst, machine = self.agenda.now, one.to, self.machines.get(one.to)
        lane = src if src in self.machines else base_name(src)
        number = self.record.add(("send", now, lane, clock, cause, src, dst, one.type, one.body, ""))
        letter = Letter(src, dst, one.type, one.body, clock, machine.life if machine is not None else 0, number)
        if machine is not None and not machine.alive:
            self._drop(letter, f"{dst} is down")
            return
        network = self.network
        if not network.faults:
            self.agenda.at(network.in_order(src, dst, now), self._arrive, letter)
            return
        plan = network.plan(src, dst, one.type, HEAD + len(one.body), now)
        if isinstance(plan, str):
            self._drop(letter, plan)
            return
        for due in plan:
            self.agenda.at(due, self._arrive, letter)

    def _arrive(self, letter: Letter) -> None:
        machine = self.machines.get(letter.dst)
        if self.network.faults and self.network.cut(letter.src, letter.dst):
            self._drop(letter, "partition")
        elif machine is None:
            self._reply(letter)
        elif not machine.alive or machine.life != letter.life:
            self._drop(letter, f"{letter.dst} crashed")
        elif machine.paused:
            machine.backlog.append((self._arrive, (letter,)))
        else:
            self._deliver(letter, machine)

    def _deliver(self, letter: Letter, machine: Machine) -> None:
        event = self._handled_type(machine.node_class, letter.type)
        if event is None:
            self._drop(letter, "no handler")
            words = f"{letter.dst} got a {letter.type} from {letter.src}."
            self.unheard.add("", f"{words} {no_handler(machine.node_class, letter.type)}")
            return
        message = self._decoded.get((event, letter.body))
        if message is None:
            try:
                message = decode_body(event, from_json(letter.body))
            except Refused as refused:
                self._drop(letter, "malformed")
                self.unheard.add("", f"{letter.dst} can't read what it got from {letter.src}: {refused}.")
                return
            self._keep(event, letter.body, message)
        machine.deliver(message, letter)

    def _keep(self, event: type[Any], body: bytes, message: Any) -> None:
        """A message that nobody can change need not be decoded for each receiver."""
        if all(kind.name in UNCHANGEABLE for _, kind in fields_of(event)):
            if len(self._decoded) >= MOST_DECODED:
                self._decoded.clear()
            self._decoded[event, body] = message

    def delivered(self, letter: Letter, clock: int) -> int:
        """Record a delivery; returns its number."""
        return self.record.add((
            "deliver", self.agenda.now, letter.dst, clock, letter.number, letter.src, letter.dst, letter.type,
            letter.body, "",
        ))  # fmt: skip

    def _handled_type(self, node_class: type[Node], name: str) -> type[Any] | None:
        """The message type of that name, if the class has a handler for it."""
        key = (node_class, name)
        if key not in self._handled:
            event = self.types.get(name)
            handled = event is not None and handler_for(node_class, event) is not None
            self._handled[key] = event if handled else None
        return self._handled[key]

    def _reply(self, letter: Letter) -> None:
        """A message for a client."""
        caller = self.calls.pop(letter.dst, None)
        if caller is None:
            self._drop(letter, "the call has ended")
            return
        self.clock = max(self.clock, letter.clock) + 1
        self.record.add((
            "deliver", self.agenda.now, base_name(letter.dst), self.clock, letter.number, letter.src, letter.dst,
            letter.type, letter.body, "",
        ))  # fmt: skip
        caller.answered(self.types.decode({"type": letter.type, "body": from_json(letter.body)}), None)

    def _drop(self, letter: Letter, why: str) -> None:
        lane = letter.src if letter.src in self.machines else base_name(letter.src)
        self.record.add((
            "drop", self.agenda.now, lane, letter.clock, letter.number, letter.src, letter.dst, letter.type,
            letter.body, why,
        ))  # fmt: skip

    def died_of(self, machine: Machine, error: BaseException) -> None:
        """A handler raised: its direct caller hears of it, or else the world's next verb."""
        what = death_in_words(type(error).__name__, str(error), places_of(error))
        caller = self.calls.pop(machine.sender, None)
        if caller is not None:
            caller.answered(None, NodeError(f"{machine.id} {what}"))
        else:
            self.unheard.add(machine.id, what)

    def note(self, kind: str, node: str = "", body: bytes = NOTHING, detail: str = "") -> None:
        """Record what the world did."""
        clock = self.machines[node].lamport if node else 0
        self.record.add((kind, self.agenda.now, node, clock, 0, "", "", "", body, detail))
