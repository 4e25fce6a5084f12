"""States whose network delivers each message once: in any order (a multiset), or in order on each connection.

The row has a field more for each node and client: the number of what is under way to it. Loss and duplication happen
within budgets, and partitions: while one holds, what is sent across it is lost, and so is what arrives across it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from ds101.errors import Mistake
from ds101.explorer.budgets import Budgets
from ds101.explorer.networks import AnyOrder, Inbox, InOrder, Queues
from ds101.explorer.sites import WIDTH, Site
from ds101.explorer.space import Fields, Needs, Space, State
from ds101.explorer.steps import Move, Step
from ds101.explorer.worlds import World
from ds101.node import Node

MOST_PARTED = 8  # nodes: there are 127 ways to part them


class Inboxes:
    """What was ever under way to one receiver, by number; 0 is nothing."""

    def __init__(self, queues: Queues, letters: Sequence[Any]) -> None:
        self._queues, self._letters = queues, letters
        self.inboxes: list[Inbox] = []
        self._ids: dict[Inbox, int] = {}
        self.puts: dict[tuple[int, tuple[int, ...]], int] = {}
        self._arrivals: dict[int, list[tuple[int, int]]] = {}
        self.id_of(())

    def id_of(self, inbox: Inbox) -> int:
        """The number of an inbox."""
        number = self._ids.get(inbox)
        if number is None:
            number = self._ids[inbox] = len(self.inboxes)
            self.inboxes.append(inbox)
        return number

    def put(self, number: int, sent: tuple[int, ...]) -> int:
        """The inbox when these letters have been sent to it too."""
        after = self.puts.get((number, sent))
        if after is None:
            after = self.id_of(self._queues.put(self.inboxes[number], sent, self._letters))
            self.puts[number, sent] = after
        return after

    def arrivals(self, number: int) -> list[tuple[int, int]]:
        """The letters that can be next to arrive, each with the inbox afterwards."""
        known = self._arrivals.get(number)
        if known is None:
            known = [(letter, self.id_of(rest)) for letter, rest in self._queues.arrivals(self.inboxes[number])]
            self._arrivals[number] = known
        return known


class Prepared(NamedTuple):
    """A move of one node or client with one inbox: what it adds there, and what it sends to which others."""

    cost: int  # as in Move
    delta: int
    mask: int
    payloads: list[tuple[int, tuple[int, ...]]]
    step: Step


class QueueSpace(Space):
    """A network that delivers once, as `queues` has it."""

    def __init__(
        self,
        classes: Mapping[str, type[Node]],
        clients: Mapping[str, Any],
        budgets: Budgets,
        needs: Needs,
        crashing: bool,
        in_order: bool,
    ) -> None:
        count = len(classes) + len(clients)
        super().__init__(classes, clients, budgets, needs, crashing=crashing, order_matters=in_order, more_fields=count)
        self.queues: Queues = InOrder() if in_order else AnyOrder()
        self.inboxes = [Inboxes(self.queues, self.mail.letters) for _ in range(count)]
        self.partitions = list(partitions_of(self.nodes)) if len(self.nodes) <= MOST_PARTED else []
        if budgets.partitions and not self.partitions:
            raise Mistake(f"partitions={budgets.partitions}: at most {MOST_PARTED} nodes can be parted.")
        self._count = count
        self._prepared: list[dict[tuple[int, int, int], list[Prepared]]] = [{} for _ in range(count)]

    def afters(self, state: State, fields: Fields) -> list[State]:
        found = []
        for one in self._enabled(fields):
            if one.cost < 0:
                self.note_failure(fields[-1], one)
            else:
                paid = self.worlds.pay(fields[-1], one.cost) if one.cost else 0
                if paid is not None:
                    found.append(self._after(state + paid, fields, one))
        return found + [after for _, after in self._partition_moves(state, fields)] if self.partitions else found

    def moves(self, state: State, fields: Fields, position: int | None = None) -> Iterator[tuple[Step, State]]:
        for one in self._enabled(fields, position):
            paid = self.worlds.pay(fields[-1], one.cost if one.cost >= 0 else -1 - one.cost)
            if paid is not None:
                yield one.step, (state if one.step.error else self._after(state + paid, fields, one))
        if position in (None, -1):
            yield from self._partition_moves(state, fields)

    def _enabled(self, fields: Fields, position: int | None = None) -> list[Prepared]:
        """The moves of all nodes and clients, or of one."""
        count, partition = self._count, self.worlds.worlds[fields[-1]].partition
        enabled: list[Prepared] = []
        for place in range(count) if position is None else range(count)[position : position + 1]:
            key = fields[place], fields[count + place], partition
            enabled += self._prepared[place].get(key) or self._prepare(self.sites[place], key)
        for move in self.invocations(fields) if self.client_sites else ():
            place = move.step.position
            if position in (None, place):
                inbox = fields[count + place]
                enabled.append(self._prepared_move(move, inbox, inbox, partition))
        return enabled

    def _after(self, state: State, fields: Fields, move: Prepared) -> State:
        """The state after a move. What is sent to a node that is down is lost."""
        _, delta, mask, payloads, _ = move
        after = state + delta
        for receiver, letters in payloads:
            if self.crashing and receiver < len(self.nodes) and fields[receiver] in self.actors[receiver].down:
                continue
            place = self._count + receiver
            there, inboxes = fields[place], self.inboxes[receiver]
            put = inboxes.puts.get((there, letters))
            after += ((inboxes.put(there, letters) if put is None else put) - there) << WIDTH * place
        return after | mask

    def _prepare(self, site: Site, key: tuple[int, int, int]) -> list[Prepared]:
        """The moves of a node or client in a local state, with an inbox, during a partition."""
        local, inbox, partition = key
        moves = [(move, inbox) for move in site.deeds_in(local).spontaneous]
        for letter, rest in self.inboxes[site.position].arrivals(inbox):
            moves += self._arriving(site, local, letter, inbox, rest, partition)
        prepared = [self._prepared_move(move, inbox, after, partition) for move, after in moves]
        self._prepared[site.position][key] = prepared
        return prepared

    def _prepared_move(self, move: Move, inbox: int, after: int, partition: int) -> Prepared:
        """A move that leaves `after` in the inbox of whoever moves, but for what it sends to itself."""
        mover = move.step.position
        payloads = []
        for receiver, letters in self._by_receiver(move.sends):
            if self._cuts(partition, receiver, mover):
                continue
            if receiver == mover:
                after = self.inboxes[mover].put(after, letters)
            else:
                payloads.append((receiver, letters))
        after = 0 if move.clears else after
        delta = move.delta + ((after - inbox) << WIDTH * (self._count + mover))
        return Prepared(move.cost, delta, move.mask, payloads, move.step)

    def _arriving(
        self, site: Site, local: int, letter: int, inbox: int, rest: int, partition: int
    ) -> Iterator[tuple[Move, int]]:
        """What can become of a letter that is the next to arrive."""
        if self._cuts(partition, site.position, self.mail.sender(letter)):
            yield site.move(Step("lose", site.position, letter), local, local, ()), rest
            return
        moves = site.on_letter(local, letter)
        for move in moves:
            yield move, rest
        if not moves and not self.queues.keeps_idle:
            kind: Any = "deliver" if site.position < len(self.nodes) else "answer"
            yield site.move(Step(kind, site.position, letter), local, local, ()), rest
        if self.budgets.allows("drops"):
            yield site.move(Step("lose", site.position, letter), local, local, (), "drops"), rest
        if self.budgets.allows("duplicates") and site.position < len(self.nodes):
            for move in site.reactions(local, letter, "duplicate", "duplicates"):
                yield move, inbox

    def _by_receiver(self, sends: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
        receivers = [self.mail.receivers[letter] for letter in sends]
        return [
            (one, tuple(letter for letter, to in zip(sends, receivers, strict=True) if to == one))
            for one in sorted(set(receivers))
        ]

    # Partitions

    def sides(self, partition: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        there = self.partitions[partition][0]
        positions = range(len(self.nodes))
        here = tuple(self.nodes[position] for position in positions if not there >> position & 1)
        return here, tuple(self.nodes[position] for position in positions if there >> position & 1)

    def is_cut(self, fields: Fields, receiver: int, sender: int) -> bool:
        return self._cuts(self.worlds.worlds[fields[-1]].partition, receiver, sender)

    def _cuts(self, partition: int, receiver: int, sender: int) -> bool:
        if partition < 0 or receiver >= len(self.nodes):
            return False
        return bool(self.partitions[partition][receiver] >> sender & 1)

    def _partition_moves(self, state: State, fields: Fields) -> Iterator[tuple[Step, State]]:
        world = self.worlds.worlds[fields[-1]]
        if world.partition >= 0:
            yield Step("heal", -1, world.partition), state + self.worlds.delta(fields[-1], world._replace(partition=-1))
        elif self.budgets.allows("partitions"):
            purse = world.purse.after(self.budgets.cost("partitions"))
            for number in range(len(self.partitions)) if purse is not None else ():
                assert purse is not None
                yield Step("partition", -1, number), state + self.worlds.delta(fields[-1], World(purse, number))

    # Messages as bits: only what was ever sent, if it is asked for

    def mask_of(self, sends: tuple[int, ...]) -> int:
        mask = 0
        for letter in sends if self.needs.sent else ():
            bit = 1 << self.sent_bit(letter)
            self.sites[self.mail.receivers[letter]].bits |= bit
            mask |= bit
        return mask

    def sent_bit(self, letter: int) -> int:
        return self.low + letter

    def letter_of_bit(self, bit: int) -> int:
        return bit - self.low

    def under_way(self, state: State, position: int) -> list[int]:
        inbox = self.unpack(state)[self._count + position]
        return [letter for letter, _ in self.inboxes[position].arrivals(inbox)]


def partitions_of(nodes: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    """Each way to part the nodes in two: for each node, those on the other side, as a mask of positions."""
    everybody = (1 << len(nodes)) - 1
    for size in range(1, len(nodes) // 2 + 1):
        for few in combinations(range(len(nodes)), size):
            side = sum(1 << position for position in few)
            if 2 * size < len(nodes) or side & 1:
                yield tuple(everybody & ~side if side >> node & 1 else side for node in range(len(nodes)))
