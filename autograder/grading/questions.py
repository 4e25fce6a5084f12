"""Which questions a lab asks: read from the instructor's source, never from a submission.

A graded code cell calls `check("lab01", Decoder, seed=seed, size=size)`. It is parsed, not run.
"""

from __future__ import annotations

import ast
import hmac
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from textwrap import dedent
from typing import Any

from autograder.grading.course import CourseError
from autograder.jobs import Question

SIZE = 2  # how far grading looks, where the hidden region of the source says nothing else
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS[^\n]*\n(.*?)### END HIDDEN TESTS", re.DOTALL)


def questions_of(cells: Iterable[Any], assignment: str, secret: bytes) -> tuple[Question, ...]:
    """A question for each code cell of the source that a machine grades, in their order."""
    return tuple(_question(cell, assignment, secret) for cell in cells if asks(cell))


def asks(cell: Any) -> bool:
    """Whether a machine grades that cell of a source."""
    settings = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and settings.get("grade") and not settings.get("solution"))


def seed_for(assignment: str, grade_id: str, secret: bytes) -> int:
    """31 bits that nobody can tell who doesn't know the secret."""
    digest = hmac.new(secret, f"{assignment}/{grade_id}".encode(), sha256).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF


def _question(cell: Any, assignment: str, secret: bytes) -> Question:
    settings = cell.metadata["nbgrader"]
    name = settings["grade_id"]
    tree = ast.parse(cell.source)
    calls = list(_checks(tree))
    if len(calls) != 1:
        raise CourseError(
            f'{assignment}: the graded cell {name!r} has {len(calls)} calls of check("labNN", ...): write one.'
        )
    lab, *parts = (_word(argument, f"{assignment}, {name}") for argument in calls[0].args)
    only = next((_word(word.value, name) for word in calls[0].keywords if word.arg == "only"), "")
    return Question(
        name, lab, tuple(parts), float(settings["points"]), seed_for(assignment, name, secret), _size(cell.source), only
    )


def _checks(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check":
            yield node


def _word(node: ast.expr, where: str) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str(text)):
            return text
    raise CourseError(f"{where}: check is given {ast.unparse(node)!r}: give it the lab's name and names of parts.")


def _size(source: str) -> int:
    """The size that the cell's hidden region sets."""
    found = SIZE
    for node in ast.walk(ast.parse("".join(dedent(region) for region in HIDDEN.findall(source)))):
        if isinstance(node, ast.Assign):
            for name, value in _pairs(node.targets[0], node.value):
                match name, value:
                    case ast.Name(id="size"), ast.Constant(value=int(size)):
                        found = size
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=False)
    else:
        yield target, value
