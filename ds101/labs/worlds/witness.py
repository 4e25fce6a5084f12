"""A witness beside a student's nodes: does this machine keep the time?

Two nodes of ours send each other a message every few milliseconds, on timers. How late timers fire and messages arrive
tells what the machine has to give to anybody.
"""

from __future__ import annotations

from typing import Self

from ds101.cluster.cluster import Cluster
from ds101.messages import Message, Timer
from ds101.node import Node, on

BEAT = 0.020  # seconds


class Beat(Message):
    """From one witness to the other."""


class BeatDue(Timer):
    """Time for the next beat."""


class Metronome(Node):
    """Beats, for as long as it is let."""

    def start(self) -> None:
        self.set_timer(BeatDue(), after=BEAT)

    @on(BeatDue)
    def beat(self, _: BeatDue) -> None:
        self.broadcast(Beat())
        self.set_timer(BeatDue(), after=BEAT)

    @on(Beat)
    def hear(self, _: Beat, __: str) -> None:
        pass


class Witness:
    """Runs beside whatever is inside its `with`; then `late` is the longest that it was kept waiting, in seconds."""

    def __init__(self, slack: float) -> None:
        self.slack, self.late = slack, 0.0

    def __enter__(self) -> Self:
        self.world = Cluster(Metronome, n=2)
        self.world.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.world.__exit__(None, None, None)
        self.late = latest(self.world)

    @property
    def kept_time(self) -> bool:
        """Whether nothing was later than the slack."""
        return self.late <= self.slack


def latest(world: Cluster) -> float:
    """The longest time, in seconds, that a message travelled, or that a beat came after it was due."""
    sent: dict[str, float] = {}
    before: dict[str, float] = {}
    late = 0.0
    for event in world.trace:
        if event.kind == "send":
            sent[event.id] = event.at
        elif event.kind == "deliver" and event.cause in sent:
            late = max(late, event.at - sent[event.cause])
        elif event.kind == "fire":
            late = max(late, event.at - before.get(event.node, event.at - BEAT) - BEAT)
            before[event.node] = event.at
    return late
