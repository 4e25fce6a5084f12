"""What was handed over, and the stand-ins for its parts. Nothing of it is opened here.

`check` in a graded kernel writes the solution into its cell's output, as bytes (`ds101.labs.handing_over`).
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

import msgspec

from autograder.inside.protocol import Describe, Described, EventType, Parts, Raised
from autograder.judge.elsewhere import SOLO
from autograder.judge.errors import Garbled, raised_there
from autograder.judge.line import LOADING
from autograder.judge.lines import line_for_calls
from autograder.judge.sandboxed_call import SandboxedFunction, stand_in_for_class
from autograder.judge.sandboxed_node import stand_in
from autograder.judge.words import printable, without_control
from ds101.labs.handing_over import MIME
from ds101.labs.specification import find_lab
from ds101.messages import Message, Timer

MOST_SHIPPED = 8 << 20  # bytes
MOST_TYPES = 100
MOST_FIELDS = 100
MOST_NAME = 200  # characters


class _Sheet(msgspec.Struct):
    """What stands in the cell's output."""

    parts: str  # base64
    sources: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True)
class Solution:
    """The parts of one graded cell as bytes; `cells` has the name of each cell, and its source, by file."""

    shipped: bytes
    cells: Mapping[str, tuple[str, str]]

    @property
    def labels(self) -> dict[str, str]:
        """The name of each cell, by file."""
        return {file: label for file, (label, _) in self.cells.items()}


def handed_over(output: Mapping[str, Any]) -> Solution | None:
    """The solution in a cell's output data; None if there is none. Raises `Garbled` if it can't be read."""
    if MIME not in output:
        return None
    try:
        sheet = msgspec.convert(output[MIME], _Sheet)
        shipped = base64.b64decode(sheet.parts, validate=True)
    except (msgspec.ValidationError, binascii.Error, ValueError, RecursionError):
        raise Garbled("what the cell handed over is no solution") from None
    if len(shipped) > MOST_SHIPPED:
        raise Garbled(f"the solution has more than {MOST_SHIPPED >> 20} MiB")
    return Solution(
        shipped, {file: (printable(label), without_control(text)) for file, (label, text) in sheet.sources.items()}
    )


def stand_ins(lab: str, doors: Mapping[str, str], wanted: tuple[str, ...]) -> dict[str, Any]:
    """The stand-ins for these parts of the solution behind the doors, those that are there.

    Raises `Garbled`, or what loading it raised in the sandbox.
    """
    answer: Any = line_for_calls(doors[SOLO]).ask(Describe(), (Parts, Raised), LOADING)
    if isinstance(answer, Raised):
        raise raised_there(answer)
    found = {part: answer.parts[part] for part in wanted if part in answer.parts}
    try:
        return {part: _stand_in(lab, part, described, doors) for part, described in found.items()}
    except Garbled:
        raise
    except Exception as error:  # nothing here is the student's own but these words
        raise Garbled(f"what its process says of its parts means nothing ({type(error).__name__})") from None


def _stand_in(lab: str, part: str, described: Described, doors: Mapping[str, str]) -> Any:
    known = known_types(lab)
    if described.kind == "node":
        types = {**{event: _own_type(event, one) for event, one in _few(described.events)}, **known}
        handlers = {event: method for event, method in described.handlers.items() if event in types}
        return stand_in(Described("node", part, handlers, {}), doors, types, part)
    if described.kind == "class":
        return stand_in_for_class(part, doors, known)
    if described.kind == "other" or part[0].isupper():
        raise Garbled(f"{part} is no {'class' if part[0].isupper() else 'function'}")
    return SandboxedFunction(part, doors, known)


def known_types(lab: str) -> dict[str, type[Any]]:
    """The messages and timers of the lab's own that a student is given, by name."""
    given = vars(sys.modules[f"ds101.labs.{find_lab(lab).name}"])
    return {
        name: one
        for name, one in given.items()
        if isinstance(one, type) and issubclass(one, Message | Timer) and one.__name__ == name
    }


def _few(events: Mapping[str, EventType]) -> list[tuple[str, EventType]]:
    if len(events) > MOST_TYPES or any(len(one.fields) > MOST_FIELDS for one in events.values()):
        raise Garbled(f"it has more than {MOST_TYPES} types of messages, or one with more than {MOST_FIELDS} fields")
    return [item for item in events.items() if _is_name(item[0])]


def _own_type(name: str, described: EventType) -> type[Any]:
    """A message or a timer of the student's own: here its fields may be anything that JSON can hold."""
    base = Timer if described.kind == "timer" else Message
    fields = [field for field in described.fields if _is_name(field) and not hasattr(base, field)]
    return type(name, (base,), {"__annotations__": dict.fromkeys(fields, Any), "__module__": __name__})


def _is_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name) and name[0] != "_" and len(name) <= MOST_NAME
