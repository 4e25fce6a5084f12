"""One run of one handler, apart from any world: what it did, written down in order.

A `Scene` is the `Context` that the node sees. Choices are played from a script, so that a handler can be run once for
each thing that it might have chosen. What can't be explored (a clock, a draw from more than a finite choice) ends the
run with the reader's own line.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from ds101.effects import Sending, interval, sendings, timer_name
from ds101.explorer.timing import Asked
from ds101.lines import is_the_readers, place_in_words
from ds101.messages import Message, Timer
from ds101.node import Node
from ds101.storage import Storage


class Saved(NamedTuple):
    """A storage assignment; no bytes: the key was deleted."""

    key: str
    data: bytes | None


class Logged(NamedTuple):
    """A line for the trace."""

    text: str


class Printed(NamedTuple):
    """A line that a handler printed: it goes to the trace, since a handler is run for more than one order of events."""

    text: str


Effect = Saved | Sending | Asked | Logged | Printed


class Unforeseeable(BaseException):
    """A handler asked for what no search can go through. No handler of Exceptions can stop it."""


class Scene:
    """What one run of a handler did: `effects` in order, and from how many options it chose each time."""

    def __init__(
        self,
        name: str,
        nodes: tuple[str, ...],
        node_class: type[Node],
        saved: Mapping[str, bytes],
        choices: Choices,
        script: Sequence[int],
        otherwise: bool = False,
        keeps_order: bool = False,
    ) -> None:
        self.id, self.nodes, self._node_class, self.script = name, nodes, node_class, script
        self.keeps_order = keeps_order  # whether states with dicts in different orders differ
        self.otherwise = otherwise  # whether this is a second look, to see that the handler is pure
        self.peers = tuple(other for other in nodes if other != name)
        choices.scene = self
        self.random: Random = choices
        self.storage = Storage(lambda key, data: self.effects.append(Saved(key, data)), saved)
        self.effects: list[Effect] = []
        self.options: list[int] = []

    def send(self, receivers: Sequence[str], message: Message) -> None:
        self.effects += sendings(receivers, message, self.nodes)

    def set_timer(self, timer: Timer, after: Any) -> None:
        self.effects.append(Asked(timer_name(self._node_class, timer), *interval(after)))

    def cancel_timer(self, timer: Timer) -> None:
        self.effects.append(Asked(timer_name(self._node_class, timer), None, 0.0))

    def now(self) -> float:
        raise Unforeseeable(f"{_readers_line()} reads now(), and a search has no clock. Use timers.")

    def log(self, text: str) -> None:
        self.effects.append(Logged(text))

    def choose(self, options: int) -> int:
        """The next choice: as the script has it, or the first."""
        place = len(self.options)
        self.options.append(options)
        return self.script[place] if place < len(self.script) else 0

    def saves(self) -> list[Saved]:
        """The storage assignments, in order."""
        return [one for one in self.effects if isinstance(one, Saved)]

    def sends(self) -> list[Sending]:
        """The messages that leave when the handler returns, in order."""
        return [one for one in self.effects if isinstance(one, Sending)]

    def asked(self) -> list[Asked]:
        """What was asked of timers, in order."""
        return [one for one in self.effects if isinstance(one, Asked)]


class Paper(io.TextIOBase):
    """Takes what the handler of a scene prints, in place of standard output."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._line = scene, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        self._scene.effects += map(Printed, lines)
        return len(text)


class Choices(Random):
    """`self.random` in a search: `choice` takes every option in turn, anything else can't be explored."""

    scene: Scene  # whose turn it is: one of these serves all, since seeding costs more than most handlers

    def choice(self, seq: Any) -> Any:
        return seq[self.scene.choose(len(seq))] if len(seq) > 1 else seq[0]

    def random(self) -> float:
        raise Unforeseeable(_undrawable())

    def getrandbits(self, _: int, /) -> int:
        raise Unforeseeable(_undrawable())


def _undrawable() -> str:
    return (
        f"{_readers_line()} draws at random, and a search goes through every choice: "
        "use self.random.choice of a few, and set_timer(..., after=(low, high)) for times."
    )


def _readers_line() -> str:
    """Where the reader's code is now."""
    frame = sys._getframe(1)
    while frame.f_back is not None and not is_the_readers(frame.f_code.co_filename):
        frame = frame.f_back
    return place_in_words((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
