"""Coverage: which items of the subject matter the chapters show, and in which cells.

`course/coverage.toml` says what each chapter has to show; a code cell that shows item B7 has the tag `id-B7`. A cell
may show an item of another chapter too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ds101.errors import NotebookError
from ds101.notebooks.convert import converted
from ds101.notebooks.sources import CHAPTERS

FILE = "course/coverage.toml"
TAG = "id-"


@dataclass(frozen=True)
class Item:
    """One item: what it says, which chapters have to show it, and the cells that do, as `07 cell 12`."""

    id: str
    says: str
    chapters: tuple[str, ...]
    cells: tuple[str, ...]
    finished: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The finished chapters that should show it and don't."""
        shown_in = {cell.split()[0] for cell in self.cells}
        return tuple(one for one in self.chapters if one in self.finished and one not in shown_in)

    def __str__(self) -> str:
        state = f"MISSING in {', '.join(self.missing)}" if self.missing else ", ".join(self.cells) or "to come"
        return f"{self.id:4} {self.says:45} {', '.join(self.chapters):7} {state}"


def coverage(root: Path) -> list[Item]:
    """Every item of the project at `root`, in the order of the file.

    Raises NotebookError for a tag that names no item, a chapter that is called finished and isn't there, and an item
    that is told in two ways.
    """
    plan = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    finished = frozenset(plan.pop("finished"))
    carried = dict[str, list[str]]()
    for chapter, id_, number in _tags(root):
        carried.setdefault(id_, []).append(f"{chapter} cell {number}")
    says: dict[str, str] = {}
    for chapter, items in plan.items():
        for id_, words in items.items():
            if says.setdefault(id_, words) != words:
                raise NotebookError(f"{FILE} tells {id_} in two ways: {says[id_]!r}, and {words!r} in {chapter}.")
    for id_ in sorted(carried.keys() - says.keys()):
        raise NotebookError(f"{carried[id_][0]} carries {TAG}{id_}, which {FILE} doesn't know.")
    for chapter in sorted(finished - {path.name[:2] for path in root.glob(CHAPTERS)}):
        raise NotebookError(f"{FILE} says that chapter {chapter} is finished, but there is no such chapter.")
    return [
        Item(id_, words, tuple(one for one in plan if id_ in plan[one]), tuple(carried.get(id_, ())), finished)
        for id_, words in says.items()
    ]


def _tags(root: Path) -> Iterator[tuple[str, str, int]]:
    """(chapter, item, number of the cell) for every tag."""
    for path in sorted(root.glob(CHAPTERS)):
        for number, cell in enumerate(converted(path).cells, start=1):
            for tag in cell.metadata.get("tags", ()):
                if cell.cell_type == "code" and tag.startswith(TAG):
                    yield path.name[:2], tag.removeprefix(TAG), number
