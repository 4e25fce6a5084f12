"""What nbgrader's gradebook says of a lab, and the penalties that follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from nbgrader.api import Assignment, SubmittedAssignment
from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.grading.book import Book
from autograder.grading.deadlines import read_deadlines
from autograder.grading.late import set_penalty


def submissions_of(session: Session, lab: str) -> Sequence[SubmittedAssignment]:
    """Every submission of a lab that the gradebook knows, by student."""
    wanted = select(SubmittedAssignment).join(Assignment).where(Assignment.name == lab)
    return session.scalars(wanted.order_by(SubmittedAssignment.student_id)).all()


def refresh_penalties(book: Book, lab: str) -> None:
    """A person may have changed marks in formgrader, or somebody a deadline: a penalty follows both."""
    deadlines = read_deadlines(book.course.root)
    with book.changing() as session:
        for submission in submissions_of(session, lab):
            for notebook in submission.notebooks:
                set_penalty(notebook, deadlines.rule(lab, submission.student_id))
