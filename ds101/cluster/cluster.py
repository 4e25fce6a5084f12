"""Cluster: a world of real processes that talk over TCP, in wall-clock time.

>>> from ds101 import Cluster, Message, Node, on
>>> class Greet(Message):
...     name: str
>>> class Greeting(Message):
...     text: str
>>> class Greeter(Node):
...     @on(Greet)
...     def greet(self, request, sender):
...         self.send(sender, Greeting(f"hello {request.name}, this is {self.id}"))
>>> with Cluster(Greeter, n=3) as world:
...     greeting = world.call("n1", Greet("Ada"))
...     world.crash("n1")
...     world.call("n1", Greet("Ada"))
Traceback (most recent call last):
    ...
ds101.errors.Unreachable: n1 is not there: its machine refuses the connection. Restart it, or ask another node.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping

from ds101.cluster.engine import RealEngine
from ds101.cluster.runtime import Runtime
from ds101.errors import Mistake
from ds101.node import Node
from ds101.processes.steady import uninterrupted
from ds101.world import World
from ds101.world.naming import classes_by_name

TRACE_LIMIT = 200_000  # events
LAST_PORT = 65_535


class Cluster(World):
    """Nodes as operating system processes: `Cluster(Greeter, n=3)`, or `Cluster({"n1": Server, "n2": Worker})`.

    `seed` is for the nodes' `self.random` and the faults' dice (real time stays real); `first_port` asks for TCP ports
    from there on; `trace_limit` is the number of events that are kept. Raises `Mistake` for
    what can't be a cluster, `LaunchError` if the processes can't start, `NodeError` if `start` raises.
    """

    def __init__(
        self,
        nodes: type[Node] | Mapping[str, type[Node]],
        n: int | None = None,
        *,
        seed: int = 0,
        first_port: int = 0,
        trace_limit: int = TRACE_LIMIT,
    ) -> None:
        classes = classes_by_name(nodes, n)
        _refuse_ports(first_port, len(classes))
        self._runtime = Runtime(classes, seed, first_port, trace_limit)
        self._engine = RealEngine(self._runtime)
        weakref.finalize(self, Runtime.abandon, self._runtime)
        try:
            self._runtime.start()
        except BaseException:
            self.close()
            raise

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of the nodes that have a process."""
        members = {} if self._runtime.closed else self._runtime.members.by_id
        return {name: members[name].process.pid for name in self.nodes if name in members and not members[name].dead}

    def address(self, node: str) -> tuple[str, int]:
        """Where a plain socket reaches the node: (host, port). It speaks JSON, an object a line."""
        self._condition(node)
        return self._runtime.address_of(node)


uninterrupted.edges |= {method.__code__ for method in (World.__enter__, World.__exit__, World.close)}


def _refuse_ports(first: int, count: int) -> None:
    if type(first) is not int or not (first == 0 or 1 <= first <= LAST_PORT - count + 1):
        raise Mistake(
            f"first_port={first!r}: give a number from 1 to {LAST_PORT} that leaves a port for each node, or none."
        )
