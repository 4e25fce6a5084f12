"""A picture in a few sentences: the alternative text of a diagram."""

from __future__ import annotations

from collections.abc import Sequence

from ds101.draw.choose import Gap, Selection
from ds101.draw.notes import sides_in_words
from ds101.draw.repeats import Fold
from ds101.draw.story import Flight, Step, Story
from ds101.draw.wording import counted, duration, plain

TOLD = ("crash", "restart", "pause", "resume", "partition", "heal")


def name_of(story: Story) -> str:
    """The diagram's name, if it was given none."""
    return f"Space-time diagram of {', '.join(plain(lane) for lane in story.lanes) or 'an empty trace'}"


def summary(story: Story, selection: Selection, flights: Sequence[Flight]) -> str:
    """Who takes part, how many messages, what went wrong, and what isn't shown."""
    lost = sum(1 for flight in flights if flight.lost is not None)
    messages = counted(len(flights), "message")
    words = [f"Time runs downward. Lanes from left to right: {', '.join(plain(lane) for lane in story.lanes)}."]
    words.append(f"{messages}, {lost} of them lost." if lost else f"{messages}.")
    for item in selection.items:
        if isinstance(item, Step):
            words += [_fault(item)] if item.head.kind in TOLD else []
        elif isinstance(item, Fold):
            words.append(f"{counted(len(item.hidden), 'repeated step')} folded.")
        elif isinstance(item, Gap):
            words.append(f"{item.words[0].upper()}{item.words[1:]}.")
    return " ".join(words)


def _fault(step: Step) -> str:
    what = {"partition": f"partition {sides_in_words(step.head.body)}", "heal": "partition healed"}
    who = f"{plain(step.lane)} " if step.lane else ""
    return f"{who}{what.get(step.head.kind, step.head.kind)} at {duration(step.at)}."
