"""Simulation: a world in one process and in virtual time, with every choice drawn from one seed.

>>> from ds101 import Message, Node, Simulation, on
>>> class Greet(Message):
...     name: str
>>> class Greeting(Message):
...     text: str
>>> class Greeter(Node):
...     @on(Greet)
...     def greet(self, request, sender):
...         self.send(sender, Greeting(f"hello {request.name}, this is {self.id}"))
>>> world = Simulation(Greeter, n=3, seed=7)
>>> world.call("n1", Greet("Ada"))
Greeting(text='hello Ada, this is n1')
>>> again = Simulation(Greeter, n=3, seed=7)
>>> _ = again.call("n1", Greet("Ada"))
>>> world.trace.digest() == again.trace.digest()
True

The verbs are those of `Cluster`, and mean the same. Time passes only while a verb waits (`call`, `run`, `wait`,
`wait_until`), and costs nothing: ten minutes of a protocol take a moment.
"""

from __future__ import annotations

from collections.abc import Mapping

from ds101.effects import interval
from ds101.node import Node
from ds101.simulation.engine import SimulatedEngine
from ds101.world import World
from ds101.world.naming import classes_by_name

Seconds = float
LATENCY = (0.0005, 0.0015)  # seconds that a message takes, drawn for each
TRACE_LIMIT = 1_000_000  # events


class Simulation(World):
    """Simulated nodes: `Simulation(Greeter, n=3, seed=7)`, or `Simulation({"n1": Server, "n2": Worker})`.

    Two simulations with one seed, and the same verbs called on them, do the same, event by event, on every machine and
    Python version, as long as the nodes' code is deterministic (see `ds101.simulation.determinism`). `latency` is what
    a message takes without faults, in seconds, fixed or drawn from (low, high); links keep their order. With `watch`,
    the trace also has what each handler changed in its node's attributes. Raises `Mistake` for what can't be a world,
    `NodeError` if `start` raises, and, at a verb that waits, once there are more than `most_events`.
    """

    def __init__(
        self,
        nodes: type[Node] | Mapping[str, type[Node]],
        n: int | None = None,
        *,
        seed: int = 0,
        latency: Seconds | tuple[Seconds, Seconds] = LATENCY,
        trace_limit: int = TRACE_LIMIT,
        watch: bool = False,
        most_events: int | None = None,
    ) -> None:
        self.seed = seed
        self._simulated = SimulatedEngine(classes_by_name(nodes, n), seed, interval(latency), trace_limit)
        self._engine = self._simulated
        self._simulated.post_office.watching = watch
        self._simulated.most_events = most_events
        self._simulated.start()
        self._engine.check()

    @property
    def now(self) -> Seconds:
        """The virtual time, in seconds since the world began."""
        return self._simulated.agenda.now
