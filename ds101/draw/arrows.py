"""From flights to arrows: where each begins and ends, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ds101.draw.layout import Layout, Place
from ds101.draw.story import Flight, Step

REACH = 0.56  # of the distance between two lanes: how far an arrow is drawn whose other end is not shown
DROP = 20.0  # pixels downward for that


@dataclass(slots=True)
class Arrow:
    """A straight line from (x0, y0) to (x1, y1), or a loop where both are on one lane."""

    flight: Flight
    x0: float
    y0: float
    x1: float
    y1: float
    row: int  # the row that it arrives in, or starts from
    starts: str = "dot"  # "dot", "dashed" (reconstructed), "open" (its send isn't shown)
    ends: str = "head"  # "head", "cross" (dropped), "open" (its arrival isn't shown)

    @property
    def loop(self) -> bool:
        return self.flight.src == self.flight.dst

    @property
    def slope(self) -> float:
        return (self.y1 - self.y0) / (self.x1 - self.x0) if self.x1 != self.x0 else 0.0

    def y_at(self, x: float) -> float:
        return self.y0 + self.slope * (x - self.x0)


def arrows_of(flights: Sequence[Flight], layout: Layout, walls: Sequence[Wall]) -> list[Arrow]:
    """An arrow for each flight that has an end in the picture."""
    result = []
    for flight in flights:
        arrow = _arrow(flight, layout, walls)
        if arrow is not None:
            result.append(arrow)
    return result


@dataclass(slots=True)
class Wall:
    """A partition between two neighbouring lanes, while it lasts."""

    x: float
    top: float
    bottom: float
    words: str
    one_way: bool = False


def _arrow(flight: Flight, layout: Layout, walls: Sequence[Wall]) -> Arrow | None:
    tail = _place_of(flight.tail, layout)
    head = _place_of(flight.head, layout)
    starts = "dashed" if flight.reconstructed else "dot"
    if tail is not None and head is not None:
        return Arrow(flight, tail.x, tail.out, head.x, head.y, head.row, starts)
    if tail is not None:
        way = _direction(flight.src, flight.dst, layout)
        if flight.lost is None:
            reach = _reach(way, layout) if flight.src != flight.dst else 0.0
            return Arrow(flight, tail.x, tail.out, tail.x + reach, tail.out + DROP, tail.row, starts, "open")
        x = _where_lost(flight, tail.x, way, tail.out, layout, walls)
        return Arrow(flight, tail.x, tail.out, x, tail.out + DROP, tail.row, starts, "cross")
    if head is not None:
        reach = _reach(_direction(flight.dst, flight.src, layout), layout) if flight.src != flight.dst else 0.0
        return Arrow(flight, head.x + reach, head.y - DROP, head.x, head.y, head.row, "open")
    return None


def _place_of(step: Step | None, layout: Layout) -> Place | None:
    return layout.places.get(step.index) if step is not None else None


def _direction(of: str, towards: str, layout: Layout) -> int:
    """-1 for left, 1 for right. Who has no lane here is taken to be on the right."""
    here, there = layout.lanes.get(of, 0.0), layout.lanes.get(towards)
    return -1 if there is not None and there < here else 1


def _reach(way: int, layout: Layout) -> float:
    return way * layout.gap * REACH


def _where_lost(flight: Flight, x: float, way: int, y: float, layout: Layout, walls: Sequence[Wall]) -> float:
    """At the wall if one stands in its way; just before a node that is down; else between the last two lanes."""
    end = layout.lanes.get(flight.dst)
    if end is None or flight.src == flight.dst:
        return x + way * layout.gap * REACH
    if "partition" in (flight.lost or ""):
        between = [wall for wall in walls if min(x, end) < wall.x < max(x, end) and wall.top <= y <= wall.bottom]
        if between:
            return min(between, key=lambda wall: abs(wall.x - x)).x
    if "down" in (flight.lost or "") or "crash" in (flight.lost or ""):
        return end - way * 14
    return end - way * layout.gap * 0.42
