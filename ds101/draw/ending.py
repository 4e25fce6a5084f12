"""What is shown of a long run whose end matters: the last steps, and what these depend on.

A step depends on the steps that sent what arrived in it, and on the one before it on its lane: it comes after them in
Lamport's happened-before (1978). Faults come first: they tend to explain most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ds101.draw.choose import Gap, Item
from ds101.draw.repeats import Fold
from ds101.draw.story import Step
from ds101.draw.wording import counted

FAULTS = ("crash", "restart", "pause", "resume", "partition", "heal")
MOST_FAULTS = 4
LAST = 2 / 3  # of the room, for what came last

Size = Callable[[Item], int]


def leading_to_the_end(items: Sequence[Item], at_most: int, size: Size = lambda _: 1) -> list[Item]:
    """At most so much (lines, or steps) of the items, a `Gap` for what is left out between them included."""
    if sum(map(size, items)) <= at_most:
        return list(items)
    chosen: set[int] = set()
    for wanted, room in ((_last(items), at_most * LAST), (_faults(items), at_most), (_past(items, chosen), at_most)):
        for index in wanted:
            more = chosen | {index} | _pattern_of(items, index)
            if _cost(items, more, size) > room:
                break
            chosen |= more
    return list(_with_gaps(items, chosen or {len(items) - 1}, size))


def _last(items: Sequence[Item]) -> Iterator[int]:
    return reversed(range(len(items)))


def _faults(items: Sequence[Item]) -> Sequence[int]:
    faults = [index for index, item in enumerate(items) if isinstance(item, Step) and item.head.kind in FAULTS]
    return faults[-MOST_FAULTS:][::-1]


def _past(items: Sequence[Item], chosen: set[int]) -> Iterator[int]:
    """What the chosen depend on, the nearest first, so long as there is something."""
    place = _places(items)
    before: dict[int, int] = {}  # the item before a step on its lane, by the step's index
    latest: dict[str, int] = {}
    for index, item in enumerate(items):
        for step in _steps_of(item):
            before[step.index] = latest.get(step.lane, index)
            latest[step.lane] = index
    todo = sorted(chosen, reverse=True)
    seen = set(todo)
    while todo:
        steps = _steps_of(items[todo.pop(0)])
        tails = [flight.tail.index for step in steps for flight in step.arrivals if flight.tail is not None]
        for index in [*(place[tail] for tail in tails if tail in place), *(before[step.index] for step in steps)]:
            if index not in seen:
                seen.add(index)
                todo.append(index)
                yield index


def _places(items: Sequence[Item]) -> dict[int, int]:
    """The item that a step is in, by the step's index."""
    return {step.index: index for index, item in enumerate(items) for step in _steps_of(item)}


def _steps_of(item: Item) -> Sequence[Step]:
    return [item] if isinstance(item, Step) else item.hidden if isinstance(item, Fold) else item.steps


def _pattern_of(items: Sequence[Item], index: int) -> set[int]:
    """What a fold refers to as standing above it."""
    item = items[index]
    if not isinstance(item, Fold):
        return set()
    place = _places(items)
    return {place[step.index] for step in item.shown if step.index in place}


def _cost(items: Sequence[Item], chosen: set[int], size: Size) -> int:
    return sum(map(size, _with_gaps(items, chosen, size)))


def _with_gaps(items: Sequence[Item], chosen: set[int], size: Size) -> Iterator[Item]:
    missing: list[Item] = []
    shown = False
    for index, item in enumerate(items):
        if index not in chosen:
            missing.append(item)
            continue
        if sum(map(size, missing)):
            yield _gap(missing, "more" if shown else "earlier")
        yield item
        missing, shown = [], True
    if sum(map(size, missing)):
        yield _gap(missing, "later")


def _gap(items: Sequence[Item], which: str) -> Gap:
    steps = [step for item in items for step in _steps_of(item)]
    return Gap(counted(max(len(steps), 1), f"{which} step"), items[0].at, steps)
