"""The space-time diagram (Lamport 1978): a lane for each node, time downward, an arrow for each message.

The whole way from a trace to SVG: tell its story, choose what to show, lay it out, place the labels, paint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ds101.draw.arrows import Arrow, arrows_of, through_a_mark
from ds101.draw.choose import Selection, select
from ds101.draw.crowd import Band
from ds101.draw.ending import leading_to_the_end
from ds101.draw.layout import LINE, Layout, lay_out, settle
from ds101.draw.paint_lanes import heights_of_tags, paint_calls, paint_lanes, paint_times, paint_walls, paint_wide
from ds101.draw.paint_steps import colours_of, paint_arrow, paint_label, paint_step
from ds101.draw.placing import UNREADABLE, Label, place_labels
from ds101.draw.sheet import Sheet, number, rectangle, text
from ds101.draw.spans import Spans, spans_of
from ds101.draw.story import Flight, Step, Story
from ds101.draw.style import ROOT, stylesheet
from ds101.draw.summary import name_of, summary
from ds101.draw.telling import story_of
from ds101.draw.wording import plain
from ds101.trace import Trace

WIDTH = 860  # pixels: a notebook's column
AT_MOST = 80  # steps in one picture
FEW = 100  # labels: up to here rows are also made wider for what would be cut very short
SMALLEST = 0.75  # of its size: how far a page may shrink it
TRIES = 8  # at making rows wider until every label has room


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
    ending: bool = False,
    in_page: bool = False,
) -> str:
    """Draw a trace as SVG.

    `first` and `last` show that many messages, `after` and `before` a time in seconds; `fold` shows repeated rounds
    once, with a count; `at_most` bounds the number of steps (None for all of them), of which the beginning and the end
    are shown, or, for an `ending`, the end and what it depends on. What is left out is said.
    `width` is in pixels; many lanes may need more. `in_page` follows JupyterLab's theme, and not only the system's.
    The same trace gives the same bytes. Raises `ValueError` for a window that can't show anything.
    """
    picture = arrange(
        trace,
        first=first,
        last=last,
        after=after,
        before=before,
        fold=fold,
        at_most=at_most,
        width=width,
        title=title,
        ending=ending,
    )
    sheet = _painted(picture)
    if title:
        sheet.add("texts", text(16, 28, plain(title), "d-title"))
    description = summary(picture.story, picture.selection, picture.flights)
    return _document(sheet, picture.layout, title or name_of(picture.story), description, in_page)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A picture before it is painted: what is shown, and where everything stands."""

    story: Story
    selection: Selection
    flights: list[Flight]
    layout: Layout
    spans: Spans
    arrows: list[Arrow]
    labels: list[Label]


def arrange(
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
    ending: bool = False,
) -> Arrangement:
    """Find a place for everything, with the options of `spacetime`."""
    story = story_of(trace)
    bound = None if ending else at_most
    selection = select(story, first=first, last=last, after=after, before=before, folded=fold, at_most=bound)
    if ending and at_most is not None:
        selection.items = leading_to_the_end(selection.items, at_most)
    shown = {item.index for item in selection.items if isinstance(item, Step)}
    flights = [
        flight
        for flight in story.flights
        if any(end is not None and end.index in shown for end in (flight.tail, flight.head))
    ]
    layout = lay_out(story, selection.items, width, [_widest_label(flight) for flight in flights], bool(title))
    spans, arrows = _clear_of_marks(selection, flights, layout)
    labels = place_labels(arrows, layout, _taken(layout))
    for attempt in range(TRIES):
        crowded = _crowded_rows(labels, patient=attempt == 0 and len(labels) <= FEW)
        if not crowded:
            break
        _widen(layout, dict.fromkeys(crowded, LINE))
        spans, arrows = _clear_of_marks(selection, flights, layout)
        labels = place_labels(arrows, layout, _taken(layout))
    return Arrangement(story, selection, flights, layout, spans, arrows, labels)


def _widest_label(flight: Flight) -> str:
    named = [name for name, lane in ((flight.sender, flight.src), (flight.receiver, flight.dst)) if name != lane]
    return " → ".join([flight.forms[0], *named])


def _clear_of_marks(selection: Selection, flights: Sequence[Flight], layout: Layout) -> tuple[Spans, list[Arrow]]:
    """What lasts, and the arrows; rows are made wider until none runs through a step that it has nothing to do with."""
    for attempt in range(TRIES):
        spans = spans_of(layout, selection.before)
        arrows = arrows_of(flights, layout, spans.walls)
        rows = through_a_mark(arrows, layout)
        if not rows or attempt == TRIES - 1:
            break
        _widen(layout, rows)
    return spans, arrows


def _widen(layout: Layout, rows: Mapping[int, float]) -> None:
    for row, pixels in rows.items():
        layout.rows[row].wider += pixels
    settle(layout)


def _crowded_rows(labels: Sequence[Label], patient: bool) -> set[int]:
    """Rows that need more room: a label lies on another there, or had to be cut down to say nothing."""
    return {label.arrow.row for label in labels if label.price >= UNREADABLE or (label.cramped and patient)}


def _taken(layout: Layout) -> list[Band]:
    """What no label may lie on: what takes the whole width, and the names that are repeated on the lanes."""
    wide = [Band(0, layout.width, row.y, 0.0, 10) for row in layout.rows if row.wide is not None]
    tags = [Band(x - 9, x + 9, y, 0.0, 5) for y in heights_of_tags(layout) for x in layout.lanes.values()]
    return wide + tags


def _painted(picture: Arrangement) -> Sheet:
    story, layout, spans = picture.story, picture.layout, picture.spans
    sheet, colours = Sheet(), colours_of(story.flights)
    sheet.add("ground", rectangle(0.5, 0.5, layout.width - 1, layout.height - 1, "d-card", 8))
    paint_walls(sheet, spans.walls)
    paint_lanes(sheet, story, layout, spans.stretches)
    paint_calls(sheet, spans.calls, layout)
    if story.timed:
        paint_times(sheet, layout)
    for row in layout.rows:
        if row.wide is not None:
            paint_wide(sheet, row, layout)
        for step in row.steps:
            paint_step(sheet, step, layout.places[step.index])
    for arrow in picture.arrows:
        paint_arrow(sheet, arrow, colours[arrow.flight.type])
    for label in picture.labels:
        paint_label(sheet, label, colours[label.arrow.flight.type])
    return sheet


def _document(sheet: Sheet, layout: Layout, name: str, description: str, in_page: bool) -> str:
    width, height = number(layout.width), number(layout.height)
    least = f"min-width:{number(SMALLEST * layout.width)}px;" if in_page else ""  # narrower than that, it scrolls
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="img" aria-label={quoteattr(plain(name))} '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="max-width:100%;{least}height:auto">\n'
        f"<title>{escape(plain(name))}</title>\n<desc>{escape(description)}</desc>\n"
        f"<style>{stylesheet(in_page)}</style>\n{sheet.content()}\n</svg>\n"
    )
