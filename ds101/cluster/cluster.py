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
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cloudpickle

from ds101.cluster.calls import Client, Pending, run_workload
from ds101.cluster.loop import GLANCE
from ds101.cluster.members import Member
from ds101.cluster.runtime import Runtime
from ds101.errors import LaunchError, Mistake, Timeout, Unreachable
from ds101.faults import CrashPoint, Drop, Fault, Link, Partition
from ds101.history import History, Workload
from ds101.messages import Message, Timer
from ds101.node import Node, handler_for
from ds101.processes import output
from ds101.processes.launcher import start_all
from ds101.trace import Trace

Seconds = float
CALL_TIMEOUT = 2.0  # seconds
MOST_NODES = 60  # each has a TCP connection to every other


class Cluster:
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
        self._finalizer = weakref.finalize(self, Runtime.close, self._runtime)
        self._default = Client(self, "c1")
        self._clients = 1
        try:
            self._runtime.thread.run(self._runtime.open())
            self._start(self._runtime.nodes, life=0)
        except BaseException:
            self.close()
            raise

    def _start(self, names: Iterable[str], life: int) -> None:
        runtime, names = self._runtime, tuple(names)
        births = [runtime.birth(name, life) for name in names]
        runtime.thread.run(_done(lambda: runtime.admit([birth[0] for birth in births], life)))
        start_all(list(births))
        runtime.thread.run(runtime.introduce(names))

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
        """A copy of the node's attributes. Raises `Unreachable` if it has crashed, `Timeout` if it is paused or busy."""
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

    # Breaking

    def crash(self, node: str, *, before: type | None = None, after: type | None = None) -> None:
        """Kill the node's process with SIGKILL: now, or at its next event of a type (see `CrashPoint`)."""
        member = self._member(node)
        if before is None and after is None:
            if member.dead:
                raise Mistake(f"{node} has crashed already. Use restart({node!r}) first.")
            self._kill(member)
        elif before is not None and after is not None:
            raise Mistake(f"crash({node!r}): give before= or after=, not both.")
        else:
            event = _event_name(before or after)
            self._hold(CrashPoint(node, event, "before" if before else "after"))

    def _kill(self, member: Member) -> None:
        runtime = self._runtime
        try:
            runtime.thread.run(runtime.members.ask(member, "flush", timeout=0.1))
        except (Timeout, Unreachable):
            pass  # it is paused, busy or dying: what it had not told is lost with it
        member.process.kill()
        runtime.thread.run(_done(lambda: runtime.exited(member.id, member.life, -9)))

    def restart(self, node: str) -> None:
        """Start a crashed node again, with the storage that it had. Returns when `start` has run."""
        member = self._member(node)
        if not member.dead:
            raise Mistake(f"{node} is {member.state}. Only a crashed node can be restarted: crash({node!r}) first.")
        member.process.kill()
        self._start([node], member.life + 1)

    def pause(self, node: str) -> None:
        """Stop the node's process with SIGSTOP: it neither runs nor dies, and its connections stay open."""
        member = self._running(node, "pause")
        self._runtime.note("pause", node)
        member.process.pause()
        member.paused = True

    def resume(self, node: str) -> None:
        """Let a paused node go on, with SIGCONT."""
        member = self._member(node)
        if not member.paused:
            raise Mistake(f"{node} is {member.state}, so it can't be resumed. Use pause({node!r}) first.")
        self._runtime.note("resume", node)
        member.process.resume()
        member.paused = False
        self._runtime.thread.run(self._runtime.members.tell([member], "flush"))

    def partition(self, *sides: Iterable[str], one_way: bool = False) -> Holding:
        """Cut every link between the sides, until `heal()` or the end of the `with`. Names of nodes and clients.

        With `one_way`, the first side can't reach the second, but hears it.
        """
        return self._hold(Partition(tuple(self._names(side) for side in sides), one_way))

    def heal(self) -> None:
        """End all partitions (and nothing else)."""
        self._check()
        cuts = [name for name, fault in self._runtime.faults.items() if isinstance(fault, Partition)]
        self._runtime.thread.run(self._runtime.end_faults(cuts))

    def link(self, a: str, b: str, **effects: Any) -> Holding:
        """Let the link between two names (`"*"` is everybody) delay, lose, duplicate, reorder: see `ds101.faults.Link`."""
        unknown = sorted(set(effects) - set(Link.__struct_fields__))
        if unknown:
            known = ", ".join(Link.__struct_fields__[2:])
            raise Mistake(f"link() knows no {unknown[0]!r}. It knows {known}.")
        self._names([name for name in (a, b) if name != "*"])
        return self._hold(Link(a, b, **effects))

    def drop(self, message: type, src: str, dst: str, times: int = 1) -> Holding:
        """Lose the next `times` messages of this type from src to dst."""
        self._names([name for name in (src, dst) if name != "*"])
        return self._hold(Drop(_event_name(message), src, dst, times))

    def skew(self, node: str, offset: Seconds = 0.0, rate: float = 1.0) -> None:
        """Set the node's clock `offset` seconds ahead of real time, running `rate` times as fast. The rate acts on timers."""
        member = self._member(node)
        if not rate > 0:
            raise Mistake(f"rate={rate!r}: a clock runs forward. Give a number above 0.")
        self._runtime.skews[node] = (offset, rate)
        self._runtime.thread.run(self._runtime.members.tell([member], "skew", offset, rate))
        self._runtime.note("skew", node, {"offset": offset, "rate": rate}, f"offset {offset:g} s, rate {rate:g}")

    def _hold(self, fault: Fault) -> Holding:
        self._check()
        return Holding(self._runtime, self._runtime.thread.run(self._runtime.add_fault(fault)), fault)

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
        self._finalizer()
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

    def _check(self) -> None:
        self._runtime.thread.refuse_own_thread()
        self._runtime.refuse_if_closed()
        error = self._runtime.next_error()
        if error is not None:
            raise error

    def _member(self, node: str) -> Member:
        self._check()
        member = self._runtime.members.by_id.get(node)
        if member is None:
            raise Mistake(f"There is no node {node!r}. There are {', '.join(self.nodes)}.")
        return member

    def _running(self, node: str, verb: str) -> Member:
        member = self._member(node)
        if member.state != "running":
            raise Mistake(f"{node} is {member.state}, so it can't {verb}.")
        return member

    def _names(self, names: Iterable[str]) -> tuple[str, ...]:
        if isinstance(names, str):
            raise Mistake(f"partition({names!r}, ...): a side is a list of names. Write [{names!r}].")
        for name in (names := tuple(names)):
            if (
                not isinstance(name, str)
                or ("." in name)
                or (name not in self.nodes and name[:1] == "n" and name[1:].isdigit())
            ):
                raise Mistake(f"There is no node {name!r}. There are {', '.join(self.nodes)}, and clients by name.")
        return names

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


class Holding:
    """A fault that holds: it ends with the `with`, or with `end()`."""

    def __init__(self, runtime: Runtime, name: str, fault: Fault) -> None:
        self._runtime, self._name, self.fault = runtime, name, fault

    def end(self) -> None:
        """From now on this fault is gone; others stay. Does nothing if it has ended."""
        if not self._runtime.closed:
            self._runtime.thread.run(self._runtime.end_faults([self._name]))

    def __enter__(self) -> Holding:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __repr__(self) -> str:
        state = "holds" if self._name in self._runtime.faults else "has ended"
        return f"<{self.fault!r} {state}>"


async def _done(function: Callable[[], object]) -> None:
    function()


def _event_name(event: Any) -> str:
    if not (isinstance(event, type) and issubclass(event, Message | Timer)):
        raise Mistake(f"{event!r} is no type of message or timer. Write the class, such as Greet.")
    return event.__name__


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
