"""Linearizability: every operation takes effect at one instant while it is under way.

>>> from ds101.checks.fields import Named
>>> from ds101.checks.registers import Register
>>> def operation(client, name, value, began, ended):
...     given, told = ((value,), None) if name == "write" else ((), value)
...     return Operation(client, "n1", Named(name, None, given), began, ended, "ok", told)
>>> linearizable([
...     operation("ada", "write", 1, 0.0, 0.1),
...     operation("bob", "write", 2, 0.2, 0.3),
...     operation("ada", "read", 1, 0.4, 0.5),
... ], Register()).verdict
Verdict.BROKEN
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from ds101.checks.answer import Answer, check, holds, inconclusive
from ds101.checks.budget import Budget
from ds101.checks.items import before_in_program, by_key, items_of
from ds101.checks.model import Model
from ds101.checks.search import Search
from ds101.checks.telling import in_order, no_order
from ds101.checks.whole import Whole
from ds101.draw.wording import counted
from ds101.history import Operation
from ds101.verdict import Verdict

FIRST_ROUND = 2_000  # steps for each key; each round allows four times those of the one before
GROWTH = 4
DRAWN = 60  # operations, at most, that are drawn in an order that fits
ANY_BUDGET = Budget()


@check(hint="Which answer could a client still get after a newer one had been given to somebody?")
def linearizable(history: Iterable[Operation], model: Model, budget: Budget = ANY_BUDGET) -> Answer:
    """Every operation seems to take effect at one instant between its invocation and its reply.

    Herlihy and Wing (1990). Operations of unknown outcome (info, or still open) may take effect at any time after their
    invocation, or never; failed ones had none. Times are in seconds; operations of two clients that end and begin at
    the same time count as concurrent.

    Each key is judged for itself, the smallest first, in rounds of more and more steps, so that one hard key doesn't
    hide the verdict of the others. Broken comes with a `Misfit` as evidence; past the budget it is inconclusive. The
    picture of a short history that holds shows an order that fits. Raises `Mistake` for an operation that the model
    doesn't know.
    """
    keys = by_key(items_of(history, model), model)
    searches = {
        key: Search(items, model, before_in_program(items, ties_only=True), real_time=True)
        for key, items in sorted(keys.items(), key=lambda pair: len(pair[1]))
    }
    culprit = in_rounds(list(searches.values()), budget)
    return answer_of(searches, culprit, model)


def in_rounds(searches: Sequence[Search], budget: Budget) -> Search | None:
    """Search until one is broken (it is returned), all hold, or the budget is used up."""
    left, most_bytes = budget.steps, budget.megabytes * 1_000_000
    going = [search for search in searches if search.verdict is Verdict.INCONCLUSIVE]
    steps = FIRST_ROUND
    while going and left > 0:
        for search in going:
            others = sum(other.bytes for other in searches if other is not search)
            before = search.steps
            if search.run(min(steps, left), most_bytes - others) is Verdict.BROKEN:
                return search
            left -= search.steps - before
            if search.bytes + others >= most_bytes:
                search.give_up()
        going = [search for search in going if search.verdict is Verdict.INCONCLUSIVE and not search.given_up]
        steps *= GROWTH
    return None


def answer_of(searches: dict[Hashable, Search], culprit: Search | None, model: Model) -> Answer:
    """The answer that all the searches give together."""
    steps = sum(search.steps for search in searches.values())
    operations = sum(len(search.items) for search in searches.values())
    if culprit is not None:
        key = next(key for key, search in searches.items() if search is culprit)
        return no_order(culprit, model, key)
    open_ = [(key, search) for key, search in searches.items() if search.verdict is Verdict.INCONCLUSIVE]
    if not open_:
        orders = [[search.items[index].operation for index in search.placed] for search in searches.values()]
        several = len(searches) > 1
        keys = f" on {counted(len(searches), 'key')}" if len(searches) > 1 else ""
        return holds(
            f"{counted(operations, 'operation')}{keys}, {counted(steps, 'step')}",
            draw=(lambda in_page: in_order(orders, Whole(model) if several else model, in_page=in_page))
            if operations <= DRAWN
            else None,
        )
    key, search = open_[0]
    where = f"{key}: " if key is not None else ""
    return inconclusive(
        f"{where}no answer within {counted(steps, 'step')}: {search.furthest:,} of "
        f"{counted(len(search.items), 'operation')} have their place so far; "
        f"{len(searches) - len(open_):,} of {counted(len(searches), 'key')} hold. "
        "Give a larger Budget, or a shorter history."
    )
