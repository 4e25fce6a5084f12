"""Which message types a node can meet: found by following its handlers, its code and the fields of its messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from ds101.frozen import freeze
from ds101.messages import Message, Timer, Types, with_subclasses
from ds101.node import Node
from ds101.processes.shipping import Use, walk
from ds101.wire import field_types


def types_reached_by(*classes: type[Node]) -> Types:
    """The message and timer types that these nodes' code can reach, those in annotations included.

    Raises `Mistake` if two different ones have the same name, or if a field can't be carried.
    """
    found: dict[type, None] = {}
    for use in walk(list(classes)):
        if isinstance(use.value, type) and issubclass(use.value, Message | Timer):
            _add(use.value, found)
        if isinstance(use.value, type) and issubclass(use.value, Node):
            for event in use.value.__ds101_handlers__:
                _add(event, found)
    return Types(sorted(found, key=lambda one: one.__name__))


def _add(one: type[Any], found: dict[type, None]) -> None:
    if one in (Message, Timer) or one in found:
        return
    found[one] = None
    for annotation in field_types(one).values():
        for part in _parts_of(annotation):
            if isinstance(part, type) and issubclass(part, Message | Timer):
                for below in with_subclasses(part):
                    _add(below, found)


def _parts_of(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _parts_of(argument)


def freeze_globals(*classes: type[Node]) -> None:
    """Make the lists, dicts and sets among the globals of the nodes' code unchangeable."""
    for use in _changeable(*classes):
        use.function.__globals__[use.name] = freeze(use.value, unchangeable(use.name))


def changeable_globals(*classes: type[Node]) -> dict[str, Any]:
    """The lists, dicts and sets among the globals of the nodes' code, by name."""
    return {use.name: use.value for use in _changeable(*classes)}


def unchangeable(name: str) -> str:
    """What to say to a node that changes a global."""
    return f"A node can't change the global {name!r}: nodes share no memory. Keep what changes in self."


def _changeable(*classes: type[Node]) -> list[Use]:
    return [use for use in walk(list(classes)) if use.function is not None and isinstance(use.value, list | dict | set)]
