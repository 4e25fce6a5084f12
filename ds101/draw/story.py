"""What a picture is made of: steps on lanes, and the flights of messages between them.

A handler runs to completion, so a delivery and all that its handler sent and logged is one `Step`: one
dot on one lane. A `Flight` is one copy of a message on its way from a step to a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ds101.draw.wording import shorter_forms
from ds101.trace import Event

OTHERS = "others"  # the lane that stands for several nodes, if the trace has been filtered by node
SLOW = 5.0  # times the usual way: how late a message arrives that is said to be late


@dataclass(slots=True, eq=False)
class Step:
    """What one lane did at one moment, all at once. `lane` is "" for what concerns the whole world."""

    lane: str
    head: Event
    index: int  # its place among the steps of the story, or NOWHERE
    events: list[Event] = field(default_factory=list)  # the head first
    earlier: Event | None = None  # what it goes back to: the partition that a heal ends, the call that is tried again
    arrivals: list[Flight] = field(default_factory=list)
    departures: list[Flight] = field(default_factory=list)

    @property
    def at(self) -> float:
        return self.head.at


@dataclass(slots=True, eq=False)
class Flight:
    """One copy of a message. Either end is None where the trace doesn't have it."""

    src: str  # lanes
    dst: str
    sender: str  # who that is, where a lane stands for several
    receiver: str
    type: str
    body: Mapping[str, Any]
    copy: int = 0  # 1 for the first duplicate, ...
    tail: Step | None = None
    head: Step | None = None
    sent_at: float | None = None
    ended_at: float | None = None
    reconstructed: bool = False
    lost: str | None = None  # why it was dropped
    under_way: bool = False  # at the end of a run of which nothing is unknown
    tooltip: str = ""  # made once, shown at the arrow and at its label
    _forms: Sequence[str] = ()

    @property
    def forms(self) -> Sequence[str]:
        """The ways to write it on a label, the longest first."""
        self._forms = self._forms or shorter_forms(self.type, self.body)
        return self._forms

    @property
    def moment(self) -> float:
        """When it was sent, as far as known."""
        return self.sent_at if self.sent_at is not None else self.ended_at or 0.0


@dataclass
class Story:
    """A trace, made ready for being drawn or told."""

    steps: list[Step]
    flights: list[Flight]  # in the order of their sends
    lanes: Sequence[str]  # clients first: they are at the edge of the system
    clients: frozenset[str]
    others: frozenset[str]  # lanes that the trace doesn't have: for the other ends of its messages
    cut: int
    timed: bool = True

    @cached_property
    def late(self) -> float:
        """How long a message has to be under way for that to be said, in seconds."""
        ways = sorted(f.ended_at - f.sent_at for f in self.flights if f.ended_at is not None and f.sent_at is not None)
        return max(SLOW * ways[len(ways) // 2], 0.001) if ways else 0.0
