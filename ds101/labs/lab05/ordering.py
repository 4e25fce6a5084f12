"""Task 3, `total_order`: all nodes sort the same events alike, causes first (Lamport 1978, the relation =>)."""

from __future__ import annotations

from itertools import combinations

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.explorer import View
from ds101.labs.lab05.diaries import Sorted
from ds101.labs.lab05.happened import happened_in
from ds101.labs.lab05.lamport import TRACE_CUT
from ds101.labs.lab05.runs import ORDER
from ds101.labs.lab05.telling import with_walls
from ds101.labs.specification import property_of
from ds101.trials import Run


@property_of(
    "lab05",
    points=2,
    title="causes first",
    hint="One event happened before another. What do you know for sure of their times? And of their walls?",
    needs=("total_order",),
    worlds=ORDER,
    shown=with_walls,
)
def causes_first(run: Run | View) -> Answer:
    """In the order, no event stands before one that happened before it."""
    happened = happened_in(run)
    if happened is None:
        return inconclusive(TRACE_CUT)
    looked = False
    for sent in run.sent(Sorted):
        for a, b in combinations(sent.body.events, 2):
            looked = looked or happened.before(a, b)
            if happened.before(b, a):
                return broken(f"{sent.src} put {a} before {b}, but {b} happened before {a}.")
    return holds() if looked else inconclusive("No two of the sorted events happened one before the other.")


@property_of(
    "lab05",
    points=2,
    title="all sort alike",
    hint="Two events may have the same time. What decides then, and do all nodes know it?",
    needs=("total_order",),
    worlds=ORDER,
    shown=with_walls,
)
def all_alike(run: Run | View) -> Answer:
    """All nodes put the same events into the same order, in whatever order they came to know them."""
    orders: dict[tuple[str, str], str] = {}  # by the two events, as they were first sorted: who did it
    shared = False
    for sent in run.sent(Sorted):
        for a, b in combinations(sent.body.events, 2):
            if (b, a) in orders:
                return broken(f"{orders[b, a]} put {b} before {a}, and {sent.src} put {a} before {b}.")
            shared = shared or orders.setdefault((a, b), sent.src) != sent.src
    return holds() if shared else inconclusive("No two nodes sorted the same events.")
