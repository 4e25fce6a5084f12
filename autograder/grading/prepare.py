"""The first phase: what was submitted becomes a job, or the reason why not. No student code runs here.

    match prepare(source, "ada"):
        case Prepared(job=job): ...       # the notebook whose locked cells are the instructor's
        case Refused(reason=reason): ...  # one sentence, for the student

A locked cell of the job is as it was released: the hidden tests are the judge's affair, and never near student code.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

import nbformat
from nbformat import NotebookNode

from autograder.grading.late import handed_in
from autograder.grading.reading import TIMESTAMP, Submitted, read_submission
from autograder.grading.source import Source, log
from autograder.grading.tidying import Unreadable, new_cell, tidied
from autograder.jobs import Job, Question


@dataclass(frozen=True)
class Prepared:
    """A job, and what record has to know about the submission that it was made of."""

    job: Job
    digest: str
    timestamp: str
    notes: tuple[str, ...]

    @property
    def student(self) -> str:
        return self.job.student

    def asking(self, questions: tuple[Question, ...]) -> Prepared:
        """The same submission with other questions: those that are still open, or those of an earlier run."""
        return replace(self, job=replace(self.job, questions=questions))


@dataclass(frozen=True)
class Refused:
    """A submission that can't be run. `reason` is a sentence that its student can read."""

    student: str
    lab: str
    reason: str
    digest: str
    timestamp: str
    notes: tuple[str, ...]


def prepare(source: Source, student: str, submitted: Submitted | None = None) -> Prepared | Refused:
    """Make a submission ready to run. Never raises for what a submission is."""
    submitted = submitted or submission_of(source, student)
    if submitted.timestamp and handed_in(submitted.timestamp) is None:
        submitted.notes.append(f"Its {TIMESTAMP} can't be read: it counts as handed in on time.")
    try:
        notebook, told = _cleaned(source, submitted)
    except Unreadable as why:
        reason = str(why)
    except Exception as error:  # nothing that somebody hands in may stop the others
        log.exception("preparing %s of %s", source.lab, student)
        reason = f"The notebook could not be made ready to run ({type(error).__name__}): a person has to look at it."
    else:
        job = Job(
            student=student,
            lab=source.lab,
            notebook=nbformat.writes(notebook).encode(),
            files=tuple(sorted({**submitted.files, **source.files}.items())),
            questions=source.questions,
            limits=source.course.limits,
            isolation=source.course.isolation,
        )
        return Prepared(job, submitted.digest, submitted.timestamp, (*submitted.notes, *told))
    return Refused(student, source.lab, reason, submitted.digest, submitted.timestamp, tuple(submitted.notes))


def submission_of(source: Source, student: str) -> Submitted:
    """What that student has handed in."""
    course = source.course
    return read_submission(course.folder("submitted"), student, source.lab, list(course.directory.ignore))


def _cleaned(source: Source, submitted: Submitted) -> tuple[NotebookNode, list[str]]:
    """The notebook with every cell that is the instructor's as the instructor wrote it; and what had to be restored."""
    if submitted.notebook is None:
        raise Unreadable(submitted.reason)
    notebook = tidied(submitted.notebook)
    notebook.metadata = copy.deepcopy(source.released.metadata)
    told = list(_restored(notebook, source.released_cells))
    notebook = source.sanitized(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name and cell.metadata.nbgrader.get("locked"):
            cell.source = source.released_cells[name].source
    return notebook, told


def _restored(notebook: NotebookNode, wanted: dict[str, NotebookNode]) -> Iterator[str]:
    """Give the cells that nbgrader knows back their kind, their settings and their place. Says what was wrong."""
    yield from _single(notebook, wanted)
    there = {name: cell for cell in notebook.cells if (name := _name(cell))}
    before: NotebookNode | None = None
    for name, original in wanted.items():
        if name not in there:
            if not (original.metadata.nbgrader.locked or original.metadata.nbgrader.grade):
                yield f"The cell {name} is missing."
                continue
            yield f"The cell {name} was missing, and was put back."
            place = 0 if before is None else 1 + next(i for i, cell in enumerate(notebook.cells) if cell is before)
            there[name] = new_cell(original.cell_type, original.source)
            notebook.cells.insert(place, there[name])
        before = there[name]
        if before.cell_type != original.cell_type:
            yield f"The cell {name} was turned into {before.cell_type}, and was turned back."
            _turn(before, original)
        elif original.metadata.nbgrader.locked and before.source != original.source:
            yield f"The cell {name} was changed, and was restored."
        before.metadata.update(copy.deepcopy(original.metadata))


def _single(notebook: NotebookNode, wanted: dict[str, NotebookNode]) -> Iterator[str]:
    """Leave each name to one cell: the last that has it, as nbgrader does. Other cells become plain ones."""
    known: set[str] = set()
    for cell in reversed(notebook.cells):
        name = _name(cell)
        if not name:
            continue
        if name in known:
            yield f"Several cells are called {name[:60]}: the last one counts."
        if name in known or name not in wanted:
            del cell.metadata["nbgrader"]
        known.add(name)


def _turn(cell: NotebookNode, original: NotebookNode) -> None:
    fresh = new_cell(original.cell_type, cell.source)
    fresh.metadata, fresh.id = cell.metadata, cell.id
    cell.clear()
    cell.update(fresh)


def _name(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
