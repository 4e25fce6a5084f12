"""A small course for the tests of grading. No student code runs here: what is tested is everything around it."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

import nbformat
from grading_fake import execute
from nbformat import NotebookNode
from rich.console import Console
from traitlets.config import Config

from autograder.grading.book import Graded, open_book
from autograder.grading.cluster import Lost
from autograder.grading.course import Course, open_course
from autograder.grading.grade import Options, grade
from autograder.grading.prepare import Prepared
from autograder.jobs import Result

ROOT = Path(__file__).parents[1]
LAB = "lab01-framing"
CALLS = "calls"  # a folder beside the course in which each call of `execute` leaves a file


def make_course(root: Path) -> Course:
    """A course with one lab, in which nobody has submitted anything yet."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions" / LAB, root / "solutions" / LAB)
    shutil.copytree(ROOT / "labs" / LAB, root / "labs" / LAB)
    (root / CALLS).mkdir()
    (root / "gradebook.db").write_bytes(_empty_gradebook())
    return open_course(root)


@cache
def _empty_gradebook() -> bytes:
    """A gradebook that nbgrader has just made: that takes seconds, so it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder), Config({"CourseDirectory": {"root": folder, "course_id": "ds101"}}))
        with open_book(course):
            return (Path(folder) / "gradebook.db").read_bytes()


def released() -> NotebookNode:
    return nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)


def submit(course: Course, student: str, *, do: str = "", notebook: NotebookNode | bytes | None = None) -> Path:
    """Put a submission where nbgrader collects them. `do` is what the fake judge does with it."""
    folder = course.root / "submitted" / student / LAB
    folder.mkdir(parents=True, exist_ok=True)
    content = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook or released()).encode()
    (folder / f"{LAB}.ipynb").write_bytes(content)
    (folder / "do.txt").write_text(f"{course.root / CALLS}\n{student}\n{do}")
    return folder


def calls(course: Course, student: str = "*") -> int:
    """How often `execute` was called."""
    return len(list((course.root / CALLS).glob(f"{student}.*")))


class Here:
    """In place of a cluster: one job after the other, in this process."""

    def run(self, jobs: Iterator[Prepared]) -> Iterator[tuple[Prepared, Result | Lost]]:
        for prepared in jobs:
            yield prepared, execute(prepared.job)


def run(
    course: Course, *, dask: bool = False, ask: Callable[[str], bool] = lambda _: False, **options: object
) -> tuple[bool, str]:
    """`ds101 grade`: whether all is graded, and what it printed. Without a cluster, unless told: that takes seconds."""
    out = Console(width=200, record=True, file=io.StringIO())
    chosen = Options(**{"workers": 2, **options})  # type: ignore[arg-type]
    with (
        nullcontext() if dask else patch("autograder.grading.grade.open_workers", lambda *_, **__: nullcontext(Here()))
    ):
        done = grade(course, "lab01", chosen, execute, out, ask)
    return done, out.export_text()


def recorded(course: Course) -> dict[str, Graded]:
    with open_book(course) as book:
        return book.graded(LAB)


def scores(course: Course) -> dict[tuple[str, str], tuple[float | None, float | None, bool]]:
    """nbgrader's own view: (auto, manual, needs a person) by student and cell. A doubled row fails."""
    from nbgrader.api import Gradebook

    found: dict[tuple[str, str], tuple[float | None, float | None, bool]] = {}
    with Gradebook(course.db_url) as book:
        for submission in book.assignment_submissions(LAB):
            for notebook in submission.notebooks:
                for one in notebook.grades:
                    key = (submission.student.id, one.name)
                    assert key not in found
                    found[key] = (one.auto_score, one.manual_score, one.needs_manual_grade)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
