"""Sequential consistency: one order for all, in which each client's operations come as it asked for them.

>>> from ds101.checks.fields import Named
>>> from ds101.checks.registers import Register
>>> late = [
...     Operation("ada", "n1", Named("write", None, (1,)), 0.0, 0.1, "ok"),
...     Operation("bob", "n2", Named("read"), 0.2, 0.3, "ok", None),
... ]
>>> sequentially_consistent(late, Register()).verdict
Verdict.HOLDS
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ds101.checks.answer import Answer, check, holds, inconclusive
from ds101.checks.budget import Budget
from ds101.checks.items import Item, before_in_program, by_key, items_of
from ds101.checks.linearizability import ANY_BUDGET, in_rounds
from ds101.checks.model import Model
from ds101.checks.search import Search
from ds101.checks.telling import no_order
from ds101.checks.whole import Whole
from ds101.draw.wording import counted
from ds101.history import Operation
from ds101.verdict import Verdict


@check(hint="In which order must the writes have come for the one client, and in which for the other?")
def sequentially_consistent(history: Iterable[Operation], model: Model, budget: Budget = ANY_BUDGET) -> Answer:
    """All operations fit in one order in which each client's come in the order in which it asked for them.

    Lamport (1979, "How to make a multiprocessor computer that correctly executes multiprocess programs"). A client may
    be told what is old, as long as all see one order. An operation of unknown outcome may come at any place after what
    its client had been told before it, or nowhere.

    Unlike linearizability it is not local: every key may have such an order and all together none (Herlihy and Wing
    1990, section 3.3), so all keys are searched together, where cheaper questions have not settled it: what is
    linearizable is sequentially consistent, and what has no order on one key has none.
    Past the budget the answer is inconclusive. Raises `Mistake` for an operation that the model doesn't know.
    """
    items = items_of(history, model)
    keys = by_key(items, model)
    in_time = [_search(of_key, model, real_time=True) for of_key in keys.values()]
    third = replace(budget, steps=max(1, budget.steps // 3))
    if in_rounds(in_time, third) is None and all(search.verdict is Verdict.HOLDS for search in in_time):
        return holds(f"{counted(len(items), 'operation')}, linearizable as well")
    one_by_one = {key: _search(of_key, model, real_time=False) for key, of_key in keys.items()}
    culprit = in_rounds(sorted(one_by_one.values(), key=lambda search: len(search.items)), third)
    if culprit is not None:
        key = next(key for key, search in one_by_one.items() if search is culprit)
        return no_order(culprit, model, key, real_time=False)
    for search in one_by_one.values():
        search.forget()
    together = _search(items, Whole(model), real_time=False)
    if in_rounds([together], third) is not None:
        return no_order(together, Whole(model), None, real_time=False)
    if together.verdict is Verdict.HOLDS:
        return holds(f"{counted(len(items), 'operation')}, {counted(together.steps, 'step')}")
    return inconclusive(
        f"no answer within {counted(third.steps, 'step')}: {together.furthest:,} of "
        f"{counted(len(items), 'operation')} have their place so far. Give a larger Budget, or a shorter history."
    )


def _search(items: Sequence[Item], model: Model, *, real_time: bool) -> Search:
    return Search(items, model, before_in_program(items, ties_only=real_time), real_time=real_time)
