"""What lasts for a while: nodes that are down or paused, partitions, calls that wait for their answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ds101.draw.arrows import Wall
from ds101.draw.choose import Gap
from ds101.draw.layout import Layout
from ds101.draw.notes import sides_in_words
from ds101.draw.story import Step
from ds101.draw.telling import OUTCOMES
from ds101.trace import Event

CHANGES = {"crash": "down", "restart": "up", "start": "up", "pause": "paused", "resume": "up"}
WALL = 26.0  # pixels wide


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a lane in one state: "up", "paused" or "down"."""

    lane: str
    top: float
    bottom: float
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """One operation of a client, from its invocation to what came of it; beside others that overlap it."""

    lane: str
    top: float
    bottom: float
    column: int
    outcome: str  # "ok", "fail", "info"; "" where the picture ends before it
    words: str


@dataclass(slots=True)
class Spans:
    """All that lasts, in pixels."""

    stretches: list[Stretch] = field(default_factory=list)
    walls: list[Wall] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


def spans_of(layout: Layout, before: Sequence[Step]) -> Spans:
    """Follow the rows; `before` are the steps that came before the picture begins."""
    follower = _Follower(layout)
    for step in before:
        follower.take(step, layout.top)
    for y, step in _in_order(layout):
        follower.take(step, y)
    return follower.finish()


def _in_order(layout: Layout) -> Iterator[tuple[float, Step]]:
    for row in layout.rows:
        if isinstance(row.wide, Gap):
            for step in row.wide.steps:
                yield row.y, step
        elif isinstance(row.wide, Step):
            yield row.y, row.wide
        for step in row.steps:
            yield layout.places[step.index].y, step


class _Follower:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.spans = Spans()
        self._since = dict.fromkeys(layout.lanes, layout.top)
        self._state = dict.fromkeys(layout.lanes, "up")
        self._cuts: dict[str, tuple[Mapping[str, Any], float]] = {}  # partitions that hold, by their name
        self._open: dict[str, tuple[Event, float, int]] = {}  # calls, by the id of their invocation

    def take(self, step: Step, y: float) -> None:
        for event in step.events:
            if event.kind in CHANGES and event.node in self._state:
                self._change(event.node, CHANGES[event.kind], y)
            elif event.kind == "partition":
                self._cuts[str(event.body.get("fault", event.id))] = (event.body, y)
            elif event.kind == "heal":
                names = [str(event.body["fault"])] if "fault" in event.body else list(self._cuts)
                for name in names:
                    self._heal(name, y)
            elif event.kind == "invoke" and event.node in self._state:
                taken = {column for other, _, column in self._open.values() if other.node == event.node}
                column = next(number for number in range(len(taken) + 1) if number not in taken)
                self._open[event.id] = (event, y, column)
            elif event.kind in OUTCOMES and event.cause in self._open:
                self._answer(str(event.cause), event, y)

    def finish(self) -> Spans:
        for lane in self.layout.lanes:
            self._change(lane, "end", self.layout.bottom)
        for name in list(self._cuts):
            self._heal(name, self.layout.bottom)
        for invoked in list(self._open):
            self._answer(invoked, None, self.layout.bottom)
        return self.spans

    def _change(self, lane: str, state: str, y: float) -> None:
        if state == self._state[lane]:
            return
        if y > self._since[lane]:
            self.spans.stretches.append(Stretch(lane, self._since[lane], y, self._state[lane]))
        self._state[lane], self._since[lane] = state, y

    def _answer(self, invoked: str, event: Event | None, y: float) -> None:
        call, since, column = self._open.pop(invoked)
        words = event.detail if event is not None else "no answer yet"
        self.spans.calls.append(Call(call.node, since, y, column, event.kind if event else "", words))

    def _heal(self, name: str, y: float) -> None:
        if name not in self._cuts:
            return
        body, since = self._cuts.pop(name)
        words, one_way = sides_in_words(body), bool(body.get("one_way"))
        for x in _between_sides(body, self.layout):
            beside = [wall for wall in self.spans.walls if abs(wall.x - x) < WALL and wall.bottom > since]
            self.spans.walls.append(Wall(x + WALL * 0.6 * len(beside), since, y, words, one_way))


def _between_sides(body: Mapping[str, Any], layout: Layout) -> list[float]:
    """The x between neighbouring lanes that a partition keeps apart. Who isn't listed keeps all links."""
    side_of = {str(node): number for number, side in enumerate(body.get("sides", [])) for node in side}
    listed = [lane for lane in layout.lanes if lane in side_of]
    return [layout.lanes[right] - layout.gap / 2 for left, right in pairwise(listed) if side_of[left] != side_of[right]]
