"""A small course for the tests of grading. No student code runs here: what is tested is everything around it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import nbformat
from grading_fake import execute
from nbformat import NotebookNode
from rich.console import Console
from traitlets.config import Config

from autograder.grading.book import Graded, open_book
from autograder.grading.course import Course, open_course
from autograder.grading.grade import Options, grade
from autograder.jobs import Job, Result

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


def run(
    course: Course,
    *,
    ask: Callable[[str], bool] = lambda _: False,
    what: Callable[[Job], Result] = execute,
    **options: object,
) -> tuple[bool, str]:
    """`ds101 grade`: whether all is graded, and what it printed."""
    out = Console(width=200, record=True, file=open(os.devnull, "w"))
    chosen = Options(**{"workers": 2, **options})  # type: ignore[arg-type]
    done = grade(course, "lab01", chosen, what, out, ask)
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


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@contextmanager
def coordinator(course: Course) -> Iterator[int]:
    """`ds101 grade` as a process of its own, that a test can kill. Gives its process id."""
    import subprocess

    script = (
        "from pathlib import Path; import sys, grading_course as g\n"
        "if __name__ == '__main__':\n"
        "    done, said = g.run(g.open_course(Path(sys.argv[1])))\n"
        "    print(said)\n"
    )
    path = course.root / "coordinator.py"
    path.write_text(script)
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(
        [sys.executable, path, course.root], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate(timeout=60)
