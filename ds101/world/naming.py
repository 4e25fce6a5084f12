"""Nodes, clients and types by their names, and what is said where a name can't be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ds101.effects import no_handler
from ds101.errors import LaunchError, Mistake, Timeout, Unreachable
from ds101.messages import Message, Timer
from ds101.node import Node, handler_for

MOST_NODES = 60  # real ones have a TCP connection to every other


def classes_by_name(nodes: Any, n: int | None) -> dict[str, type[Node]]:
    """The nodes of a world: `Greeter, n=3` are n1, n2 and n3. Raises `Mistake`, or `LaunchError` for too many."""
    if isinstance(nodes, Mapping):
        if n is not None or not nodes:
            raise Mistake('Give the nodes by name, {"n1": Server, "n2": Worker}, or a class and n=3.')
        classes = dict(nodes)
    else:
        count = 1 if n is None else n
        if type(count) is not int or count < 1:
            raise Mistake(f"n={n!r}: a world has one node or more.")
        _refuse_too_many(count)
        classes = {f"n{index}": nodes for index in range(1, count + 1)}
    _refuse_too_many(len(classes))
    for name, one in classes.items():
        if not (isinstance(one, type) and issubclass(one, Node)) or one is Node:
            raise Mistake(f"{one!r} is no node class. Write  class Name(Node): ...  and give Name, not Name().")
        if not isinstance(name, str) or not name.isidentifier():
            raise Mistake(f"{name!r} can't be a node's name. Use a word, such as n1.")
    return classes


def _refuse_too_many(count: int) -> None:
    if count > MOST_NODES:
        raise LaunchError(f"{count} nodes are too many for one machine: a world has at most {MOST_NODES}.")


def side(names: Iterable[str], nodes: Collection[str]) -> tuple[str, ...]:
    """The names of nodes and clients, checked."""
    if isinstance(names, str):
        raise Mistake(f"{names!r} is one name, and a side is a list of names. Write [{names!r}].")
    names = tuple(names)
    for name in names:
        looks_like_a_node = isinstance(name, str) and name[:1] == "n" and name[1:].isdigit()
        if not isinstance(name, str) or "." in name or (looks_like_a_node and name not in nodes):
            raise Mistake(f"There is no node {name!r}. There are {', '.join(nodes)}, and clients by name.")
    return names


def event_name(event: Any) -> str:
    """The name of a type of message or timer."""
    if not (isinstance(event, type) and issubclass(event, Message | Timer)):
        raise Mistake(f"{event!r} is no type of message or timer. Write the class, such as Greet.")
    return event.__name__


def refuse_unknown(node: str, nodes: Collection[str]) -> None:
    """Raises `Mistake` for a name that no node has."""
    if node not in nodes:
        raise Mistake(f"There is no node {node!r}. There are {', '.join(nodes)}.")


def refuse_unhandled(node_class: type[Node], request: Any) -> None:
    """Raises `Mistake` for a request that the node can't handle: it is told where it was written."""
    if isinstance(request, type) and issubclass(request, Message):
        raise Mistake(f"{request.__name__} is a class of messages, and no message. Make one: {request.__name__}(...).")
    if not isinstance(request, Message):
        raise Mistake(f"{request!r} is no message. Write  class Name(Message): ...  and send Name(...).")
    if handler_for(node_class, type(request)) is None:
        raise Mistake(no_handler(node_class, type(request).__name__))


def crashed(node: str) -> Unreachable:
    """What to say to whoever wants something of a crashed node."""
    return Unreachable(f"{node} has crashed. Use restart({node!r}) first.")


def refused(node: str) -> Unreachable:
    """What to say to whoever calls a crashed node."""
    return Unreachable(f"{node} is not there: its machine refuses the connection. Restart it, or ask another node.")


def paused(node: str) -> Timeout:
    """What to say to whoever wants something of a paused node."""
    return Timeout(f"{node} is paused, so it answers nothing. Use resume({node!r}) first.")
