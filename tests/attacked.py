"""A class in which most want more than they deserve, graded as `ds101 grade` grades it."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from grading_course import make_course
from rich.console import Console

from autograder.attacks.attack import LAB, SHORT, Attack, Submission, shorten, solved
from autograder.execute import execute
from autograder.grading.book import Graded, open_book
from autograder.grading.course import Course
from autograder.grading.feedback import feedback
from autograder.grading.grade import Options, grade

LIMITS = {"memory": 1 << 30, "cell": 12.0, "notebook": 60.0, "judging": 240.0}
HONEST = {"honest": SHORT, "half": ("encode",), "blank": ()}


@dataclass
class Class:
    """What came of it."""

    course: Course
    graded: dict[str, Graded]
    printed: str
    reached: list[Any] = field(default_factory=list)  # who came to the listener

    def notebook(self, student: str) -> str:
        """The notebook that is kept, as text: what formgrader and feedback show."""
        path = self.course.root / "autograded" / student / LAB / f"{LAB}.ipynb"
        return json.dumps(nbformat.read(path, as_version=4), ensure_ascii=False) if path.is_file() else ""

    def outputs(self, student: str) -> list[Any]:
        path = self.course.root / "autograded" / student / LAB / f"{LAB}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        return [output for cell in cells for output in cell.get("outputs", [])]

    def feedback(self, student: str) -> str:
        path = self.course.root / "feedback" / student / LAB / f"{LAB}.html"
        return path.read_text() if path.is_file() else ""

    def read_by(self, student: str) -> str:
        """All that tells the student why."""
        one = self.graded[student]
        reports = [
            output["data"]["text/plain"] for output in self.outputs(student) if "text/plain" in output.get("data", {})
        ]
        return "\n".join([one.refused, *one.notes, *(mark.reason for mark in one.marks.values()), *reports])


def open_course(root: Path) -> Course:
    """A course with the short form of the lab, that looks no further than a student's own check, and has low limits."""
    course = make_course(root)
    path = root / "solutions" / LAB / f"{LAB}.ipynb"
    source = nbformat.read(path, as_version=4)
    shorten(source)
    for cell in source.cells:
        cell.source = re.sub(r"(seed, size = \d+), 2", r"\1, 1", cell.source)
    nbformat.write(source, path)
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.Ds101.secret = 'the same in all courses'\nc.Ds101.limits = {LIMITS!r}\n")
    from autograder.grading.course import open_course as opened

    return opened(course.root)


def hand_in(course: Course, made: Submission) -> None:
    folder = course.root / "submitted" / made.student / LAB
    folder.mkdir(parents=True)
    if made.notebook is not None:
        content = made.notebook if isinstance(made.notebook, bytes) else nbformat.writes(made.notebook).encode()
        (folder / f"{LAB}.ipynb").write_bytes(content)
    for name, data in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name, target in made.links.items():
        (folder / name).symlink_to(target)


def graded_class(root: Path, chosen: Sequence[Attack], *, port: int = 0, workers: int = 4, told: bool = False) -> Class:
    """Hand in the attacks, between honest ones, and grade them all."""
    course = open_course(root)
    for attack in chosen:
        if attack.short:
            hand_in(course, attack.submission())
    for student, tasks in HONEST.items():
        hand_in(course, Submission(student, solved(*tasks)))
    out = Console(width=200, record=True, file=io.StringIO())
    grade(course, LAB, Options(workers=workers), execute, out, lambda _: False)
    if told:
        feedback(course, LAB, out)
    with open_book(course) as book:
        return Class(course, book.graded(LAB), out.export_text())


@contextmanager
def listener() -> Iterator[tuple[int, list[Any]]]:
    """A service on this machine's loopback: its port, and who came."""
    came: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    connection, address = door.accept()
                    connection.close()
                    came.append(address)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1], came
        with socket.create_connection(door.getsockname()):  # wakes it
            pass
        door.shutdown(socket.SHUT_RDWR)


__all__ = ["HONEST", "LAB", "Class", "graded_class", "listener"]
