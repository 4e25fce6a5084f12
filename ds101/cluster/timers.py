"""The timers and the clock of one node, on real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from ds101.cluster.frames import encode_line
from ds101.errors import Mistake
from ds101.faults import bounds
from ds101.messages import Timer, encode

Seconds = float
Key = tuple[str, bytes]  # a timer is named by its value


class Pending(NamedTuple):
    """A timer that is set: what wakes it, when it is due on the node's own clock, and the event that set it."""

    timer: Timer
    handle: asyncio.TimerHandle
    due: Seconds
    cause: str


class Clock:
    """A node's own clock: real time, shifted and stretched."""

    def __init__(self, real: Callable[[], Seconds]) -> None:
        self._real = real
        self._since, self._then = 0.0, 0.0
        self.rate = 1.0

    def now(self) -> Seconds:
        return self._then + (self._real() - self._since) * self.rate

    def skew(self, offset: Seconds, rate: float) -> None:
        """From now on the clock is `offset` seconds ahead of real time, and runs `rate` times as fast."""
        self._since = self._real()
        self._then, self.rate = self._since + offset, rate


class Timers:
    """The timers that are set. `fire` is called with the timer and the id of the event that set it."""

    def __init__(self, clock: Clock, random: Random, fire: Callable[[Timer, str], None]) -> None:
        self._clock, self._random, self._fire = clock, random, fire
        self._pending: dict[Key, Pending] = {}

    def set(self, timer: Timer, after: Any, cause: str) -> Seconds:
        """Set or replace a timer; returns the seconds drawn. Raises `Mistake` for what is no timer or no time."""
        if not isinstance(timer, Timer):
            raise Mistake(f"set_timer({timer!r}): that is no Timer. Write  class Name(Timer): ...  and set Name().")
        low, high = _interval(after)
        seconds = low if low == high else self._random.uniform(low, high)
        self.cancel(timer)
        self._schedule(timer, self._clock.now() + seconds, cause)
        return seconds

    def cancel(self, timer: Timer) -> bool:
        """Forget the timer that equals this one; tells whether one was set."""
        pending = self._pending.pop(key_of(timer), None)
        if pending is not None:
            pending.handle.cancel()
        return pending is not None

    def rate_changed(self, old_now: Seconds) -> None:
        """Timers measure time on the node's own clock: what is left of each passes at the new rate."""
        for pending in list(self._pending.values()):
            self.cancel(pending.timer)
            self._schedule(pending.timer, self._clock.now() + pending.due - old_now, pending.cause)

    def _schedule(self, timer: Timer, due: Seconds, cause: str) -> None:
        left = max(0.0, due - self._clock.now()) / self._clock.rate
        handle = asyncio.get_running_loop().call_later(left, self._wake, key_of(timer))
        self._pending[key_of(timer)] = Pending(timer, handle, due, cause)

    def _wake(self, key: Key) -> None:
        pending = self._pending.pop(key)
        self._fire(pending.timer, pending.cause)


def key_of(timer: Timer) -> Key:
    """What names a timer: its type and its fields."""
    wire = encode(timer)
    return wire["type"], encode_line(wire["body"])


def _interval(after: Any) -> tuple[Seconds, Seconds]:
    try:
        low, high = bounds(tuple(after) if isinstance(after, list) else after)
        if 0 <= low <= high < float("inf"):
            return float(low), float(high)
    except (TypeError, ValueError):
        pass
    raise Mistake(f"after={after!r} is no time. Give seconds, 0 or more, or a pair (low, high) to draw from.")
