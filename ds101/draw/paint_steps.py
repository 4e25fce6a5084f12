"""Paints what happens: marks on the lanes, arrows, and the words beside both."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ds101.draw.arrows import Arrow
from ds101.draw.layout import LINE, Place
from ds101.draw.notes import cause_in_words
from ds101.draw.placing import Label
from ds101.draw.sheet import Sheet, call, circle, number, path, rectangle, text
from ds101.draw.story import Flight, Step
from ds101.draw.style import TYPES
from ds101.draw.wording import call_text, duration

TIP = 9.0  # pixels: how long an arrow's head is


def paint_step(sheet: Sheet, step: Step, place: Place) -> None:
    """A step's mark on its lane, and the lines beside it."""
    x, y = place.x, place.y
    if place.out > y + 1:
        sheet.add("bars", rectangle(x - 2.5, y, 5, place.out - y + 2, "d-run", 2.5))
    _mark(sheet, step.head.kind, x, y)
    shown = ""
    for row, words in enumerate(place.lines):
        sign = "" if words.look != "printed" else "  " if words.full == shown else "› "
        tooltip = words.full if words.full != words.text else ""
        height = place.first_line + LINE * row + 3.8
        sheet.add("texts", text(x + 11, height, sign + words.text, f"d-halo d-{words.look}"), tooltip)
        shown = words.full


def _mark(sheet: Sheet, kind: str, x: float, y: float) -> None:
    left, here = number(x - 4), f"{number(x)} {number(y)}"
    if kind == "fire":  # a clock
        sheet.add("marks", circle(x, y, 6, "d-ring"))
        sheet.add("marks", path(f"M{number(x)} {number(y - 3.6)}L{here}l2.6 1.6", "d-hand"))
    elif kind in ("crash", "error"):
        sheet.add("marks", path(cross(x, y, 6), "d-cross"))
    elif kind in ("restart", "start", "resume"):
        sheet.add("marks", path(f"M{left} {number(y - 5)}l9.5 5l-9.5 5z", "d-ring"))
    elif kind == "pause":
        sheet.add("marks", rectangle(x - 6, y - 6, 12, 12, "d-ring", 2))
        sheet.add("marks", path(f"M{number(x - 2)} {number(y - 3)}v6m4 -6v6", "d-hand"))
    else:
        sheet.add("marks", circle(x, y, 3.2, "d-dot"))


def cross(x: float, y: float, size: float) -> str:
    """A cross around (x, y), as a path."""
    whole = number(2 * size)
    return f"M{number(x - size)} {number(y - size)}l{whole} {whole}m0 -{whole}l-{whole} {whole}"


def paint_arrow(sheet: Sheet, arrow: Arrow, colour: int) -> None:
    """An arrow in the colour of its type: dashed where it was reconstructed, dotted towards an end that isn't shown."""
    words = "\n".join(tooltip(flight) for flight in (arrow.flight, *arrow.more))
    shape = _loop(arrow) if arrow.loop else _straight(arrow)
    sheet.add("arrows", f'<g class="d-t{colour}">{shape}</g>', words)
    if arrow.ends == "cross":
        x = arrow.x0 + 24 if arrow.loop else arrow.x1
        sheet.add("marks", path(cross(x, arrow.y1, 4.5), "d-cross"), words)
    elif not arrow.loop and "open" in (arrow.starts, arrow.ends):
        x, y = (arrow.x0, arrow.y0) if arrow.starts == "open" else (arrow.x1, arrow.y1)
        sheet.add("marks", f'<g class="d-t{colour}">{circle(x, y, 3.2, "d-end")}</g>')


def _straight(arrow: Arrow) -> str:
    dx, dy = arrow.x1 - arrow.x0, arrow.y1 - arrow.y0
    length = math.hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    if arrow.ends != "head":
        return _stroke(arrow, arrow.x1, arrow.y1)
    ex, ey = arrow.x1 - ux * 3.5, arrow.y1 - uy * 3.5  # it touches the dot
    return _stroke(arrow, ex - ux * TIP / 2, ey - uy * TIP / 2) + _tip(ex, ey, ux, uy)


