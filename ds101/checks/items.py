"""A history made ready for a search: what may have had an effect, in the model's terms, one list for each key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

from ds101.checks.model import Model
from ds101.checks.unknown import UNKNOWN
from ds101.errors import Mistake
from ds101.history import Operation

Seconds = float


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One operation that must (`known`) or may (its outcome is unknown) have its place in an order."""

    operation: Operation
    request: Any
    reply: Any
    known: bool
    began: Seconds
    ended: Seconds  # infinite where the outcome is unknown: it may take effect at any later time

    @property
    def client(self) -> str:
        """Whose operation it is."""
        return self.operation.client


def items_of(history: Iterable[Operation], model: Model) -> list[Item]:
    """What counts, by time of invocation: failed operations had no effect, and are left out.

    Raises `Mistake` for an operation that ended before it began, or that the model doesn't know.
    """
    items = []
    for operation in history:
        known = operation.outcome == "ok"
        if operation.outcome == "fail":
            continue
        if known and (operation.ended is None or operation.ended < operation.began):
            raise Mistake(f"{operation!r} has a reply, so it needs a time when it ended, not before it began.")
        asked = model.translate(operation if known else replace(operation, reply=UNKNOWN))
        if asked is not None:
            ended = operation.ended if known and operation.ended is not None else float("inf")
            items.append(Item(operation, asked.request, asked.reply, known, operation.began, ended))
    items.sort(key=lambda item: item.began)  # stable: equal times stay in the order of the history
    return items


def by_key(items: Iterable[Item], model: Model) -> dict[Hashable, list[Item]]:
    """The items of each key, in the order in which the keys first appear. Raises `Mistake` for a key without hash."""
    keys: dict[Hashable, list[Item]] = {}
    for item in items:
        key = model.key(item.request)
        try:
            keys.setdefault(key, []).append(item)
        except TypeError:
            raise Mistake(
                f"The key {key!r} of {item.request!r} must be hashable: a string, a number, a tuple."
            ) from None
    return keys


def until(items: Sequence[Item], returns: int, model: Model) -> list[Item]:
    """What was known once that many operations had returned: of those still under way the outcome was not.

    Operations that began later are left out. Linearizability is a safety property: what is broken stays broken.
    """
    ends = sorted((item.ended, index) for index, item in enumerate(items) if item.known)[:returns]
    returned, now = {index for _, index in ends}, ends[-1][0] if ends else float("-inf")
    return [
        item if index in returned or not item.known else _unfinished(item, model)
        for index, item in enumerate(items)
        if item.began <= now
    ]


def _unfinished(item: Item, model: Model) -> Item:
    asked = model.translate(replace(item.operation, reply=UNKNOWN))
    request = item.request if asked is None else asked.request
    return replace(item, request=request, reply=UNKNOWN, known=False, ended=float("inf"))


def before_in_program(items: Sequence[Item], *, ties_only: bool = False) -> list[int]:
    """For each item a bit set of the earlier ones of its client that ended no later than it began.

    Real time tells the order of two operations only if one ended before the other began. When the one ends at the very
    time at which the other begins, it is known for one client, and left open for two: with `ties_only`, these alone.
    """
    clients: dict[str, _Program] = {}
    return [
        clients.setdefault(item.client, _Program()).before(index, item, ties_only) for index, item in enumerate(items)
    ]


class _Program:
    """What one client has done so far; `ended` are bit sets."""

    def __init__(self) -> None:
        self.under_way: list[tuple[Seconds, int]] = []
        self.ended = self.ended_now = 0
        self.now = float("-inf")

    def before(self, index: int, item: Item, ties_only: bool) -> int:
        if item.began > self.now:
            self.now, self.ended_now = item.began, 0
        while self.under_way and self.under_way[0][0] <= self.now:
            ended, other = heappop(self.under_way)
            self.ended |= 1 << other
            self.ended_now |= (ended == self.now) << other
        if item.known:
            heappush(self.under_way, (item.ended, index))
        return self.ended_now if ties_only else self.ended
