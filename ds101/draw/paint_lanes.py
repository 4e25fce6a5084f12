"""Paints what stands still: lanes with their names, times, partitions, operations, and what takes the whole width."""

from __future__ import annotations

from collections.abc import Sequence

from ds101.draw.arrows import Wall
from ds101.draw.choose import Gap
from ds101.draw.layout import AXIS, HEAD, PITCH, Layout, Row, top_of
from ds101.draw.notes import world_in_words
from ds101.draw.repeats import Fold
from ds101.draw.sheet import Sheet, line, number, path, rectangle, text
from ds101.draw.spans import WALL, Call, Stretch
from ds101.draw.story import Step, Story
from ds101.draw.wording import Face, counted, duration, fit, plain, text_width

AGAIN = 420.0  # pixels after which the names of the lanes are repeated
OUTCOME = {"ok": "answered", "fail": "failed", "info": "outcome unknown", "": "waiting"}


def paint_lanes(sheet: Sheet, story: Story, layout: Layout, stretches: Sequence[Stretch]) -> None:
    """The lanes with their names; a node that is down leaves a gap, a paused one is hatched."""
    for piece in stretches:
        x = layout.lanes[piece.lane]
        if piece.state == "up":
            look = "d-lane d-faint" if piece.lane in story.others else "d-lane"
            sheet.add("lanes", line(x, piece.top, x, piece.bottom, look))
        elif piece.state == "paused":
            sheet.add("lanes", line(x, piece.top, x, piece.bottom, "d-paused"), f"{piece.lane} is paused")
    for lane in layout.lanes:
        _name(sheet, story, layout, lane, layout.top - HEAD + 28)
        if layout.is_tall:
            _name(sheet, story, layout, lane, layout.bottom + 16)
    for y in heights_of_tags(layout):
        for piece in stretches:
            if piece.state != "down" and piece.top < y < piece.bottom:
                words = fit(plain(piece.lane), layout.gap - 24, 10.0)
                sheet.add("marks", text(layout.lanes[piece.lane], y + 3.5, words, "d-halo d-tag"))


def _name(sheet: Sheet, story: Story, layout: Layout, lane: str, y: float) -> None:
    x, words = layout.lanes[lane], fit(plain(lane), layout.gap - 24, 13.0)
    half = max(20.0, text_width(words, 13.0) / 2 + 12)
    is_client = lane in story.clients
    look, radius = ("d-client", 13) if is_client else ("d-node", 5)
    what = f"{'client' if is_client else 'node'} {lane}"
    if lane in story.others:
        look, what = "d-node d-faint", f"{lane}: filtered away, but for messages with the others"
    sheet.add("texts", rectangle(x - half, y - 13, 2 * half, 26, look, radius), what)
    sheet.add("texts", text(x, y + 4.5, words, "d-name"))


def heights_of_tags(layout: Layout) -> list[float]:
    """Where the names of the lanes are repeated in a long picture: between two rows."""
    heights, last = [], layout.top
    for row in layout.rows:
        y = row.y - PITCH / 2
        if row.wide is None and y - last > AGAIN and layout.bottom - y > AGAIN / 2:
            heights.append(y)
            last = y
    return heights


def paint_times(sheet: Sheet, layout: Layout) -> None:
    """When each row was, where that reads differently from the row above."""
    shown = ""
    for row in layout.rows:
        if isinstance(row.wide, Gap):
            continue
        words = duration(row.at)
        if words != shown:
            sheet.add("texts", text(AXIS - 12, row.y + 3.5, words, "d-time"))
        if row.silent:
            sheet.add("texts", text(AXIS - 12, row.y - 20, "⋮", "d-time"), f"nothing for {duration(row.silent)}")
        shown = words


