"""The judge's marks where stock nbgrader is run: `nbgrader autograde`, and the button of formgrader.

`nbgrader_config.py` puts `SaveJudgedGrades` in the place of nbgrader's `SaveAutoGrades`. So a mark is never what a cell
printed, whoever started the grading.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from autograder.grading.book import open_book
from autograder.grading.course import Course
from autograder.grading.deadlines import read_deadlines
from autograder.grading.marks import checked, refusal
from autograder.grading.outputs import make_harmless, report
from autograder.grading.prepare import submission_of
from autograder.grading.record import Recorder
from autograder.grading.run import as_before
from autograder.grading.source import Source, open_source
from autograder.jobs import Mark, Question, Result

CHANGED = "This cell is not as it was released, so it was not judged."


class SaveJudgedGrades(NbGraderPreprocessor):
    """Judge the executed notebook, and write the judge's marks and reports."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        course = Course.of(self.config)
        with open_source(course, names["assignment"]) as source, open_book(course) as book:
            recorder = Recorder(source, book, read_deadlines(course.root))
            student = names["student"]
            submitted = submission_of(source, student)
            before = book.graded(source.lab, student).get(student)
            same = before is not None and before.digest == submitted.digest
            marks = _judged(nb, source, as_before(source.questions, before) if same else source.questions)
            with book.changing() as session:
                recorder.write_marks(session, student, nb, marks, submitted.timestamp)
                recorder.keep_marks(session, student, marks)
                recorder.keep_submission(session, student, submitted.digest, notes=submitted.notes)
            return _shown(nb, source, marks), resources


def _judged(nb: NotebookNode, source: Source, questions: tuple[Question, ...]) -> tuple[Mark, ...]:
    """A mark for each question: of the judge where the cell is the instructor's, and otherwise nothing."""
    there = {name: cell for cell in nb.cells if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))}
    asked = tuple(one for one in questions if one.grade_id in there and _is_ours(there[one.grade_id]))
    course = source.course
    judge = import_module("autograder.execute").judge_notebook  # the judge is imported where something is judged
    given: tuple[Mark, ...] = judge(nb, asked, course.limits, course.isolation)
    result = Result("", source.lab, b"", given, (), 0.0)
    return tuple(checked(one, result) if one in asked else refusal(one, CHANGED) for one in questions)


def _is_ours(cell: NotebookNode) -> bool:
    return bool(cell.metadata.nbgrader.get("checksum") == compute_checksum(cell))


def _shown(nb: NotebookNode, source: Source, marks: tuple[Mark, ...]) -> NotebookNode:
    """The notebook that people read: reports in place of what cells printed, and no hidden test."""
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in source.released_cells and cell.metadata.nbgrader.get("locked"):
            cell.source = source.released_cells[name].source
    report(nb, marks)
    make_harmless(nb)
    return nb
