"""What a simulation records: plain tuples while it runs, events when somebody asks.

An event's id is its number in the run. The record is bounded: the oldest are forgotten when it is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ds101.trace import Event, Trace

# kind, time, node, clock, cause, source, destination, type, body as JSON, detail
Entry = tuple[str, float, str, int, int, str, str, str, bytes, str]
NOTHING = b"{}"  # a body without fields


class Record:
    """The entries of a run, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.cut = 0
        self.entries: list[Entry] = []

    @property
    def count(self) -> int:
        """How many there have been."""
        return self.cut + len(self.entries)

    def add(self, entry: Entry) -> int:
        """Write an entry down; returns its number."""
        entries = self.entries
        entries.append(entry)
        number = self.cut + len(entries)
        if len(entries) > self.limit:
            surplus = len(entries) - self.limit // 2
            self.cut += surplus
            del entries[:surplus]
        return number

    def trace(self, nodes: Sequence[str]) -> Trace:
        """The trace so far."""
        events = [self._event(self.cut + index, *entry) for index, entry in enumerate(self.entries, start=1)]
        clients = sorted({event.node for event in events} - set(nodes) - {""})
        return Trace(events, [*nodes, *clients], self.cut)

    def _event(self, number: int, *entry: Any) -> Event:
        kind, at, node, clock, cause, src, dst, type_name, body, detail = entry
        fields = msgspec.json.decode(body) if body is not NOTHING else {}
        return Event(
            _name(number), kind, at, node, clock, _name(cause) if cause else None, src, dst, type_name, fields, detail
        )


def _name(number: int) -> str:
    return f"e{number}"
