"""Functions of the course's own that are run beside a student's part, in its sandbox: what `Apart` and `hosted` do."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from typing import Any

from autograder.inside.protocol import Raised as RaisedInside
from autograder.inside.protocol import Returned as ReturnedInside
from autograder.inside.protocol import Run
from autograder.judge.errors import Ended, Endless, Garbled, SandboxLost
from autograder.judge.line import PATIENCE, STARTUP, Line, path_of
from autograder.judge.lines import line_for_calls
from autograder.judge.values import plain
from autograder.judge.words import MOST_KINDS, known_place, printable
from ds101.errors import NodeError, Timeout
from ds101.labs.apart import Died, Outcome, Raised, Returned, Silent
from ds101.world.unheard import death_in_words

SOLO = "solo"  # the sandbox of what is no node
LOOK = 0.005  # seconds between two looks at whether a process has ended
KILLED = -9
processor_time: dict[str, Callable[[], float]] = {}  # of the sandbox behind a door, in seconds


class Sandbox:
    """The place where one part runs."""

    def __init__(self, door: str, part: str) -> None:
        self.door, self.part = door, part

    def ask(self, function: Any, first: tuple[Any, ...], arguments: tuple[Any, ...], patience: float) -> Outcome:
        """What the function, or the part itself, does with these arguments."""
        try:
            line = line_for_calls(self.door)
            answer: Any = line.ask(self._run(function, arguments), (ReturnedInside, RaisedInside), patience)
            return Returned(plain(answer.value)) if isinstance(answer, ReturnedInside) else outcome_of(answer)
        except Endless:
            return Silent(patience)
        except Ended:
            return Died(KILLED)
        except Garbled as garbled:
            return Raised(("Garbled",), str(garbled), None, "ds101.errors")

    def work(self, function: Any, first: tuple[Any, ...], arguments: tuple[Any, ...], patience: float) -> Outcome:
        """The processor time of the whole sandbox meanwhile: what a function in there says of itself proves nothing."""
        measure = processor_time[path_of(self.door)]
        before = measure()
        outcome = self.ask(function, first, arguments, patience)
        if isinstance(outcome, Returned) and isinstance(outcome.value, float):  # anything else was no work
            return Returned(measure() - before)
        return outcome

    def _run(self, function: Any, arguments: tuple[Any, ...]) -> Run:
        """The part alone is asked by the name of a function that does no more than call it."""
        own = getattr(function, "__module__", "").startswith("ds101.") and not hasattr(function, "__ds101_elsewhere__")
        name = f"{function.__module__}:{function.__name__}" if own else "autograder.inside.calling:itself"
        return Run(name, (self.part,), pickle.dumps(arguments))

    def spawn(self, function: Any, arguments: tuple[Any, ...], name: str) -> SandboxedProcess:
        """A process that runs the function with the part as its first argument."""
        try:
            return SandboxedProcess(Line(self.door, "life"), self._run(function, arguments[1:]), name)
        except (Ended, Endless, Garbled) as error:
            raise NodeError(f"{name} did not start: {error}.") from None

    def close(self) -> None:
        """The sandbox stays for the next call."""


def outcome_of(raised: RaisedInside) -> Raised:
    """An error out of a sandbox."""
    kinds = tuple(map(printable, raised.kinds[:MOST_KINDS])) or ("Exception",)
    return Raised(kinds, printable(raised.words), known_place(raised.place), printable(raised.module))


class SandboxedProcess:
    """What `ds101.processes.Process` is for a process in a sandbox, as far as `hosted` and its callers need it."""

    def __init__(self, line: Line, run: Run, name: str) -> None:
        self.name, self.line = name, line
        self.exit_code: int | None = None
        line.say(run)

    @property
    def alive(self) -> bool:
        """Whether it has neither answered nor ended."""
        return not self.line.has_something

    def kill(self, *, wait: bool = True) -> None:
        """Hang up, which ends it."""
        self.line.close()
        self.exit_code = KILLED

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises `Timeout` if it still runs then, and `NodeError` if its function raised."""
        deadline = time.monotonic() + (STARTUP if timeout is None else timeout)
        while self.alive:
            if time.monotonic() > deadline:
                raise Timeout(f"{self.name} still runs after {timeout:g} s.")
            time.sleep(LOOK)
        try:
            answer = self.line.hear(PATIENCE)
        except (Ended, Endless, Garbled, SandboxLost):
            self.exit_code = KILLED
            return KILLED
        if isinstance(answer, RaisedInside):
            raised = outcome_of(answer)
            places = [raised.place] if raised.place else []
            raise NodeError(f"{self.name} {death_in_words(raised.kinds[0], raised.words, places)}")
        self.exit_code = 0
        return 0

    def __enter__(self) -> SandboxedProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
