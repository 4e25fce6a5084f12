"""A connection to a sandbox: questions there, answers back, each with a deadline.

Whatever comes is untrusted: it is an answer of the protocol, within its bounds, or the line is cut with an error.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
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
    pack,
    unpack,
)
from autograder.judge.errors import Ended, Endless, Garbled, SandboxLost, TooMuch, TooSlow

Seconds = float
STARTUP = 60.0  # seconds for a sandbox to appear: it takes less than one, but a machine may be busy
PATIENCE = 3.0  # seconds for one handler; it should take less than a millisecond
GONE = "its process ended in the middle of a step"
MOST_BYTES = {"life": 16 << 20, "calls": 512 << 20}  # that a line brings, in all
SLOW, MOST_SLOW = 1.0, 10  # seconds of an answer that is slow, and how many of these are borne
Wanted = TypeVar("Wanted")


class Line:
    """A line to the sandbox behind a door. Raises `SandboxLost` if nobody is there."""

    def __init__(self, door: str, mode: Literal["life", "calls"]) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.frames, self.started = Frames(self.socket), False
        self._bytes, self._slow = MOST_BYTES[mode], 0
        try:
            self.socket.connect(door)
            self.socket.sendall(pack(Hello(mode)))
        except OSError as error:
            self.close()
            raise SandboxLost(f"A sandbox can't be reached ({error}). Grade this submission again.") from None

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
        answer = self._exchange(question, patience)
        while isinstance(answer, Draw) and draw is not None:
            _refuse_too_many(answer.effects)
            answer = self._exchange(Drawn(draw(answer)), patience)
        if not isinstance(answer, wanted):
            self.close()
            raise Garbled("its process sent what is no answer to what it was asked")
        if isinstance(answer, Done):
            _refuse_too_many(answer.effects)
        return answer

    def _exchange(self, question: Any, patience: Seconds | None) -> Any:
        self.socket.settimeout(patience if self.started or patience is None else patience + STARTUP)
        begin = time.monotonic()
        was_started = self.started
        self.say(question)
        answer = self.hear()
        if was_started and time.monotonic() - begin > SLOW:
            self._slow += 1
            if self._slow > MOST_SLOW:
                self.close()
                raise TooSlow
        return answer

    def say(self, question: Any) -> None:
        """Send a question. Raises `Ended` if nobody is there any more."""
        try:
            self.socket.sendall(pack(question))
        except TimeoutError:
            self.close()
            raise Endless from None
        except OSError:
            self.close()
            raise Ended(GONE) from None

    def hear(self) -> Any:
        """The next answer. Raises as `ask` does."""
        try:
            frame = self.frames.next()
            self._bytes -= len(frame)
            answer = unpack(frame, Answer)
        except TimeoutError:
            self.close()
            raise Endless from None
        except (EOFError, OSError):
            self.close()
            raise Ended(GONE) from None
        except FrameError as error:
            self.close()
            raise Garbled(f"its process sent what is no answer: {error}") from None
        if self._bytes < 0:
            self.close()
            raise TooMuch("its process sent more than a solution of this lab ever needs to")
        self.started = True
        return answer

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
