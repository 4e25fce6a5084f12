"""What happened, and what happened before what.

In a trace it is the trace that says so (Lamport 1978), of the moments at which the nodes noted their events. The
explorer's states have no trace: there it follows from what was noted, since a node's events are in order, and a letter
arrives after it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ds101.explorer import View
from ds101.labs.lab05.travelling import Noted
from ds101.trace import Event
from ds101.trials import Run
from ds101.verdict import Verdict

Notes = Mapping[str, tuple[Noted, ...]]  # by node


class Happened:
    """The events of a run with their stamps, and for each the events that happened before it."""

    def __init__(self, notes: Notes, before: Mapping[str, frozenset[str]]) -> None:
        self.notes = notes
        self.stamps = {one.event: one.stamp for of_node in notes.values() for one in of_node}
        self._before = before

    def before(self, a: str, b: str) -> bool:
        """Whether a happened before b."""
        return a in self._before[b]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """All pairs of different events, each in both orders, and neighbours first."""
        for b in self.stamps:
            yield from ((a, b) for a in self.stamps if a != b)

    def in_a_row(self) -> Iterator[tuple[str, str]]:
        """Each event of a node with the one after it."""
        for of_node in self.notes.values():
            yield from ((a.event, b.event) for a, b in pairwise(of_node))

    def letters(self) -> Iterator[tuple[str, str]]:
        """The sending of each letter with each of its arrivals."""
        for of_node in self.notes.values():
            yield from ((one.cause, one.event) for one in of_node if one.cause)


def happened_in(run: Run | View) -> Happened | None:
    """What happened in a run or in a state of the explorer; None where the trace doesn't tell it all."""
    if isinstance(run, View):
        return _by_notes(tuple((node, _notes(run.state(node))) for node in run.nodes))
    notes = {node: _notes(state) for node, state in run.states.items()}
    return _by_trace(run, notes)


def _notes(state: Mapping[str, Any]) -> tuple[Noted, ...]:
    return tuple(Noted(event, cause, _thawed(stamp)) for event, cause, stamp in state.get("_noted", ()))


def _thawed(stamp: Any) -> Any:
    return dict(stamp) if isinstance(stamp, Mapping) else stamp


def _by_notes(notes: tuple[tuple[str, tuple[Noted, ...]], ...]) -> Happened:
    before: dict[str, frozenset[str]] = {}
    left = [list(of_node) for _, of_node in notes]
    while any(left):  # of those that are left, one has all its causes behind it: a letter was noted where it was sent
        waiting = next(one for one in left if one and (not one[0].cause or one[0].cause in before))
        one = waiting.pop(0)
        earlier = [event for event in (_just_before(one.event), one.cause) if event in before]
        before[one.event] = frozenset(earlier).union(*(before[event] for event in earlier))
    return Happened(dict(notes), before)


def _just_before(event: str) -> str:
    node, _, number = event.rpartition(".")
    return f"{node}.{int(number) - 1}"


def _by_trace(run: Run, notes: Notes) -> Happened | None:
    places: dict[str, Event] = {}
    for node, of_node in notes.items():
        logged = {event.detail.split()[0]: event for event in run.trace if event.kind == "log" and event.node == node}
        if not logged.keys() >= {one.event for one in of_node}:
            return None
        places |= {one.event: logged[one.event] for one in of_node}
    in_order = sorted(places, key=lambda event: run.trace.events.index(places[event]))  # causes stand before effects
    before: dict[str, frozenset[str]] = {}
    for place, b in enumerate(in_order):
        known: set[str] = set()
        for a in reversed(in_order[:place]):  # what happened before one that did needs no question of its own
            if a not in known and run.trace.happened_before(places[a], places[b]) is Verdict.HOLDS:
                known |= {a, *before[a]}
        before[b] = frozenset(known)
    return Happened(notes, before)
