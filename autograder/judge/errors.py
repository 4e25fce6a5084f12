"""What a sandboxed part can die of. Student code may raise anything; here it becomes an error of the judge's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.inside.protocol import Raised
from ds101.errors import Ds101Error, EndedFromOutside
from ds101.labs.worlds.stuck import Endless as Endless
from ds101.lines import Place

MOST_NAME = 80  # characters
MOST_SHOWN = 2_000  # characters of a text
CELL = re.compile(r"cell \[\d{1,6}\]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class SandboxLost(Ds101Error, RuntimeError):
    """A sandbox could not be started, or can't be reached."""


class Ended(Ds101Error):
    """A process of the student's ended, or was ended, in the middle of a step."""


class Garbled(Ds101Error):
    """What came out of a sandbox is no answer."""


class TooMuch(Garbled):
    """A sandbox sent more than anything here can need."""


class TooSlow(EndedFromOutside):
    """Handlers took a second and more, again and again."""

    def __str__(self) -> str:
        return "its handlers took more than a second each, again and again: they must never wait"


class RaisedThere(Exception):
    """The base of the errors that were raised in a sandbox."""

    __ds101_places__: Sequence[Place] = ()


def raised_there(raised: Raised) -> RaisedThere:
    """An error with the name, the words and the line of the one that was raised in a sandbox."""
    name = raised.kinds[0][:MOST_NAME] if raised.kinds else "Exception"
    kind = type(name if name.isidentifier() else "Exception", (RaisedThere,), {})
    error = kind(printable(raised.words))
    place = place_in(raised)
    error.__ds101_places__ = [place] if place else []
    return error


def place_in(raised: Raised) -> Place | None:
    """Where it was raised, if that is a cell: anything else would be looked up here as a file."""
    if raised.place is None or not CELL.fullmatch(raised.place[0]):
        return None
    return raised.place[0], raised.place[1], printable(raised.place[2])


def printable(text: str) -> str:
    """A text that can be shown anywhere: without control characters, and not too long."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[:MOST_SHOWN])
