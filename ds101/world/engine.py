"""What a world provides for its verbs: real processes do it in wall-clock time, a simulation in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from ds101.faults import Fault
from ds101.history import Operation
from ds101.messages import Message, Types
from ds101.node import Node
from ds101.trace import Trace

Seconds = float
Condition = Literal["running", "paused", "crashed"]


class Caller(Protocol):
    """Whoever waits for a reply; it is told once: a reply, or what went wrong."""

    def answered(self, reply: Message | None, error: Exception | None) -> None: ...


class Engine(Protocol):
    """One world behind its verbs. What a verb asks for has happened when the method returns."""

    nodes: tuple[str, ...]
    types: Types
    operations: list[Operation]

    @property
    def faults(self) -> dict[str, Fault]: ...
    @property
    def closed(self) -> bool: ...

    def check(self) -> None:
        """Raises what stands against using this world now: it is closed, or a node died of a mistake unheard."""

    def tell_unheard(self) -> None:
        """Raises the mistakes that nodes made and nobody has heard of yet, once."""

    def node_class(self, node: str) -> type[Node]: ...
    def condition(self, node: str) -> Condition: ...
    def snapshot(self, node: str) -> dict[str, Any]: ...
    def trace(self) -> Trace: ...
    def now(self) -> Seconds: ...

    def kill(self, node: str) -> None: ...
    def revive(self, node: str) -> None: ...
    def pause(self, node: str) -> None: ...
    def resume(self, node: str) -> None: ...
    def skew(self, node: str, offset: Seconds, rate: float) -> None: ...

    def hold(self, fault: Fault) -> str:
        """Let a fault begin; returns its name."""

    def end(self, names: list[str]) -> None:
        """Let faults end; those that have ended already don't matter."""

    def next_call(self, client: str) -> str:
        """A fresh address of this client, such as `ada.7`."""

    def request(self, address: str, node: str, message: Message, caller: Caller | None, cause: str | None) -> None:
        """Send a message from this address, on any thread; the caller is told what comes back.

        Raises `Mistake` if it can't be encoded.
        """

    def hang_up(self, address: str) -> None:
        """Nobody waits for a reply at this address any more."""

    def note_operation(self, kind: str, operation: Operation, number: int, cause: str | None, detail: str) -> str:
        """Write a client's step into the trace; returns the event's id."""

    def do(self, function: Callable[[], object]) -> None:
        """Call a function where the world does its work, and wait until it has returned."""

    def soon(self, action: Callable[[], object]) -> None:
        """Call an action on the reader's thread, as soon as that waits in `run_until`."""

    def later(self, seconds: Seconds, action: Callable[[], object]) -> None:
        """Call an action on this thread after so many seconds, while that waits in `run_until` or `settled`."""

    def run_until(self, condition: Callable[[], object] | None, timeout: Seconds | None) -> bool:
        """Let the world run until the condition is true, or the time is over; tells whether it is true.

        Without a condition, the time is over first.
        """

    def settled(self, caller: Any, timeout: Seconds) -> bool:
        """Let the world run until this `Pending` is done, or the time is over; tells whether it is done."""

    def close(self) -> None: ...
