"""When the server and the links were sound: what is promised to a call depends on it.

Read from the trace: crashes, pauses, partitions and bad links with their ends, and messages that were lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any, NamedTuple

from ds101.labs.lab02.given import SERVER
from ds101.trace import Event, Trace

Seconds = float
SETTLING = 0.05  # seconds after a fault, until what it held back has arrived and connections are there again
BEGINS = {"crash": "restart", "pause": "resume", "partition": "heal", "link": "heal"}


class Trouble(NamedTuple):
    """Something was wrong from one moment to another, in seconds since the run began."""

    begin: Seconds
    end: Seconds


def troubles(trace: Trace) -> tuple[Trouble, ...]:
    """All that was wrong, in the order of the beginnings."""
    return tuple(sorted((*_lasting(trace), *_lost(trace))))


def was_sound(found: tuple[Trouble, ...], begin: Seconds, end: Seconds) -> bool:
    """Whether nothing was wrong between these two moments."""
    return all(one.end < begin or one.begin > end for one in found)


def crashes(trace: Trace) -> tuple[Seconds, ...]:
    """When the server died."""
    return tuple(event.at for event in trace if event.kind == "crash" and event.node == SERVER)


def _lasting(trace: Trace) -> Iterator[Trouble]:
    open_: dict[tuple[str, Any], tuple[Seconds, Seconds]] = {}  # when it began, and how long it is felt after its end
    for event in trace:
        if event.kind in BEGINS:
            open_[BEGINS[event.kind], _which(event)] = (event.at, SETTLING + _longest_delay(event))
        else:
            begin, after = open_.pop((event.kind, _which(event)), (None, 0.0))
            if begin is not None:
                yield Trouble(begin, event.at + after)
    for begin, _ in open_.values():
        yield Trouble(begin, inf)


def _which(event: Event) -> Any:
    return event.node or event.body.get("fault")


def _longest_delay(event: Event) -> Seconds:
    """The most that a link may hold back a message; a reordered one falls behind by up to as much again, twice."""
    delay: Any = event.body.get("delay", 0.0)
    jitter: Any = event.body.get("jitter", 0.0)
    most = (max(delay) if isinstance(delay, list | tuple) else delay) + jitter
    return float(3 * most if event.body.get("reorder") else most)


def _lost(trace: Trace) -> Iterator[Trouble]:
    """Messages that were lost. A reply to somebody who has hung up is not."""
    for event in trace:
        if event.kind == "drop" and event.detail != "the call has ended":
            yield Trouble(event.at, event.at)
