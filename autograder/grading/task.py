"""What a worker runs: it imports the judge once, and nothing of nbgrader."""

from __future__ import annotations

from collections.abc import Callable

from autograder.jobs import Job, Result

Execute = Callable[[Job], Result]


def task(execute: Execute, job: Job) -> Result:
    """One submission."""
    return execute(job)
