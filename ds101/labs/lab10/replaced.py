"""Which values were replaced by which writes: read from what clients were told, whatever contexts look like.

A write's context covers the values that its client was told by its last Get of that key before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ds101.history import History, Operation
from ds101.labs.lab10.given import Get, Put, Siblings

Covers = Mapping[str, Sequence[Operation]]  # a value -> the Puts whose context covers it


def covers(history: History) -> Covers:
    """For each value the writes whose context covers it; those that certainly never arrived are left out."""
    told: dict[tuple[str, str], Sequence[str]] = {}  # what a client was told last, by client and key
    found: dict[str, list[Operation]] = {}
    for one in history:  # one client's operations don't overlap, so they stand in its own order
        if isinstance(one.request, Get) and one.outcome == "ok" and isinstance(one.reply, Siblings):
            told[one.client, one.request.key] = one.reply.values
        elif isinstance(one.request, Put) and one.outcome != "fail":
            for value in told.get((one.client, one.request.key), ()):
                if value != one.request.value:
                    found.setdefault(value, []).append(one)
    return found
