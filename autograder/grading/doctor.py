"""`ds101 doctor`: what this machine and this clone can do for grading, a line each."""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Iterator

from autograder.grading.book import BookError, open_book
from autograder.grading.course import SECRET, Course, CourseError
from autograder.grading.deadlines import FILE, read_deadlines
from autograder.grading.run import places
from ds101.errors import Ds101Error

Finding = tuple[bool, str]
WEAKER = "c.Ds101.isolation is {!r}: submissions run outside the sandbox all the same, and can do what you can do here"


def examine(course: Course) -> Iterator[Finding]:
    """Whether it is well, and a sentence, for each thing that grading needs."""
    yield from _sandbox()
    yield from _isolation(course)
    yield (
        True,
        f"grading runs {places(course.setting('workers', None), 10_000)} submissions at once, unless told otherwise",
    )
    yield _gradebook(course)
    yield _secret(course)
    yield _deadlines(course)
    yield _labs(course)


def _sandbox() -> Iterator[Finding]:
    try:
        doctor = importlib.import_module("autograder.sandbox.doctor")
    except ModuleNotFoundError as missing:
        yield False, f"the sandbox can't be looked at: {missing.name} is not installed"
        return
    yield from doctor.report()


def _isolation(course: Course) -> Iterator[Finding]:
    """Said only where there is something to say."""
    try:
        if course.isolation != "bubblewrap":
            yield False, WEAKER.format(course.isolation)
    except CourseError as error:
        yield False, str(error)


def _gradebook(course: Course) -> Finding:
    try:
        with open_book(course) as book, book.changing():
            return True, f"the gradebook can be written: {book.engine.url.render_as_string(hide_password=True)}"
    except BookError as error:
        return False, str(error)


def _secret(course: Course) -> Finding:
    if course.setting("secret", ""):
        return True, "the secret of grading comes from the configuration"
    try:
        kept = len(course.secret)
        path = course.root / SECRET
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return False, f"others can read {path}: run  chmod 600 {path}"
    except Ds101Error as error:
        return False, str(error)
    return kept >= 16, f"the secret of grading is kept in {path}: keep a copy, and never publish it"


def _deadlines(course: Course) -> Finding:
    try:
        count = len(read_deadlines(course.root).rules)
    except CourseError as error:
        return False, str(error)
    if not count:
        return True, f"there is no {FILE}: nothing is late"
    return True, f"{FILE} has {count} rules"


def _labs(course: Course) -> Finding:
    labs = course.labs()
    return bool(labs), f"labs that can be graded: {', '.join(labs) or 'none; run  make notebooks'}"
