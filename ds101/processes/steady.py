"""Steps that an interrupt can't come between.

Ctrl-C, and a notebook's square button, raise KeyboardInterrupt between any two steps of the main thread: also between
the sending of a message and the note that it was sent, and then it would be sent again. While the main thread is
`uninterrupted`, an interrupt waits for the end of the block. So such a block is short, and waits for nothing long.

>>> import signal
>>> done = []
>>> try:
...     with uninterrupted:
...         signal.raise_signal(signal.SIGINT)
...         done.append("all of it")
... except KeyboardInterrupt:
...     print(done)
['all of it']
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

try:  # what `signal` wraps: without its enums it takes a tenth of the time, and calls are in a hurry
    import _signal as direct  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    direct = signal

INTERRUPT = int(signal.SIGINT)


class Uninterrupted:
    """Holds off interrupts of the main thread (no other thread is interrupted), however deep it is nested."""

    def __init__(self) -> None:
        self._depth = 0
        self._replaced: object = None  # what handles the signal otherwise; None if that can't be put back
        self._came = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            if not self._depth:
                self._replaced = direct.getsignal(INTERRUPT)
                if self._replaced is not None:
                    direct.signal(INTERRUPT, self._remember)
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            self._depth -= 1
            if not self._depth and self._replaced is not None:
                direct.signal(INTERRUPT, self._replaced)
                if self._came:
                    self._came = False
                    signal.raise_signal(signal.SIGINT)

    def _remember(self, _: int, __: FrameType | None) -> None:
        self._came = True


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
