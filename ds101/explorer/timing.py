"""Which of a node's timers can fire next: the partial order that their durations allow.

A search has no clock; messages may take any time, and a node may be slow. What remains certain is this: a timer that
was set earlier, or by the same handler, and can't last longer than another must, fires before it. Timers of different
nodes are never ordered. (The rule for timers set one after another is that of DSLabs: Michael et al., "Teaching
Rigorous Distributed Systems With Efficient Model Checking", EuroSys 2019.)

>>> heartbeat, election = TimerName("Heartbeat", b"{}"), TimerName("Election", b"{}")
>>> both = after_handler((), [Asked(election, 0.15, 0.3), Asked(heartbeat, 0.05, 0.05)])
>>> [name.type for name in due(both)]
['Heartbeat']
>>> [name.type for name in due(after_handler(without(both, heartbeat), [Asked(heartbeat, 0.05, 0.05)]))]
['Election', 'Heartbeat']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ds101.effects import TimerName

Seconds = float


class Waiting(NamedTuple):
    """A timer that is set: how long it can last at most, and the timers that certainly fire before it."""

    name: TimerName
    high: Seconds
    behind: tuple[TimerName, ...]


class Asked(NamedTuple):
    """A timer that a handler sets, to last from `low` to `high`; or cancels, if `low` is None."""

    name: TimerName
    low: Seconds | None
    high: Seconds


Timers = tuple[Waiting, ...]  # sorted, so that equal sets of timers are equal states


def due(timers: Timers) -> list[TimerName]:
    """The timers that can be the next to fire."""
    return [waiting.name for waiting in timers if not waiting.behind]


def without(timers: Timers, name: TimerName) -> Timers:
    """The timers that remain when this one fires or is forgotten."""
    return tuple(
        Waiting(one.name, one.high, tuple(other for other in one.behind if other != name))
        for one in timers
        if one.name != name
    )


def after_handler(timers: Timers, asked: Sequence[Asked]) -> Timers:
    """The timers that are set when a handler has asked for these, in this order."""
    fresh: dict[TimerName, tuple[Seconds, Seconds]] = {}
    for name, low, high in asked:
        timers = without(timers, name)
        fresh.pop(name, None)
        if low is not None:
            fresh[name] = (low, high)
    added = [Waiting(name, high, _certainly_before(name, timers, fresh)) for name, (_, high) in fresh.items()]
    return tuple(sorted([*timers, *added]))


def _certainly_before(
    name: TimerName, timers: Timers, fresh: dict[TimerName, tuple[Seconds, Seconds]]
) -> tuple[TimerName, ...]:
    low, _ = fresh[name]
    earlier = [one.name for one in timers if one.high <= low]
    place = list(fresh).index(name)
    for index, (other, (_, high)) in enumerate(fresh.items()):
        if high < low or (high == low and index < place):
            earlier.append(other)
    return tuple(sorted(earlier))
