"""A node's own clock: the world's time, shifted and stretched.

>>> time = 10.0
>>> clock = Clock(lambda: time)
>>> clock.skew(offset=5.0, rate=2.0)
>>> time = 11.0
>>> clock.now()
17.0
"""

from __future__ import annotations

from collections.abc import Callable

Seconds = float


class Clock:
    """Reads the world's time until it is skewed. `rate` is its seconds for each of the world's."""

    def __init__(self, time: Callable[[], Seconds]) -> None:
        self._time = time
        self._since = self._then = 0.0
        self.rate = 1.0

    def now(self) -> Seconds:
        """What it shows, in seconds."""
        return self._then + (self._time() - self._since) * self.rate

    def skew(self, offset: Seconds, rate: float) -> None:
        """From now on it is `offset` seconds ahead of the world's time, and runs `rate` times as fast."""
        self._since = self._time()
        self._then, self.rate = self._since + offset, rate
