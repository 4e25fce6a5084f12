"""An attack as a value, and the submission that it edits.

Submissions here are of lab01, which is quick. Only `encode` is solved in them, unless an attack needs the `Decoder`
too: so an honest one deserves 4 points, and soon has them.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import dedent

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
LAB = "lab01-framing"
MARK = "ds101-attack"  # stands in the names of all that an attack leaves behind
TASKS = ("encode", "decoder", "exchange", "serve")
SHORT = TASKS[:2]  # what the short form of the lab asks for
CHECKS = tuple(f"check-{task}" for task in TASKS)


@dataclass(frozen=True)
class Scene:
    """What attacks can aim at: the course that grades them, and a port on its machine at which a test listens."""

    course: Path
    port: int


@dataclass
class Submission:
    """What one student hands in. `links` are symbolic links, by name."""

    student: str
    notebook: NotebookNode | bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> list[NotebookNode]:
        assert isinstance(self.notebook, NotebookNode)
        cells: list[NotebookNode] = self.notebook.cells
        return cells

    def cell(self, name: str) -> NotebookNode:
        """The cell with that grade_id."""
        return next(one for one in self.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name)

    def write(self, name: str, source: str) -> None:
        """Write into the cell of a task."""
        self.cell(name).source = dedent(source).strip()

    def begin(self, name: str, source: str) -> None:
        """Write at the beginning of the cell of a task."""
        self.cell(name).source = f"{dedent(source).strip()}\n\n{self.cell(name).source}"

    def finish(self, name: str, source: str) -> None:
        """Write at the end of the cell of a task."""
        self.cell(name).source = f"{self.cell(name).source}\n\n{dedent(source).strip()}"

    def run(self, source: str) -> None:
        """A code cell of the student's own, before the first task."""
        place = self.cells.index(self.cell("encode"))
        self.cells.insert(place, nbformat.v4.new_code_cell(dedent(source).strip()))


@dataclass(frozen=True)
class Attack:
    """`deserves` has the points of each check that gets any; the others get 0. `reads` is a pattern that the student
    must find in what comes back: in a reason, a note, or the report.
    """

    name: str
    sentence: str
    edit: Callable[[Submission], None]
    deserves: Mapping[str, float]
    reads: str = ""
    solved: tuple[str, ...] = ("encode",)
    student: str = ""  # unless it is the attack's name
    aims: tuple[str, ...] = CHECKS[:2]  # others than these need the whole lab

    @property
    def short(self) -> bool:
        """Whether the short form of the lab will do."""
        return set(self.aims) <= set(CHECKS[:2])

    def submission(self) -> Submission:
        made = Submission(self.student or self.name, solved(*self.solved, short=self.short))
        self.edit(made)
        return made

    def points(self, check: str) -> float:
        return self.deserves.get(check, 0.0)

    def __repr__(self) -> str:
        return f"<attack {self.name}: {self.sentence}>"


ENCODE: Mapping[str, float] = {"check-encode": 4.0}
DECODER: Mapping[str, float] = {"check-decoder": 11.0}
BOTH: Mapping[str, float] = {**ENCODE, **DECODER}
NOTHING: Mapping[str, float] = {}


def solved(*tasks: str, short: bool = True) -> NotebookNode:
    """The lab as it is released, with these tasks solved; its short form ends with the second task."""
    notebook = copy.deepcopy(_released())
    if short:
        shorten(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in tasks:
            cell.source = _solutions()[name]
    return notebook


def shorten(notebook: NotebookNode) -> None:
    """Cut it off after the second task."""
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    del notebook.cells[names.index(f"check-{SHORT[-1]}") + 1 :]


@cache
def _released() -> NotebookNode:
    return nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)


@cache
def _solutions() -> dict[str, str]:
    source = nbformat.read(ROOT / "solutions" / LAB / f"{LAB}.ipynb", as_version=4)
    return {
        cell.metadata.nbgrader.grade_id: re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") in TASKS
    }


def secrets() -> set[str]:
    """Lines that no student may ever read: those of the hidden tests, and of the solution."""
    source = nbformat.read(ROOT / "solutions" / LAB / f"{LAB}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in source.cells)
    regions = re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", text, re.DOTALL)
    lines = {line.strip() for region in regions for line in region.splitlines()}
    return {line for line in lines if len(line) > 24 or "seed, size" in line} | {"BEGIN HIDDEN"}
