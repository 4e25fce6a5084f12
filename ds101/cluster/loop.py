"""The one background thread on which all worlds of a program do their input and output.

A notebook's own event loop can't be used from a cell, so the worlds have one of their own. Verbs are called on the
reader's thread and wait for it; calling one on this thread would wait for itself, and is an error.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from ds101.errors import Mistake
from ds101.processes import output
from ds101.processes.steady import bell_of, uninterrupted

Result = TypeVar("Result")
OWN_THREAD = "A world's verbs can't be called from inside its own thread. Call them from the cell."
A_FORK = "This world belongs to the program of which this is a fork. Make a world of your own here."
GLANCE = 0.05  # seconds between two looks at what processes have printed, during a long wait


class LoopThread:
    """An event loop on a daemon thread."""

    _current: LoopThread | None = None
    _making = threading.Lock()

    @classmethod
    def current(cls) -> LoopThread:
        """The thread of this program (a fork needs its own)."""
        with uninterrupted, cls._making:
            if cls._current is None or not cls._current.is_here:
                cls._current = LoopThread()
            return cls._current

    def __init__(self) -> None:
        self._owner = os.getpid()
        self.loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="ds101 worlds", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine there, and wait for its result here. An interrupt ends the waiting, and nothing else."""
        with uninterrupted:
            self.refuse(coroutine)
            return _result_of(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    def do(self, function: Callable[[], object]) -> None:
        """Call a function there, and wait until it has returned."""

        async def call() -> None:
            function()

        self.run(call())

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine there, and don't wait for it."""
        asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def post(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function there soon."""
        self.loop.call_soon_threadsafe(function, *arguments)

    @property
    def is_here(self) -> bool:
        """Whether it runs in this process: in a fork of the program it doesn't."""
        return self._owner == os.getpid()

    def refuse(self, coroutine: Coroutine[Any, Any, Any] | None = None) -> None:
        """Raises `Mistake` where nobody can wait for this thread: on itself, and in a fork of the program."""
        on_itself = threading.current_thread() is self._thread
        if on_itself or not self.is_here:
            if coroutine is not None:
                coroutine.close()
            raise Mistake(OWN_THREAD if on_itself else A_FORK)


def _result_of(future: Future[Result]) -> Result:
    """A future's result, showing what is printed meanwhile."""
    done = bell_of(future)
    while not done.wait(GLANCE):
        output.show()
    output.show()
    return future.result()
