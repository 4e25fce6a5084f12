"""Folding: what repeats itself is shown once, with a count.

The unit is a *round*: a step that no message brought about (a timer fires, a client calls) with everything that
followed from it. Rounds are causal, so it doesn't matter in which order the replies came in. A fold takes the place
of rounds that are equal in all but their times.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from ds101.draw.story import Step
from ds101.trace import Event, base_name

LONGEST_PERIOD = 8  # rounds that may repeat together: eight nodes, each pinging on its own timer
FEWEST = 3  # repetitions that are worth a fold
CAN_REPEAT = ("fire", "deliver", "send", "invoke", "log", "print", "ok", "fail", "info")


@dataclass(slots=True)
class Round:
    """A step that nothing in the trace brought about, and all that came of it."""

    steps: list[Step] = field(default_factory=list)
    signature: int = 0  # equal for rounds that look alike


@dataclass(slots=True)
class Fold:
    """Stands for `times - 1` repetitions of what was drawn before it."""

    shown: list[Step]  # the pattern: what is repeated, and stays
    hidden: list[Step]
    times: int  # all repetitions, the one that is shown included

    @property
    def at(self) -> float:
        return self.hidden[0].at

    @property
    def until(self) -> float:
        return max(step.at for step in self.hidden)


def fold(steps: Sequence[Step]) -> list[Step | Fold]:
    """The steps, with every run of repeated rounds replaced by its first and a `Fold`."""
    rounds = rounds_of(steps)
    place: dict[int, Fold] = {}  # where a fold stands: at its first hidden step
    hidden: set[int] = set()
    start = 0
    while start < len(rounds):
        period, times = best_repeat(rounds, start)
        if times < FEWEST:
            start += 1
            continue
        pattern = [step for each in rounds[start : start + period] for step in each.steps]
        rest = [step for each in rounds[start + period : start + period * times] for step in each.steps]
        rest.sort(key=lambda step: step.index)
        place[rest[0].index] = Fold(pattern, rest, times)
        hidden.update(step.index for step in rest)
        start += period * times
    result: list[Step | Fold] = []
    for step in steps:
        if step.index in place:
            result.append(place[step.index])
        if step.index not in hidden:
            result.append(step)
    return result


def rounds_of(steps: Sequence[Step]) -> list[Round]:
    """The rounds, in the order of their first steps."""
    among = {step.index for step in steps}
    home: dict[int, Round] = {}
    rounds: list[Round] = []
    for step in steps:
        tail = step.arrivals[0].tail if step.arrivals else None
        if tail is not None and tail.index in home:
            home[step.index] = home[tail.index]
        else:
            home[step.index] = Round()
            rounds.append(home[step.index])
        home[step.index].steps.append(step)
    numbers: dict[Hashable, int] = {}
    for each in rounds:
        likeness = _likeness_of(each, among)
        unlike_all = ("alone", len(numbers))
        each.signature = numbers.setdefault(unlike_all if likeness is None else likeness, len(numbers))
    return rounds


def best_repeat(rounds: Sequence[Round], start: int) -> tuple[int, int]:
    """(period, times) of the repetition from `start` that hides the most rounds; the shortest period of equals."""
    best = (1, 1)
    for period in range(1, LONGEST_PERIOD + 1):
        pattern = _multiset(rounds[start : start + period])
        times = 1
        while _multiset(rounds[start + period * times : start + period * (times + 1)]) == pattern:
            times += 1
        if times >= FEWEST and (times - 1) * period > (best[1] - 1) * best[0]:
            best = (period, times)
    return best


def _multiset(rounds: Sequence[Round]) -> list[int]:
    return sorted(each.signature for each in rounds)


def _likeness_of(each: Round, among: set[int]) -> Hashable:
    """What two rounds have in common that look alike; None for a round that must not be folded."""
    parts: list[tuple[str, ...]] = []
    for step in each.steps:
        if any(event.kind not in (*CAN_REPEAT, "set", "cancel") for event in step.events):
            return None
        for flight in step.departures:
            fate = flight.lost or ("" if flight.head is not None and flight.head.index in among else "not shown")
            parts.append(("fate", flight.src, flight.dst, flight.type, str(flight.copy), fate))
        parts += [_likeness(event) for event in step.events if event.kind not in ("set", "cancel")]
    return tuple(sorted(parts))


def _likeness(event: Event) -> tuple[str, ...]:
    body = "" if event.kind in ("invoke", "ok", "fail", "info") else repr(event.body)  # there it has a running number
    return event.kind, event.node, event.type, base_name(event.src), base_name(event.dst), body, event.detail
