"""A turn of a node: one handler runs to its end, then what it sent leaves, unless a crash comes in between.

Every world takes turns this way, so that a crash can fall at the same points in each: before the handler, after any
storage assignment, after the handler, and after any prefix of its sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ds101.effects import Sending
from ds101.faults import ANY, CrashPoint


class Stage:
    """Who acts here, for those who answer in a node's name without being it: the node whose handler runs, or ran last.

    `otherwise`: the handler is run for a second time, to see whether it does the same.
    """

    node = ""
    otherwise = False


stage = Stage()


class Killed(BaseException):
    """Unwinds a handler in the middle of which its node is killed. No handler of Exceptions can stop it."""


class Host(Protocol):
    """Where a node lives: what a turn needs of its world."""

    id: str
    outbox: list[Sending]
    crash_points: dict[str, CrashPoint]
    effects_left: int | None  # how many storage assignments and sends until it is killed in this turn

    def let_go(self, one: Sending) -> None: ...
    def die_at(self, point: str) -> None: ...
    def die_of(self, error: BaseException) -> None: ...


def take_turn(host: Host, event: str, handler: Callable[..., None], *arguments: Any) -> bool:
    """Run a handler, and let its sends leave. False if the node died on the way."""
    stage.node = host.id
    if host.crash_points:
        return _take_dangerous_turn(host, event, handler, *arguments)
    try:
        handler(*arguments)
    except BaseException as error:
        host.die_of(error)
        return False
    outbox, host.outbox = host.outbox, []
    for one in outbox:
        host.let_go(one)
    return True


def _take_dangerous_turn(host: Host, event: str, handler: Callable[..., None], *arguments: Any) -> bool:
    """The same, where a crash point may be met."""
    host.effects_left = _effects(host, event)
    try:
        handler(*arguments)
        if meets(host, event, "after"):
            return False
        outbox, host.outbox = host.outbox, []
        for one in outbox:
            if meets(host, one.type, "before"):
                return False
            host.let_go(one)
            if meets(host, one.type, "after"):
                return False
            count_effect(host)
    except Killed:
        host.die_at(f"during {event}")
        return False
    except BaseException as error:
        host.die_of(error)
        return False
    host.effects_left = None
    return True


def meets(host: Host, event: str, when: str) -> bool:
    """Whether a crash point says that this is the end; then the node dies."""
    for point in host.crash_points.values():
        if point.type in (event, ANY) and point.when == when:
            host.die_at(f"{when} {event}")
            return True
    return False


def count_effect(host: Host) -> None:
    """One more storage assignment is durable, or one more message has left. Raises `Killed` if it was the last."""
    if host.effects_left is not None:
        host.effects_left -= 1
        if host.effects_left <= 0:
            raise Killed


def _effects(host: Host, event: str) -> int | None:
    points = [point for point in host.crash_points.values() if point.type in (event, ANY)]
    return min((point.effects for point in points if point.when == "during"), default=None)
