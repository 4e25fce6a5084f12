"""A run that is to be understood: few steps in words, and the diagram of these. A failure is told so.

The steps are lines with columns: who, what, and what changed in the node, between which there are at least three
spaces. What is left out is told in a line that begins with an ellipsis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from ds101.draw.choose import Item, select
from ds101.draw.ending import leading_to_the_end
from ds101.draw.picture import Draw, Picture
from ds101.draw.spacetime import spacetime
from ds101.draw.story import Story
from ds101.draw.telling import story_of
from ds101.draw.wording import cut, duration
from ds101.draw.words import FORGOTTEN, Line, lines_of
from ds101.trace import Trace

MOST_LINES = 18
MOST_DRAWN = 40  # steps in the diagram
BETWEEN = "   "  # columns
WHAT = 46  # characters: a longer line pushes its changes to the right
WIDEST = 150  # characters of a line
KILLED = "✗ crashed: SIGKILL"


def steps_of(trace: Trace, at_most: int = MOST_LINES) -> tuple[str, ...]:
    """What happened, a line for each step: all of a short run, or how a long one came to its end."""
    story = story_of(trace)
    items = select(story).items
    chosen = leading_to_the_end(items, at_most, lambda item: len(_lines([item], story)))
    return tuple(_aligned(list(_crashes_with_restarts(_lines(chosen, story))), story.timed))


def picture_of(trace: Trace) -> Draw:
    """The space-time diagram: all of a short run, or how a long one came to its end."""
    return partial(_picture, trace)


def _picture(trace: Trace, in_page: bool) -> Picture:
    """Without text: the steps are."""
    return Picture(spacetime(trace, at_most=MOST_DRAWN, ending=True, in_page=in_page), ())


def _lines(items: Sequence[Item], story: Story) -> list[Line]:
    return [line for line in lines_of(items, story) if not line.quiet]


def _crashes_with_restarts(lines: Sequence[Line]) -> Iterator[Line]:
    """One line for a crash and the restart that follows it."""
    before: Line | None = None
    for line in lines:
        if before is not None and (line.who, line.what) == (before.who, "restarts") and before.what.startswith("✗"):
            what = "✗ crashes and restarts" if before.what == KILLED else f"{before.what}; restarts"
            yield replace(before, what=what, changes=line.changes)
            before = None
            continue
        if before is not None:
            yield before
        before = line
    if before is not None:
        yield before


def _aligned(lines: Sequence[Line], timed: bool) -> Iterator[str]:
    who = max((len(line.who) for line in lines), default=0)
    what = max((len(line.what) for line in lines if line.changes and len(line.what) <= WHAT), default=0)
    times = [f"{duration(line.at)}{BETWEEN}" if timed and line.at is not None else "" for line in lines]
    wide = max(map(len, times), default=0)
    for line, time in zip(lines, times, strict=True):
        if line.at is None:
            yield cut(line.what, WIDEST)
            continue
        begin = f"{time:>{wide}}{line.who:{who}}{BETWEEN}"
        changes = _fitting(line.changes, WIDEST - len(begin) - max(what, len(line.what)))
        yield cut(begin + BETWEEN.join([f"{line.what:{what}}", *changes]), WIDEST).rstrip()


def _fitting(changes: Sequence[str], room: int) -> Sequence[str]:
    """As many changes as there is room for; what is said of all of them stays."""
    remarks = [one for one in changes if one == FORGOTTEN]
    kept = [one for one in changes if one != FORGOTTEN]
    left_out: list[str] = []
    while len(kept) > 1 and sum(len(one) + len(BETWEEN) for one in (*kept, *left_out, *remarks)) > room:
        kept, left_out = kept[:-1], ["…"]
    return [*kept, *left_out, *remarks]
