"""One lab as the instructor's source says it, in nbgrader's own terms.

nbgrader's preprocessors ask a gradebook what the cells of a lab should be. Here they ask a small one of our own, made
from the source for this run alone. So preparing a submission neither needs nor touches the gradebook of the course.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Base, Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.utils import find_all_files
from sqlalchemy import create_engine
from traitlets.config import Config

from autograder.grading.course import Course, CourseError
from autograder.grading.questions import questions_of
from autograder.jobs import Question
from autograder.sandbox.folders import temporary

log = logging.getLogger("ds101.grading")
log.addHandler(logging.NullHandler())
log.propagate = False
Resources = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A lab's source, what is released of it, and how submissions of it are made clean."""

    course: Course
    lab: str  # full: lab01-framing
    notebook: NotebookNode  # with its solution and its hidden tests
    released: NotebookNode
    files: dict[str, bytes]  # what stands beside it, and replaces what a student hands in under the same name
    db_url: str  # of the gradebook that knows this lab alone

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        return questions_of(self.notebook.cells, self.lab, self.course.secret)

    @cached_property
    def released_cells(self) -> dict[str, NotebookNode]:
        """The cells that nbgrader knows, by their grade_id, in their order."""
        named = ((cell.metadata.get("nbgrader", {}).get("grade_id"), cell) for cell in self.released.cells)
        return {name: cell for name, cell in named if name}

    def sanitized(self, notebook: NotebookNode) -> NotebookNode:
        """The notebook after nbgrader's sanitizing preprocessors."""
        return self._run(self._sanitizers, notebook, self.db_url)

    def register(self, db_url: str) -> None:
        """Make the lab known to a gradebook, as `nbgrader generate_assignment` does."""
        with Gradebook(db_url, self.course.course_id) as book:
            book.update_or_create_assignment(self.lab, course_id=self.course.course_id)
        self._run(_generators(self.course), copy.deepcopy(self.notebook), db_url)

    @cached_property
    def _sanitizers(self) -> list[Any]:
        config = copy.deepcopy(self.course.config)
        config.merge(Config({"OverwriteCells": {"add_missing_cells": True}}))
        chosen = Autograde(coursedir=self.course.directory, config=config).sanitize_preprocessors
        return [_made(one, config) for one in chosen]

    def _run(self, preprocessors: list[Any], notebook: NotebookNode, db_url: str) -> NotebookNode:
        names = {"assignment": self.lab, "notebook": self.lab, "student": ".", "db_url": db_url}
        resources: Resources = {"nbgrader": names, "unique_key": self.lab, "output_files_dir": f"{self.lab}_files"}
        for one in preprocessors:
            notebook, resources = one(notebook, resources)
        return notebook


@contextmanager
def open_source(course: Course, lab: str) -> Iterator[Source]:
    """Read a lab's source. Raises CourseError where it can't be used."""
    folder = course.folder("source") / lab
    with temporary() as own, quiet():
        db_url = f"sqlite:///{own / 'source.db'}"
        notebook = _read(folder / f"{lab}.ipynb")
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in map(Path, find_all_files(str(folder), [*course.directory.ignore, "*.ipynb"]))
        }
        draft = Source(course, lab, notebook, notebook, files, db_url)
        try:
            _make_tables(db_url)
            with Gradebook(db_url, course.course_id) as book:
                book.update_or_create_assignment(lab, course_id=course.course_id)
            released = draft._run(_generators(course), copy.deepcopy(notebook), db_url)
        except Exception as error:
            why = next(iter(str(error).splitlines()), type(error).__name__)
            raise CourseError(f"nbgrader can't make {lab} of its source: {why}") from error
        yield Source(course, lab, notebook, released, files, db_url)


@contextmanager
def quiet() -> Iterator[None]:
    """nbgrader tells every step to the terminal; here what matters is said in notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _make_tables(db_url: str) -> None:
    """A gradebook that needs no version, since it is never migrated: finding out takes a second."""
    engine = create_engine(db_url)
    Base.metadata.create_all(engine)
    engine.dispose()


def _read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise CourseError(f"{path} can't be read ({error.strerror}): run `make notebooks`.") from error


def _generators(course: Course) -> list[Any]:
    chosen = GenerateAssignment(coursedir=course.directory, config=course.config).preprocessors
    return [_made(one, course.config) for one in chosen]


def _made(kind: Any, config: Config) -> Any:
    return kind(config=config, log=log)
