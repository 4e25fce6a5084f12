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
...     world.call("n1", Greet("Ada"))
...     world.crash("n1")
...     world.call("n1", Greet("Ada"))
Traceback (most recent call last):
    ...
ds101.errors.Unreachable: n1 is not there: its machine refuses the connection. Restart it, or ask another node.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import cloudpickle

from ds101.cluster.breaking import Breaking
from ds101.cluster.calls import CALL_TIMEOUT, Client, Pending, run_workload
from ds101.cluster.loop import GLANCE
from ds101.cluster.runtime import Runtime
from ds101.errors import LaunchError, Mistake, Timeout
from ds101.history import History, Workload
from ds101.messages import Message
from ds101.node import Node, handler_for
from ds101.processes import output
from ds101.trace import Trace

Seconds = float
MOST_NODES = 60  # each has a TCP connection to every other


class Cluster(Breaking):
    """Nodes as operating system processes: `Cluster(Greeter, n=3)`, or `Cluster({"n1": Server, "n2": Worker})`.

    `seed` is for the nodes' `self.random` and the faults' dice (real time stays real); `first_port` asks for TCP ports
    from there on; `trace_limit` is the number of events that are kept. Raises `Mistake` for
    what can't be a cluster, `LaunchError` if the processes can't start, `NodeError` if `start` raises.
    """

    def __init__(
        self, nodes: type[Node] | Mapping[str, type[Node]], n: int | None = None, *, seed: int = 0,
        first_port: int = 0, trace_limit: int = 200_000,
    ) -> None:  # fmt: skip
        self._runtime = Runtime(_classes(nodes, n), seed, first_port, trace_limit)
        self._finalizer = weakref.finalize(self, Runtime.abandon, self._runtime)
        self._default = Client(self, "c1")
        self._clients = 1
        try:
            self._runtime.thread.run(self._runtime.open())
            self._runtime.launch(self._runtime.nodes, life=0)
        except BaseException:
            self.close()
            raise

    # Looking

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return self._runtime.nodes

    @property
    def trace(self) -> Trace:
        """What has happened so far, also after the end."""
        runtime = self._runtime
        if not runtime.closed:
            runtime.thread.run(runtime.members.tell(list(runtime.members.by_id.values()), "flush"))
        return runtime.book.read(runtime.nodes)

    @property
    def history(self) -> History:
        """What the clients asked and were told."""
        return History(self._runtime.operations)

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of the nodes that have a process."""
        return {name: one.process.pid for name, one in sorted(self._runtime.members.by_id.items()) if not one.dead}

    def address(self, node: str) -> tuple[str, int]:
        """Where a plain socket reaches the node: (host, port). It speaks JSON, an object a line."""
        self._member(node)
        return self._runtime.address_of(node)

    def state(self, node: str) -> dict[str, Any]:
        """A copy of the node's attributes.

        Raises `Unreachable` if it has crashed, `Timeout` if it is paused or busy.
        """
        member = self._member(node)
        data = self._runtime.thread.run(self._runtime.members.ask(member, "state"))
        attributes: dict[str, Any] = cloudpickle.loads(data)
        return attributes

    # Calling

    def call(self, node: str, request: Message, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Send a request and wait for the reply, as the client c1; see `Client.call`."""
        return self._default.call(node, request, timeout, retries)

    def send(self, node: str, message: Message) -> None:
        """Send a message and wait for nothing."""
        self._default.send(node, message)

    def start(self, node: str, request: Message) -> Pending:
        """Send a request, and go on at once; the `Pending` has the reply when it comes."""
        return self._default.start(node, request)

    def client(self, name: str | None = None) -> Client:
        """A caller with a name of its own, whose operations stand in `history`."""
        self._clients += name is None
        name = name or f"c{self._clients}"
        if name in self.nodes or not name.isidentifier():
            raise Mistake(f"A client can't be called {name!r}: use a word that is no node's name.")
        return Client(self, name)

    def run(self, workload: Workload, timeout: Seconds = CALL_TIMEOUT) -> History:
        """Run several clients at once, each through its steps; returns what they did.

        A workload maps a client's name to `Call`s, or to a generator that yields them and is sent the replies
        (None for a call that failed or timed out).
        """
        return run_workload(self, workload, timeout)

    # Waiting

    def wait(self, seconds: Seconds) -> None:
        """Let the world run for so long."""
        self.wait_until(lambda: False, seconds, _or_raise=False)

    def wait_until(self, condition: Callable[[], object], timeout: Seconds = 5.0, *, _or_raise: bool = True) -> None:
        """Wait until the condition is true. Raises `Timeout` if it isn't in time."""
        self._check()
        deadline, pause = time.monotonic() + timeout, 0.001
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 and _or_raise:
                self._check()
                raise Timeout(f"The condition was not true within {timeout:g} s. Look at the trace, or wait longer.")
            if left <= 0:
                break
            time.sleep(min(pause, left))
            pause = min(2 * pause, GLANCE)
            output.show()
        self._check()

    # The end

    def close(self) -> None:
        """End all processes. The trace and the history stay."""
        if not self._runtime.closed:
            self._runtime.close()
        self._finalizer.detach()
        output.show()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        unheard = self._runtime.next_error() if kind is None else None
        self.close()
        unheard = unheard or (self._runtime.next_error() if kind is None else None)
        if unheard is not None:
            raise unheard

    def __repr__(self) -> str:
        if self._runtime.closed:
            return f"Cluster({' '.join(self.nodes)}, closed)"
        states = (f"{name} {one.state}" for name, one in self._runtime.members.by_id.items())
        return f"Cluster({', '.join(states)})"

    def __reduce__(self) -> Any:
        raise Mistake("A running world can't be sent to a process, and its nodes can't use it. Send them messages.")

    def _accepts(self, node: str, request: Message) -> None:
        """Raises `Mistake` for a request that the node can't handle: it is told here, where it was written."""
        member = self._member(node)
        if not isinstance(request, Message):
            raise Mistake(f"{request!r} is no message. Write  class Name(Message): ...  and send Name(...).")
        self._runtime.types.add(type(request))
        if handler_for(member.node_class, type(request)) is None:
            known = ", ".join(sorted(event.__name__ for event in member.node_class.__ds101_handlers__)) or "nothing"
            raise Mistake(
                f"{member.node_class.__name__} has no handler for {type(request).__name__} (it handles {known}). "
                f"Write  @on({type(request).__name__})  above a method (self, message, sender)."
            )


def _classes(nodes: Any, n: int | None) -> dict[str, type[Node]]:
    if isinstance(nodes, Mapping):
        classes = dict(nodes)
        if n is not None or not classes:
            raise Mistake('Give the nodes by name, Cluster({"n1": Server, "n2": Worker}), or a class and n=3.')
    else:
        count = 1 if n is None else n
        if not isinstance(count, int) or count < 1:
            raise Mistake(f"n={n!r}: a cluster has one node or more.")
        classes = {f"n{index}": nodes for index in range(1, count + 1)} if count <= MOST_NODES else {}
        if not classes:
            raise LaunchError(
                f"n={n} are too many processes for one machine: a cluster has at most {MOST_NODES} nodes."
            )
    for name, one in classes.items():
        if not (isinstance(one, type) and issubclass(one, Node)) or one is Node:
            raise Mistake(f"{one!r} is no node class. Write  class Name(Node): ...  and give Name, not Name().")
        if not isinstance(name, str) or not name.isidentifier():
            raise Mistake(f"{name!r} can't be a node's name. Use a word, such as n1.")
    return classes
