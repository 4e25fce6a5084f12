"""What a worker runs: it imports the judge once, and nothing of nbgrader."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from distributed import WorkerPlugin

from autograder.jobs import Job, Result

Execute = Callable[[Job], Result]


class Deaf(WorkerPlugin):
    """An interrupt at the terminal is for the coordinator, which ends its workers."""

    name = "ds101-deaf"

    def setup(self, worker: Any) -> None:
        with suppress(ValueError):  # a worker that isn't in its process's main thread hears none anyway
            signal.signal(signal.SIGINT, lambda *_: None)


def task(execute: Execute, job: Job) -> Result:
    """One submission."""
    return execute(job)
