"""A deadline for work of ours, whatever it waits for: `with within(60): ...` is ended by `OutOfTime`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 1.0  # seconds until it is raised once more, where somebody has taken it for an error of theirs


class OutOfTime(BaseException):
    """The time is over. No handler of Exceptions stops it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises `OutOfTime` inside after so many seconds. Works in a main thread; elsewhere there is no deadline."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed = True

    def ring(*_: Any) -> None:
        if armed:
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
