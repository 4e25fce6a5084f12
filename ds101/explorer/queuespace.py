"""States whose network delivers each message once: in any order (a multiset), or in order on each connection.

The row has a field more for each node and client: the number of what is under way to it. Loss and duplication happen
within budgets, and partitions: while one holds, what is sent across it is lost, and so is what arrives across it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from ds101.explorer.budgets import Budgets
from ds101.explorer.networks import AnyOrder, Inbox, InOrder, Queues
from ds101.explorer.sites import WIDTH, Site
from ds101.explorer.space import Fields, Needs, Space, State
from ds101.explorer.steps import Move, Step
from ds101.explorer.worlds import World
from ds101.node import Node


class Inboxes:
    """What was ever under way to one receiver, by number; 0 is nothing."""

    def __init__(self, queues: Queues, letters: Sequence[Any]) -> None:
        self._queues, self._letters = queues, letters
        self.inboxes: list[Inbox] = []
        self._ids: dict[Inbox, int] = {}
        self._puts: dict[tuple[int, tuple[int, ...]], int] = {}
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
        after = self._puts.get((number, sent))
        if after is None:
            after = self.id_of(self._queues.put(self.inboxes[number], sent, self._letters))
            self._puts[number, sent] = after
        return after

    def arrivals(self, number: int) -> list[tuple[int, int]]:
        """The letters that can be next to arrive, each with the inbox afterwards."""
        known = self._arrivals.get(number)
        if known is None:
            known = [(letter, self.id_of(rest)) for letter, rest in self._queues.arrivals(self.inboxes[number])]
            self._arrivals[number] = known
        return known


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
        self.partitions = list(partitions_of(self.nodes))
        self._count = count
        self._payloads: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}

    def afters(self, state: State, fields: Fields) -> list[State]:
        found = []
        for step, after in self._moves(state, fields):
            if step.error:
                self.failed.append(step)
            else:
                found.append(after)
        return found

    def moves(self, state: State, fields: Fields) -> Iterator[tuple[Step, State]]:
        yield from self._moves(state, fields)

    def _moves(self, state: State, fields: Fields) -> Iterator[tuple[Step, State]]:
        """Every step from this state that can be paid."""
        for move, inbox in self._enabled(fields):
            paid = self.worlds.pay(fields[-1], move.cost if move.cost >= 0 else -1 - move.cost)
            if paid is not None:
                yield move.step, (state if move.step.error else self._after(state + paid, fields, move, inbox))
        yield from self._partition_moves(state, fields)

    def _enabled(self, fields: Fields) -> Iterator[tuple[Move, int]]:
        """The moves of all nodes and clients, with what is then under way to each."""
        cut = self._cut(fields)
        for site in self.sites:
            local, inbox = fields[site.position], fields[self._count + site.position]
            for move in site.deeds_in(local).spontaneous:
                yield move, inbox
            for letter, rest in self.inboxes[site.position].arrivals(inbox):
                yield from self._arriving(site, local, letter, inbox, rest, cut)
        for move in self.invocations(fields):
            yield move, fields[self._count + move.step.position]

    def _arriving(
        self, site: Site, local: int, letter: int, inbox: int, rest: int, cut: Sequence[int] | None
    ) -> Iterator[tuple[Move, int]]:
        """What can become of a letter that is the next to arrive."""
        if self._cuts(cut, site.position, self.mail.sender(letter)):
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

    def _after(self, state: State, fields: Fields, move: Move, inbox: int) -> State:
        """The state after a move that leaves `inbox` under way to whoever moves."""
        mover = move.step.position
        inboxes = {mover: 0 if move.clears else inbox}
        cut = self._cut(fields)
        for receiver, letters in self._by_receiver(move.sends):
            if not self._hears(receiver, mover, fields, cut) or (receiver == mover and move.clears):
                continue
            there = inboxes.get(receiver, fields[self._count + receiver])
            inboxes[receiver] = self.inboxes[receiver].put(there, letters)
        for receiver, number in inboxes.items():
            place = self._count + receiver
            state += (number - fields[place]) << WIDTH * place
        return (state + move.delta) | move.mask

    def _hears(self, receiver: int, sender: int, fields: Fields, cut: Sequence[int] | None) -> bool:
        if self._cuts(cut, receiver, sender):
            return False
        return receiver >= len(self.nodes) or fields[receiver] not in self.actors[receiver].down

    def _by_receiver(self, sends: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
        known = self._payloads.get(sends)
        if known is None:
            receivers = [self.mail.receivers[letter] for letter in sends]
            known = self._payloads[sends] = [
                (one, tuple(letter for letter, to in zip(sends, receivers, strict=True) if to == one))
                for one in sorted(set(receivers))
            ]
        return known

    # Partitions

    def sides(self, partition: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        there = self.partitions[partition][0]
        positions = range(len(self.nodes))
        here = tuple(self.nodes[position] for position in positions if not there >> position & 1)
        return here, tuple(self.nodes[position] for position in positions if there >> position & 1)

    def is_cut(self, fields: Fields, receiver: int, sender: int) -> bool:
        return self._cuts(self._cut(fields), receiver, sender)

    def _cuts(self, cut: Sequence[int] | None, receiver: int, sender: int) -> bool:
        return cut is not None and receiver < len(self.nodes) and bool(cut[receiver] >> sender & 1)

    def _cut(self, fields: Fields) -> Sequence[int] | None:
        """From whom each node and client is cut off, as masks of positions; None if there is no partition."""
        number = self.worlds.worlds[fields[-1]].partition
        return None if number < 0 else self.partitions[number]

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
