"""What is due, and the virtual time at which it is.

>>> agenda = Agenda()
>>> agenda.at(2.0, print, "second")
>>> agenda.at(1.0, print, "first")
>>> while agenda:
...     agenda.step()
first
second
>>> agenda.now
2.0
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Seconds = float


class Agenda:
    """Actions in the order of their times; those of one time in the order in which they were put here."""

    __slots__ = ("_count", "_due", "now")

    def __init__(self) -> None:
        self.now: Seconds = 0.0
        self._count = 0
        self._due: list[tuple[Seconds, int, Callable[..., object], tuple[Any, ...]]] = []

    def at(self, when: Seconds, action: Callable[..., object], *arguments: Any) -> None:
        """Let an action happen at that time, or at once if that has passed."""
        self._count += 1
        heapq.heappush(self._due, (when if when > self.now else self.now, self._count, action, arguments))

    def step(self) -> None:
        """Let the next action happen, at its time."""
        self.now, _, action, arguments = heapq.heappop(self._due)
        action(*arguments)

    @property
    def next_time(self) -> Seconds:
        """When the next action is due; infinity if none is."""
        return self._due[0][0] if self._due else float("inf")

    def __bool__(self) -> bool:
        return bool(self._due)
