"""From flights to arrows: where each begins and ends, and how."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from ds101.draw.layout import FAN, Layout, Place
from ds101.draw.story import Flight, Step
from ds101.draw.wording import cut, plain

DROP = 20.0  # pixels downward for an arrow that doesn't arrive
LOST = 0.34  # of the distance between two lanes: how far before its end a lost message has its cross
CLEAR = 5.5  # pixels between an arrow and the marks that it passes
BESIDE = 9.0  # pixels beside a lane where an arrow ends of which we don't know more


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
    more: list[Flight] = field(default_factory=list)  # equal messages to others, lost or leaving at the same place

    @property
    def loop(self) -> bool:
        return self.flight.src == self.flight.dst

    @property
    def step(self) -> int | None:
        """The index of the step that it belongs to, for an arrow with a free end."""
        step = self.flight.head if self.starts == "open" else self.flight.tail
        return step.index if step is not None else None

    @property
    def receivers(self) -> list[str]:
        """Who it is for, and who its equals are for."""
        return [plain(cut(flight.receiver, 20)) for flight in (self.flight, *self.more)]

    @property
    def slope(self) -> float:
        return (self.y1 - self.y0) / (self.x1 - self.x0) if self.x1 != self.x0 else 0.0

    def y_at(self, x: float) -> float:
        return self.y0 + self.slope * (x - self.x0)


@dataclass(slots=True)
class Wall:
    """A partition between two neighbouring lanes, while it lasts."""

    x: float
    top: float
    bottom: float
    words: str
    one_way: bool = False


def arrows_of(flights: Sequence[Flight], layout: Layout, walls: Sequence[Wall]) -> list[Arrow]:
    """An arrow for each flight that has an end in the picture; those that would coincide are made one or set apart."""
    result: list[Arrow] = []
    ends: dict[tuple[float, ...], list[Arrow]] = {}
    for flight in flights:
        arrow = _arrow(flight, layout, walls)
        if arrow is None:
            continue
        if arrow.ends != "head" and not arrow.loop:
            there = ends.setdefault((arrow.x0, arrow.y0, arrow.x1), [])
            equal = [other for other in there if _look_alike(other.flight, flight)]
            if equal:
                equal[0].more.append(flight)
                continue
            arrow.y1 += FAN * len(there)
            there.append(arrow)
        result.append(arrow)
    return result


def _look_alike(one: Flight, other: Flight) -> bool:
    return (one.type, one.body, one.lost) == (other.type, other.body, other.lost)


def _arrow(flight: Flight, layout: Layout, walls: Sequence[Wall]) -> Arrow | None:
    tail, head = _place_of(flight.tail, layout), _place_of(flight.head, layout)
    starts = "dashed" if flight.reconstructed else "dot"
    if tail is not None and head is not None:
        return Arrow(flight, tail.x, tail.out, head.x, head.y, head.row, starts)
    if tail is not None:
        lost = flight.lost is not None
        x = _where_lost(flight, tail, layout, walls) if lost else _towards(flight.dst, tail, layout)
        row = min(tail.row + 1, len(layout.rows) - 1)
        return Arrow(flight, tail.x, tail.out, x, tail.out + DROP, row, starts, "cross" if lost else "open")
    if head is not None:
        return Arrow(flight, _towards(flight.src, head, layout), head.y - DROP, head.x, head.y, head.row, "open")
    return None


def _place_of(step: Step | None, layout: Layout) -> Place | None:
    return layout.places.get(step.index) if step is not None else None


def _towards(lane: str, place: Place, layout: Layout) -> float:
    """Just before a lane."""
    there = layout.lanes.get(lane, place.x)
    if there == place.x:
        return there
    return there - BESIDE if there > place.x else there + BESIDE


def _where_lost(flight: Flight, place: Place, layout: Layout, walls: Sequence[Wall]) -> float:
    """At the wall if one stands in its way; just before a node that is down; else between the last two lanes."""
    end = layout.lanes.get(flight.dst, place.x)
    if end == place.x:
        return end
    way, cause = (1 if end > place.x else -1), flight.lost or ""
    if "partition" in cause:
        low, high = sorted((place.x, end))
        between = [wall.x for wall in walls if low < wall.x < high and wall.top <= place.out <= wall.bottom]
        if between:
            return min(between, key=lambda x: abs(x - place.x))
    if "down" in cause or "crash" in cause:
        return end - way * (BESIDE + 5)
    return end - way * layout.gap * LOST


def through_a_mark(arrows: Sequence[Arrow], layout: Layout) -> dict[int, float]:
    """Arrows that run through somebody else's step, as if it had sent or received the message.

    The answer tells which rows to move down by how many pixels, so that the arrows pass below.
    """
    marks: dict[float, list[float]] = {}
    for place in layout.places.values():
        marks.setdefault(place.x, []).append(place.y)
    heights = [(x, sorted(ys)) for x, ys in marks.items()]
    rows: dict[int, float] = {}
    for arrow in arrows:
        low, high = min(arrow.x0, arrow.x1) + BESIDE, max(arrow.x0, arrow.x1) - BESIDE
        for x, ys in heights:
            if low < x < high:
                y = arrow.y_at(x)
                nearest = bisect_left(ys, y - CLEAR)
                if nearest < len(ys) and ys[nearest] < y + CLEAR:
                    share = (x - arrow.x0) / (arrow.x1 - arrow.x0)
                    rows[arrow.row] = max(rows.get(arrow.row, 0.0), (ys[nearest] + CLEAR + 1 - y) / share)
    return rows
