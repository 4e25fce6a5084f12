"""The last field of a state: what is left of the budgets, and which partition holds."""

from __future__ import annotations

from typing import NamedTuple

from ds101.explorer.budgets import Budgets, Cost, Purse


class World(NamedTuple):
    """What is left of the budgets, and which partition holds (its number, or -1)."""

    purse: Purse
    partition: int


class Worlds:
    """All worlds that were met, by number, and what each costs; 0 is the one with full budgets.

    `payments[world][cost]` is what paying adds to the state, None if it can't be paid: see `pay`.
    """

    def __init__(self, budgets: Budgets, shift: int) -> None:
        self.shift = shift  # where the state has them
        self.worlds: list[World] = []
        self.payments: list[dict[int, int | None]] = []
        self._ids: dict[World, int] = {}
        self._costs: list[Cost] = [()]
        self.id_of(World(budgets.full(), -1))

    def id_of(self, world: World) -> int:
        """The number of a world."""
        number = self._ids.get(world)
        if number is None:
            number = self._ids[world] = len(self.worlds)
            self.worlds.append(world)
            self.payments.append({0: 0})
        return number

    def delta(self, before: int, after: World) -> int:
        """What another world adds to the state."""
        return (self.id_of(after) - before) << self.shift

    def cost_id(self, cost: Cost) -> int:
        """The number of a cost; 0 is free."""
        if cost not in self._costs:
            self._costs.append(cost)
        return self._costs.index(cost)

    def pay(self, world: int, cost: int) -> int | None:
        """What paying adds to the state; None if it can't be paid."""
        known = self.payments[world]
        if cost not in known:
            before = self.worlds[world]
            purse = before.purse.after(self._costs[cost])
            known[cost] = None if purse is None else self.delta(world, before._replace(purse=purse))
        return known[cost]
