"""A simulated world behind its verbs: an `Engine` in virtual time, on the reader's own thread."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import cloudpickle
import msgspec

from ds101.effects import sendings
from ds101.errors import ClosedError, Flood, Mistake
from ds101.faults import CrashPoint, Fault
from ds101.history import Operation
from ds101.messages import Message, Types
from ds101.node import Node, attributes_of
from ds101.processes.shipping import dump
from ds101.reach import changeable_globals, types_reached_by, unchangeable
from ds101.simulation.agenda import FOREVER
from ds101.simulation.machine import Machine
from ds101.simulation.post import Post
from ds101.simulation.printing import prefixed
from ds101.simulation.record import Record
from ds101.trace import Trace
from ds101.world.engine import Caller, Condition
from ds101.world.naming import crashed, paused, refused

Seconds = float


class SimulatedEngine:
    """All nodes of a simulation, driven by its agenda while a verb waits."""

    def __init__(
        self, classes: Mapping[str, type[Node]], seed: int, latency: tuple[Seconds, Seconds], trace_limit: int
    ) -> None:
        self.classes, self.nodes = dict(classes), tuple(classes)
        self.types: Types = types_reached_by(*classes.values())
        self.record = Record(trace_limit)
        self.post_office = Post(classes, self.types, str(seed), latency, self.record)
        self.post_office.died = self._died
        self.agenda = self.post_office.agenda
        self.operations: list[Operation] = []
        self.faults: dict[str, Fault] = {}
        self.closed = False
        self._numbers: dict[str, int] = {}
        self._fault_numbers = itertools.count(1)
        self._globals = changeable_globals(*classes.values())
        self.most_events: int | None = None  # before a world counts as flooded

    def start(self) -> None:
        """Boot all nodes at time 0."""
        with prefixed(self.post_office), self._unchanged_globals():
            for machine in self.post_office.machines.values():
                machine.boot()

    def tell_unheard(self) -> None:
        error = self.post_office.unheard.next()
        if error is not None:
            raise error

    def check(self) -> None:
        self.tell_unheard()
        if self.closed:
            raise ClosedError("This world is closed: its nodes have ended. Start a new one.")

    # Looking

    def _machine(self, node: str) -> Machine:
        return self.post_office.machines[node]

    def node_class(self, node: str) -> type[Node]:
        return self.classes[node]

    def condition(self, node: str) -> Condition:
        machine = self._machine(node)
        return "crashed" if not machine.alive else "paused" if machine.paused else "running"

    def snapshot(self, node: str) -> dict[str, Any]:
        condition = self.condition(node)
        if condition != "running":
            raise crashed(node) if condition == "crashed" else paused(node)
        attributes: dict[str, Any] = cloudpickle.loads(dump(attributes_of(self._machine(node).node)))
        return attributes

    def trace(self) -> Trace:
        return self.record.trace(self.nodes)

    def now(self) -> Seconds:
        return self.agenda.now

    # Breaking

    def kill(self, node: str) -> None:
        machine = self._machine(node)
        machine.happened("crash", detail="SIGKILL")
        machine.die()

    def _died(self, machine: Machine) -> None:
        """A crash point was met: it is used up."""
        for name, fault in list(self.faults.items()):
            if isinstance(fault, CrashPoint) and fault.node == machine.id:
                del self.faults[name]
        machine.crash_points = {}

    def revive(self, node: str) -> None:
        with prefixed(self.post_office), self._unchanged_globals():
            self._machine(node).boot()

    def pause(self, node: str) -> None:
        self._machine(node).paused = True
        self.post_office.note("pause", node)

    def resume(self, node: str) -> None:
        self.post_office.note("resume", node)
        self._machine(node).resume()

    def skew(self, node: str, offset: Seconds, rate: float) -> None:
        self._machine(node).skew(offset, rate)
        body = msgspec.json.encode({"offset": offset, "rate": rate})
        self.post_office.note("skew", node, body, f"offset {offset:g} s, rate {rate:g}")

    def hold(self, fault: Fault) -> str:
        kind = type(fault).__name__.lower()
        name = f"{kind}{next(self._fault_numbers)}"
        self.faults[name] = fault
        self._apply()
        if kind in ("partition", "link"):
            body = msgspec.json.encode({**msgspec.to_builtins(fault), "fault": name})
            self.post_office.note(kind, "", body, repr(fault))
        return name

    def end(self, names: list[str]) -> None:
        ended = {name: self.faults.pop(name) for name in names if name in self.faults}
        self._apply()
        for name, fault in ended.items():
            self.post_office.note("heal", "", msgspec.json.encode({"fault": name}), type(fault).__name__.lower())

    def _apply(self) -> None:
        points = {name: fault for name, fault in self.faults.items() if isinstance(fault, CrashPoint)}
        self.post_office.network.hold({name: fault for name, fault in self.faults.items() if name not in points})
        for machine in self.post_office.machines.values():
            machine.crash_points = {name: point for name, point in points.items() if point.node == machine.id}

    # Calling

    def next_call(self, client: str) -> str:
        self._numbers[client] = self._numbers.get(client, 0) + 1
        return f"{client}.{self._numbers[client]}"

    def request(self, address: str, node: str, message: Message, caller: Caller | None, cause: str | None) -> None:
        office = self.post_office
        if caller is not None:
            if not self._machine(node).alive:
                caller.answered(None, refused(node))
                return
            office.calls[address] = caller
        office.clock += 1
        office.send(address, sendings((node,), message, self.nodes)[0], office.clock, int(cause[1:]) if cause else 0)

    def hang_up(self, address: str) -> None:
        self.post_office.calls.pop(address, None)

    def note_operation(self, kind: str, operation: Operation, number: int, cause: str | None, detail: str) -> str:
        office = self.post_office
        office.clock += 1
        body = msgspec.json.encode({"op": number})
        earlier = int(cause[1:]) if cause else 0
        request = type(operation.request).__name__
        entry = (kind, self.agenda.now, operation.client, office.clock, earlier, "", "", request, body, detail)
        return f"e{self.record.add(entry)}"

    def do(self, function: Callable[[], object]) -> None:
        function()

    # Waiting

    def settled(self, caller: Any, timeout: Seconds) -> bool:
        return self.run_until(lambda: caller.done, timeout)

    def soon(self, action: Callable[[], object]) -> None:
        self.agenda.at(self.agenda.now, action)

    def later(self, seconds: Seconds, action: Callable[[], object]) -> None:
        self.agenda.at(self.agenda.now + seconds, action)

    def run_until(self, condition: Callable[[], object] | None, timeout: Seconds | None) -> bool:
        deadline = FOREVER if timeout is None else self.agenda.now + timeout
        condition = condition if self.most_events is None else self._unless_flooded(condition)
        with prefixed(self.post_office), self._unchanged_globals():
            return self.agenda.run_until(condition, deadline)

    def _unless_flooded(self, condition: Callable[[], object] | None) -> Callable[[], object]:
        """The condition; raises `Flood` once more has happened than may."""

        def met() -> object:
            if self.record.count > (self.most_events or 0):
                raise Flood(
                    f"More than {self.most_events:,} things had happened after {self.agenda.now:.2f} s: messages or "
                    "timers bring about ever more of their kind. Which answer is answered?"
                )
            return condition is not None and condition()

        return met

    @contextmanager
    def _unchanged_globals(self) -> Iterator[None]:
        """Raises `Mistake` if a handler changed a global: on real processes, that would change it for one node only."""
        before = {name: deepcopy(value) for name, value in self._globals.items()}
        yield
        for name, value in self._globals.items():
            if value != before[name]:
                raise Mistake(unchangeable(name))

    def close(self) -> None:
        self.closed = True
