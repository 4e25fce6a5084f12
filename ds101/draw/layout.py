"""Where everything stands: a lane for each node, time downward, a row for each moment.

Real time clusters within microseconds and is then silent for seconds, so the axis keeps the order and not the
distances: what happens at about the same time on different lanes shares a row; a long silence adds a little room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ds101.draw.choose import Gap, Item
from ds101.draw.notes import SIZE, Line, lines_beside, note_width
from ds101.draw.repeats import Fold
from ds101.draw.story import Step, Story
from ds101.draw.wording import plain, text_width

AXIS = 66.0  # pixels for the times, on the left
PITCH = 32.0  # between rows
LINE = 14.0  # between lines of text
HEAD = 54.0  # for the names of the lanes
EDGE = 26.0  # between the times and the first lane,
LOOP = 44.0  # and where something is folded
FAN = 18.0  # between arrows that would end at the same place
MARGIN, MOST_MARGIN = 200.0, 320.0  # on the right: a sentence wants it, and few lanes leave it
NARROWEST, USUAL, WIDEST = 84.0, 215.0, 250.0  # between lanes
TOGETHER = 0.001  # seconds: steps of different lanes this close may share a row
TALL = 700.0  # pixels: the names of the lanes are repeated below
BROADCAST = 0.010  # and what arrives of one broadcast within this time does
SILENCE = 8.0  # times the typical distance between rows


@dataclass(slots=True)
class Place:
    """Where a step stands: messages arrive at `y` and leave at `out`; its lines are written in between."""

    x: float
    y: float
    out: float
    row: int
    lines: list[Line]
    first_line: float = 0.0


@dataclass(slots=True)
class Row:
    """One moment: steps on different lanes, or one thing that takes the whole width."""

    at: float
    steps: list[Step] = field(default_factory=list)
    wide: Item | None = None
    y: float = 0.0
    loose: int = 0  # arrows with a free end in it, on one side of one step
    silent: float = 0.0  # seconds of silence before it, where that is long
    wider: float = 0.0  # pixels more before it, so that labels find room

    @property
    def lanes(self) -> set[str]:
        return {step.lane for step in self.steps}


@dataclass(slots=True)
class Layout:
    """Positions in pixels."""

    lanes: dict[str, float]  # x
    gap: float
    width: float
    height: float
    top: float  # where the lanes begin
    bottom: float
    rows: list[Row]
    places: dict[int, Place]  # by the index of a step
    right: float  # the right end of what may be written on

    @property
    def is_tall(self) -> bool:
        """Whether the names at the top are out of sight further down."""
        return self.bottom > TALL


def lay_out(story: Story, items: Sequence[Item], width: float, labels: Sequence[str], heading: bool) -> Layout:
    """Give every item its place. `labels` are the texts that want to stand between two lanes."""
    left = AXIS + (LOOP if any(isinstance(item, Fold) for item in items) else EDGE)
    margin = _right_margin(story, items, width - left - USUAL * (len(story.lanes) - 1))
    gap = _gap(len(story.lanes), width - left - margin, labels)
    lanes = {lane: round(left + gap * number, 1) for number, lane in enumerate(story.lanes)}
    last = max(lanes.values(), default=left)
    layout = Layout(
        lanes, gap, last + margin, 0.0, (28.0 if heading else 0.0) + HEAD, 0.0, rows_of(items), {}, last + margin - 8
    )
    _find_silences(layout.rows)
    settle(layout)
    return layout


def _gap(lanes: int, room: float, labels: Sequence[str]) -> float:
    best = min(WIDEST, max([USUAL, *(text_width(label, SIZE) + 40 for label in labels)]))
    return round(max(NARROWEST, min(best, room / max(1, lanes - 1))), 1)


def _right_margin(story: Story, items: Sequence[Item], free: float) -> float:
    """Room beside the last lane, if something is written there; more where `free` pixels would be left over."""
    last = story.lanes[-1] if story.lanes else ""
    widest = 0.0
    for item in items:
        if isinstance(item, Step) and item.lane == last:
            widest = max([widest, *(note_width(line.full, line.look) for line in lines_beside(item, 1000.0))])
            if any(flight.src == flight.dst for flight in item.departures):
                widest = max(widest, 150.0)
    named = max(text_width(plain(lane), 13.0) / 2 + 12 for lane in story.lanes) if story.lanes else 0.0
    return max(EDGE + 8, named + 10, min(widest + 48, max(MARGIN, min(free, MOST_MARGIN))))


def rows_of(items: Sequence[Item]) -> list[Row]:
    """The items in rows: never an effect in or above the row of its cause, never one lane twice in a row."""
    rows: list[Row] = []
    row_of: dict[int, int] = {}
    shown = {item.index for item in items if isinstance(item, Step)}
    for item in items:
        if not isinstance(item, Step) or not item.lane:
            rows.append(Row(item.at, wide=item))
            continue
        earliest = max((row_of.get(flight.tail.index, -1) + 1 for flight in item.arrivals if flight.tail), default=0)
        current, loose = rows[-1] if rows else None, _free_ends(item, shown)
        if (
            current is None
            or current.wide is not None
            or earliest >= len(rows)
            or item.lane in current.lanes
            or item.at - current.at > (BROADCAST if _are_one_broadcast(item, current) else TOGETHER)
            or loose
            or current.loose
        ):
            rows.append(Row(item.at, loose=loose))
        rows[-1].steps.append(item)
        row_of[item.index] = len(rows) - 1
    return rows


def _are_one_broadcast(step: Step, row: Row) -> bool:
    """Whether all of them receive what one step has sent."""
    tails = {id(flight.tail) for each in (step, *row.steps) for flight in each.arrivals}
    return len(tails) == 1 and all(each.arrivals and each.arrivals[0].tail for each in (step, *row.steps))


def _free_ends(step: Step, shown: set[int]) -> int:
    """How many different messages of it come from or go to where we can't see: its row is its own then."""
    leaving = {
        (flight.type, repr(flight.body))
        for flight in step.departures
        if flight.lost is None and (flight.head is None or flight.head.index not in shown)
    }
    coming = [each for each in step.arrivals if each.tail is None or each.tail.index not in shown]
    return max(len(leaving), len(coming))


