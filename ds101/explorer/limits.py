"""When a search stops without having seen all: states, depth, seconds, memory. It stops with an answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import psutil

from ds101.errors import Mistake
from ds101.explorer.progress import Progress

BETWEEN_LOOKS = 256  # states, between one look at the clock and the next
RUNS_BETWEEN_LOOKS = 32  # runs of handlers: what these make can be large
FOR_MEMORY = 8  # looks at the clock, for each at the memory: that takes longer
SPARE = 200_000_000  # bytes of the machine's memory that a search leaves to everybody else


@dataclass
class Limits:
    """How far a search may go; `memory` is in bytes, and counts what the process grows by."""

    states: int
    depth: int | None
    seconds: float | None
    memory: int
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        for name in ("states", "depth", "seconds", "memory"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int | float) or value < 0):
                raise Mistake(f"{name}={value!r}: give a number, 0 or more.")
        self._process = psutil.Process()
        self._began, self._at_first = monotonic(), self._process.memory_info().rss
        self._looks = self._runs = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether there is no time left."""
        return self.seconds is not None and self.elapsed >= self.seconds

    def reached(self, seen: Mapping[Any, Any], depth: int, runs: int) -> str:
        """Why the search must stop now, in words; or nothing."""
        self.progress.show(len(seen), depth, self.elapsed)
        if self.is_over:
            return f"its {self.seconds:g} s are over"
        self._looks += 1
        if self._looks % FOR_MEMORY and runs < self._runs + RUNS_BETWEEN_LOOKS:
            return ""
        self._runs = runs
        return self._full(seen)

    def _full(self, seen: Mapping[Any, Any]) -> str:
        needed = self._process.memory_info().rss - self._at_first + _next_growth(seen)
        if needed > self.memory:
            return f"its {self.memory / 1e6:,.0f} MB of memory are full"
        if psutil.virtual_memory().available - _next_growth(seen) < SPARE:
            return "the machine's memory is nearly full"
        return ""


def _next_growth(seen: Mapping[Any, Any]) -> int:
    """What the table of states will want at once, if it is about to double (CPython's dicts do at two thirds)."""
    size = 8
    while size * 2 // 3 <= len(seen):
        size *= 2
    about_to = size * 2 // 3 - len(seen) < 200 * FOR_MEMORY * BETWEEN_LOOKS
    return 2 * sys.getsizeof(seen) if about_to else 0
