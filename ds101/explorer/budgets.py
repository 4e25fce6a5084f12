"""How much may go wrong on one path, and what each step costs of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from ds101.errors import Mistake

Cost = tuple[str, ...]  # the budgets that a step takes one from, each; () for a step that is free


@dataclass(frozen=True)
class Budgets:
    """At most so many of each on one path; None: as many as come about.

    `timers` counts timers that fire, `timeouts` the calls that clients give up. A network that is a set loses and
    duplicates without asking.
    """

    crashes: int | None = 0
    restarts: int | None = None
    timers: int | None = None
    timeouts: int | None = 0
    partitions: int | None = 0
    drops: int | None = 0
    duplicates: int | None = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (type(value) is not int or value < 0):
                raise Mistake(f"{field.name}={value!r}: give how many at most, 0 or more, or None for any number.")

    def allows(self, *names: str) -> bool:
        """Whether there can be such steps at all."""
        return all(getattr(self, name) != 0 for name in names)

    def cost(self, *names: str) -> Cost:
        """The cost of a step that counts towards these budgets."""
        return tuple(sorted(name for name in names if getattr(self, name) is not None))

    def full(self) -> Purse:
        """What is left at the beginning."""
        return Purse(tuple((one.name, getattr(self, one.name)) for one in fields(self) if getattr(self, one.name)))


class Purse(NamedTuple):
    """What is left of the budgets that have an end: names with amounts above 0."""

    left: tuple[tuple[str, int], ...]

    def after(self, cost: Cost) -> Purse | None:
        """What is left after a step of this cost; None if it can't be paid."""
        left = dict(self.left)
        for name in cost:
            left[name] = left.get(name, 0) - 1
        if any(amount < 0 for amount in left.values()):
            return None
        return Purse(tuple((name, amount) for name, amount in left.items() if amount))


UNLIMITED = Budgets(None, None, None, None, None, None, None)
