"""Which write must be older than which, as far as what clients were told shows it; a circle is a contradiction.

The operations are the nodes of a graph whose edges say "comes before, or is seen by". A read that was told of one
write, though another one of that key comes before the read, shows that the other is the older one: that is an edge too,
which may show more. This goes on until there is a circle, or nothing new. For causal consistency it is the search for
the bad patterns of causal memory (Bouajjani, Enea, Guerraoui and Hamza 2017, "On verifying causal consistency"): what
is so derived holds for the view of one client, so each client has a graph of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ds101.checks.accesses import INITIAL, Accesses

Access = Literal["r", "w"]
Pair = tuple[Access, Access]  # of a client's operations, the first kind and the second: their order counts
WriteOrder = Literal["none", "client", "time"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`read` was told of a write that must be older than `missed`, which the reader must have seen.

    `path` leads from the older write to the newer one, by the edges of the graph, and `seen` from there to the read.
    The path is empty where the read was told of the initial value, and `seen` is where it was told of what came only
    after it. `shown_by[(a, b)]` is the read that shows that a is older than b.
    """

    read: int
    missed: int
    path: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()
    shown_by: dict[tuple[int, int], int] = field(default_factory=dict)


class Graph:
    """Who comes before whom. Nodes from `len(items)` on stand for "all so far" of a client or a key."""

    def __init__(self, accesses: Accesses, pairs: frozenset[Pair], order: WriteOrder) -> None:
        self.accesses = accesses
        self.before: list[list[int]] = [[] for _ in accesses.items]
        for index, source in sorted(accesses.source.items()):
            if source != INITIAL:
                self.before[index].append(source)
        for client in accesses.clients():
            own = [index for index, item in enumerate(accesses.items) if item.client == client]
            own_writes: frozenset[Pair] = frozenset({("w", "w")} if order == "client" else ())
            for first, second in sorted(pairs | own_writes):
                self._in_program(self._of_kind(own, first), self._of_kind(own, second))
        if order == "time":
            for key in dict.fromkeys(accesses.key):
                self._in_time([index for index in sorted(accesses.writes) if accesses.key[index] == key])

    def _of_kind(self, indices: Sequence[int], kind: Access) -> list[int]:
        chosen = self.accesses.reads if kind == "r" else self.accesses.writes
        return [index for index in indices if index in chosen]

    def _in_program(self, firsts: Sequence[int], seconds: Sequence[int]) -> None:
        """What ended no later than another of the client began comes before it."""
        self._chain(firsts, seconds, equal=True)

    def _in_time(self, writes: Sequence[int]) -> None:
        self._chain(writes, writes, equal=False)

    def _chain(self, firsts: Sequence[int], seconds: Sequence[int], *, equal: bool) -> None:
        """Nodes in a row, the n-th standing for the n that ended first, so that there are few edges."""
        items = self.accesses.items
        ended = sorted((items[index].ended, index) for index in firsts if items[index].known)
        row: list[int] = []
        for number, (_, index) in enumerate(ended):
            self.before.append([index, row[-1]] if number else [index])
            row.append(len(self.before) - 1)
        place = 0
        for index in seconds:  # by the time at which they began
            began = items[index].began
            while place < len(ended) and (ended[place][0] < began or (equal and ended[place][0] == began)):
                place += 1
            last = place
            while last and ended[last - 1][1] >= index and items[ended[last - 1][1]].began == began:
                last -= 1  # itself, or one that began at the same time and stands after it
            if last:
                self.before[index].append(row[last - 1])

    def ancestors(self) -> list[int] | None:
        """For each node the bit set of all that come before it; None where there is a circle."""
        waiting = [len(nodes) for nodes in self.before]
        after: list[list[int]] = [[] for _ in self.before]
        for node, nodes in enumerate(self.before):
            for other in nodes:
                after[other].append(node)
        ready = [node for node, count in enumerate(waiting) if not count]
        found, done = [0] * len(self.before), 0
        while ready:
            node = ready.pop()
            done += 1
            mask = found[node] | 1 << node
            for other in after[node]:
                found[other] |= mask
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
        return found if done == len(self.before) else None

    def copy(self) -> Graph:
        """The same, to which edges can be added."""
        graph = Graph.__new__(Graph)
        graph.accesses, graph.before = self.accesses, [list(nodes) for nodes in self.before]
        return graph

    def _towards(self, end: int) -> dict[int, int]:
        """For each node that comes before `end`, the next one on the shortest way there."""
        towards: dict[int, int] = {}
        todo = [end]
        for node in todo:
            for other in self.before[node]:
                if other not in towards:
                    towards[other] = node
                    todo.append(other)
        return towards

    def leads(self, start: int, end: int) -> bool:
        """Whether a node comes before another one."""
        return start in self._towards(end)

    def path(self, start: int, end: int) -> tuple[int, ...]:
        """The shortest way from a node to one that it comes before, without the nodes that stand for several."""
        towards = self._towards(end)
        way = [start]
        while len(way) == 1 or way[-1] != end:
            way.append(towards[way[-1]])
        return tuple(node for node in way if node < len(self.accesses.items))


def contradiction(accesses: Accesses, pairs: frozenset[Pair], order: WriteOrder) -> Contradiction | None:
    """The first client's contradiction, if there is one. `pairs` are what of a client's program counts."""
    base = Graph(accesses, pairs, order)
    ancestors = base.ancestors()
    if ancestors is None:
        return _circle(base)
    of_key: dict[object, int] = {}
    for index in accesses.writes:
        of_key[accesses.key[index]] = of_key.get(accesses.key[index], 0) | 1 << index
    for client in accesses.clients():
        own = sorted(index for index in accesses.reads if accesses.items[index].client == client)
        found = _of_client(base, ancestors, own, of_key)
        if found is not None:
            return found
    return None


def _of_client(
    base: Graph, ancestors: list[int], reads: Sequence[int], of_key: dict[object, int]
) -> Contradiction | None:
    accesses, known, graph = base.accesses, ancestors, base.copy()
    shown_by: dict[tuple[int, int], int] = {}
    while True:
        new = False
        for read in reads:
            source = accesses.source[read]
            seen = known[read] & of_key.get(accesses.key[read], 0)
            for write in _bits(seen & ~(1 << read) & ~(1 << source if source != INITIAL else 0)):
                if source == INITIAL:
                    return Contradiction(read, write, (), graph.path(write, read), shown_by)
                if known[write] >> source & 1:
                    return Contradiction(read, write, graph.path(source, write), graph.path(write, read), shown_by)
                if not known[source] >> write & 1 and (write, source) not in shown_by:
                    graph.before[source].append(write)
                    shown_by[write, source] = read
                    new = True
        if not new:
            return None
        found = graph.ancestors()
        if found is None:
            return _new_circle(graph, shown_by)
        known = found


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _new_circle(graph: Graph, shown_by: dict[tuple[int, int], int]) -> Contradiction:
    """Edges of one round can make a circle together: find one of them that closes it."""
    for (older, newer), read in sorted(shown_by.items()):
        if graph.leads(newer, older):
            return Contradiction(read, older, graph.path(newer, older), graph.path(older, read), shown_by)
    raise AssertionError("a circle without a derived edge")


def _circle(graph: Graph) -> Contradiction:
    """Somebody was told of a write that came after, by the programs alone."""
    for read, source in sorted(graph.accesses.source.items()):
        if source != INITIAL and graph.leads(read, source):
            return Contradiction(read, source, graph.path(read, source))
    raise AssertionError("a circle without a read")
