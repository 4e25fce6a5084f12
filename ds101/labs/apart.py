"""Student code in a process of its own: it may loop for ever, block or die, and the check goes on.

`Apart` starts one and asks it; every answer is a value, also the answer that never came:

>>> with Apart(divmod) as apart:
...     apart.ask(7, 2, patience=30), apart.ask(7, 0, patience=30).words
(Returned(value=(3, 1)), 'integer division or modulo by zero')
"""

from __future__ import annotations

import io
import pickle
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any, Protocol

from ds101.errors import LaunchError, NodeError
from ds101.lines import Place, is_the_readers, places_of
from ds101.processes import Process, spawn

STARTUP = 30.0  # seconds for a process to appear; it takes a few milliseconds


@dataclass(frozen=True)
class Foreign:
    """Stands for an object of a class that may mean nothing in another process."""

    kind: str

    def __repr__(self) -> str:
        return f"an object of type {self.kind}"


@dataclass(frozen=True, slots=True)
class Returned:
    """It returned this."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """It raised an error: its class and the classes that it inherits from, its text, and the student's own line."""

    kinds: tuple[str, ...]
    words: str
    place: Place | None
    module: str = "builtins"

    def is_a(self, kind: type[BaseException]) -> bool:
        return kind.__name__ in self.kinds

    def __str__(self) -> str:
        words = f": {self.words}" if self.words else ""
        known = self.module in ("builtins", "__main__") or self.module.startswith("ds101.")
        return f"{'' if known else self.module + '.'}{self.kinds[0]}{words}"


@dataclass(frozen=True, slots=True)
class Silent:
    """It had not ended after that many seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class Died:
    """Its process ended without an answer."""

    exit_code: int


Outcome = Returned | Raised | Silent | Died


def caught(error: BaseException) -> Raised:
    """An error as a value that can travel. Only frames of the student's own are named."""
    kinds = tuple(kind.__name__ for kind in type(error).__mro__)
    theirs = [place for place in places_of(error) if is_the_readers(place[0])]
    return Raised(kinds, str(error), theirs[-1] if theirs else None, type(error).__module__)


class Elsewhere(Protocol):
    """Where a part runs that is no object of this interpreter: it brings this along as `__ds101_elsewhere__`."""

    def ask(self, function: Any, first: tuple[Any, ...], arguments: tuple[Any, ...], patience: float) -> Outcome: ...
    def work(self, function: Any, first: tuple[Any, ...], arguments: tuple[Any, ...], patience: float) -> Outcome: ...
    def spawn(self, function: Any, arguments: tuple[Any, ...], name: str) -> Process: ...
    def close(self) -> None: ...


def elsewhere(*parts: Any) -> Elsewhere | None:
    """Where the first of these runs that runs elsewhere."""
    return next((one.__ds101_elsewhere__ for one in parts if hasattr(one, "__ds101_elsewhere__")), None)


def started(function: Callable[..., Any], *arguments: Any, name: str) -> Process:
    """A process that runs this function, where its arguments are at home."""
    place = elsewhere(*arguments)
    return spawn(function, *arguments, name=name) if place is None else place.spawn(function, arguments, name)


class Apart:
    """Runs `function(*arguments)` in another process, one call after the other, each with a deadline.

    A process that was silent or died is replaced at the next call. What it prints is shown only if `aloud`.
    """

    def __init__(self, function: Callable[..., Any], *first: Any, aloud: bool = False, name: str = "solution") -> None:
        self.function, self.first, self.aloud, self.name = function, first, aloud, name
        self.process: Process | None = None
        self.channel: Connection | None = None
        self.elsewhere = elsewhere(function, *first)

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, *arguments: Any, patience: float) -> Outcome:
        """What the function does with these arguments; waits for it for `patience` seconds."""
        if self.elsewhere is not None:
            return self.elsewhere.ask(self.function, self.first, arguments, patience)
        if self.channel is None:
            self._start()
        assert self.channel is not None
        assert self.process is not None
        with suppress(OSError):  # it died: the answer below says so
            self.channel.send_bytes(pickle.dumps(arguments))
        try:
            if self.channel.poll(patience):
                outcome: Outcome = pickle.loads(self.channel.recv_bytes())
                return outcome
        except (EOFError, OSError):
            self.process.kill()
            died = Died(self.process.exit_code or 0)
            self.close()
            return died
        self.close()
        return Silent(patience)

    def work(self, *arguments: Any, patience: float) -> Outcome:
        """The processor time that the function says it took, in seconds; elsewhere it is measured from outside."""
        if self.elsewhere is not None:
            return self.elsewhere.work(self.function, self.first, arguments, patience)
        return self.ask(*arguments, patience=patience)

    def close(self) -> None:
        """End the process. Does nothing if none runs."""
        if self.elsewhere is not None:
            self.elsewhere.close()
        if self.channel is not None:
            self.channel.close()
        if self.process is not None:
            self.process.kill()
        self.channel = self.process = None

    def _start(self) -> None:
        key = secrets.token_bytes(16)
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.process = spawn(
                _answer, door.getsockname(), key, self.function, self.first, self.aloud, name=self.name
            )
            self.channel = Connection(caller_at(door, self.process).detach())
        deliver_challenge(self.channel, key)  # what comes is unpickled, so it must be ours


def caller_at(door: socket.socket, process: Process) -> socket.socket:
    """The connection that a process which was just started makes to `door`.

    Raises `NodeError` with the reason where it died instead, `LaunchError` where it is neither here nor there.
    """
    door.settimeout(0.1)
    deadline = time.monotonic() + STARTUP
    while process.alive and time.monotonic() < deadline:
        with suppress(TimeoutError):
            connection = door.accept()[0]
            connection.settimeout(None)
            return connection
    process.kill()
    process.wait(STARTUP)
    raise LaunchError(f"The process {process.name} did not start in {STARTUP:g} s. Close some programs, and try again.")


def _answer(
    door: tuple[str, int], key: bytes, function: Callable[..., Any], first: tuple[Any, ...], aloud: bool
) -> None:
    """The other process: answer every call, until the caller hangs up."""
    channel = Connection(socket.create_connection(door).detach())
    with suppress(EOFError, OSError):
        answer_challenge(channel, key)
        while True:
            arguments = pickle.loads(channel.recv_bytes())
            channel.send_bytes(pickle.dumps(_outcome(function, (*first, *arguments), aloud)))


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...], aloud: bool) -> Outcome:
    try:
        if aloud:
            return Returned(portable(function(*arguments)))
        with redirect_stdout(io.StringIO()):
            return Returned(portable(function(*arguments)))
    except Exception as error:
        return caught(error)


def portable(value: Any) -> Any:
    """A value that means the same in every process: plain data as it is, anything else by the name of its class."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return value
    if type(value) in (list, tuple):
        return type(value)(map(portable, value))
    if isinstance(value, Returned):
        return Returned(portable(value.value))
    return value if isinstance(value, Raised | Silent | Died) else Foreign(type(value).__name__)


def machine_keeps(patience: float) -> bool:
    """Whether a process of ours, started now, answers within that many seconds on this machine.

    Where it doesn't, a missed deadline says nothing about a student's code.
    """
    answers: list[Outcome] = []

    def witness() -> None:
        with Apart(abs, name="witness") as apart:
            with suppress(NodeError):
                apart.ask(-1, patience=STARTUP)
                answers.append(apart.ask(-1, patience=patience / 2))

    thread = threading.Thread(target=witness, daemon=True)
    thread.start()
    thread.join(patience)
    return bool(answers) and answers[0] == Returned(1)
