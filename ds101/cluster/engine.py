"""The caller's side of a world of real processes: what its verbs ask for, done on the reader's thread.

`Runtime` does the work on the loop thread; the two talk through `LoopThread`.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ds101.cluster.loop import GLANCE
from ds101.cluster.runtime import Runtime
from ds101.errors import Timeout, Unreachable
from ds101.faults import Fault
from ds101.history import Operation
from ds101.messages import Message
from ds101.node import Node
from ds101.processes import output
from ds101.processes.shipping import load
from ds101.processes.steady import bell_of
from ds101.trace import Trace
from ds101.world.engine import Caller, Condition

Seconds = float
Action = Callable[[], object]
FIRST_GLANCE = 0.001  # seconds between the first two looks at a condition; then less and less often


class Later(threading.local):
    """What is to happen at its time, on the thread that asked for it, while that waits."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def add(self, when: float, action: Action) -> None:
        heapq.heappush(self._due, (when, next(self._order), action))

    @property
    def next(self) -> float:
        """When the next one is due."""
        return self._due[0][0] if self._due else float("inf")

    def happened(self, now: float) -> bool:
        """Lets one happen that is due; False if none is."""
        if self.next > now:
            return False
        heapq.heappop(self._due)[2]()
        return True


class RealEngine:
    """An `Engine` on real processes and real time."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.thread = runtime.thread
        self.nodes, self.types, self.operations = runtime.nodes, runtime.types, runtime.operations
        self._soon: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._later = Later()

    @property
    def faults(self) -> dict[str, Fault]:
        return dict(self.runtime.faults)  # the loop may change them while the caller looks

    @property
    def closed(self) -> bool:
        return self.runtime.closed

    def check(self) -> None:
        self.thread.refuse()
        output.show()
        self.tell_unheard()
        self.runtime.refuse_if_closed()

    def tell_unheard(self) -> None:
        error = self.runtime.unheard.next()
        if error is not None:
            raise error

    # Looking

    def node_class(self, node: str) -> type[Node]:
        return self.runtime.classes[node]

    def condition(self, node: str) -> Condition:
        return self.runtime.members.by_id[node].state

    def snapshot(self, node: str) -> dict[str, Any]:
        members = self.runtime.members
        attributes: dict[str, Any] = load(self.thread.run(members.ask(members.by_id[node], "state")))
        return attributes

    def trace(self) -> Trace:
        if not self.closed:
            self.thread.run(self.runtime.members.tell(self.runtime.living(), "flush"))
        return self.runtime.book.read(self.nodes)

    def now(self) -> Seconds:
        return self.runtime.clients.now()

    # Breaking

    def kill(self, node: str) -> None:
        runtime, member = self.runtime, self.runtime.members.by_id[node]
        with suppress(Timeout, Unreachable):  # if it is paused, busy or dying, what it had not told is lost with it
            self.thread.run(runtime.members.ask(member, "flush", timeout=GLANCE))
        member.process.kill()
        self.thread.run(runtime.exited(member.id, member.life, -signal.SIGKILL))

    def revive(self, node: str) -> None:
        member = self.runtime.members.by_id[node]
        member.process.kill()
        self.runtime.launch([node], member.life + 1)

    def pause(self, node: str) -> None:
        member = self.runtime.members.by_id[node]
        self.runtime.note("pause", node)
        member.process.pause()
        member.paused = True

    def resume(self, node: str) -> None:
        member = self.runtime.members.by_id[node]
        self.runtime.note("resume", node)
        member.process.resume()
        member.paused = False
        self.thread.run(self.runtime.members.tell([member], "flush"))  # it has heard of all faults by then

    def skew(self, node: str, offset: Seconds, rate: float) -> None:
        self.thread.run(self.runtime.skew(node, offset, rate))

    def hold(self, fault: Fault) -> str:
        return self.thread.run(self.runtime.add_fault(fault))

    def end(self, names: list[str]) -> None:
        self.thread.run(self.runtime.end_faults(names))

    # Calling

    def next_call(self, client: str) -> str:
        return self.runtime.clients.next_call(client)

    def request(self, address: str, node: str, message: Message, caller: Caller | None, cause: str | None) -> None:
        self.runtime.clients.call(address, node, message, caller, cause)

    def hang_up(self, address: str) -> None:
        self.runtime.clients.hang_up(address)

    def note_operation(self, kind: str, operation: Operation, number: int, cause: str | None, detail: str) -> str:
        return self.runtime.note_operation(kind, operation, number, cause, detail)

    def do(self, function: Action) -> None:
        self.thread.do(function)

    # Waiting

    def settled(self, caller: Any, timeout: Seconds) -> bool:
        bell, deadline = bell_of(caller.reply), time.monotonic() + timeout
        while not bell.rung and (now := time.monotonic()) < deadline:
            if not self._later.happened(now):
                bell.wait(min(deadline, self._later.next, now + GLANCE) - now)
            output.show()
        return bell.rung

    def soon(self, action: Action) -> None:
        self._soon.put(action)

    def later(self, seconds: Seconds, action: Action) -> None:
        self._later.add(time.monotonic() + seconds, action)

    def run_until(self, condition: Callable[[], object] | None, timeout: Seconds | None) -> bool:
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        glance = FIRST_GLANCE
        while condition is None or not condition():
            if self.runtime.unheard:
                return False  # a node has died of a mistake: whoever waits is told at once
            now = time.monotonic()
            if now >= deadline:
                return False
            if self._later.happened(now):
                continue
            next_one = min(deadline, self._later.next, now + glance)
            with suppress(queue.Empty):
                self._soon.get(timeout=next_one - now)()
            output.show()
            glance = min(2 * glance, GLANCE)
        return True

    def close(self) -> None:
        if not self.closed and self.thread.is_here:  # a fork of the program ends nothing of it
            self.runtime.close()
        output.show()
