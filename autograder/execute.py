"""The middle phase: a pure function of a job. It runs student code, in sandboxes, and writes nothing anywhere else."""

from __future__ import annotations

from autograder.jobs import Job, Result


def execute(job: Job) -> Result:
    """Run the notebook, judge what it made, and return both. Never raises for what a submission does."""
    raise NotImplementedError
