"""The stand-ins for functions, and for classes that are no nodes: a call is asked of a sandbox, and answered with data.

Nodes of ours use them as they would use the student's own. An object's state is bytes that nobody here opens.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from autograder.inside.protocol import Call, Raised, Returned
from autograder.judge.elsewhere import SOLO, Sandbox
from autograder.judge.errors import raised_there
from autograder.judge.lines import ONE_APART_IN, line_for_calls, second_looks
from autograder.judge.values import Opaque, plain
from ds101.turn import stage

Doors = tuple[tuple[str, str], ...]
Types = tuple[tuple[str, type[Any]], ...]


class SandboxedFunction:
    """Stands for a part that is a function."""

    def __init__(self, part: str, doors: Mapping[str, str], types: Mapping[str, type[Any]]) -> None:
        self.__name__ = part
        self._part, self._doors, self._types = part, tuple(sorted(doors.items())), tuple(sorted(types.items()))

    def __call__(self, *arguments: Any) -> Any:
        return call(self._part, "", b"", arguments, self._doors, self._types)[0]

    @property
    def __ds101_elsewhere__(self) -> Sandbox:
        return Sandbox(dict(self._doors)[SOLO], self._part)


class SandboxedObject:
    """The base of the classes that stand for a part that is a class."""

    _part: ClassVar[str] = ""
    _doors: ClassVar[Doors] = ()
    _types: ClassVar[Types] = ()
    __ds101_elsewhere__: ClassVar[Sandbox]

    def __init__(self, *arguments: Any) -> None:
        self._step("__init__", arguments)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments: self._step(name, arguments)

    def _step(self, method: str, arguments: tuple[Any, ...]) -> Any:
        before = vars(self)["state"].data if "state" in vars(self) else b""
        value, after = call(self._part, method, before, arguments, self._doors, self._types)
        vars(self)["state"] = Opaque(after)
        return value


def stand_in_for_class(part: str, doors: Mapping[str, str], types: Mapping[str, type[Any]]) -> type[Any]:
    """The class that stands for a part which is a class."""
    members = {
        "__module__": __name__,
        "_part": part,
        "_doors": tuple(sorted(doors.items())),
        "_types": tuple(sorted(types.items())),
        "__ds101_elsewhere__": Sandbox(dict(doors)[SOLO], part),
    }
    return type(part, (SandboxedObject,), members)


def call(
    part: str, method: str, state: bytes, arguments: tuple[Any, ...], doors: Doors, types: Types
) -> tuple[Any, bytes]:
    """What a call returned, and the state afterwards, in the sandbox of the node that acts. Raises what it raised."""
    places = dict(doors)
    line = line_for_calls(places.get(stage.node) or places[SOLO])
    question = Call(part, method, state, pickle.dumps(arguments), stage.otherwise)
    question.apart = stage.otherwise and next(second_looks) % ONE_APART_IN == 0
    answer: Any = line.ask(question, (Returned, Raised))
    if not isinstance(answer, Returned):
        raise raised_there(answer)
    return plain(answer.value, dict(types)), answer.state
