"""What is due, and the virtual time at which it is.

>>> agenda = Agenda()
>>> agenda.at(2.0, print, "second")
>>> agenda.at(1.0, print, "first")
>>> agenda.run_until(None, deadline=5.0)
first
second
False
>>> agenda.now
5.0
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

Seconds = float
FOREVER = float("inf")


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

    def run_until(self, condition: Callable[[], object] | None, deadline: Seconds) -> bool:
        """Let actions happen until the condition is true, or all that are due by the deadline have happened.

        Tells whether the condition is true; without one, it never is.
        """
        due = self._due
        while condition is None or not condition():
            if not due or due[0][0] > deadline:
                self.now = max(self.now, deadline) if deadline < FOREVER else self.now
                return False
            self.now, _, action, arguments = heapq.heappop(due)
            action(*arguments)
        return True
