"""The space of global states: rows of small numbers, packed into one int each, and the moves between them.

The row of a state has a field for each node, then for each client, then what its network adds, and last one for what is
left of the budgets and for the partition that holds. All that a search does twice is worked out once, by number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from ds101.errors import Mistake
from ds101.explorer.actor import NEW, Actor
from ds101.explorer.budgets import UNLIMITED, Budgets
from ds101.explorer.clients import Client
from ds101.explorer.freezing import Freezer
from ds101.explorer.mail import Letter, Mail
from ds101.explorer.purity import Purity
from ds101.explorer.sites import WIDTH, ClientSite, NodeSite, Site
from ds101.explorer.steps import Move, Step
from ds101.explorer.worlds import Worlds
from ds101.messages import decode_body
from ds101.node import Node
from ds101.reach import types_reached_by

State = int  # a packed row
Fields = tuple[int, ...]  # a row


class Needs(NamedTuple):
    """What states keep of the past, beyond what decides the future."""

    sent: bool = False  # all messages ever sent
    history: bool = False  # what clients asked and were told
    order: bool = False  # the order of the keys of dicts


class Space:
    """Nodes, clients and budgets, as states and moves between them. Subclasses add the network."""

    def __init__(
        self,
        classes: Mapping[str, type[Node]],
        clients: Mapping[str, Any],
        budgets: Budgets,
        needs: Needs,
        *,
        crashing: bool,
        order_matters: bool,
        more_fields: int,
    ) -> None:
        _refuse_shared_names(classes, clients)
        self.budgets, self.needs = budgets, needs
        self.nodes, self.names = tuple(classes), (*classes, *clients)
        self.types, self.freezer = types_reached_by(*classes.values()), Freezer(needs.order)
        self.mail = Mail({name: position for position, name in enumerate(self.names)})
        self.crashing = crashing
        purity = self.purity = Purity(dict(classes), order_matters or self.crashing)
        self.actors = [
            Actor(name, dict(classes), self.types, self.mail, self.freezer, purity, self.crashing) for name in classes
        ]
        self.clients = [Client(name, steps, classes, self.types, needs.history) for name, steps in clients.items()]
        self.node_sites = [NodeSite(self, position, actor) for position, actor in enumerate(self.actors)]
        self.client_sites = [
            ClientSite(self, len(classes) + index, client) for index, client in enumerate(self.clients)
        ]
        self.sites: list[Site] = [*self.node_sites, *self.client_sites]
        self._sent_masks: dict[str | None, tuple[int, int]] = {}  # by type: how many letters were known, and the mask
        self._invocations: dict[tuple[Any, ...], Move] = {}
        count = len(self.names) + more_fields + 1
        self._row = struct.Struct(f"<{count}I")
        self.worlds = Worlds(budgets, WIDTH * (count - 1))
        self.low = WIDTH * count  # above are the bits of messages
        self._low_mask = (1 << self.low) - 1
        self.inbox_shift = WIDTH * len(self.names) if more_fields else 0  # where the row has the inboxes, if it has
        for actor in self.actors:
            actor.id_of(NEW)
        self.failed: list[Step] = []  # the steps that fail, of those from the last state that was expanded

    # What a network adds

    def afters(self, state: State, fields: Fields) -> list[State]:
        """The states after this one. Steps that fail are put into `failed`."""
        raise NotImplementedError

    def moves(self, state: State, fields: Fields, position: int | None = None) -> Iterator[tuple[Step, State]]:
        """The steps from this state that can be paid, and where they lead; one that fails leads nowhere.

        Those of all, or of the node or client at one position (-1: partitions).
        """
        raise NotImplementedError

    def mask_of(self, sends: tuple[int, ...]) -> int:
        """The bits that sending these letters sets."""
        raise NotImplementedError

    def sent_bit(self, letter: int) -> int:
        """The number of the bit that says whether a letter was ever sent, if that is kept."""
        raise NotImplementedError

    def letter_of_bit(self, bit: int) -> int:
        """The number of the letter behind a bit."""
        raise NotImplementedError

    def under_way(self, state: State, position: int) -> list[int]:
        """The letters that may arrive next at a node or client."""
        raise NotImplementedError

    # What a partition is, where there can be one

    def sides(self, partition: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The nodes on the two sides of a partition."""
        raise NotImplementedError

    def is_cut(self, fields: Fields, receiver: int, sender: int) -> bool:
        """Whether a partition stands between two positions."""
        return False

    # Rows

    def message(self, letter: Letter) -> Any:
        """The message in a letter."""
        return decode_body(self.types[letter.type], msgspec.json.decode(letter.body))

    def unpack(self, state: State) -> Fields:
        """The row of a state."""
        return self._row.unpack((state & self._low_mask).to_bytes(self._row.size, "little"))

    def parts(self, state: State) -> list[tuple[int, int, int]]:
        """Each node's and client's part of a state: local state, number of the inbox (if any), bits of messages."""
        fields, first = self.unpack(state), self.inbox_shift // WIDTH
        return [
            (fields[site.position], fields[first + site.position] if first else 0, state & site.bits)
            for site in self.sites
        ]

    def world_part(self, state: State) -> State:
        """The part that is nobody's: the budgets."""
        return self.unpack(state)[-1] << self.worlds.shift

    def blank(self) -> State:
        """The state before anything has started."""
        return 0  # that is the number of every part of it

    def beginnings(self) -> list[list[tuple[State, Step, State]]]:
        """The runs in which every node starts; several where a start chooses, or may be killed.

        A node whose start fails stays as it was: that will be found to be possible next.
        """
        runs: dict[State, list[tuple[State, Step, State]]] = {self.blank(): []}
        for position in range(len(self.nodes)):
            found: dict[State, list[tuple[State, Step, State]]] = {}
            for state, run in runs.items():
                for step, after in self.moves(state, self.unpack(state)):
                    if step.kind == "start" and step.position == position:
                        found.setdefault(after, run if step.error else [*run, (state, step, after)])
            runs = found
        return list(runs.values())

    def sent_mask(self, type_name: str | None) -> int:
        """The bits that say whether the letters of this type (or any), as far as they are known, were ever sent."""
        known, mask = self._sent_masks.get(type_name, (0, 0))
        letters = self.mail.letters
        if known < len(letters):
            for letter in range(known, len(letters)):
                if type_name is None or letters[letter].type == type_name:
                    mask |= 1 << self.sent_bit(letter)
            self._sent_masks[type_name] = len(letters), mask
        return mask

    # Budgets

    @contextmanager
    def without_budgets(self) -> Iterator[None]:
        """Meanwhile every step is free: for going through a run again."""
        budgets, self.budgets = self.budgets, UNLIMITED
        self._forget_deeds()
        yield
        self.budgets = budgets
        self._forget_deeds()

    def _forget_deeds(self) -> None:
        for site in self.sites:
            site.deeds.clear()

    def note_failure(self, world: int, move: Any) -> None:
        """A step fails, if it can be paid."""
        if self.worlds.pay(world, -1 - move.cost) is not None:
            self.failed.append(move.step)

    # Invocations depend on more than one place

    def invocations(self, fields: Fields) -> list[Move]:
        """What the clients that are not waiting invoke next."""
        return [self._invocation(site, fields) for site in self.client_sites if self._is_ready(site, fields)]

    def _is_ready(self, site: ClientSite, fields: Fields) -> bool:
        local = fields[site.position]
        return not site.client.locals[local].waiting and site.client.call(local) is not None

    def _invocation(self, site: ClientSite, fields: Fields) -> Move:
        local = fields[site.position]
        call = site.client.call(local)
        assert call is not None
        target = self.node_sites[self.nodes.index(call.node)]
        refused = fields[target.position] in target.actor.down
        seen: tuple[int, ...] = ()
        if self.needs.history:
            seen = tuple([one.client.locals[fields[one.position]].ended for one in self.client_sites])
        key = (site.position, local, refused, seen)
        move = self._invocations.get(key)
        if move is None:
            move = self._invocations[key] = self._invoke(site, local, refused, seen)
        return move

    def _invoke(self, site: ClientSite, local: int, refused: bool, seen: tuple[int, ...]) -> Move:
        """The request leaves; a node that is down refuses it at once."""
        client, step = site.client, Step("invoke", site.position)
        letter = self.mail.number_of(client.request(local))
        assert letter is not None
        waiting = client.invoked(local, seen)
        if refused:
            return site.move(step, local, client.ended(waiting, "fail", None), ())
        return site.move(step, local, waiting, (letter,))


def _refuse_shared_names(classes: Mapping[str, Any], clients: Mapping[str, Any]) -> None:
    for name in clients:
        if name in classes or not isinstance(name, str) or not name.isidentifier():
            raise Mistake(f"{name!r} can't be a client's name. Use a word that no node has, such as c1.")
