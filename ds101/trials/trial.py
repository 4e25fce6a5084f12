"""A trial is a run as a value: how many nodes, which seed, what clients do, and what goes wrong.

The same trial runs in a simulation, where it always ends the same, and on real processes, where it meets real time.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from ds101.bad_days import BadDay, Step
from ds101.errors import Mistake, NodeError
from ds101.history import Call, History
from ds101.messages import Message, Types, encode
from ds101.node import Node
from ds101.reach import types_reached_by
from ds101.simulation import Simulation
from ds101.simulation.simulation import LATENCY
from ds101.trace import Event, Trace
from ds101.world import World
from ds101.world.naming import classes_by_name

Seconds = float
Nodes = type[Node] | Mapping[str, type[Node]]
Workload = tuple[tuple[str, tuple[Call, ...]], ...]  # what each client does, in order
NO_FAULTS = BadDay((), 0.0)
MOST_EVENTS = 200_000  # of a simulated run; one with more is a flood
FAULTS = ("partition", "heal", "link")  # the events of links that get better or worse


@runtime_checkable
class Informed(Protocol):
    """A request that depends on what its client was told before: it is sent as what `informed` returns.

    So a workload stays a value. `told` has the client's earlier requests with their replies (None where none came).
    """

    def informed(self, told: Sequence[tuple[Any, Any]], /) -> Any: ...


class Sent(NamedTuple):
    """A message as it was sent."""

    src: str
    dst: str
    body: Any
    event: Event


@dataclass(frozen=True)
class Run:
    """What came of a trial.

    `states` are the attributes of the nodes that run at the end, `error` is what a node died of, `seconds` is how long
    it was to go on at least.
    """

    trace: Trace
    history: History
    states: Mapping[str, Mapping[str, Any]]
    error: NodeError | None
    types: Types = field(repr=False)
    seconds: Seconds = 0.0  # how long it lasted in the world's time: a silent end leaves no events

    def sent(self, kind: type[Message], **fields: Any) -> Iterator[Sent]:
        """The messages of a type, and with these fields, in the order of their sends."""
        for event in self.trace:
            if event.kind == "send" and event.type == kind.__name__:
                body = self.types.decode({"type": event.type, "body": dict(event.body)})
                if all(getattr(body, name) == value for name, value in fields.items()):
                    yield Sent(event.src, event.dst, body, event)

    @cached_property
    def calm(self) -> Seconds | None:
        """When the last fault had ended: from then on all nodes run and all links are sound. None if never."""
        ends = {"crash": False, "restart": True, "pause": False, "resume": True}
        running: dict[str, bool] = {}
        since = 0.0
        for event in self.trace:
            if event.kind in ends:
                running[event.node] = ends[event.kind]
            if event.kind in ends or event.kind in FAULTS:
                since = event.at
        return since if all(running.values()) else None

    def __repr__(self) -> str:
        return f"<run: {self.trace!r}, {self.history!r}>"


@dataclass(frozen=True)
class Trial:
    """A run to be made: `n` nodes (None where they are given by name), for so many seconds of the world's time."""

    n: int | None
    seed: int = 0
    seconds: Seconds = 1.0
    workload: Workload = ()
    day: BadDay = NO_FAULTS
    latency: tuple[Seconds, Seconds] = LATENCY

    def run(self, nodes: Nodes, world: Callable[..., World] | None = None, *, watch: bool = True) -> Run:
        """Let it happen: in a simulation, or in the world that `world` makes.

        The simulation's trace tells what changes in the nodes, unless `watch` is False: then it is faster.
        """
        made = world or partial(Simulation, latency=self.latency, watch=watch, most_events=MOST_EVENTS)
        with made(nodes, self.n, seed=self.seed) as running:
            error = self._let_run(running)
            states = {node: running.state(node) for node in running.nodes if running.condition(node) == "running"}
            classes = classes_by_name(nodes, self.n)
            return Run(running.trace, running.history, states, error, types_reached_by(*classes.values()), self.seconds)

    def _let_run(self, world: World) -> NodeError | None:
        over: list[bool] = []
        try:
            self.day.begin(world)
            world.later(self.seconds, lambda: over.append(True))
            world.run({name: _steps_of(calls) for name, calls in self.workload})
            world.wait_until(lambda: over, timeout=2 * self.seconds + 1.0)
        except NodeError as error:
            return error
        return None

    @property
    def operations(self) -> int:
        """How many calls its clients make."""
        return sum(len(calls) for _, calls in self.workload)

    def with_workload(self, workload: Workload) -> Trial:
        """The same with other clients; one without calls is none."""
        return replace(self, workload=tuple((name, calls) for name, calls in workload if calls))

    def line(self) -> str:
        """The whole trial in one line, for `trial_from`."""
        content = [self.n, self.seed, self.seconds, self.latency, self._workload_as_json(), self._day_as_json()]
        return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(content), 9)).decode().rstrip("=")

    def _workload_as_json(self) -> list[Any]:
        return [
            [name, [[call.node, encode(call.request), call.timeout, call.after] for call in calls]]
            for name, calls in self.workload
        ]

    def _day_as_json(self) -> list[Any]:
        return [self.day.seconds, [[step.at, step.verb, step.arguments, step.fault] for step in self.day.steps]]

    def __repr__(self) -> str:
        faults = len(self.day.faults)
        return (
            f"<trial: {self.n} nodes, seed {self.seed}, {self.seconds:g} s, "
            f"{self.operations} operations, {faults} fault{'' if faults == 1 else 's'}>"
        )


def _steps_of(calls: Sequence[Call]) -> Generator[Call, Any, None]:
    told: list[tuple[Any, Any]] = []
    for call in calls:
        request = call.request.informed(tuple(told)) if isinstance(call.request, Informed) else call.request
        told.append((request, (yield replace(call, request=request))))


def trial_from(line: str, nodes: Nodes) -> Trial:
    """The trial that `Trial.line` printed, for nodes of the same classes. Raises `Mistake` if it is none."""
    try:
        padded = line.strip() + "=" * (-len(line.strip()) % 4)
        n, seed, seconds, latency, workload, day = msgspec.json.decode(
            zlib.decompress(base64.urlsafe_b64decode(padded))
        )
        types = types_reached_by(*classes_by_name(nodes, n).values())
        calls = tuple(
            (name, tuple(Call(node, types.decode(wire), timeout, after) for node, wire, timeout, after in steps))
            for name, steps in workload
        )
        steps = tuple(Step(at, verb, _as_tuples(arguments), fault) for at, verb, arguments, fault in day[1])
    except (ValueError, TypeError, zlib.error, msgspec.DecodeError) as error:
        raise Mistake(f"{line[:20]!r}... is no trial of these nodes ({error}). Copy the whole line.") from None
    return Trial(n, seed, seconds, calls, BadDay(steps, day[0]), tuple(latency))


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
