"""Clients: callers with a name, whose every call has an address of its own, as a socket has an ephemeral port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ds101.errors import Mistake, NodeError, Timeout, Unreachable
from ds101.history import Operation
from ds101.messages import Message
from ds101.world.engine import Engine
from ds101.world.naming import refuse_unhandled, refuse_unknown

Seconds = float
CALL_TIMEOUT = 2.0  # seconds
_registering = threading.Lock()  # several threads may call at once


class Client:
    """A caller with a name: its calls come from `ada.1`, `ada.2`, ..., and stand in the world's history."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self.name = engine, name

    def call(self, node: str, request: Message, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Send a request to a node and wait for the reply; after a silence of `timeout`, ask again `retries` times.

        Raises `Unreachable` if the request certainly didn't reach the node, `Timeout` if there was only silence
        (whether it had its effect is unknown), `NodeError` if the handler raised an exception, `Mistake` if no
        handler fits.
        """
        return self.start(node, request).result(timeout, retries)

    def start(self, node: str, request: Message) -> Pending:
        """Send a request, and go on at once."""
        self._accept(node, request)
        return Pending(self._engine, self.name, node, request)

    def send(self, node: str, message: Message) -> None:
        """Send a message and wait for nothing."""
        self._accept(node, message)
        address = self._engine.next_call(self.name)
        self._engine.request(address, node, message, None, None)

    def _accept(self, node: str, request: Message) -> None:
        self._engine.check()
        refuse_unknown(node, self._engine.nodes)
        refuse_unhandled(self._engine.node_class(node), request)
        self._engine.types.add(type(request))

    def __repr__(self) -> str:
        return f"<client {self.name}>"


class Pending:
    """A request whose reply may still come."""

    def __init__(self, engine: Engine, client: str, node: str, request: Message) -> None:
        self._engine = engine
        self.operation = Operation(client, node, request, engine.now())
        with _registering:
            engine.operations.append(self.operation)
            self._number = len(engine.operations)
        self._address = engine.next_call(client)
        self._invoked = ""  # the id of that event
        self.reply: Future[Message] = Future()
        self._invoke()

    def _invoke(self) -> None:
        operation = self.operation
        operation.began = self._engine.now()
        self._invoked = self._engine.note_operation("invoke", operation, self._number, None, repr(operation.request))
        try:
            self._ask()
        except Mistake:
            self._end("fail", None, "it can't be sent")
            raise
        except KeyboardInterrupt:  # it may have left
            self.give_up()
            raise

    def _ask(self) -> None:
        operation = self.operation
        self._engine.request(self._address, operation.node, operation.request, self, self._invoked)

    def answered(self, reply: Message | None, error: Exception | None) -> None:
        """The reply, or what went wrong: the operation ends before whoever waits for it goes on."""
        if self.reply.done():
            return
        if error is None:
            self._end("ok", reply, repr(reply))
            self.reply.set_result(reply)  # type: ignore[arg-type]
        else:
            self._end("fail" if isinstance(error, Unreachable) else "info", None, _in_words(error))
            self.reply.set_exception(error)

    def _ask_again(self) -> None:
        if not self.reply.done():
            self._engine.hang_up(self._address)
            self._address = self._engine.next_call(self.operation.client)
            self._ask()

    def _give_up(self) -> None:
        self._engine.hang_up(self._address)
        self._end("info", None, "no reply")

    def _end(self, outcome: Any, reply: Any, detail: str) -> None:
        operation = self.operation
        if operation.outcome == "open":
            operation.outcome, operation.reply = outcome, reply
            operation.ended = self._engine.now()
            self._engine.note_operation(outcome, operation, self._number, self._invoked, detail)

    @property
    def done(self) -> bool:
        """Whether the reply, or an error, is there."""
        return self.reply.done()

    def result(self, timeout: Seconds = CALL_TIMEOUT, retries: int = 0) -> Any:
        """Wait for the reply; the errors are those of `Client.call`."""
        try:
            for left in range(retries, -1, -1):
                if self._engine.settled(self, timeout):
                    return self.reply.result()
                if left:
                    self._ask_again()
        except KeyboardInterrupt:
            self.give_up()
            raise
        self.give_up()
        if self.done:  # it came in the last moment
            return self.reply.result()
        self._engine.check()  # a node that died of a mistake explains the silence better
        raise Timeout(
            f"{self.operation.node} did not answer within {timeout:g} s. It may be slow, paused, cut off or dead, or "
            "the request or the reply was lost: from here they look the same, and the request may have had its effect."
        )

    def give_up(self) -> None:
        """Wait no longer: the outcome is unknown."""
        self._engine.do(self._give_up)

    def when_done(self, action: Callable[[], object]) -> None:
        """Call this, where the world does its work, when the reply or an error is there."""
        self.reply.add_done_callback(lambda _: action())

    def __repr__(self) -> str:
        return f"<pending {self.operation!r}>"


def _in_words(error: Exception | None) -> str:
    """What a call ended with, for the trace."""
    if isinstance(error, Unreachable):
        return "unreachable"
    return "the node died" if isinstance(error, NodeError) else "unreadable reply"
