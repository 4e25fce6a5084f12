"""`ds101 feedback`: what students receive, made by nbgrader's own `generate_feedback`, with today's penalty."""

from __future__ import annotations

import logging

from nbgrader.api import SubmittedAssignment
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from rich.console import Console
from rich.table import Table
from traitlets.config import Config

from autograder.grading.book import open_book
from autograder.grading.course import Course, CourseError
from autograder.grading.marks_of import refresh_penalties, submissions_of
from autograder.grading.source import quiet
from autograder.grading.tables import points, shown


def feedback(course: Course, name: str, out: Console) -> bool:
    """Make everybody's feedback on a lab. True if nobody's is missing."""
    lab = course.lab(name)
    with open_book(course) as book:
        refresh_penalties(book, lab)
        with book.changing() as session:
            students = [one.student_id for one in submissions_of(session, lab)]
            lines = {one.student_id: _marks(one) for one in submissions_of(session, lab)}
    if not students:
        raise CourseError(f"Nobody has a mark for {lab}: run  ds101 grade {name}  first.")
    _generate(course, lab)
    table = Table("student", "mark", "penalty", "feedback", title=lab, title_justify="left")
    made = {one: course.folder("feedback") / one / lab / f"{lab}.html" for one in students}
    for student in students:
        there = made[student].is_file()
        told = str(made[student].relative_to(course.root)) if there else "missing: grade this submission again"
        table.add_row(shown(student), *lines[student], shown(told))
    out.print(table)
    return all(path.is_file() for path in made.values())


def _marks(submission: SubmittedAssignment) -> tuple[str, str]:
    penalty = sum(one.late_submission_penalty or 0.0 for one in submission.notebooks)
    return points(float(submission.score or 0.0) - penalty), points(penalty)


def _generate(course: Course, lab: str) -> None:
    """nbgrader makes all of them in one go; whose notebook it can't convert is left out, and the others are made."""
    config = Config(course.config)
    config.merge(Config({"CourseDirectory": {"assignment_id": lab}}))
    quietly = logging.getLogger("ds101.feedback")
    quietly.addHandler(logging.NullHandler())
    quietly.propagate = False
    directory = CourseDirectory(config=config, log=quietly)
    with quiet():
        converter = GenerateFeedback(coursedir=directory, config=config, log=quietly)
        converter.force = True
        try:
            converter.start()
        except NbGraderException:
            return  # the table says whose is missing
