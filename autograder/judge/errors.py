"""What a sandboxed part can die of. Student code may raise anything; here it becomes an error of the judge's own."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.inside.protocol import Raised
from autograder.judge.words import known_place, printable
from ds101.errors import Ds101Error
from ds101.labs.worlds.stuck import Endless
from ds101.lines import Place

MOST_NAME = 80  # characters


class SandboxLost(Ds101Error, RuntimeError):
    """A sandbox could not be started, or can't be reached."""


class Ended(Ds101Error):
    """A process of the student's ended, or was ended, in the middle of a step."""


class Garbled(Ds101Error):
    """What came out of a sandbox is no answer."""


class RaisedThere(Exception):
    """The base of the errors that were raised in a sandbox."""

    __ds101_places__: Sequence[Place] = ()


def raised_there(raised: Raised) -> RaisedThere:
    """An error with the name, the words and the line of the one that was raised in a sandbox."""
    name = raised.kinds[0][:MOST_NAME] if raised.kinds else "Exception"
    kind = type(name if name.isidentifier() else "Exception", (RaisedThere,), {})
    error = kind(printable(raised.words))
    place = known_place(raised.place)
    error.__ds101_places__ = [place] if place else []
    return error


__all__ = ["Ended", "Endless", "Garbled", "RaisedThere", "SandboxLost", "raised_there"]
