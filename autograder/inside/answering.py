"""One connection to a sandbox: question by question, until the judge hangs up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from autograder.inside.calling import called, ran
from autograder.inside.protocol import (
    MOST,
    Answer,
    Call,
    Describe,
    Done,
    Draw,
    Drawn,
    FrameError,
    Frames,
    Question,
    Raised,
    Ready,
    Run,
    State,
    Turn,
    pack,
    unpack,
)
from autograder.inside.solution import Solution, at_load
from autograder.inside.stage import Life, from_state


class Answering:
    """Answers on a connection for a solution, which is loaded here and nowhere else."""

    def __init__(self, connection: socket.socket, frames: Frames, load: Callable[[], Solution]) -> None:
        self.connection, self.frames, self._load = connection, frames, load
        self._solution: Solution | None = None
        self._not_loaded: Exception | None = None
        self._life: Life | None = None

    @property
    def solution(self) -> Solution:
        if self._solution is None:
            raise self._not_loaded or RuntimeError("nothing was loaded")
        return self._solution

    def serve(self) -> None:
        """Load the solution, and answer for as long as there are questions."""
        self.say(Ready())
        try:
            self._solution = self._load()
        except Exception as error:  # it is the answer to all questions
            self._not_loaded = error
        self.say(Ready())
        while True:
            try:
                question = unpack(self.frames.next(), Question)
            except (EOFError, OSError):
                return
            if getattr(question, "apart", False):
                self._apart(question)
            else:
                self.say(self._answer(question))

    def say(self, answer: Answer) -> None:
        """Send an answer; one that is too long is an error of whoever made it so long."""
        frame = pack(answer)
        if len(frame) > MOST:
            words = f"it made more than {MOST >> 20} MiB in one step"
            frame = pack(Raised(("Mistake",), words, "ds101.errors", None))
        self.connection.sendall(frame)

    def _apart(self, question: Any) -> None:
        """Answer in a fork, so that what ran here before can't tell it anything, nor hear of it."""
        pid = os.fork()
        if not pid:
            self.say(self._answer(question))
            os._exit(0)
        os.waitpid(pid, 0)

    def _answer(self, question: Question) -> Answer:
        try:
            return self._what(question)
        except Exception as error:  # a state or a class that can't be made again
            raised = self._solution.raised(error) if self._solution else at_load(error)
            return Done([], [], None, raised) if isinstance(question, Turn) else raised

    def _what(self, question: Question) -> Answer:
        match question:
            case Turn(state=None):
                if question.event == "start":
                    self._life = Life(self.solution, question, self._draw)
                assert self._life is not None
                return self._life.turn(question)
            case Turn():
                return from_state(self.solution, question)
            case State():
                assert self._life is not None
                return self._life.attributes()
            case Call():
                return called(self.solution, question)
            case Run():
                return ran(self.solution, question)
            case Describe():
                return self.solution.described()
            case _:
                raise FrameError(f"{type(question).__name__} was not expected")

    def _draw(self, draw: Draw) -> Drawn:
        self.say(draw)
        drawn = unpack(self.frames.next(), Question)
        assert isinstance(drawn, Drawn)
        return drawn
