"""Watches what a whole tree of processes uses, and ends it when that is too much.

The last line of defence where the system doesn't keep a limit for a tree (no delegated cgroup). It looks every 50 ms,
so a tree can overshoot: four to sixteen processes that fill memory as fast as they can (2 to 3 GiB/s, on 2 cores) had
at most 12 % more than a limit of 600 MiB when they were ended, and 2 % more than one of 2 GiB. What it can't see is
memory that belongs to no process: what waits in pipes and sockets (bounded by the open files of each process and by the
system's own limits), and temporary files, which have a limit of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from autograder.jobs import Limits
from autograder.sandbox import trees
from autograder.sandbox.identity import OURS

PERIOD = 0.05  # seconds between two looks
DISK_EVERY = 10  # looks: a folder takes longer to count


class Watchdog:
    """Looks until it is told to stop, and calls `bite` with a reason, once."""

    def __init__(
        self,
        processes: Callable[[], list[str]],
        limits: Limits,
        bite: Callable[[str], None],
        folder: str | None,
        begin: Callable[[], None],
    ) -> None:
        self.processes, self.limits, self.bite, self.folder = processes, limits, bite, folder
        self.begin = begin
        self.peak = trees.Use()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()

    def _watch(self) -> None:
        self.begin()
        looks = 0
        while not self.stopped.wait(PERIOD):
            looks += 1
            if reason := self._memory() or (looks % DISK_EVERY == 0 and self._disk()):
                if not self.stopped.is_set():
                    self.bite(reason)
                return

    def _memory(self) -> str:
        use = trees.use_of(self.processes(), self.limits.memory)
        self.peak = trees.Use(max(use.memory, self.peak.memory), max(use.tasks, self.peak.tasks))
        if use.memory > self.limits.memory:
            return f"used more than {size(self.limits.memory)} of memory"
        if use.tasks > self.limits.processes + OURS:
            return f"started more than {self.limits.processes} processes and threads"
        return ""

    def _disk(self) -> str:
        if self.folder and trees.size_of(self.folder, self.limits.disk) > self.limits.disk:
            return f"wrote more than {size(self.limits.disk)} of files"
        return ""


def size(count: int) -> str:
    """For people: 2 GiB, 256 MiB."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"