def paint_wide(sheet: Sheet, row: Row, layout: Layout) -> None:
    """What takes the whole width: a partition or its end, a fold, what was left out."""
    left, right, item = AXIS - 2, layout.width - 10, row.wide
    if isinstance(item, Step):
        look = "d-wide d-bad" if item.head.kind == "partition" else "d-wide"
        sheet.add("bars", line(left, row.y, right, row.y, "d-rule"))
        _plate(sheet, (left + right) / 2, row.y, world_in_words(item), look, right - left)
        return
    sheet.add("bars", rectangle(left, row.y - 11, right - left, 22, "d-band", 4))
    if isinstance(item, Fold):
        _words(sheet, (left + right) / 2, row.y, fold_in_words(item), right - left)
        _loop_back(sheet, item, left, row.y, layout)
    elif isinstance(item, Gap):
        _words(sheet, (left + right) / 2, row.y, f"… {item.words} …", right - left)


def _words(sheet: Sheet, x: float, y: float, words: str, room: float, look: str = "d-wide") -> None:
    shown = fit(words, room - 16, 11.0, _face(look))
    sheet.add("texts", text(x, y + 4, shown, look), words if shown != words else "")


def _face(look: str) -> Face:
    """As the stylesheet has it."""
    return "bold" if "d-bad" in look else "plain"


def _plate(sheet: Sheet, x: float, y: float, words: str, look: str, room: float) -> None:
    half = text_width(fit(words, room - 16, 11.0, _face(look)), 11.0, _face(look)) / 2 + 8
    sheet.add("bars", rectangle(x - half, y - 10, 2 * half, 20, "d-plate", 10))
    _words(sheet, x, y, words, room, look)


def fold_in_words(fold: Fold) -> str:
    """`×12: the same 11 more times (88 messages), until 0.61 s`."""
    messages = sum(len(step.departures) for step in fold.hidden)
    what = f" ({counted(messages, 'message')})" if messages else ""
    times = counted(fold.times - 1, "more time")
    return f"×{fold.times}: the same {times}{what}, until {duration(fold.until)}"


def _loop_back(sheet: Sheet, fold: Fold, left: float, y: float, layout: Layout) -> None:
    """An arrow from the fold back up to the beginning of what it repeats, as in a flow chart."""
    top = top_of(fold, layout)
    if top is None:
        return
    x = left + 10
    sheet.add(
        "bars", path(f"M{number(x)} {number(y - 11)}V{number(top + 6)}q0 -6 6 -6h5", "d-brace"), fold_in_words(fold)
    )
    sheet.add("bars", path(f"M{number(x + 17)} {number(top)}l-7 -3.6v7.2z", "d-run"))


def paint_walls(sheet: Sheet, walls: Sequence[Wall]) -> None:
    """A partition: a hatched band between the lanes that it keeps apart."""
    for wall in walls:
        left, height = wall.x - WALL / 2, wall.bottom - wall.top
        words = f"partition {wall.words}" + (", one way" if wall.one_way else "")
        sheet.add("bands", rectangle(left, wall.top, WALL, height, "d-wall"), words)
        sheet.add("bands", path(_hatching(left, wall.top, wall.bottom), "d-hatch"))


def _hatching(left: float, top: float, bottom: float) -> str:
    strokes, y = [], top - WALL + 9
    while y < bottom:
        start, end = max(y, top), min(y + WALL, bottom)
        strokes.append(f"M{number(left + start - y)} {number(start)}l{number(end - start)} {number(end - start)}")
        y += 9
    return "".join(strokes)


def paint_calls(sheet: Sheet, calls: Sequence[Call], layout: Layout) -> None:
    """A client's operation: a bar from its invocation to its end, hollow where its outcome isn't known."""
    for one in calls:
        x = layout.lanes[one.lane] - 4.5 - 11 * one.column
        look = "d-bar" if one.outcome in ("ok", "fail") else "d-bar d-hollow"
        words = OUTCOME[one.outcome] + (f": {one.words}" if one.words else "")
        sheet.add("bars", rectangle(x, one.top - 5, 9, max(9.0, one.bottom - one.top + 10), look, 4.5), words)
