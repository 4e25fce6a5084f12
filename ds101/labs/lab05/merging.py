"""The experiment: nodes that log with a student's Lamport clock, and the letters that a merged log has backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ds101.labs.lab05.clocks import Lamport
from ds101.labs.lab05.given import Stamped
from ds101.labs.lab05.travelling import Write
from ds101.messages import Message
from ds101.node import Node, on
from ds101.world import World


class LogLine(Stamped):
    """A line that also knows the event that it was brought about by, if that was elsewhere."""

    cause: str


class ReadLog(Message):
    """Asks for all that a node has logged."""


class Logged(Message):
    """All that a node has logged, in order."""

    lines: tuple[LogLine, ...]


class Logger(Lamport):
    """Logs each of its events, with its Lamport time and what its own clock on the wall shows."""

    def start(self) -> None:
        super().start()
        self._lines: tuple[LogLine, ...] = ()

    def note(self, what: str, cause: str, stamp: Any, more: str = "") -> str:
        event = super().note(what, cause, stamp, more)
        self._lines = (*self._lines, LogLine(event, self.id, stamp, self.now(), f"{self.id} {what}", cause))
        return event

    @on(ReadLog)
    def read_log(self, _: ReadLog, client: str) -> None:
        self.send(client, Logged(self._lines))


def loggers(clock: type) -> type[Node]:
    """The class of nodes that log with this Lamport clock."""

    class Traveller(Logger):
        CLOCK = clock

    return Traveller


def post_letters(world: World, count: int) -> list[LogLine]:
    """Let the nodes in turn write `count` letters to the one after them; returns what all have logged, node by node."""
    nodes = world.nodes
    for number in range(count):
        world.call(nodes[number % len(nodes)], Write(nodes[(number + 1) % len(nodes)]))
    arrived = 0
    while arrived < count:
        logs = [line for node in nodes for line in world.call(node, ReadLog()).lines]
        arrived = sum(bool(line.cause) for line in logs)
    return logs


def backwards(log: Sequence[LogLine]) -> int:
    """How many letters arrive in this log above the line that sends them."""
    places = {line.event: place for place, line in enumerate(log)}
    return sum(bool(line.cause) and places[line.cause] > places[line.event] for line in log)
