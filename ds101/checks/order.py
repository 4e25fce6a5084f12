"""What must stay before what: events in the order of time as linked lists, and bit sets of what comes first besides.

There are two lists, one of the operations that must be placed, with their returns, and one of those whose outcome is
unknown. An operation may be placed next if no return stands before its call: placing it takes both out of the list.
"""

from __future__ import annotations

from collections.abc import Sequence

from ds101.checks.items import Item

HEAD, OPEN_HEAD = 0, 1  # where the two lists begin


class Order:
    """The lists for items that are sorted by `began`; `end` is the node after the last.

    `following` and `before` link the nodes; `operation[node]` is whose call it is, -1 for a return or the end;
    `call[i]` and `back[i]` are the nodes of item i, 0 where it has no return. Without `real_time` there are no returns.
    """

    def __init__(self, items: Sequence[Item], *, real_time: bool) -> None:
        events = [(item.began, 0, index) for index, item in enumerate(items)]
        if real_time:  # what happens at the same time counts as concurrent: calls come before returns
            events += [(item.ended, 1, index) for index, item in enumerate(items) if item.known]
        events.sort()
        self.end = len(events) + 2
        self.operation = [-1] * (self.end + 1)
        self.call, self.back = [0] * len(items), [0] * len(items)
        self.following, self.before = [self.end] * (self.end + 1), [0] * (self.end + 1)
        last = {True: HEAD, False: OPEN_HEAD}
        for node, (_, returns, index) in enumerate(events, start=2):
            must = items[index].known
            if returns:
                self.back[index] = node
            else:
                self.operation[node], self.call[index] = index, node
            self.following[last[must]], self.before[node] = node, last[must]
            last[must] = node


def with_equals_in_order(
    first: Sequence[int], items: Sequence[Item], rows: Sequence[int], *, real_time: bool
) -> list[int]:
    """`first`, and besides: of two equal operations, the one that began and ended before the other comes first.

    If an order has them the other way round, exchanging them gives an order as well. Where a client's program decides
    and not real time, this is said only of operations whose outcome is unknown.
    """
    under_way: dict[int, list[int]] = {}
    result = list(first)
    for index, item in enumerate(items):
        equals = under_way.setdefault(rows[index], [])
        equals[:] = [other for other in equals if items[other].ended > item.began]
        for other in equals:
            sooner = not item.known or (real_time and items[other].ended < item.ended)
            if sooner and not first[other]:
                result[index] |= 1 << other
        equals.append(index)
    return result
