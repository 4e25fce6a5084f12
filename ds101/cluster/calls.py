"""Calling nodes: clients, pending replies, and workloads of several clients at once."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ds101.cluster.loop import GLANCE, wait_for
from ds101.errors import Mistake, Timeout, Unreachable
from ds101.history import Call, History, Operation, Workload
from ds101.messages import Message
from ds101.processes import output

if TYPE_CHECKING:
    from ds101.cluster.cluster import Cluster

Seconds = float
CALL_TIMEOUT = 2.0  # seconds


class Client:
    """A caller with a name: its calls come from `ada.1`, `ada.2`, ..., and stand in the world's history."""

    def __init__(self, world: Cluster, name: str) -> None:
        self._runtime = world._runtime
        self._accepts = world._accepts
        self._check = world._check
        self.name = name

    def call(self, node: str, request: Message, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Send a request to a node and wait for the reply; after a silence of `timeout`, ask again `retries` times.

        Raises `Unreachable` if the request certainly didn't reach the node, `Timeout` if there was only silence
        (whether it had its effect is unknown), `NodeError` if the handler raised an exception, `Mistake` if no
        handler fits.
        """
        return self.start(node, request).result(timeout, retries)

    def start(self, node: str, request: Message) -> Pending:
        """Send a request, and go on at once."""
        self._accepts(node, request)
        return Pending(self, node, request)

    def send(self, node: str, message: Message) -> None:
        """Send a message and wait for nothing."""
        self._accepts(node, message)
        runtime = self._runtime
        runtime.thread.post(runtime.clients.call, self._next_address(), node, message, None, None)

    def _next_address(self) -> str:
        return f"{self.name}.{self._runtime.clients.next_call(self.name)}"

    def __repr__(self) -> str:
        return f"<client {self.name}>"


class Pending:
    """A request whose reply may still come. Its bookkeeping is done on the loop thread."""

    def __init__(self, client: Client, node: str, request: Message) -> None:
        self._client, self._runtime = client, client._runtime
        self.operation = Operation(client.name, node, request, self._runtime.clients.now())
        self._runtime.operations.append(self.operation)
        self._number = len(self._runtime.operations)
        self._address = client._next_address()
        self._reply: Future[Message] = Future()
        self._runtime.thread.post(self._invoke)

    def _invoke(self) -> None:
        self._invoked = self._runtime.note_operation(
            "invoke", self.operation, self._number, None, repr(self.operation.request)
        )
        self._ask()

    def _ask(self) -> None:
        operation = self.operation
        self._runtime.clients.call(self._address, operation.node, operation.request, self, self._invoked)

    def answered(self, reply: Message | None, error: Exception | None) -> None:
        """The reply, or what went wrong: the operation ends before whoever waits for it goes on."""
        if self._reply.done():
            return
        if error is None:
            self._end("ok", reply, repr(reply))
            self._reply.set_result(reply)  # type: ignore[arg-type]
        else:
            self._end("fail" if isinstance(error, Unreachable) else "info", None, type(error).__name__.lower())
            self._reply.set_exception(error)

    def _ask_again(self) -> None:
        if not self._reply.done():
            self._runtime.clients.hang_up(self._address)
            self._address = self._client._next_address()
            self._ask()

    def _give_up(self) -> None:
        self._runtime.clients.hang_up(self._address)
        self._end("info", None, "no reply")

    def _end(self, outcome: Any, reply: Any, detail: str) -> None:
        operation = self.operation
        if operation.outcome == "open":
            operation.outcome, operation.reply = outcome, reply
            operation.ended = self._runtime.clients.now()
            self._runtime.note_operation(outcome, operation, self._number, self._invoked, detail)

    @property
    def done(self) -> bool:
        """Whether the reply, or an error, is there."""
        return self._reply.done()

    def result(self, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Wait for the reply; the errors are those of `Client.call`."""
        for left in range(retries, -1, -1):
            try:
                return wait_for(self._reply, timeout)
            except TimeoutError:
                if left:
                    self._runtime.thread.post(self._ask_again)
            except KeyboardInterrupt:
                self.give_up()
                raise
        self.give_up()
        if self.done:  # it came in the last moment
            return self._reply.result()
        self._client._check()  # a node that died of a mistake explains the silence better
        node = self.operation.node
        raise Timeout(
            f"{node} did not answer within {timeout:g} s. It may be slow, paused, cut off or dead, or the request or "
            "the reply was lost: from here they look the same, and the request may have had its effect."
        )

    def give_up(self) -> None:
        """Wait no longer: the outcome is unknown."""
        self._runtime.thread.do(self._give_up)

    def when_done(self, action: Callable[[], object]) -> None:
        """Call this, on the loop thread, when the reply or an error is there."""
        self._reply.add_done_callback(lambda _: action())

    def __repr__(self) -> str:
        return f"<pending {self.operation!r}>"


def run_workload(world: Cluster, workload: Workload, timeout: Seconds) -> History:
    """Drive all clients from this thread: each has one call under way at a time."""
    first = len(world.history)
    runs = [_Run(world, name, steps, timeout) for name, steps in workload.items()]
    woken: queue.SimpleQueue[_Run] = queue.SimpleQueue()
    order = itertools.count()
    due: list[tuple[float, int, Callable[[], object]]] = []

    def wake_at(when: float, action: Callable[[], object]) -> None:
        heapq.heappush(due, (when, next(order), action))

    active = {run for run in runs if run.advance(None, wake_at, woken)}
    while active:
        while due and due[0][0] <= time.monotonic():
            heapq.heappop(due)[2]()
        pause = min(GLANCE, max(0.0, due[0][0] - time.monotonic())) if due else GLANCE
        try:
            run = woken.get(timeout=pause)
        except queue.Empty:
            output.show()
            continue
        if run in active and not run.advance(run.outcome(), wake_at, woken):
            active.discard(run)
    world._check()
    return History(world.history[first:])


class _Run:
    """One client on its way through its steps."""

    def __init__(self, world: Cluster, name: str, steps: Any, timeout: Seconds) -> None:
        self._client, self._timeout = world.client(name), timeout
        self._steps = steps if isinstance(steps, Generator) else _each(steps)
        self._pending: Pending | None = None
        self._started = False

    def advance(self, reply: Any, wake_at: Callable[..., None], woken: queue.SimpleQueue[_Run]) -> bool:
        """Take the next step; False after the last."""
        try:
            call = self._steps.send(reply) if self._started else next(self._steps)
        except StopIteration:
            return False
        self._started = True
        if not isinstance(call, Call):
            raise Mistake(f"A workload's step is a Call, such as Call('n1', Get('x')), not {call!r}.")
        wake_at(time.monotonic() + call.after, lambda: self._begin(call, wake_at, woken))
        return True

    def _begin(self, call: Call, wake_at: Callable[..., None], woken: queue.SimpleQueue[_Run]) -> None:
        pending = self._pending = self._client.start(call.node, call.request)
        pending.when_done(lambda: woken.put(self))
        timeout = self._timeout if call.timeout is None else call.timeout
        wake_at(time.monotonic() + timeout, lambda: self._expire(pending, woken))

    def _expire(self, pending: Pending, woken: queue.SimpleQueue[_Run]) -> None:
        if pending is self._pending and not pending.done:
            pending.give_up()
            woken.put(self)

    def outcome(self) -> Any:
        """The reply, or None where there was none. A mistake in a node is raised."""
        pending, self._pending = self._pending, None
        assert pending is not None
        if not pending.done:
            return None
        try:
            return pending.result()
        except (Timeout, Unreachable):
            return None


def _each(steps: Any) -> Generator[Call, Any, None]:
    yield from steps
