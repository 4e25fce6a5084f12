"""Several clients at once, each through its steps, with one call under way at a time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ds101.errors import Mistake, Timeout, Unreachable
from ds101.history import Call, Operation, Workload
from ds101.world.client import Client, Pending
from ds101.world.engine import Engine

Seconds = float


def run_workload(engine: Engine, workload: Workload, timeout: Seconds) -> list[Operation]:
    """Drive all clients to the end of their steps; returns what they did."""
    first = len(engine.operations)
    runs = [_Run(engine, name, steps, timeout) for name, steps in workload.items()]
    for run in runs:
        run.advance(None)
    engine.run_until(lambda: all(run.finished for run in runs), None)
    engine.check()
    return engine.operations[first:]


class _Run:
    """One client on its way."""

    def __init__(self, engine: Engine, name: str, steps: Any, timeout: Seconds) -> None:
        self._engine, self._client, self._timeout = engine, Client(engine, name), timeout
        self._steps = steps if isinstance(steps, Generator) else iter(steps)
        self._started = self.finished = False
        self._pending: Pending | None = None

    def advance(self, reply: Any) -> None:
        """Take the next step, if there is one."""
        try:
            hears_replies = self._started and isinstance(self._steps, Generator)
            call = self._steps.send(reply) if hears_replies else next(self._steps)
        except StopIteration:
            self.finished = True
            return
        self._started = True
        if not isinstance(call, Call):
            raise Mistake(f"A workload's step is a Call, such as Call('n1', Get('x')), not {call!r}.")
        self._engine.later(call.after, lambda: self._begin(call))

    def _begin(self, call: Call) -> None:
        pending = self._pending = self._client.start(call.node, call.request)
        pending.when_done(lambda: self._engine.soon(lambda: self._end(pending)))
        timeout = self._timeout if call.timeout is None else call.timeout
        self._engine.later(timeout, lambda: self._expire(pending))

    def _expire(self, pending: Pending) -> None:
        if pending is self._pending and not pending.done:
            pending.give_up()
            self._end(pending)

    def _end(self, pending: Pending) -> None:
        """The call is over: the client goes on with its reply, or with None. A mistake in a node is raised."""
        if pending is not self._pending:
            return
        self._pending = None
        self.advance(_outcome(pending) if pending.done else None)


def _outcome(pending: Pending) -> Any:
    try:
        return pending.reply.result()
    except (Timeout, Unreachable):
        return None
