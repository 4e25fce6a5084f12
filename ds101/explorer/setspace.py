"""States whose network is the set of all messages ever sent: each message is a bit of the state.

A delivery takes nothing away, so messages may be lost, duplicated and reordered at will, in the fewest states. A
partition is such a loss. What was sent to a node in an earlier life of it is gone: then what was ever sent is kept in
bits of its own, if somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ds101.explorer.budgets import Budgets
from ds101.explorer.mail import bits_of
from ds101.explorer.sites import Deeds, Site
from ds101.explorer.space import Fields, Needs, Space, State
from ds101.explorer.steps import Move, Step
from ds101.node import Node


class SetSpace(Space):
    """The default network: it loses, duplicates and reorders."""

    def __init__(
        self,
        classes: Mapping[str, type[Node]],
        clients: Mapping[str, Any],
        budgets: Budgets,
        needs: Needs,
        crashing: bool,
    ) -> None:
        super().__init__(classes, clients, budgets, needs, crashing=crashing, order_matters=False, more_fields=0)
        self.records = needs.sent and self.crashing
        self._stride = 2 if self.records else 1

    def afters(self, state: State, fields: Fields) -> list[State]:
        enabled = [self._enabled(site, fields[site.position], state) for site in self.sites]
        if self.client_sites:
            enabled.append(self.invocations(fields))
        heard = self._heard(fields) if self.crashing else -1
        world, found = fields[-1], []
        for moves in enabled:
            for move in moves:
                cost, delta, mask, clears, _, step = move
                after = state + delta
                if cost:
                    if cost < 0:
                        self.note_failure(world, move)
                        continue
                    paid = self.pay(world, cost)
                    if paid is None:
                        continue
                    after += paid
                after |= mask & heard
                found.append(after & ~self.sites[step.position].inbox if clears else after)
        return found

    def moves(self, state: State, fields: Fields) -> Iterator[tuple[Step, State]]:
        enabled = [self._enabled(site, fields[site.position], state) for site in self.sites]
        heard = self._heard(fields)
        for moves in (*enabled, self.invocations(fields)):
            for move in moves:
                paid = self.pay(fields[-1], move.cost if move.cost >= 0 else -1 - move.cost)
                if paid is not None:
                    after = (state + move.delta + paid) | (move.mask & heard)
                    if move.clears:
                        after &= ~self.sites[move.step.position].inbox
                    yield move.step, state if move.step.error else after

    def _enabled(self, site: Site, local: int, state: State) -> list[Move]:
        """All moves of one node or client."""
        deeds = site.deeds.get(local) or site.deeds_in(local)
        arrived = state & site.inbox
        if arrived & ~deeds.tested:
            self._test(site, local, deeds, arrived & ~deeds.tested)
        acting = arrived & deeds.acting
        moves = deeds.flat.get(acting)
        if moves is None:
            moves = deeds.flat[acting] = list(deeds.spontaneous)
            for bit in bits_of(acting):
                moves += deeds.by_letter[self.letter_of_bit(bit)]
        return moves

    def _test(self, site: Site, local: int, deeds: Deeds, fresh: int) -> None:
        """Find out what letters lead to that were not met in this local state before."""
        for bit in bits_of(fresh):
            deeds.tested |= 1 << bit
            if site.on_letter(local, self.letter_of_bit(bit)):
                deeds.acting |= 1 << bit

    def _heard(self, fields: Fields) -> int:
        """The bits that sending can set: what is sent to a node that is down is lost."""
        lost = 0
        for site in self.node_sites:
            if fields[site.position] in site.actor.down:
                lost |= site.inbox
        return ~lost

    def mask_of(self, sends: tuple[int, ...]) -> int:
        mask = 0
        for letter in sends:
            bit = 1 << (self.low + self._stride * letter)
            both = bit | (bit << 1 if self.records else 0)
            site = self.sites[self.mail.receivers[letter]]
            site.inbox |= bit
            site.bits |= both
            mask |= both
        return mask

    def sent_bit(self, letter: int) -> int:
        return self.low + self._stride * letter + self._stride - 1

    def letter_of_bit(self, bit: int) -> int:
        return (bit - self.low) // self._stride

    def under_way(self, state: State, position: int) -> list[int]:
        return [self.letter_of_bit(bit) for bit in bits_of(state & self.sites[position].inbox)]
