"""The search for an order that a model allows: Wing and Gong's algorithm with Lowe's cache.

Wing and Gong (1993, "Testing and verifying concurrent objects") try, one after the other, the operations that nothing
unplaced must precede, and go back when none fits. Lowe (2017, "Testing for linearizability") remembers each pair of
(what is placed, state) and never enters one twice. Here what is placed is a bit set, an int, and states are numbers.

What a model says of the effect of its operations makes it shorter, and changes no verdict:

- A read that fits is placed at once: it stands in nobody's way.
- A state is not left while somebody still needs it whom nothing could bring it back for.
- A blind write whose value nobody can have met is placed with another one, unseen.
- What has an unknown outcome comes last, just in time for what fits nowhere without it, and only if it changes
  something.
"""

from __future__ import annotations

from collections.abc import Sequence

from ds101.checks.items import Item
from ds101.checks.model import Model
from ds101.checks.numbered import Numbered
from ds101.checks.order import HEAD, OPEN_HEAD, Order, with_equals_in_order
from ds101.verdict import Verdict

SETTLE, CHANGE, OPEN = 0, 1, 2  # what is tried: reads; what changes the state; what has an unknown outcome
# An operation, and how it was before: what was placed, state, limit, cover, what was placed under it, phase.
Frame = tuple[int, int, int, int, int, int, int]
ENTRY = 76  # bytes, about, of an entry in the cache, and 4 more for each 30 operations


