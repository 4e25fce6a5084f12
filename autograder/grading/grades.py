"""nbgrader's own part of a record: its submission, its scores and its comments, as `nbgrader autograde` leaves them.

A mark that a person gave stays, and asks to be looked at again. An answer in words waits for a person, unless nobody
wrote any. What the judge left open waits too, with the reason as a comment on the answer that it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from nbformat import NotebookNode
from nbgrader.api import Assignment, Comment, Grade, Notebook, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import compute_checksum, determine_grade, is_task
from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.grading.source import Source
from autograder.jobs import Mark

Cells = dict[str, NotebookNode]


def submitted_notebook(session: Session, source: Source, student: str, timestamp: datetime | None) -> SubmittedNotebook:
    """The row of a student's notebook, made with all that hangs on it where there is none."""
    assignment = session.scalars(select(Assignment).where(Assignment.name == source.lab)).one()
    if session.get(Student, student) is None:
        session.add(Student(id=student))
        session.flush()
    submission = session.scalars(
        select(SubmittedAssignment).where(
            SubmittedAssignment.assignment_id == assignment.id, SubmittedAssignment.student_id == student
        )
    ).one_or_none()
    if submission is None:
        submission = SubmittedAssignment(assignment_id=assignment.id, student_id=student)
        session.add(submission)
        session.flush()
    submission.timestamp = timestamp
    notebook = session.scalars(
        select(Notebook).where(Notebook.assignment_id == assignment.id, Notebook.name == source.lab)
    ).one()
    return _with_rows(session, submission, notebook)


def write_grades(
    submitted: SubmittedNotebook, source: Source, written: NotebookNode | None, marks: Iterable[Mark]
) -> None:
    """Scores and comments. `written` has what the student wrote; without it nothing waits for a person."""
    by_name = {mark.grade_id: mark for mark in marks}
    asked = {question.grade_id for question in source.questions}
    cells = _known_cells(written) if written is not None else {}
    for grade in submitted.grades:
        name = grade.cell.name
        if name in by_name:
            _score(grade, by_name[name].points)
        elif name not in asked:
            _score(grade, determine_grade(cells[name])[0] if name in cells else 0.0)
    open_ones = _reasons(source, by_name)
    for comment in submitted.comments:
        said = _said_of(cells.get(comment.cell.name), written is not None)
        comment.auto_comment = " ".join([*said, *open_ones.get(comment.cell.name, [])]) or None


def _with_rows(session: Session, submission: SubmittedAssignment, notebook: Notebook) -> SubmittedNotebook:
    """The submitted notebook with a grade and a comment for each cell that has one."""
    found = next((one for one in submission.notebooks if one.notebook_id == notebook.id), None)
    if found is None:
        found = SubmittedNotebook(notebook_id=notebook.id, assignment_id=submission.id)
        session.add(found)
        session.flush()
    graded = {grade.cell_id for grade in found.grades}
    commented = {comment.cell_id for comment in found.comments}
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        if cell.id not in graded:
            session.add(Grade(cell_id=cell.id, notebook_id=found.id))
    for cell in [*notebook.solution_cells, *notebook.task_cells]:
        if cell.id not in commented:
            session.add(Comment(cell_id=cell.id, notebook_id=found.id))
    session.flush()
    session.refresh(found)
    return found


def _score(grade: Grade, points: float | None) -> None:
    grade.auto_score = points
    grade.needs_manual_grade = points is None or grade.manual_score is not None


def _known_cells(notebook: NotebookNode) -> Cells:
    named = ((cell.metadata.get("nbgrader", {}).get("grade_id"), cell) for cell in notebook.cells)
    return {name: cell for name, cell in named if name}


def _said_of(cell: NotebookNode | None, was_read: bool) -> list[str]:
    if cell is None:
        return ["This cell is missing."] if was_read else []
    unchanged = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) and not is_task(cell)
    return ["No response."] if unchanged else []


def _reasons(source: Source, marks: dict[str, Mark]) -> dict[str, list[str]]:
    """Why a mark is open, by the answer that stands before its question."""
    reasons: dict[str, list[str]] = {}
    answer = ""
    for name, cell in source.released_cells.items():
        if cell.metadata.nbgrader.solution:
            answer = name
        elif name in marks and marks[name].points is None and answer:
            reasons.setdefault(answer, []).append(marks[name].reason)
    return reasons
