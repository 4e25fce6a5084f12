"""Why there is no order: the first operation that fits nowhere, and an order of all that came before it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from ds101.checks.items import Item, before_in_program, until
from ds101.checks.model import REFUSED, Model
from ds101.checks.search import Search
from ds101.history import Operation
from ds101.verdict import Verdict

STEPS = 300_000  # for each of the searches that look for the first misfit
MEGABYTES = 64


@dataclass(frozen=True)
class Misfit:
    """An operation with which the history has no order any more, though it had one until then.

    `order` is the longest partial order: of all that had returned before `operation` did, perhaps with some that were
    still under way. `states` are the model's before the first of them and after each. `fits_before` is the place in
    the order before which the operation would last have fitted, None if nowhere. `exact` is False if the search for
    the first such operation ran out of its budget: then an earlier one may exist.
    """

    key: Hashable
    operation: Operation
    order: tuple[Operation, ...]
    states: tuple[Any, ...]
    fits_before: int | None
    exact: bool

    def __repr__(self) -> str:
        where = "" if self.key is None else f"{self.key}: "
        return f"<{where}{self.operation!r} fits nowhere after {len(self.order)} others>"


def first_misfit(items: Sequence[Item], model: Model, key: Hashable, *, real_time: bool) -> Misfit:
    """Halve the history until the return is found with which it breaks. The whole must be known to be broken."""

    def search(of: Sequence[Item]) -> Search:
        one = Search(of, model, before_in_program(of, ties_only=real_time), real_time=real_time)
        one.run(STEPS, MEGABYTES * 1_000_000)
        return one

    fitting, misfit, exact = 0, sum(item.known for item in items), True
    good = search(until(items, 0, model))
    while misfit - fitting > 1:
        middle = (fitting + misfit) // 2
        found = search(until(items, middle, model))
        if found.verdict is Verdict.BROKEN:
            misfit = middle
        else:
            fitting = middle
            if found.verdict is Verdict.HOLDS:
                good, exact = found, True
            else:
                exact = False
    returns = sorted((item.ended, index) for index, item in enumerate(items) if item.known)
    culprit = items[returns[misfit - 1][1]]
    without = search([item for item in good.items if item.operation is not culprit.operation])
    if without.verdict is Verdict.HOLDS:  # an order that does without it altogether reads better
        good = without
    placed = [good.items[index] for index in good.placed]
    states = _states_along(placed, model)
    fits = [
        place for place, state in enumerate(states) if model.step(state, culprit.request, culprit.reply) is not REFUSED
    ]
    order = tuple(item.operation for item in placed)
    return Misfit(key, culprit.operation, order, tuple(states), fits[-1] if fits else None, exact)


def _states_along(placed: Sequence[Item], model: Model) -> list[Any]:
    states = [model.initial]
    for item in placed:
        states.append(model.step(states[-1], item.request, item.reply))
    return states
