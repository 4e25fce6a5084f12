"""The last phase: what the judge said goes into nbgrader's gradebook, and the notebook into autograded/.

The notebook is written first, then one transaction says that it is there. So a kill between the two costs a rerun of
this submission, and never a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from sqlalchemy.orm import Session

from autograder.grading.book import MARKS, SUBMISSIONS, Book, keep, now
from autograder.grading.deadlines import Deadlines
from autograder.grading.folders import write_folder
from autograder.grading.grades import submitted_notebook, write_grades
from autograder.grading.late import handed_in, set_penalty
from autograder.grading.marks import asked_by, checked, plain, refusal
from autograder.grading.outputs import kept_notebook, report
from autograder.grading.prepare import Prepared, Refused
from autograder.grading.reading import TIMESTAMP
from autograder.grading.source import Source
from autograder.jobs import Mark, Result


@dataclass(frozen=True)
class Recorder:
    """Writes down what came of the submissions of one lab."""

    source: Source
    book: Book
    deadlines: Deadlines

    def save(self, prepared: Prepared, result: Result, *, alone: bool = False) -> tuple[Mark, ...]:
        """Record what came of a job; gives the marks as they were recorded.

        A job that asks only some of the questions changes only their marks: the notebook that is there stays.
        """
        job = prepared.job
        marks = tuple(checked(question, result) for question in job.questions)
        partly = len(marks) < len(self.source.questions)
        notebook = self._kept(job.student) if partly else None
        if notebook is None:
            notebook = kept_notebook(job.notebook, result.notebook, marks)
        else:
            report(notebook, marks)
        self._write_files(job.student, notebook, dict(job.files), prepared.timestamp)
        told = (*prepared.notes, *result.notes)
        with self.book.changing() as session:
            written = nbformat.reads(job.notebook.decode(), as_version=4)
            self.write_marks(session, job.student, written, marks, prepared.timestamp)
            self.keep_marks(session, job.student, marks, alone=alone)
            if not (partly and alone):
                self.keep_submission(session, job.student, prepared.digest, notes=told, seconds=result.seconds)
        return marks

    def refuse(self, refused: Refused) -> None:
        """Record a submission that could not be run: nothing is earned, and everybody can read why."""
        marks = tuple(refusal(question, refused.reason) for question in self.source.questions)
        sent = nbformat.writes(self.source.released).encode()
        notebook = kept_notebook(sent, b"", marks, refused.reason)
        self._write_files(refused.student, notebook, {}, refused.timestamp)
        with self.book.changing() as session:
            self.write_marks(session, refused.student, None, marks, refused.timestamp)
            self.keep_marks(session, refused.student, marks)
            self.keep_submission(
                session, refused.student, refused.digest, refused=refused.reason, notes=refused.notes, seconds=0.0
            )

    def write_marks(
        self, session: Session, student: str, written: NotebookNode | None, marks: Iterable[Mark], timestamp: str
    ) -> None:
        """nbgrader's own part."""
        submitted = submitted_notebook(session, self.source, student, handed_in(timestamp))
        write_grades(submitted, self.source, written, marks)
        set_penalty(submitted, self.deadlines.rule(self.source.lab, student))

    def keep_marks(self, session: Session, student: str, marks: Iterable[Mark], *, alone: bool = False) -> None:
        """Our own part: what the judge said, and how to ask it again."""
        questions = {question.grade_id: question for question in self.source.questions}
        for mark in marks:
            keep(session, MARKS, {
                "lab": self.source.lab, "student": student, "grade_id": mark.grade_id,
                "question": asked_by(questions[mark.grade_id]), "points": mark.points, "most": mark.most,
                "verdicts": [list(pair) for pair in mark.verdicts], "reason": plain(mark.reason),
                "seed": mark.seed, "size": mark.size, "alone": alone,
            })  # fmt: skip

    def keep_submission(
        self,
        session: Session,
        student: str,
        digest: str,
        *,
        refused: str = "",
        notes: Iterable[str] = (),
        seconds: float = 0.0,
    ) -> None:
        keep(session, SUBMISSIONS, {
            "lab": self.source.lab, "student": student, "digest": digest, "refused": plain(refused),
            "notes": [plain(note) for note in notes], "seconds": seconds, "recorded": now(),
        })  # fmt: skip

    def is_written(self, student: str) -> bool:
        """Whether the notebook of a submission is where nbgrader looks for it."""
        return self._notebook_of(student).is_file()

    def _notebook_of(self, student: str) -> Path:
        return self.source.course.folder("autograded") / student / self.source.lab / f"{self.source.lab}.ipynb"

    def _kept(self, student: str) -> NotebookNode | None:
        try:
            return nbformat.read(self._notebook_of(student), as_version=4)
        except (OSError, nbformat.reader.NotJSONError):
            return None

    def _write_files(self, student: str, notebook: NotebookNode, files: dict[str, bytes], timestamp: str) -> None:
        path = self._notebook_of(student)
        if handed_in(timestamp) is not None:  # nbgrader stumbles over one that it can't read
            files[TIMESTAMP] = f"{timestamp}\n".encode()
        files[path.name] = nbformat.writes(notebook).encode()
        course = self.source.course
        converter = Autograde(coursedir=course.directory, config=course.config)
        write_folder(path.parent, files, int(str(converter.permissions), 8))