class Search:
    """A search for an order of `items` (sorted by `began`) that can be continued where it stopped.

    With `real_time`, what ended before another began stays before it; `first[i]` is a bit set of items that must
    precede item i besides. `steps` counts the placements that were tried, `bytes` estimates what it remembers,
    `furthest` is the most operations that were placed together.
    """

    def __init__(self, items: Sequence[Item], model: Model, first: Sequence[int], *, real_time: bool) -> None:
        self.items = items
        self.numbered = Numbered(items, model)
        self.order = Order(items, real_time=real_time)
        self.first = with_equals_in_order(first, items, self.numbered.row_of, real_time=real_time)
        self.must = sum(item.known for item in items)
        self.verdict = Verdict.INCONCLUSIVE if self.must else Verdict.HOLDS
        self.placed: list[int] = []  # the order that was found
        self.steps = self.furthest = self.cached = 0
        self.given_up = False
        self._seen: dict[int, set[int]] = {}
        self._stack: list[Frame] = []
        # Where it stands: what is placed, the state, the next node to try, the node of the first return; the last blind
        # write's first return (an unseen one that stands under it began before that), and what was placed before it or
        # under it; what is tried; how much of what must be is placed.
        self._at = (0, 0, self.order.following[HEAD], self.order.end, 0, 0, SETTLE, 0)
        self._count_needs()

    def _count_needs(self) -> None:
        """For each state, how many unplaced operations need it, and how many could bring it about."""
        self._needed, self._makers = ([0] * (len(self.numbered.states) + 1) for _ in range(2))  # the last: no state
        for index in range(len(self.items)):
            self._count(index, 1)

    def _count(self, index: int, change: int) -> None:
        self._needed[self.numbered.needs[index]] += change
        self._makers[self.numbered.makes[index]] += change

    @property
    def bytes(self) -> int:
        """About how much memory it takes."""
        return self.cached * (ENTRY + len(self.items) * 4 // 30) + self.numbered.bytes

    def run(self, steps: int, most_bytes: int) -> Verdict:
        """Go on for about that many steps, and while it takes less memory than that. Returns the verdict so far."""
        if self.verdict is Verdict.INCONCLUSIVE:
            self._run(steps, most_bytes)
            self.furthest = max(self.furthest, len(self._stack))
        if self.verdict is Verdict.HOLDS and self._stack:
            self.placed = _in_order(self._stack, self.numbered)
        if self.verdict is not Verdict.INCONCLUSIVE:
            self.forget()
        return self.verdict

    def give_up(self) -> None:
        """Search no further: it would take too much memory."""
        self.given_up = True
        self.forget()

    def forget(self) -> None:
        """Free what only going on would need."""
        self._seen, self._stack, self.cached = {}, [], 0
        self.numbered.forget()

    def _run(self, steps: int, most_bytes: int) -> None:
        """The loop, in one piece and on local names: calling a function for each step would take half of the time."""
        order, numbered, first, stack, seen = self.order, self.numbered, self.first, self._stack, self._seen
        following, before, operation, call, back = (
            order.following,
            order.before,
            order.operation,
            order.call,
            order.back,
        )
        rows, row_of, reads, blind, unseen = (
            numbered.rows,
            numbered.row_of,
            numbered.reads,
            numbered.blind,
            numbered.unseen,
        )
        needs, makes, needed, makers = numbered.needs, numbered.makes, self._needed, self._makers
        mask, state, node, limit, cover, under, phase, placed = self._at
        entry = ENTRY + len(self.items) * 4 // 30
        most = (most_bytes - numbered.bytes) // entry
        looking, left = numbered.looking, steps
        while left > 0 and self.cached <= most:
            index = operation[node]
            if index >= 0 and node < limit:  # a candidate: does it fit here?
                left -= 1
                here, node = node, following[node]
                if first[index] and first[index] & ~mask:
                    continue
                if phase == SETTLE and not reads[index]:  # only as an unseen write, under the last blind one
                    if not unseen[index] or here >= cover or first[index] & ~under:
                        continue
                    under |= 1 << index  # only ever given back together with the blind write
                    after = state
                else:
                    if phase != SETTLE and (reads[index] or (phase == OPEN and unseen[index])):
                        continue
                    known = rows[row_of[index]].get(state)
                    if known is None:
                        known = numbered.step(index, state)
                        most = (most_bytes - numbered.bytes) // entry
                    after = known
                    if after < 0 or (phase == OPEN and after == state):
                        continue
                    if looking and after != state and not makers[state] and needed[state] > (needs[index] == state):
                        continue
                # It does: place it, and take its call and its return out of the lists.
                stack.append((index, mask, state, limit, cover, under, phase))
                needed[needs[index]] -= 1
                makers[makes[index]] -= 1
                gone = call[index]
                following[before[gone]], before[following[gone]] = following[gone], before[gone]
                gone = back[index]
                if gone:
                    following[before[gone]], before[following[gone]] = following[gone], before[gone]
                    if node == gone:
                        node = following[gone]
                mask |= 1 << index
                if phase != OPEN:
                    placed += 1
                    if placed == self.must:
                        self.verdict = Verdict.HOLDS
                        break
                if phase != SETTLE:
                    cover, under = (limit, mask ^ 1 << index) if blind[index] else (0, 0)
                    state, phase, node, limit = after, SETTLE, following[HEAD], order.end
                continue
            if phase == SETTLE:  # all reads that fit are placed: was this met before?
                met = seen.setdefault(state, set())
                if mask not in met:
                    met.add(mask)
                    self.cached += 1
                    limit, node, phase = node, following[HEAD], CHANGE
                    continue
            elif phase == CHANGE:
                node, phase = following[OPEN_HEAD], OPEN
                continue
            if len(stack) > self.furthest:
                self.furthest = len(stack)
            while stack:  # go back to the last choice
                index, mask, state, limit, cover, under, phase = stack.pop()
                needed[needs[index]] += 1
                makers[makes[index]] += 1
                placed -= phase != OPEN
                for again in (back[index], call[index]):
                    if again:
                        following[before[again]] = before[following[again]] = again
                if phase != SETTLE:
                    node = following[call[index]]
                    break
            else:
                self.verdict = Verdict.BROKEN
                break
        self.steps += steps - left
        self._at = mask, state, node, limit, cover, under, phase, placed


def _in_order(stack: Sequence[Frame], numbered: Numbered) -> list[int]:
    """The operations as they were placed; an unseen write stands right before the blind one that covers it."""
    result: list[int] = []
    cover = 0
    for index, *_, phase in stack:
        if phase == SETTLE and not numbered.reads[index]:
            result.insert(cover, index)
            cover += 1
        else:
            if phase != SETTLE:
                cover = len(result)
            result.append(index)
    return result
