"""A process that was started for somebody, and its life apart from whoever holds it."""

from __future__ import annotations

import math
import os
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import psutil

from ds101.errors import LaunchError, Mistake, NodeError, Timeout
from ds101.processes import output
from ds101.processes.steady import Bell, uninterrupted

LOOK = 0.1  # seconds between two looks at what a process prints while somebody waits for it
SHORTEST_LOOK = 0.0002  # seconds between two looks at whether a process has stopped
AT_REST = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


class Life:
    """The running of one process, apart from the `Process` that the caller holds: that one can be forgotten."""

    def __init__(self, name: str, on_exit: Callable[[int], None] | None) -> None:
        self.name, self.on_exit = name, on_exit
        self.started: Future[int] = Future()
        self.ended = Bell()
        self.asked_for = False  # from then on it ends, sooner or later
        self.pid = 0
        self.unwanted = False
        self.owner = os.getpid()
        self.exit_code: int | None = None
        self.error: NodeError | None = None

    @property
    def alive(self) -> bool:
        return self.pid != 0 and not self.ended.rung

    def kill(self) -> None:
        """SIGKILL, without waiting and without a lock: the garbage collector calls this, on any thread.

        A process that is still being started is killed when it has started. A fork of this program kills nothing.
        """
        self.unwanted = True
        if self.alive and self.owner == os.getpid():
            with suppress(psutil.NoSuchProcess):
                psutil.Process(self.pid).kill()


class Process:
    """A process that `spawn` started. It is killed when it is forgotten, closed, or its maker dies.

    `pid` and `name` are what `ps` shows; `exit_code` is None while it runs, and minus the number of the
    signal where a signal ended it.
    """

    def __init__(self, name: str, on_exit: Callable[[int], None] | None = None) -> None:
        self.name = name
        self.paused = False
        self._life = Life(name, on_exit)
        weakref.finalize(self, Life.kill, self._life)

    @property
    def pid(self) -> int:
        """The number of the process; 0 until it has started."""
        return self._life.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0, 1 after an exception, minus the number of the signal that killed it; None while it runs."""
        return self._life.exit_code

    @property
    def error(self) -> NodeError | None:
        """The exception that its function raised, if it did."""
        return self._life.error

    @property
    def alive(self) -> bool:
        """Whether the process runs (a paused one is alive)."""
        return self._life.alive

    def kill(self, *, wait: bool = True) -> None:
        """End it with SIGKILL; returns when it is gone. Does nothing to a process that has ended.

        One that is still being started, since an interrupt came between, ends as soon as it has started.
        """
        with uninterrupted:
            self._life.kill()
        if wait and self._life.asked_for and self._life.owner == os.getpid():
            self._life.ended.wait()
        self.paused = False

    def pause(self) -> None:
        """Stop it with SIGSTOP: it neither runs nor dies. Raises `LaunchError` if it has ended."""
        self._signal("pause", psutil.Process.suspend)
        self.paused = True
        with suppress(psutil.NoSuchProcess):  # the signal takes a moment to act on a process that is running
            process = psutil.Process(self.pid)
            while process.status() not in AT_REST:
                time.sleep(SHORTEST_LOOK)

    def resume(self) -> None:
        """Let it go on, with SIGCONT. Raises `LaunchError` if it has ended."""
        self._signal("resume", psutil.Process.resume)
        self.paused = False

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end (seconds) and return its exit code; what it prints is shown meanwhile.

        Raises `Timeout` if it still runs then, and `NodeError` if its function raised an exception.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not self._life.ended.wait(max(0.0, min(LOOK, deadline - time.monotonic()))):
            output.show()
            if time.monotonic() >= deadline:
                break
        output.show()
        if not self._life.ended.rung:
            raise Timeout(f"{self.name} still runs after {timeout:g} s. Wait longer, or kill() it.")
        self._raise_error()
        assert self.exit_code is not None
        return self.exit_code

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.kill()
        output.show()
        if kind is None:
            self._raise_error()

    def __repr__(self) -> str:
        state = "paused" if self.paused else "running" if self.alive else f"ended with {self.exit_code}"
        return f"<process {self.name}, pid {self.pid}, {state}>"

    def __reduce__(self) -> Any:
        raise Mistake(f"The process {self.name} can't be sent to another process. Send what it needs to know instead.")

    def _signal(self, verb: str, send: Callable[[psutil.Process], None]) -> None:
        with suppress(psutil.NoSuchProcess):
            if self.alive:
                return send(psutil.Process(self.pid))
        raise LaunchError(f"{self.name} has ended, so it can't {verb}. Start it again with spawn.")

    def _raise_error(self) -> None:
        error, self._life.error = self._life.error, None
        if error is not None:
            raise error
