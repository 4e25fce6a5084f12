"""The space-time diagram (Lamport 1978): a lane for each node, time downward, an arrow for each message.

The whole way from a trace to SVG: tell its story, choose what to show, lay it out, place the labels, paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ds101.draw.arrows import Arrow, arrows_of
from ds101.draw.choose import Selection, select
from ds101.draw.crowd import Band
from ds101.draw.layout import LINE, Layout, lay_out, settle
from ds101.draw.paint_lanes import heights_of_tags, paint_calls, paint_lanes, paint_times, paint_walls, paint_wide
from ds101.draw.paint_steps import colours_of, paint_arrow, paint_label, paint_step
from ds101.draw.placing import UNREADABLE, Label, place_labels
from ds101.draw.sheet import Sheet, number, rectangle, text
from ds101.draw.spans import Spans, spans_of
from ds101.draw.story import Flight, Step, Story, story_of
from ds101.draw.style import ROOT, stylesheet
from ds101.draw.summary import name_of, summary
from ds101.draw.wording import plain, shorter_forms
from ds101.trace import Trace

WIDTH = 860  # pixels: a notebook's column
AT_MOST = 80  # steps in one picture
TRIES = 4  # at making rows wider until every label has room


def spacetime(
    trace: Trace,
    *,
    first: int | None = None,
    last: int | None = None,
    after: float | None = None,
    before: float | None = None,
    fold: bool = True,
    at_most: int | None = AT_MOST,
    width: int = WIDTH,
    title: str | None = None,
    in_page: bool = False,
) -> str:
    """Draw a trace as SVG.

    `first` and `last` show that many messages, `after` and `before` a time in seconds; `fold` shows repeated rounds
    once, with a count; `at_most` bounds the number of steps (None for all of them). What is left out is said.
    `width` is in pixels; many lanes may need more. `in_page` follows JupyterLab's theme, and not only the system's.
    The same trace gives the same bytes. Raises `ValueError` for a window that can't show anything.
    """
    story = story_of(trace)
    selection = select(story, first=first, last=last, after=after, before=before, folded=fold, at_most=at_most)
    flights = _flights_in(selection, story)
    labels = [shorter_forms(flight.type, flight.body)[0] for flight in flights]
    layout = lay_out(story, selection.items, width, labels, heading=bool(title))
    spans, arrows, placed = _placed(selection, layout, flights)
    sheet = _painted(story, layout, spans, arrows, placed)
    if title:
        sheet.add("texts", text(16, 28, plain(title), "d-title"))
    return _document(sheet, layout, title or name_of(story), summary(story, selection, flights), in_page)


def _flights_in(selection: Selection, story: Story) -> list[Flight]:
    shown = {item.index for item in selection.items if isinstance(item, Step)}
    return [
        flight
        for flight in story.flights
        if (flight.tail is not None and flight.tail.index in shown)
        or (flight.head is not None and flight.head.index in shown)
    ]


def _placed(selection: Selection, layout: Layout, flights: Sequence[Flight]) -> tuple[Spans, list[Arrow], list[Label]]:
    """Everything in its place; rows whose labels would lie on each other are made wider."""
    for attempt in range(TRIES):
        spans = spans_of(layout, selection.before)
        arrows = arrows_of(flights, layout, spans.walls)
        labels = place_labels(arrows, layout, _taken(layout))
        patience = attempt < TRIES // 2
        crowded = {label.arrow.row for label in labels if label.price >= UNREADABLE or (label.cramped and patience)}
        if not crowded or attempt == TRIES - 1:
            break
        for row in crowded:
            layout.rows[row].wider += LINE
        settle(layout)
    return spans, arrows, labels


def _taken(layout: Layout) -> list[Band]:
    """What no label may lie on: what takes the whole width, and the names that are repeated on the lanes."""
    wide = [Band(0, layout.width, row.y, 0.0, 10) for row in layout.rows if row.wide is not None]
    tags = [Band(x - 9, x + 9, y, 0.0, 5) for y in heights_of_tags(layout) for x in layout.lanes.values()]
    return wide + tags


def _painted(story: Story, layout: Layout, spans: Spans, arrows: Sequence[Arrow], labels: Sequence[Label]) -> Sheet:
    sheet, colours = Sheet(), colours_of(story.flights)
    sheet.add("ground", rectangle(0.5, 0.5, layout.width - 1, layout.height - 1, "d-card", 8))
    paint_walls(sheet, spans.walls)
    paint_lanes(sheet, story, layout, spans.stretches)
    paint_calls(sheet, spans.calls, layout)
    paint_times(sheet, layout)
    for row in layout.rows:
        if row.wide is not None:
            paint_wide(sheet, row, layout)
        for step in row.steps:
            paint_step(sheet, step, layout.places[step.index])
    for arrow in arrows:
        paint_arrow(sheet, arrow, colours[arrow.flight.type])
    for label in labels:
        paint_label(sheet, label, colours[label.arrow.flight.type])
    return sheet


def _document(sheet: Sheet, layout: Layout, name: str, description: str, in_page: bool) -> str:
    width, height = number(layout.width), number(layout.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="img" aria-label={quoteattr(plain(name))} '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="max-width:100%;height:auto">\n'
        f"<title>{escape(plain(name))}</title>\n<desc>{escape(description)}</desc>\n"
        f"<style>{stylesheet(in_page)}</style>\n{sheet.content()}\n</svg>\n"
    )