def _stroke(arrow: Arrow, ex: float, ey: float) -> str:
    start = f"M{number(arrow.x0)} {number(arrow.y0)}"
    if arrow.starts == "dot" and arrow.ends != "open":
        return path(f"{start}L{number(ex)} {number(ey)}", "d-arrow")
    middle = f"{number((arrow.x0 + ex) / 2)} {number((arrow.y0 + ey) / 2)}"
    first = {"dashed": " d-dashed", "open": " d-vague"}.get(arrow.starts, "")
    second = " d-vague" if arrow.ends == "open" else ""
    return path(f"{start}L{middle}", f"d-arrow{first}") + path(
        f"M{middle}L{number(ex)} {number(ey)}", f"d-arrow{second}"
    )


def _tip(x: float, y: float, ux: float, uy: float) -> str:
    bx, by = x - ux * TIP, y - uy * TIP
    one = f"{number(bx - uy * 3.8)} {number(by + ux * 3.8)}"
    other = f"{number(bx + uy * 3.8)} {number(by - ux * 3.8)}"
    return path(f"M{number(x)} {number(y)}L{one}L{other}z", "d-tip")


def _loop(arrow: Arrow) -> str:
    """A message to oneself: out to the right and back."""
    x, out, low, high = arrow.x0, number(arrow.x0 + 34), number(arrow.y0), number(arrow.y1)
    if arrow.ends != "head" or arrow.starts == "open":
        look = "d-arrow d-vague" if "open" in (arrow.ends, arrow.starts) else "d-arrow"
        return path(f"M{number(x)} {low}Q{out} {low} {number(x + 24)} {high}", look)
    curve = f"M{number(x)} {low}C{out} {low} {out} {high} {number(x + 7)} {high}"
    return path(curve, "d-arrow d-dashed" if arrow.starts == "dashed" else "d-arrow") + _tip(x + 4, arrow.y1, -1.0, 0.0)


def paint_label(sheet: Sheet, label: Label, colour: int) -> None:
    """A message's label, turned along its arrow; or the words at the free end of one."""
    if not label.text:
        look = "d-halo d-cause" if label.arrow.ends == "cross" else "d-halo d-hint"
        sheet.add("texts", text(label.spot.x, label.spot.y + 3.8, label.aside, look), tooltip(label.arrow.flight))
        return
    angle = math.atan(label.spot.slope)
    x, y = label.spot.x - 3.8 * math.sin(angle), label.spot.y + 3.8 * math.cos(angle)
    words = call(x, y, label.text, f"d-halo d-call d-t{colour}", math.degrees(angle), label.aside)
    sheet.add("texts", words, tooltip(label.arrow.flight))


def tooltip(flight: Flight) -> str:
    """All of a message, for whoever points at it."""
    if flight.tooltip:
        return flight.tooltip
    words = [f"{flight.sender} → {flight.receiver}  {call_text(flight.type, flight.body, 400)}"]
    if flight.sent_at is not None:
        how = " (its record was lost; known from its delivery)" if flight.reconstructed else ""
        words.append(f"sent at {duration(flight.sent_at)}{how}")
    if flight.lost is not None:
        words.append(f"lost: {cause_in_words(flight.lost)}")
    elif flight.ended_at is not None:
        words.append(f"delivered at {duration(flight.ended_at)}" + (" (a duplicate)" if flight.copy else ""))
    flight.tooltip = "\n".join(words)
    return flight.tooltip


def colours_of(flights: Sequence[Flight]) -> dict[str, int]:
    """A colour for each type, in the order in which they first appear."""
    types = dict.fromkeys(flight.type for flight in flights)
    return {name: position % TYPES for position, name in enumerate(types)}
