"""An `execute` that does what a submission's file `do.txt` says: the folder of its calls, the student, and a wish.

It imports as little as a worker does.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import replace
from pathlib import Path

import nbformat

from autograder.jobs import Job, Limits, Mark, Question, Result
from autograder.sandbox.errors import NoSandbox


def execute(job: Job) -> Result:
    """Marks that follow from the questions' seeds alone, unless the submission says otherwise."""
    folder, student, *told = dict(job.files)["do.txt"].decode().splitlines()
    before = len(list(Path(folder).glob(f"{student}.*")))
    (Path(folder) / f"{student}.{before}.{time.monotonic_ns()}").touch()
    wish = told[0] if told else ""
    if "slow" in wish:
        time.sleep(0.05)
    if "hang" in wish and (before == 0 or "always" in wish):
        time.sleep(3600)
    if "die" in wish and (before == 0 or "always" in wish):
        os.kill(os.getpid(), signal.SIGKILL)
    if "raise" in wish and (before == 0 or "always" in wish):
        raise ValueError("the judge has a bug")
    if "unsafe" in wish:
        raise NoSandbox("bubblewrap is not installed.")
    if "full" in wish:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    undecided = "open" in wish and (before == 0 or "always" in wish)
    marks = tuple(mark_of(question, undecided and question is job.questions[0]) for question in job.questions)
    if "other" in wish:
        marks = tuple(replace(mark, points=0.0, verdicts=(("first", "broken"),)) for mark in marks)
    return Result(job.student, job.lab, ran(job.notebook), marks, ("it was run",), 1.5)


def mark_of(question: Question, undecided: bool = False) -> Mark:
    points = None if undecided else float(question.seed % (int(question.points) + 1))
    return Mark(
        question.grade_id, points, question.points, (("first", "inconclusive" if undecided else "holds"),),
        f"report on {question.grade_id}", f"<p>report on <b>{question.grade_id}</b></p>",
        "the machine was too busy" if undecided else "", question.seed, question.size,
    )  # fmt: skip


def ran(notebook: bytes) -> bytes:
    """The notebook with an output in each cell, as if it had been run."""
    read = nbformat.reads(notebook.decode(), as_version=4)
    for number, cell in enumerate(cell for cell in read.cells if cell.cell_type == "code"):
        cell.execution_count = number + 1
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}\n")]
    return nbformat.writes(read).encode()


def judge_notebook(
    executed: nbformat.NotebookNode, questions: tuple[Question, ...], limits: Limits, isolation: str
) -> tuple[Mark, ...]:
    """Marks for a notebook that stock nbgrader has run."""
    assert executed.cells
    assert limits.cell > 0
    assert isolation
    return tuple(mark_of(question) for question in questions)
