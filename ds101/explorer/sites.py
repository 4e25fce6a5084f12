"""One node or client of a search: a field of the state, and what can happen in each of its local states.

A global state is a row of small numbers, packed into one int: a field of 32 bits for each, and bits for messages above.
A move adds a difference and sets some bits, so that taking it costs little more than an addition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ds101.explorer.actor import START, Actor, Event, Outcome
from ds101.explorer.clients import Client
from ds101.explorer.steps import Move, Step, StepKind
from ds101.explorer.timing import due

if TYPE_CHECKING:
    from ds101.explorer.space import Space

WIDTH = 32  # bits of one field


# Free moves by what they add; those that send by what they add and set; and all others.
Flat = tuple[list[int], list[tuple[int, int]], list[Move]]


class Deeds:
    """What can happen in one local state: what needs no message, and what each letter leads to.

    `relevant` is the mask of the letters that may lead to something: all but those that are known not to. `flat` has
    all moves for each set of these that was met.
    """

    __slots__ = ("by_letter", "flat", "relevant", "spontaneous")

    def __init__(self, spontaneous: list[Move], letters: int) -> None:
        self.spontaneous = spontaneous
        self.by_letter: dict[int, list[Move]] = {}
        self.flat: dict[int, Flat] = {}
        self.relevant = letters


class Site:
    """A node's or a client's place in the row, and its deeds by local state. Subclassed for each."""

    def __init__(self, space: Space, position: int) -> None:
        self.space, self.position = space, position
        self.shift = WIDTH * position
        self.deeds: dict[int, Deeds] = {}
        self.inbox = 0  # the bits of the letters under way to it, where messages are bits
        self.bits = 0  # these, and those that say which letters to it were ever sent

    def deeds_in(self, local: int) -> Deeds:
        """What can happen in this local state."""
        deeds = self.deeds.get(local)
        if deeds is None:
            spontaneous = list(self.spontaneous(local))  # this may make new letters known
            deeds = self.deeds[local] = Deeds(spontaneous, self.inbox)
        return deeds

    def knows(self, under_way: int, ever_sent: int) -> None:
        """A letter to this node or client can be sent: its bits."""
        if not self.inbox & under_way:
            self.inbox |= under_way
            self.bits |= under_way | ever_sent
            for deeds in self.deeds.values():
                deeds.relevant |= under_way

    def on_letter(self, local: int, letter: int) -> list[Move]:
        """What this letter leads to in this local state."""
        deeds = self.deeds_in(local)
        moves = deeds.by_letter.get(letter)
        if moves is None:
            moves = deeds.by_letter[letter] = list(self.reactions(local, letter))
        return moves

    def spontaneous(self, local: int) -> Iterator[Move]:
        """The moves that need no message."""
        raise NotImplementedError

    def reactions(self, local: int, letter: int, kind: StepKind = "deliver", *costs: str) -> Iterator[Move]:
        """The moves on the arrival of a letter, none where it changes nothing."""
        raise NotImplementedError

    def move(
        self, step: Step, before: int, after: int, sends: tuple[int, ...], *costs: str, clears: bool = False
    ) -> Move:
        """The move from one local state to another."""
        cost = self.space.worlds.cost_id(self.space.budgets.cost(*costs))
        delta = (after - before) << self.shift
        return Move(-1 - cost if step.error else cost, delta, self.space.mask_of(sends), clears, sends, step)


class NodeSite(Site):
    """Deliveries, timers that fire, crashes and the restart of a node."""

    def __init__(self, space: Space, position: int, actor: Actor) -> None:
        super().__init__(space, position)
        self.actor = actor

    def spontaneous(self, local: int) -> Iterator[Move]:
        state, budgets = self.actor.locals[local], self.space.budgets
        if state.condition == "new":
            yield from self._handle("start", local, START)
        elif state.condition == "down":
            if budgets.allows("restarts"):
                yield from self._handle("restart", local, START, "restarts")
        else:
            fired = [
                move
                for name in (due(state.timers) if budgets.allows("timers") else ())
                for move in self._handle("fire", local, name, "timers")
            ]
            yield from (move for move in fired if not move.clears)
            if budgets.allows("crashes"):
                down = self.actor.crashed(local)
                yield self.move(Step("crash", self.position), local, down, (), "crashes", clears=True)
            yield from (move for move in fired if move.clears)  # the plain crash first: it is the simpler story

    def reactions(self, local: int, letter: int, kind: StepKind = "deliver", *costs: str) -> Iterator[Move]:
        if self.actor.locals[local].condition == "up":
            yield from self._handle(kind, local, letter, *costs)

    def _handle(self, kind: StepKind, local: int, event: Event, *costs: str) -> Iterator[Move]:
        for outcome in self.actor.outcomes(local, event):
            step = Step(kind, self.position, event, outcome.choices, outcome.point, outcome.error)
            if outcome.error or outcome.sends or outcome.after != local:
                yield self._move(step, local, outcome, *costs)

    def _move(self, step: Step, local: int, outcome: Outcome, *costs: str) -> Move:
        if outcome.point is None:
            return self.move(step, local, outcome.after, outcome.sends, *costs)
        return self.move(step, local, outcome.after, outcome.sends, *costs, "crashes", clears=True)


class ClientSite(Site):
    """Replies that reach a client, and calls that it gives up. Its invocations depend on others too."""

    def __init__(self, space: Space, position: int, client: Client) -> None:
        super().__init__(space, position)
        self.client = client

    def spontaneous(self, local: int) -> Iterator[Move]:
        if self.client.locals[local].waiting and self.space.budgets.allows("timeouts"):
            after = self.client.ended(local, "info", None)
            yield self.move(Step("give up", self.position), local, after, (), "timeouts")

    def reactions(self, local: int, letter: int, kind: StepKind = "answer", *costs: str) -> Iterator[Move]:
        after = self.client.answered(local, self.space.mail.letters[letter])
        if after is not None:
            yield self.move(Step("answer", self.position, letter), local, after, (), *costs)
