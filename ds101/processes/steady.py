"""Steps that an interrupt can't come between, and waits that it can end.

Ctrl-C, and a notebook's square button, raise KeyboardInterrupt between any two steps of the main thread: also between
the sending of a message and the note that it was sent, and then it would be sent again. While the main thread is
`uninterrupted`, an interrupt waits for the end of the block, or for the next wait for a `Bell` in it.

>>> import signal
>>> done = []
>>> try:
...     with uninterrupted:
...         signal.raise_signal(signal.SIGINT)
...         done.append("all of it")
... except KeyboardInterrupt:
...     print(done)
['all of it']

No block can begin before the first step of the function that it stands in. So what is open, and must be closed at the
end of its `with`, names the functions at its edges: an interrupt that falls into one of them closes it first.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

try:  # what `signal` wraps: without its enums it takes a tenth of the time, and calls are in a hurry
    import _signal as direct  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    direct = signal

INTERRUPT = int(signal.SIGINT)
LOOK = 0.05  # seconds between two looks at a bell, should another waiter have taken its sound


class Uninterrupted:
    """Holds off interrupts of the main thread (no other thread is interrupted), however deep it is nested."""

    def __init__(self) -> None:
        self.open: set[object] = set()  # while something is, interrupts come to us also between the blocks
        self.edges: set[CodeType] = set()  # methods of what has a `close`
        self._depth = 0
        self._hearing = False  # the block waits, and may be interrupted
        self._came = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            if not self._depth:
                present = direct.getsignal(INTERRUPT)
                if type(present) is not Handler and callable(present):
                    direct.signal(INTERRUPT, Handler(self, present))
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            self._depth -= 1
            if not self._depth:
                if not self.open:
                    self._put_back()
                if self._came:
                    self._came = False
                    signal.raise_signal(signal.SIGINT)

    def _put_back(self) -> None:
        present = direct.getsignal(INTERRUPT)
        if type(present) is Handler:
            direct.signal(INTERRUPT, present.replaced)

    def hear(self, lock: threading.Lock, seconds: float) -> bool:
        """Acquire a lock; tells whether it could be had in time. An interrupt is raised here, also one that waits."""
        if threading.current_thread() is not threading.main_thread():
            return lock.acquire(timeout=seconds)
        self._hearing = True
        try:
            if self._came:
                signal.raise_signal(signal.SIGINT)
            return lock.acquire(timeout=seconds)
        finally:
            self._hearing = False

    def interrupt(self, frame: FrameType | None, handle: Callable[[int, FrameType | None], Any]) -> None:
        """An interrupt fell into this frame; `handle` may raise."""
        if self._depth and not self._hearing:
            self._came = True
            return
        self._came = False
        try:
            handle(INTERRUPT, frame)
        except BaseException:
            self._hearing = False  # from here on, the block is left
            if not self._depth:
                self._close_at(frame)
            raise

    def _close_at(self, frame: FrameType | None) -> None:
        while frame is not None and frame.f_code not in self.edges:
            frame = frame.f_back
        if frame is not None:
            frame.f_locals["self"].close()


class Handler:
    """What the system calls at an interrupt, in place of what it `replaced`."""

    def __init__(self, held_off: Uninterrupted, replaced: Callable[[int, FrameType | None], Any]) -> None:
        self._held_off, self.replaced = held_off, replaced

    def __call__(self, _: int, frame: FrameType | None) -> None:
        self._held_off.interrupt(frame, self.replaced)


uninterrupted = Uninterrupted()


class SteadyLock:
    """A reentrant lock whose holder is not interrupted: what it guards is never seen half done."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        uninterrupted.__enter__()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        uninterrupted.__exit__()


class Bell:
    """Rings once, for all who wait, and for ever.

    An interrupt that falls into the waiting for a `threading.Event`, or a `Future`, may leave it locked, and then the
    thread that sets it waits for ever. This one has a single lock, which nobody needs in order to ring.
    """

    def __init__(self) -> None:
        self.rung = False
        self._silence = threading.Lock()
        self._silence.acquire()

    def ring(self) -> None:
        """Wake all who wait, on any thread."""
        self.rung = True
        with suppress(RuntimeError):  # it has rung before
            self._silence.release()

    def wait(self, seconds: float = float("inf")) -> bool:
        """Wait until it rings, or the time is over; tells whether it has rung."""
        deadline = time.monotonic() + seconds
        while not self.rung:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            uninterrupted.hear(self._silence, min(left, LOOK))
        self.ring()  # for the next who waits
        return True


def bell_of(future: Future[Any]) -> Bell:
    """A bell that rings when the future is done."""
    bell = Bell()
    with uninterrupted:
        future.add_done_callback(lambda _: bell.ring())
    return bell
