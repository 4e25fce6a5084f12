"""How a lab is specified: properties, each one English sentence with its check, its points and a hint.

A lab is a module `ds101/labs/labNN.py` that makes one `Lab` and decorates its properties:

    LAB = Lab("lab12", "Leader election", parts=("Raft",), judging=...)

    @property_of("lab12", points=3, title="one vote a term",
                 hint="Which of a node's attributes must outlive it, and from which moment on?")
    def votes_once(view):
        "A node votes for at most one candidate in a term, itself included, across crashes."
        ...

What a check is given, and how often, is the business of the lab's `judging`; sizes, faults and cases stand beside the
check as data (`property_of(..., cases=...)`), for that to read.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ds101.checks.answer import Answer
from ds101.errors import Mistake

LATER = "when the others have been looked at"  # a judging yields it before what takes long: others may be judged first
Parts = Mapping[str, Any]  # what the student wrote, by its name in the lab's API table


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look. Grading looks with other seeds and sizes, never for other properties."""

    seed: int = 1
    size: int = 1  # 1 finds a first mistake in seconds; 3 looks at about three times as many runs
    replay: str = ""  # one run, as a report gave it, instead of searching
    worlds: frozenset[str] = frozenset()  # of a lab on nodes, only these: orders, simulation, processes (none: all)


@dataclass(frozen=True)
class Property:
    """A sentence that holds of every right solution, and how to find out whether it holds of this one."""

    lab: str
    title: str
    sentence: str
    points: int
    hint: str
    needs: tuple[str, ...]
    check: Callable[..., Any]
    data: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.lab}, {self.title}: {self.sentence}>"


class Judging(Protocol):
    """The judging of one solution: what one property needs may serve the next."""

    @property
    def runs(self) -> int:
        """How many runs were made so far, as far as they are counted."""

    def judge(self, one: Property) -> Generator[str, None, Answer]:
        """Judge one property: yields what is being done, in words, or `LATER`, and returns the answer."""

    def tell(self, one: Property, answer: Answer) -> Answer:
        """The same answer with its story, for the one property whose story is told."""


@dataclass(frozen=True)
class Lab:
    """A lab's name, its parts in the order of its tasks, and how its properties are judged.

    `judging(parts, properties, effort)` begins the `Judging` of one solution; labs differ in their worlds.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    judging: Callable[[Parts, Sequence[Property], Effort], Judging]

    @property
    def properties(self) -> tuple[Property, ...]:
        """In the order of the tasks, and for each in the order in which they are stated."""
        return tuple(sorted(_properties.get(self.name, ()), key=self._task_of))

    def _task_of(self, one: Property) -> int:
        return max((self.parts.index(part) for part in one.needs), default=0)

    def last_part_of(self, one: Property) -> str:
        """The part with which it can be judged first, when the tasks are done in order."""
        return self.parts[self._task_of(one)]

    def property(self, title: str) -> Property:
        """Raises `Mistake` for a title that none has."""
        for one in self.properties:
            if one.title == title:
                return one
        raise Mistake(f"{self.name} has no property {title!r}. It has: {', '.join(p.title for p in self.properties)}.")

    def parts_among(self, given: tuple[Any, ...]) -> Parts:
        """The parts by name. Raises `Mistake` for what the lab does not ask for."""
        if len(self.parts) == 1 and len(given) == 1:
            return {self.parts[0]: given[0]}
        named = {getattr(part, "__name__", repr(part)): part for part in given}
        for name in named:
            if name not in self.parts:
                raise Mistake(f"{self.name} judges {_listed(self.parts)}: it does not know {name}. Keep their names.")
        if not named:
            raise Mistake(f"Say what to check: check({self.name!r}, {', '.join(self.parts)}).")
        return named


_properties: dict[str, list[Property]] = {}


def property_of(
    lab: str, *, points: int, title: str, hint: str, needs: tuple[str, ...] = (), **data: Any
) -> Callable[[Callable[..., Any]], Property]:
    """Make a check into a property of that lab; its docstring is the sentence.

    `needs` names the parts that must be there for it to be judged (none: whatever the lab has).
    """

    def decorate(check: Callable[..., Any]) -> Property:
        sentence = " ".join((inspect.getdoc(check) or "").split())
        if not sentence:
            raise Mistake(f"{lab}, {title}: the property needs its sentence as its docstring.")
        made = Property(lab, title, sentence, points, hint, needs, check, data)
        _properties.setdefault(lab, []).append(made)
        return made

    return decorate


def find_lab(name: str) -> Lab:
    """The lab with this name, short (lab01) or full (lab01-framing). Raises `Mistake` where there is none."""
    short = name.split("-")[0].split("_")[0]
    known = sorted(
        found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if found.name[3:].isdigit()
    )
    if short not in known:
        raise Mistake(f"There is no lab called {name!r}. There are: {', '.join(known)}.")
    lab = importlib.import_module(f"ds101.labs.{short}").LAB
    assert isinstance(lab, Lab)
    return lab


def _listed(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
