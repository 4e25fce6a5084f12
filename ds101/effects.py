"""What a node asks of its world, checked in every world alike: sends, timers, intervals.

>>> interval(0.5), interval((0.1, 0.3))
((0.5, 0.5), (0.1, 0.3))
>>> is_client("ada.7"), is_client("n1")
(True, False)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec

from ds101.errors import Mistake
from ds101.faults import bounds
from ds101.messages import Message, Timer, body_of
from ds101.node import Node, handler_for

Seconds = float
encode_json = msgspec.json.Encoder().encode


class Sending(NamedTuple):
    """A message that is to leave: where to, its type, and its body as JSON."""

    to: str
    type: str
    body: bytes


class TimerName(NamedTuple):
    """What names a timer: its type and its fields, as JSON."""

    type: str
    body: bytes


def sendings(receivers: Sequence[str], message: Message, nodes: Collection[str]) -> list[Sending]:
    """The message as it is now, for each receiver: what the node changes afterwards doesn't travel.

    Raises `Mistake` if nobody can have that address, or if the message can't be encoded.
    """
    if not isinstance(message, Message):
        raise Mistake(f"{message!r} can't be sent: it is no Message. Write  class Name(Message): ...  and send it.")
    for to in receivers:
        if to not in nodes and not is_client(to):
            raise Mistake(f"send({to!r}, ...): nobody is called so. There are {', '.join(nodes)}, and senders.")
    try:
        body = encode_json(body_of(message))
    except (TypeError, ValueError) as error:
        raise Mistake(f"{message!r} can't be sent: {error}.") from None
    name = type(message).__name__
    return [Sending(to, name, body) for to in receivers]


def no_handler(node_class: type[Node], type_name: str) -> str:
    """What to say about a message that a node doesn't handle."""
    messages = (event.__name__ for event in node_class.__ds101_handlers__ if issubclass(event, Message))
    known = ", ".join(sorted(messages)) or "nothing"
    return (
        f"{node_class.__name__} has no handler for {type_name} (it handles {known}). "
        f"Write  @on({type_name})  above a method (self, message, sender)."
    )


def timer_name(node_class: type[Node], timer: Timer) -> TimerName:
    """What names this timer. Raises `Mistake` for what is no timer, or one that nothing handles."""
    if not isinstance(timer, Timer):
        raise Mistake(f"set_timer({timer!r}): that is no Timer. Write  class Name(Timer): ...  and set Name().")
    name = type(timer).__name__
    if handler_for(node_class, type(timer)) is None:
        raise Mistake(f"Nothing handles {name}. Write  @on({name})  above a method (self, timer).")
    return TimerName(name, encode_json(body_of(timer)) if timer.__dict__ else b"{}")


def interval(after: Any) -> tuple[Seconds, Seconds]:
    """The shortest and the longest time that `after` allows. Raises `Mistake` for what is no time."""
    try:
        low, high = after if type(after) is tuple else bounds(tuple(after) if isinstance(after, list) else after)
        if 0 <= low <= high < float("inf"):
            return float(low), float(high)
    except (TypeError, ValueError):
        pass
    raise Mistake(f"after={after!r} is no time. Give seconds, 0 or more, or a pair (low, high) to draw from.")


def is_client(address: object) -> bool:
    """Whether an address is that of a client's call, such as `c1.7`."""
    if not isinstance(address, str):
        return False
    name, dot, number = address.partition(".")
    return bool(name) and bool(dot) and number.isdigit()
