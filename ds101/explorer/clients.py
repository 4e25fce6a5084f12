"""Clients in a search: each goes through its calls one at a time, and may wait as long as it likes before each.

What a client has been told is part of the state only as far as somebody asks: its own program, or an invariant that
looks at the history. Then each operation also keeps how many operations of every client had ended when it was invoked:
that is the real-time order, and all that consistency checks need of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ds101.errors import Mistake
from ds101.explorer.mail import Letter
from ds101.history import Call
from ds101.messages import Types, decode_body, encode
from ds101.node import Node
from ds101.world.naming import refuse_unhandled

Reply = tuple[str, bytes]  # type and body
Seen = tuple[int, ...]  # how many operations of each client had ended


class Done(NamedTuple):
    """An operation of a client: what it had seen ended when it was invoked, and how it ended ("open": not yet)."""

    seen: Seen
    outcome: str
    reply: Reply | None


class ClientLocal(NamedTuple):
    """How far a client is: the operations that have ended, whether another is under way, and what is kept of them."""

    ended: int
    waiting: bool
    done: tuple[Done, ...]


class Client:
    """A client by its local states, which have numbers. `remembers`: whether the history is asked for."""

    def __init__(self, name: str, steps: Any, classes: Mapping[str, type[Node]], types: Types, remembers: bool) -> None:
        self.name, self._steps, self._classes, self._types, self._remembers = name, steps, classes, types, remembers
        self._adapts = callable(steps)
        if not self._adapts and not isinstance(steps, list | tuple):
            raise Mistake(
                f"clients[{name!r}]: give a list of Calls, or a generator function (not what it returns): "
                "it is run anew for each order of events."
            )
        self.locals: list[ClientLocal] = []
        self._ids: dict[ClientLocal, int] = {}
        self.not_to: set[str] = set()  # nodes that are interchangeable, so that no call can be to one of them
        self._calls: dict[int, Call | None] = {}
        self.id_of(ClientLocal(0, False, ()))

    def id_of(self, local: ClientLocal) -> int:
        """The number of a local state."""
        number = self._ids.get(local)
        if number is None:
            number = self._ids[local] = len(self.locals)
            self.locals.append(local)
        return number

    def call(self, local: int) -> Call | None:
        """The call that is under way or next; None at the end of the client's steps."""
        if local not in self._calls:
            state = self.locals[local]
            self._calls[local] = self._checked(self._step(state.ended, state.done[: state.ended]))
        return self._calls[local]

    def call_after(self, done: Sequence[Done]) -> Call | None:
        """The call that follows these operations, which must all be there."""
        return self._checked(self._step(len(done), done))

    def _step(self, ended: int, done: Sequence[Done]) -> Any:
        if not self._adapts:
            return self._steps[ended] if ended < len(self._steps) else None
        return _played(self._steps, [self._message(one.reply) for one in done])

    def _message(self, reply: Reply | None) -> Any:
        return None if reply is None else decode_body(self._types[reply[0]], msgspec.json.decode(reply[1]))

    def _checked(self, call: Any) -> Call | None:
        if call is None:
            return None
        if not isinstance(call, Call):
            raise Mistake(f"A client's step is a Call, such as Call('n1', Get('x')), not {call!r}.")
        if call.node not in self._classes:
            raise Mistake(f"There is no node {call.node!r}. There are {', '.join(self._classes)}.")
        if call.node in self.not_to:
            raise Mistake(f"symmetry: {call.node} is called by {self.name}, so it is not like the others.")
        refuse_unhandled(self._classes[call.node], call.request)
        self._types.add(type(call.request))
        return call

    def request(self, local: int) -> Letter:
        """What the next call sends."""
        call = self.call(local)
        assert call is not None
        wire = encode(call.request)
        return Letter(self.address(local), call.node, wire["type"], msgspec.json.encode(wire["body"]))

    def address(self, local: int) -> str:
        """The address of the call that is under way or next."""
        return f"{self.name}.{self.locals[local].ended + 1}"

    def invoked(self, local: int, seen: Seen) -> int:
        """The local state when the next call is under way."""
        before = self.locals[local]
        return self.id_of(ClientLocal(before.ended, True, self._with(before.done, Done(seen, "open", None))))

    def ended(self, local: int, outcome: str, reply: Reply | None) -> int:
        """The local state when the call under way has ended."""
        before = self.locals[local]
        done = before.done
        if done:
            done = (*done[:-1], Done(done[-1].seen, outcome, reply))
        return self.id_of(ClientLocal(before.ended + 1, False, done))

    def answered(self, local: int, letter: Letter) -> int | None:
        """The local state when this reply has arrived; None if nobody waits for it."""
        if not self.locals[local].waiting or letter.dst != self.address(local):
            return None
        return self.ended(local, "ok", (letter.type, letter.body))

    def _with(self, done: tuple[Done, ...], one: Done) -> tuple[Done, ...]:
        if self._remembers:
            return (*done, one)
        return (*done, Done((), "open", None)) if self._adapts else ()


def _played(steps: Callable[[], Iterable[Call]], replies: Sequence[Any]) -> Any:
    """The step that a client takes after these replies."""
    run = steps()
    try:
        if isinstance(run, Generator):
            call = next(run)
            for reply in replies:
                call = run.send(reply)
            return call
        calls = list(run)
        return calls[len(replies)] if len(replies) < len(calls) else None
    except StopIteration:
        return None
