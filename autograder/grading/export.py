"""`ds101 export`: the marks as CSV, for a learning management system.

A spreadsheet takes a cell that begins with = + - @, a tab or a carriage return for a formula. Students choose names,
so such a cell gets an apostrophe in front, as spreadsheets themselves write text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from nbgrader.api import Assignment, Student, SubmittedAssignment
from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.grading.book import open_book
from autograder.grading.course import Course, CourseError, short
from autograder.grading.late import raw_mark
from autograder.grading.marks_of import refresh_penalties, submissions_of

WHO = ("student", "last_name", "first_name", "email", "lms_user_id")
OF_A_LAB = ("raw", "penalty", "final", "max", "needs_person")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(course: Course, name: str = "") -> str:
    """CSV with a row for each student; for each lab raw mark, penalty, final mark, maximum, and who needs a person."""
    wanted = [course.lab(name)] if name else course.labs()
    with open_book(course) as book:
        for lab in wanted:
            refresh_penalties(book, lab)
        with book.changing() as session:
            known = set(session.scalars(select(Assignment.name)))
            labs = [lab for lab in wanted if lab in known]
            if not labs:
                raise CourseError("There are no marks yet: run  ds101 grade LAB  first.")
            rows = list(_rows(session, labs))
    return _written([*WHO, *(f"{short(lab)}_{column}" for lab in labs for column in OF_A_LAB)], rows)


def _rows(session: Session, labs: list[str]) -> Iterable[list[str]]:
    by_lab = {lab: {one.student_id: one for one in submissions_of(session, lab)} for lab in labs}
    for student in session.scalars(select(Student).order_by(Student.id)):
        who = (student.id, student.last_name, student.first_name, student.email, student.lms_user_id)
        marks = [cell for lab in labs for cell in _marks(by_lab[lab].get(student.id))]
        yield [*(text(value) for value in who), *marks]


def _marks(submission: SubmittedAssignment | None) -> list[str]:
    if submission is None:
        return [""] * len(OF_A_LAB)
    raw = sum(raw_mark(notebook) for notebook in submission.notebooks)
    penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks)
    waiting = "yes" if submission.needs_manual_grade else "no"
    numbers = (raw, penalty, max(0.0, raw - penalty), float(submission.max_score or 0.0))
    return [*(f"{round(number, 2):g}" for number in numbers), waiting]


def text(value: str | None) -> str:
    """A cell that no spreadsheet runs.

    >>> text("=HYPERLINK()"), text("Ada"), text(None)
    ("'=HYPERLINK()", 'Ada', '')
    """
    cell = value or ""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _written(header: list[str], rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
