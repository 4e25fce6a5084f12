"""The middle phase: a pure function of a job. It runs student code, in sandboxes, and writes nothing anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.host import Host, Lost
from autograder.jobs import Isolation, Job, Limits, Mark, Question, Result
from autograder.judge.errors import Garbled
from autograder.judge.house import House
from autograder.judge.judging import judged_in, without_verdicts
from autograder.judge.solution import Solution, handed_over
from autograder.judge.words import printable
from autograder.sandbox.harmless import harmless
from autograder.sandbox.running import run_notebook
from ds101.labs.handing_over import MIME

MARGIN = 60.0  # seconds for beginning and ending; who keeps the limits inside knows more about what took so long

_hosts = threading.local()  # each thread has its own: one job at a time in each


def execute(job: Job) -> Result:
    """Run the notebook, judge what it made, and return both. Never raises for what a submission does.

    Raises `NoSandbox` where this machine can't isolate as the job asks.
    """
    begin, most = time.monotonic(), job.limits.notebook + job.limits.judging + MARGIN
    try:
        result: Result = host(job.isolation).do("autograder.execute:executed", job, deadline=most)
    except Lost as lost:
        marks = tuple(without_verdicts(question, None, str(lost)) for question in job.questions)
        result = Result(job.student, job.lab, job.notebook, marks, (str(lost),), time.monotonic() - begin)
    return result


def judge_notebook(
    notebook: NotebookNode, questions: Sequence[Question], limits: Limits, isolation: Isolation = "bubblewrap"
) -> tuple[Mark, ...]:
    """The marks for a notebook that was run in a graded kernel, by whoever did that: stock nbgrader, for one."""
    try:
        marks: tuple[Mark, ...] = host(isolation).do(
            "autograder.execute:marks_of",
            notebook,
            tuple(questions),
            limits,
            isolation,
            deadline=limits.judging + MARGIN,
        )
    except Lost as lost:
        return tuple(without_verdicts(question, None, str(lost)) for question in questions)
    return marks


def host(isolation: Isolation) -> Host:
    """This thread's host."""
    found: dict[Isolation, Host] = vars(_hosts).setdefault("by_isolation", {})
    return found.setdefault(isolation, Host(isolation))


def close_host() -> None:
    """End the hosts of this thread."""
    for one in vars(_hosts).pop("by_isolation", {}).values():
        one.close()


def executed(job: Job) -> Result:
    """What `execute` does, in the host."""
    begin = time.monotonic()
    ran = run_notebook(job.notebook, job.files, job.limits, job.isolation)
    marks = marks_of(ran.notebook, job.questions, job.limits, job.isolation, ran.notes)
    shown = harmless(without_solutions(ran.notebook))
    content = nbformat.writes(shown).encode()
    return Result(job.student, job.lab, content, marks, ran.notes, time.monotonic() - begin)


def marks_of(
    notebook: NotebookNode,
    questions: Sequence[Question],
    limits: Limits,
    isolation: Isolation,
    notes: Sequence[str] = (),
) -> tuple[Mark, ...]:
    """The mark for each question, from what its cell handed over."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    found = [(question, *_handed_over(cells.get(question.grade_id), notes)) for question in questions]
    solutions = {question.grade_id: solution for question, solution, _ in found if solution is not None}
    lab = questions[0].lab if questions else ""
    end, marks = time.monotonic() + limits.judging, []
    with House(lab, solutions, limits, isolation, networked=isolation == "bubblewrap") as house:
        for number, (question, solution, reason) in enumerate(found):
            share = (end - time.monotonic()) / (len(found) - number)  # so that none takes the time of the others
            marks.append(
                without_verdicts(question, 0.0, reason) if reason else judged_in(house, question, solution, share)
            )
    return tuple(marks)


def _handed_over(cell: Any, notes: Sequence[str]) -> tuple[Solution | None, str]:
    """What a cell handed over; or why there is nothing to judge, where more than that is known."""
    try:
        solution = _solution_in(cell)
    except Garbled as garbled:
        return None, f"What this cell handed over can't be judged: {garbled}."
    return solution, "" if solution is not None else _why_not(cell, notes)


def _solution_in(cell: Any) -> Solution | None:
    """What the last output of a cell that is a solution hands over."""
    for output in reversed(cell.get("outputs", []) if cell is not None else []):
        data: Mapping[str, Any] = output.get("data", {})
        if found := handed_over(data):
            return found
    return None


def _why_not(cell: Any, notes: Sequence[str]) -> str:
    """Why a cell handed nothing over: the error that it shows, or what befell the whole notebook."""
    for output in cell.get("outputs", []) if cell is not None else []:
        if output.get("output_type") == "error":
            words = f"{output.get('ename')}: {output.get('evalue')}"
            return f"The check could not begin: {printable(words)}"
    return " ".join(notes)


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """The notebook without the bytes that were handed over."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(MIME, None)
    return notebook
