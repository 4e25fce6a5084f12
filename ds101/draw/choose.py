"""What is shown of a long run, and what is said of the rest.

First a window (the first or last messages, or a time), then folding, then a bound on what is left: the
beginning and the end are kept, and a `Gap` says how much is missing in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ds101.draw.repeats import Fold, fold
from ds101.draw.story import Step, Story
from ds101.draw.wording import counted, duration

PATIENCE = 12  # steps within which the last message of a window has to arrive to be shown arriving


@dataclass(slots=True)
class Gap:
    """Steps that are left out, and why."""

    words: str
    at: float
    steps: list[Step] = field(default_factory=list)


Item = Step | Fold | Gap


@dataclass(slots=True)
class Selection:
    """The items in order, and the steps before them, which tell who was down or cut off when the window opens."""

    items: list[Item]
    before: list[Step]


def select(
    story: Story,
    *,
    first: int | None = None,
    last: int | None = None,
    after: float | None = None,
    before: float | None = None,
    folded: bool = True,
    at_most: int | None = None,
) -> Selection:
    """Choose what to show: `first` and `last` count messages, `after` and `before` are seconds, `at_most` steps.

    Raises `ValueError` if both `first` and `last` are given, or if a count is not positive.
    """
    if first is not None and last is not None:
        raise ValueError("Give either first= or last=, not both: a window has one edge or the other.")
    for name, count in (("first", first), ("last", last), ("at_most", at_most)):
        if count is not None and count < 1:
            raise ValueError(f"{name}={count} shows nothing: give a positive number.")
    low, high = _window(story, first, last, after, before)
    steps = [step for step in story.steps[low:high] if not _is_quiet_start(step)]
    items: list[Item] = list(fold(steps)) if folded else list(steps)
    if at_most is not None:
        items = _bound(items, at_most)
    if story.cut:
        events = counted(story.cut, "oldest event")
        items.insert(0, Gap(f"the {events} {'was' if story.cut == 1 else 'were'} forgotten", 0.0))
    earlier, later = story.steps[:low], story.steps[high:]
    if _messages(earlier):
        items.insert(1 if story.cut else 0, _left_out(earlier, "before"))
    if _messages(later):
        items.append(_left_out(later, "after"))
    return Selection(items, earlier)


def _is_quiet_start(step: Step) -> bool:
    """Every node starts, with its first attributes: it takes no row unless it did something else."""
    told = [event for event in step.events if event.kind not in ("set", "cancel", "change")]
    return step.head.kind == "start" and len(told) == 1


def _window(
    story: Story, first: int | None, last: int | None, after: float | None, before: float | None
) -> tuple[int, int]:
    low, high = 0, len(story.steps)
    if after is not None:
        low = next((step.index for step in story.steps if step.at >= after), high)
    if before is not None:
        high = next((step.index for step in story.steps[low:] if step.at >= before), high)
    tails = [flight.tail or flight.head for flight in story.flights]
    inside = sorted(step.index for step in tails if step is not None and low <= step.index < high)
    if first is not None and first < len(inside):
        high = min(high, max(inside[first], _end_of_arrivals(story, low, inside[first - 1])))
    if last is not None and last < len(inside):
        low = inside[-last]
    return low, high


def _end_of_arrivals(story: Story, low: int, final: int) -> int:
    """Where the messages that were sent from step `low` to `final` have arrived; slow ones are not waited for."""
    heads = [flight.head.index for step in story.steps[low : final + 1] for flight in step.departures if flight.head]
    return max([final, *(head for head in heads if head <= final + PATIENCE)]) + 1


def _bound(items: Sequence[Item], at_most: int) -> list[Item]:
    if len(items) <= at_most:
        return list(items)
    head = (at_most * 2 + 2) // 3
    tail = at_most - head
    missing = items[head : len(items) - tail]
    steps: list[Step] = []
    for item in missing:
        steps += [item] if isinstance(item, Step) else item.hidden if isinstance(item, Fold) else item.steps
    return [*items[:head], _left_out(steps, "between"), *items[len(items) - tail :]]


def _messages(steps: Sequence[Step]) -> int:
    return sum(len(step.departures) for step in steps)


def _left_out(steps: list[Step], where: str) -> Gap:
    what = counted(_messages(steps), "message")
    others = sum(1 for step in steps if step.head.kind != "deliver")
    if not _messages(steps):
        what = counted(others, "step")
    span = f"{duration(steps[0].at)} to {duration(steps[-1].at)}"
    words = {
        "before": f"{what} before this not shown ({span})",
        "after": f"{what} after this not shown ({span})",
        "between": f"{what} in between not shown ({span})",
    }
    return Gap(words[where], steps[0].at, steps if where == "between" else [])
