"""The timers of one node, on real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from ds101.clock import Clock
from ds101.effects import TimerName
from ds101.messages import Timer

Seconds = float


class Pending(NamedTuple):
    """A timer that is set: what wakes it, when it is due on the node's own clock, and the event that set it."""

    timer: Timer
    handle: asyncio.TimerHandle
    due: Seconds
    cause: str


class Timers:
    """The timers that are set. `fire` is called with the timer and the id of the event that set it."""

    def __init__(self, clock: Clock, random: Random, fire: Callable[[Timer, str], None]) -> None:
        self._clock, self._random, self._fire = clock, random, fire
        self._pending: dict[TimerName, Pending] = {}

    def set(self, timer: Timer, name: TimerName, after: tuple[Seconds, Seconds], cause: str) -> None:
        """Set a timer, or replace the one of this name."""
        low, high = after
        seconds = low if low == high else self._random.uniform(low, high)
        self._schedule(timer, name, self._clock.now() + seconds, cause)

    def cancel(self, name: TimerName) -> bool:
        """Forget the timer of this name; tells whether one was set."""
        pending = self._pending.pop(name, None)
        if pending is not None:
            pending.handle.cancel()
        return pending is not None

    def rate_changed(self, old_now: Seconds) -> None:
        """Timers measure time on the node's own clock: what is left of each passes at the new rate."""
        for name, pending in list(self._pending.items()):
            self._schedule(pending.timer, name, self._clock.now() + pending.due - old_now, pending.cause)

    def _schedule(self, timer: Timer, name: TimerName, due: Seconds, cause: str) -> None:
        self.cancel(name)
        left = max(0.0, due - self._clock.now()) / self._clock.rate
        handle = asyncio.get_running_loop().call_later(left, self._wake, name)
        self._pending[name] = Pending(timer, handle, due, cause)

    def _wake(self, name: TimerName) -> None:
        pending = self._pending.pop(name)
        self._fire(pending.timer, pending.cause)
