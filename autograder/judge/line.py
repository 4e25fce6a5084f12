"""A connection to a sandbox: questions there, answers back, each with a deadline.

Whatever comes is untrusted: it is an answer of the protocol, within its bounds, or the line is cut with an error.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar

from autograder.inside.protocol import (
    MOST_EFFECTS,
    Answer,
    Done,
    Draw,
    Drawn,
    FrameError,
    Frames,
    Hello,
    Ready,
    pack,
    unpack,
)
from autograder.judge.errors import Ended, Endless, Garbled, SandboxLost

Seconds = float
STARTUP = 60.0  # seconds for a sandbox to appear: it takes less than one, but a machine may be busy
ATTEMPTS = 3  # at reaching one
LOADING = 20.0  # seconds for a solution to be loaded
PATIENCE = 3.0  # seconds for one handler; it should take less than a millisecond
MOST_DRAWS = 10_000  # random numbers of one handler
GONE = "its process ended in the middle of a step"
BEHIND = "|"
Wanted = TypeVar("Wanted")


def door_to(path: str, solution: str) -> str:
    """The door at which a solution is asked for: where it is, and whom one asks for there."""
    return f"{path}{BEHIND}{solution}"


def path_of(door: str) -> str:
    """Where a door is."""
    return door.partition(BEHIND)[0]


class Spent:
    """How long this process has waited for a student's processes, all in all."""

    seconds = 0.0


spent = Spent()


class Line:
    """A line to the sandbox behind a door, where a solution has been loaded.

    Raises `SandboxLost` if nobody is there, `Endless` or `Ended` if it doesn't load.
    """

    def __init__(self, door: str, mode: Literal["life", "calls"]) -> None:
        self.deadline: float | None = None
        before = spent.seconds
        for attempt in range(ATTEMPTS):
            self.socket = socket.socket(socket.AF_UNIX)
            self.frames = Frames(self.socket)
            try:
                self.socket.settimeout(STARTUP)
                self.socket.connect(path_of(door))
                self.socket.sendall(pack(Hello(mode, door.partition(BEHIND)[2])))
                self._await_ready(STARTUP)
                break
            except (OSError, Endless, Ended) as error:  # also where the one before was just being ended
                self.close()
                if attempt + 1 == ATTEMPTS:
                    why = error if isinstance(error, OSError) else "it did not start"
                    raise SandboxLost(f"A sandbox can't be reached ({why}). Grade this submission again.") from None
        spent.seconds = before  # so far it was ours
        self._await_ready(LOADING)
        self._allow(None)

    def _await_ready(self, patience: Seconds) -> None:
        self._allow(patience)
        if not isinstance(self.hear(), Ready):
            self.close()
            raise Garbled("its process answered before it was asked")

    def ask(
        self,
        question: Any,
        wanted: type[Wanted] | tuple[type[Wanted], ...],
        patience: Seconds | None = PATIENCE,
        draw: Callable[[Draw], int | float] | None = None,
    ) -> Wanted:
        """The answer to a question; `draw` answers what is asked meanwhile.

        Raises `Endless` where none comes in time, `Ended` where the process ended, and `Garbled` for what is none.
        """
        self._allow(patience)
        answer = self._exchange(question)
        draws = 0
        while isinstance(answer, Draw) and draw is not None:
            draws += 1
            if draws > MOST_DRAWS:
                self.close()
                raise Garbled(f"one step asked for more than {MOST_DRAWS:,} random numbers")
            _refuse_too_many(answer.effects)
            answer = self._exchange(Drawn(draw(answer)))
        if not isinstance(answer, wanted):
            self.close()
            raise Garbled("its process sent what is no answer to what it was asked")
        if isinstance(answer, Done):
            _refuse_too_many(answer.effects)
        return answer

    def _allow(self, patience: Seconds | None) -> None:
        """From now on so long for question, draws and answer together, however they are dealt out."""
        self.deadline = None if patience is None else time.monotonic() + patience
        with suppress(OSError):  # it was cut: whoever asks is told then
            self.socket.settimeout(patience)

    def _hurry(self) -> None:
        """What is left of it is how long the next read or write may take."""
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)

    def _exchange(self, question: Any) -> Any:
        with self._waiting():
            self._hurry()
            self.socket.sendall(pack(question))
            return unpack(self.frames.next(self._hurry), Answer)

    def say(self, question: Any) -> None:
        """Send a question. Raises `Ended` if nobody is there any more."""
        with self._waiting():
            self._hurry()
            self.socket.sendall(pack(question))

    def hear(self, patience: Seconds | None = None) -> Any:
        """The next answer, which may still take so long. Raises as `ask` does."""
        if patience is not None:
            self._allow(patience)
        with self._waiting():
            return unpack(self.frames.next(self._hurry), Answer)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """What can happen meanwhile, as errors of ours; the time counts as the student's."""
        begin = time.monotonic()
        try:
            yield
        except TimeoutError:
            self.close()
            raise Endless from None
        except (EOFError, OSError):
            self.close()
            raise Ended(GONE) from None
        except FrameError as error:
            self.close()
            raise Garbled(f"its process sent what is no answer: {error}") from None
        finally:
            spent.seconds += time.monotonic() - begin

    @property
    def has_something(self) -> bool:
        """Whether an answer, or the end, has come."""
        try:
            return self.frames.has_some or bool(select.select([self.socket], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    @property
    def is_cut(self) -> bool:
        """Whether one of the two sides has hung up."""
        if self.socket.fileno() < 0:
            return True
        if self.frames.has_some or not self.has_something:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def close(self) -> None:
        """Hang up: the sandbox ends the process that answered."""
        with suppress(OSError):
            self.socket.close()


def _refuse_too_many(effects: list[Any]) -> None:
    if len(effects) > MOST_EFFECTS:
        raise Garbled(f"one step had more than {MOST_EFFECTS:,} effects")
