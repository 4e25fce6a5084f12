"""States whose network is the set of all messages ever sent: each message is a bit of the state.

A delivery takes nothing away, so messages may be lost, duplicated and reordered at will, in the fewest states. A
partition is such a loss. What was sent to a node in an earlier life of it is gone: then what was ever sent is kept in
bits of its own, if somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from ds101.explorer.budgets import Budgets
from ds101.explorer.mail import bits_of
from ds101.explorer.sites import Flat, Site
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
        """The states after this one. This is where a search spends its time, so it reads the tables itself."""
        found: list[State] = []
        add, letters = found.append, len(self.mail.letters)
        heard = self._heard(fields) if self.crashing else -1
        payments = self.worlds.payments[fields[-1]]
        for site, local in zip(self.sites, fields):  # noqa: B905  # the row has the world too
            deeds = site.deeds.get(local) or site.deeds_in(local)
            silent, sending, others = deeds.flat.get(state & deeds.relevant) or self._flat(site, local, state)
            for delta in silent:
                add(state + delta)
            if heard == -1:
                for delta, mask in sending:
                    add((state + delta) | mask)
            else:
                for delta, mask in sending:
                    add((state + delta) | (mask & heard))
            for move in others:
                cost = move[0]
                if cost < 0:
                    self.note_failure(fields[-1], move)
                elif cost not in payments or payments[cost] is not None:
                    self._add_after(found, state, fields, move, heard)
        for move in self.invocations(fields) if self.client_sites else ():
            self._add_after(found, state, fields, move, heard)
        if self.crashing and letters != len(self.mail.letters):
            return self.afters(state, fields)  # a handler sent what was new, so nobody knew who could hear it
        return found

    def moves(self, state: State, fields: Fields, position: int | None = None) -> Iterator[tuple[Step, State]]:
        sites = [site for site in self.sites if position in (None, site.position)]
        enabled = [self._enabled(site, fields[site.position], state) for site in sites]
        heard = self._heard(fields)
        for move in (*chain(*enabled), *self.invocations(fields)):
            if position not in (None, move.step.position):
                continue
            found: list[State] = []
            self._add_after(found, state, fields, move, heard)
            for after in found:
                yield move.step, state if move.step.error else after

    def _add_after(self, found: list[State], state: State, fields: Fields, move: Move, heard: int) -> None:
        """The state after a move, if it can be paid."""
        paid = self.worlds.pay(fields[-1], move.cost if move.cost >= 0 else -1 - move.cost)
        if paid is not None:
            after = (state + move.delta + paid) | (move.mask & heard)
            found.append(after & ~self.sites[move.step.position].inbox if move.clears else after)

    def _enabled(self, site: Site, local: int, state: State) -> list[Move]:
        """All moves of one node or client."""
        deeds = site.deeds_in(local)
        moves = [*deeds.spontaneous]
        for bit in bits_of(state & deeds.relevant):
            reactions = site.on_letter(local, self.letter_of_bit(bit))
            moves += reactions
            if not reactions:
                deeds.relevant &= ~(1 << bit)
        return moves

    def _flat(self, site: Site, local: int, state: State) -> Flat:
        """All that can happen in a local state when these messages have been sent to it."""
        moves, deeds = self._enabled(site, local, state), site.deeds[local]
        silent, sending, others = flat = deeds.flat[state & deeds.relevant] = ([], [], [])
        for move in moves:
            if move.cost != 0 or move.clears:
                others.append(move)
            elif move.mask:
                sending.append((move.delta, move.mask))
            else:
                silent.append(move.delta)
        return flat

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
            recorded = bit << 1 if self.records else 0
            self.sites[self.mail.receivers[letter]].knows(bit, recorded)
            mask |= bit | recorded
        return mask

    def sent_bit(self, letter: int) -> int:
        return self.low + self._stride * letter + self._stride - 1

    def letter_of_bit(self, bit: int) -> int:
        return (bit - self.low) // self._stride

    def under_way(self, state: State, position: int) -> list[int]:
        return [self.letter_of_bit(bit) for bit in bits_of(state & self.sites[position].inbox)]
