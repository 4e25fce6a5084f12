"""World: the verbs that all worlds share. Each does what it says before it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from ds101.errors import Mistake, Timeout
from ds101.faults import ANY, CrashPoint, Drop, Fault, Link, Partition, is_number
from ds101.history import History, Workload
from ds101.messages import Message, Timer
from ds101.trace import Trace
from ds101.world.client import CALL_TIMEOUT, Client, Pending
from ds101.world.engine import Engine
from ds101.world.naming import event_name, refuse_unknown, side
from ds101.world.workload import run_workload

Seconds = float


class World:
    """Nodes, clients, and what can go wrong between them. `Cluster` and `Simulation` are worlds."""

    _engine: Engine
    _unnamed = 1  # how many clients have no name of their own; c1 is the world's own

    # Looking

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return self._engine.nodes

    @property
    def trace(self) -> Trace:
        """What has happened so far, also after the end."""
        return self._engine.trace()

    @property
    def history(self) -> History:
        """What the clients asked and were told."""
        return History(self._engine.operations)

    def state(self, node: str) -> dict[str, Any]:
        """A copy of the node's attributes.

        Raises `Unreachable` if it has crashed, `Timeout` if it is paused or busy.
        """
        self._condition(node)
        return self._engine.snapshot(node)

    def condition(self, node: str) -> str:
        """How a node is: running, paused or crashed."""
        return self._condition(node)

    # Calling

    def call(self, node: str, request: Message, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Send a request and wait for the reply, as the client c1; see `Client.call`."""
        return Client(self._engine, "c1").call(node, request, timeout, retries)

    def send(self, node: str, message: Message) -> None:
        """Send a message, as the client c1, and wait for nothing."""
        Client(self._engine, "c1").send(node, message)

    def start(self, node: str, request: Message) -> Pending:
        """Send a request, and go on at once; the `Pending` has the reply when it comes."""
        return Client(self._engine, "c1").start(node, request)

    def client(self, name: str | None = None) -> Client:
        """A caller with a name of its own, whose operations stand in `history`."""
        if name is None:
            self._unnamed += 1
            name = f"c{self._unnamed}"
        if not isinstance(name, str) or name in self.nodes or not name.isidentifier():
            raise Mistake(f"A client can't be called {name!r}: use a word that is no node's name.")
        return Client(self._engine, name)

    def run(self, workload: Workload, timeout: Seconds = CALL_TIMEOUT) -> History:
        """Run several clients at once, each through its steps; returns what they did.

        A workload maps a client's name to `Call`s, or to a generator that yields them and is sent the replies
        (None for a call that failed or timed out).
        """
        self._engine.check()
        for name in workload:
            self.client(name)  # says what is wrong with a name
        return History(run_workload(self._engine, workload, timeout))

    # Breaking

    def crash(
        self,
        node: str,
        *,
        before: type | None = None,
        after: type | None = None,
        during: type | None = None,
        effects: int = 1,
    ) -> None:
        """Kill the node (SIGKILL for a real one): now, or at its next event of a type (see `CrashPoint`).

        With `during`, it dies in the middle of the handler, after so many storage assignments and sends.
        """
        if self._condition(node) == "crashed":
            raise Mistake(f"{node} has crashed already. Use restart({node!r}) first.")
        points = {"before": before, "after": after, "during": during}
        given: list[Any] = [when for when, event in points.items() if event is not None]
        if len(given) > 1:
            raise Mistake(f"crash({node!r}): give {given[0]}= or {given[1]}=, not both.")
        if not given:
            self._engine.kill(node)
        for when in given:
            self.hold(CrashPoint(node, event_name(points[when]), when, effects))

    def restart(self, node: str) -> None:
        """Start a crashed node again, with the storage that it had. Returns when `start` has run."""
        condition = self._condition(node)
        if condition != "crashed":
            raise Mistake(f"{node} is {condition}. Only a crashed node can be restarted: crash({node!r}) first.")
        self._engine.revive(node)

    def pause(self, node: str) -> None:
        """Stop the node (SIGSTOP for a real one): it neither runs nor dies, and its connections stay open."""
        condition = self._condition(node)
        if condition != "running":
            raise Mistake(f"{node} is {condition}, so it can't be paused.")
        self._engine.pause(node)

    def resume(self, node: str) -> None:
        """Let a paused node go on (SIGCONT for a real one)."""
        condition = self._condition(node)
        if condition != "paused":
            raise Mistake(f"{node} is {condition}, so it can't be resumed. Use pause({node!r}) first.")
        self._engine.resume(node)

    def partition(self, *sides: Iterable[str], one_way: bool = False) -> Holding:
        """Cut every link between the sides, until `heal()` or the end of the `with`. Names of nodes and clients.

        With `one_way`, the first side can't reach the second, but hears it.
        """
        return self.hold(Partition(tuple(side(names, self.nodes) for names in sides), one_way))

    def heal(self) -> None:
        """End all partitions (and nothing else)."""
        self._engine.check()
        self._engine.end([name for name, fault in self._engine.faults.items() if isinstance(fault, Partition)])

    def link(self, a: str, b: str, **effects: Any) -> Holding:
        """Let the link between two names delay, lose, duplicate, reorder: see `ds101.faults.Link`.

        The name `"*"` stands for everybody.
        """
        known = Link.__struct_fields__[2:]
        for unknown in sorted(set(effects) - set(known)):
            raise Mistake(f"link() knows no {unknown!r}. It knows {', '.join(known)}.")
        side([name for name in (a, b) if name != ANY], self.nodes)
        return self.hold(Link(a, b, **effects))

    def drop(self, message: type, src: str, dst: str, times: int = 1) -> Holding:
        """Lose the next `times` messages of this type from src to dst; dst may be `"*"`, anybody."""
        if src == ANY:
            raise Mistake("drop() takes messages of one sender. Name it in place of '*'.")
        if isinstance(message, type) and issubclass(message, Timer):
            raise Mistake(f"{message.__name__} is a timer, and only messages travel. Give a type of message.")
        side([src, *([dst] if dst != ANY else [])], self.nodes)
        return self.hold(Drop(event_name(message), src, dst, times))

    def skew(self, node: str, offset: Seconds = 0.0, rate: float = 1.0) -> None:
        """Set the node's clock `offset` seconds ahead of the world's time, running `rate` times as fast.

        The rate acts on the node's timers, the offset doesn't.
        """
        self._condition(node)
        if not (is_number(offset) and is_number(rate) and rate > 0):
            raise Mistake(f"offset={offset!r}, rate={rate!r}: give seconds, and a rate above 0: a clock runs forward.")
        self._engine.skew(node, offset, rate)

    def hold(self, fault: Fault) -> Holding:
        """Let a fault hold that is given as a value: what the verbs above do, whose checks it goes without."""
        self._engine.check()
        return Holding(self._engine, self._engine.hold(fault), fault)

    def _condition(self, node: str) -> str:
        self._engine.check()
        refuse_unknown(node, self.nodes)
        return self._engine.condition(node)

    # Waiting

    def wait(self, seconds: Seconds) -> None:
        """Let the world run for so long."""
        self._engine.check()
        self._engine.run_until(None, seconds)
        self._engine.check()

    def wait_until(self, condition: Callable[[], object], timeout: Seconds = 5.0) -> None:
        """Let the world run until the condition is true. Raises `Timeout` if it isn't in time."""
        self._engine.check()
        met = self._engine.run_until(condition, timeout)
        self._engine.check()
        if not met:
            raise Timeout(f"The condition was not true within {timeout:g} s. Look at the trace, or wait longer.")

    def later(self, seconds: Seconds, action: Callable[[], object]) -> None:
        """Call an action after so many seconds, while a verb waits then."""
        self._engine.check()
        self._engine.later(seconds, action)

    # The end

    def close(self) -> None:
        """End all nodes. The trace and the history stay."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None and not self._engine.closed:
                self._engine.check()  # a mistake that nobody has heard of yet is told now
        finally:
            self.close()
        if kind is None:
            self._engine.tell_unheard()  # one of the last moment

    def __repr__(self) -> str:
        name = type(self).__name__
        if self._engine.closed:
            return f"{name}({' '.join(self.nodes)}, closed)"
        return f"{name}({', '.join(f'{node} {self._engine.condition(node)}' for node in self.nodes)})"

    def __reduce__(self) -> Any:
        raise Mistake("A running world can't be sent to a process, and its nodes can't use it. Send them messages.")


class Holding:
    """A fault that holds: it ends with the `with`, or with `end()`."""

    def __init__(self, engine: Engine, name: str, fault: Fault) -> None:
        self._engine, self._name, self.fault = engine, name, fault

    def end(self) -> None:
        """From now on this fault is gone; others stay. Does nothing if it has ended."""
        if not self._engine.closed:
            self._engine.end([self._name])

    def __enter__(self) -> Holding:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __repr__(self) -> str:
        state = "holds" if self._name in self._engine.faults else "has ended"
        return f"<{self.fault!r} {state}>"
