"""Wrong solutions as students write them. Each must fail exactly the properties that are listed for it.

A mutant is the reference solution with one mistake, written as an edit of its source: what stood there, and
what the student wrote instead. `python -m autograder.mutants` runs them all and prints the table.

- labNN.py              the mutants of a lab
- labNN_another_way.py  a right solution that has nothing in common with ours
- judged.py             judging solutions in processes of their own
- alarms.py             right solutions that are accused
"""

from __future__ import annotations

import importlib
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ds101.labs.specification import find_lab
from ds101.labs.submission import define

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """One mistake: its name, the sentence that tells it, the edits that make it, and the properties that it breaks."""

    lab: str
    name: str
    mistake: str
    edits: Mapping[str, str]
    breaks: frozenset[str]

    def parts(self) -> tuple[Any, ...]:
        """The reference solution with this mistake. Raises `LookupError` if an edit no longer fits."""
        source = reference_source(self.lab)
        for there, instead in self.edits.items():
            if source.count(there) != 1:
                raise LookupError(
                    f"{self.name}: {there!r} stands {source.count(there)} times in the solution of {self.lab}"
                )
            source = source.replace(there, instead)
        return parts_of(self.lab, source, self.name)

    def __repr__(self) -> str:
        return f"<mutant {self.name}: {self.mistake}>"


def reference_source(lab: str) -> str:
    """The source of the lab's solution."""
    (path,) = (ROOT / "solutions").glob(f"{lab}_*.py")
    return path.read_text(encoding="utf-8")


def parts_of(lab: str, source: str, name: str) -> tuple[Any, ...]:
    """The lab's parts, defined anew from this source."""
    names: dict[str, Any] = {"__name__": "__main__"}
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    define(source, name, names)
    return tuple(names[part] for part in find_lab(lab).parts)


def reference(lab: str) -> tuple[Any, ...]:
    """The lab's parts as our solution has them."""
    return parts_of(lab, reference_source(lab), "the solution")


def another_way(lab: str) -> tuple[Any, ...]:
    """The lab's parts as our other right solution has them."""
    path = Path(__file__).parent / f"{lab}_another_way.py"
    return parts_of(lab, path.read_text(encoding="utf-8"), "the solution, built otherwise")


def mutants_of(lab: str) -> tuple[Mutant, ...]:
    """The wrong solutions of a lab."""
    found = importlib.import_module(f"autograder.mutants.{lab}").MUTANTS
    return tuple(found)


def labs() -> list[str]:
    """The labs that have wrong solutions."""
    return sorted(path.stem for path in Path(__file__).parent.glob("lab[0-9][0-9].py"))
