"""A student's parts, as they arrive in a fresh process of a sandbox, and what they are."""

from __future__ import annotations

import pickle
from functools import cached_property
from pathlib import Path
from typing import Any

import cloudpickle

from autograder.inside.protocol import Described, EventType, Parts, Raised
from autograder.inside.trees import names
from ds101.lines import is_the_readers, places_of
from ds101.messages import Message, Timer, Types, fields_of
from ds101.node import Node, handler_for, on
from ds101.processes.shipping import walk
from ds101.reach import freeze_globals, types_reached_by

MOST_WORDS = 2_000  # characters of an error that are passed on


class Solution:
    """The parts by name. `sources` tells for each file of the student's code how its cell is called."""

    def __init__(self, shipped: bytes, sources: dict[str, str]) -> None:
        self.parts: dict[str, Any] = cloudpickle.loads(shipped)
        self.sources = sources
        self._configured: dict[tuple[str, bytes], type[Node]] = {}
        self._types: dict[str, Types] = {}
        for use in walk(list(self.parts.values())):
            if isinstance(use.value, type) and getattr(use.value, "__module__", "") == "__main__":
                names.own.setdefault(use.value.__qualname__, use.value)
        freeze_globals(*self.nodes)

    @cached_property
    def nodes(self) -> list[type[Node]]:
        """The parts that are nodes."""
        return [part for part in self.parts.values() if isinstance(part, type) and issubclass(part, Node)]

    def node(self, part: str, settings: bytes) -> type[Node]:
        """A part that is a node, with the settings of the lab; some events are handled by the lab, in the judge."""
        found = self._configured.get((part, settings))
        if found is None:
            base, (chosen, also) = self.parts[part], pickle.loads(settings)
            known = [kind for event, kind in self.types(part).items() if event in also]
            inert = {f"_elsewhere_{kind.__name__}": on(kind)(lambda *_: None) for kind in known}
            members = {**chosen, **inert, "__module__": base.__module__}
            found = type(base.__name__, (base,), members) if chosen or inert else base
            self._configured[part, settings] = found
        return found

    def types(self, part: str) -> Types:
        """The messages and timers that a part that is a node can meet."""
        if part not in self._types:
            self._types[part] = types_reached_by(self.parts[part])
        return self._types[part]

    def described(self) -> Parts:
        """What the parts are."""
        return Parts({name: self._described(name, part) for name, part in self.parts.items()})

    def _described(self, name: str, part: Any) -> Described:
        own = getattr(part, "__name__", name)
        if isinstance(part, type) and issubclass(part, Node):
            return Described("node", own, self._handlers(name, part), self._events(name))
        kind = "class" if isinstance(part, type) else "function" if callable(part) else "other"
        return Described(kind, own, {}, {})  # type: ignore[arg-type]  # one of three

    def _handlers(self, name: str, part: type[Node]) -> dict[str, str]:
        return {event: method for event, one in self.types(name).items() if (method := handler_for(part, one))}

    def _events(self, name: str) -> dict[str, EventType]:
        own = {event: one for event, one in self.types(name).items() if not one.__module__.startswith("ds101.")}
        return {
            event: EventType("timer" if issubclass(one, Timer) else "message", tuple(n for n, _ in fields_of(one)))
            for event, one in own.items()
            if issubclass(one, Message | Timer)
        }

    def raised(self, error: BaseException) -> Raised:
        """An error as a value, with its line in the student's own cell."""
        theirs = [place for place in places_of(error) if is_the_readers(place[0])]
        place = (self.sources.get(theirs[-1][0], theirs[-1][0]), *theirs[-1][1:]) if theirs else None
        kinds = tuple(kind.__name__ for kind in type(error).__mro__)
        return Raised(kinds, self.relabelled(_words_of(error)), type(error).__module__, place)

    def relabelled(self, text: str) -> str:
        """A text with the names of cells in place of those of files."""
        for file, label in self.sources.items():
            text = text.replace(Path(file).name, label)
        return text


def at_load(error: BaseException) -> Raised:
    """An error of a solution that can't be loaded."""
    return Raised(tuple(kind.__name__ for kind in type(error).__mro__), _words_of(error), type(error).__module__, None)


def _words_of(error: BaseException) -> str:
    """What it says; an error of a student's own may not even have a text."""
    try:
        return str(error)[:MOST_WORDS]
    except Exception:
        return "an error that can't be shown"