def _find_silences(rows: Sequence[Row]) -> None:
    steps = [max(0.0, later.at - earlier.at) for earlier, later in pairwise(rows)]
    typical = max(median([step for step in steps if step > 0] or [TOGETHER]), TOGETHER)
    for earlier, row, silence in zip(rows, rows[1:], steps, strict=False):
        if silence > SILENCE * typical and not isinstance(row.wide, Gap) and not isinstance(earlier.wide, Gap):
            row.silent = silence


def settle(layout: Layout) -> None:
    """Compute all y from the rows; done again when a row was made wider."""
    y, bottom, lowest = layout.top, layout.top, layout.top
    for number, row in enumerate(layout.rows):
        y += row.wider + (6 + 4 * math.log10(1 + row.silent * 1000) if row.silent else 0.0)
        y = max(y, bottom)
        row.y = y + (PITCH - 4 if row.wide is not None else PITCH) - (8 if number == 0 else 0)
        bottom = row.y + (8 if row.wide is not None else 0)
        for step in row.steps:
            place = _place(step, layout, row.y, number)
            layout.places[step.index] = place
            bottom = max(bottom, place.out, place.first_line + LINE * len(place.lines) - 8)
            bottom += 8 + FAN * (row.loose - 1) if row.loose else 0
            lowest = max(lowest, place.out + PITCH * any(flight.head is None for flight in step.departures))
        y = bottom
    layout.bottom = max(bottom, lowest) + 24
    layout.height = layout.bottom + (40 if layout.is_tall else 12)


def _place(step: Step, layout: Layout, y: float, row: int) -> Place:
    x = layout.lanes[step.lane]
    known = layout.places.get(step.index)
    lines = known.lines if known else lines_beside(step, _room_beside(x, layout))
    arrives_from_right = any(layout.lanes.get(flight.src, 0) >= x for flight in step.arrivals)
    first_line = y + (10 if arrives_from_right else 0)
    out = first_line + LINE * (len(lines) - 1) + 9 if lines and step.departures else y
    return Place(x, y, out, row, lines, first_line)


def _room_beside(x: float, layout: Layout) -> float:
    last = max(layout.lanes.values())
    return layout.right - x - 12 if x == last else layout.gap - 24


def top_of(fold: Fold, layout: Layout) -> float | None:
    """Where the pattern begins that a fold repeats; None if it isn't shown."""
    return min((layout.places[step.index].y for step in fold.shown if step.index in layout.places), default=None)
