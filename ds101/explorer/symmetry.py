"""Nodes that are interchangeable: states that differ only in their names are searched once.

Every state is replaced by the smallest of those that renaming makes of it (an exact form of the reduction of Ip and
Dill, "Better Verification Through Symmetry", 1996), so the reduction is a full one. It is right only if the protocol
treats the nodes alike; that is checked for every handler that is run, and for every question that is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations, permutations, product
from typing import TYPE_CHECKING, Any

from ds101.errors import Mistake
from ds101.explorer.actor import Actor, Event, Outcome
from ds101.explorer.renaming import Part, Renaming

if TYPE_CHECKING:
    from ds101.explorer.space import Space, State

MOST = 7  # nodes: 5,040 ways to name them


class Symmetry:
    """The renamings of a group of nodes, by their positions."""

    def __init__(self, space: Space, group: Sequence[int]) -> None:
        self.space, self.group = space, tuple(group)
        self._renamings: dict[tuple[int, ...], Renaming] = {}
        self._looks: dict[int, int] = {}  # numbers for what a member's part looks like, but for names
        self._marks: dict[tuple[int, Part], int] = {}
        self._like: tuple[State, list[tuple[State, Iterable[str]]]] = (-1, [])
        self._checked: set[tuple[int, int, Event]] = set()
        for actor in (space.actors[position] for position in self.group):
            actor.symmetry = self

    def renaming(self, order: Sequence[int]) -> Renaming:
        """What puts the members of the group, in this order, into the group's places."""
        places = list(range(len(self.space.names)))
        for place, member in zip(self.group, order, strict=True):
            places[member] = place
        key = tuple(places)
        if key not in self._renamings:
            self._renamings[key] = Renaming(self.space, key)
        return self._renamings[key]

    def swaps(self) -> Iterator[Renaming]:
        """Swaps of any two: all renamings are made of these."""
        for one, two in combinations(self.group, 2):
            yield self.renaming([{one: two, two: one}.get(member, member) for member in self.group])

    def turns(self) -> Iterator[Renaming]:
        """Everybody takes the next one's name, once and more."""
        for by in range(1, len(self.group)):
            yield self.renaming(self.group[by:] + self.group[:by])

    def canonical(self, state: State) -> State:
        """The state that stands for all that are like this one."""
        parts = self.space.parts(state)
        marks = [self._mark(member, parts[member]) for member in self.group]
        alike = [
            [member for member, one in zip(self.group, marks, strict=True) if one == mark]
            for mark in sorted(set(marks))
        ]
        orders = (tuple(chain(*order)) for order in product(*map(permutations, alike)))
        return self.space.world_part(state) + min(self._sum(self.renaming(order), parts) for order in orders)

    def _sum(self, renaming: Renaming, parts: Sequence[Part]) -> State:
        return sum(renaming.part(position, part) for position, part in enumerate(parts))

    def like(self, state: State) -> list[tuple[State, Iterable[str]]]:
        """States that are like this one, with the names that were changed."""
        if self._like[0] != state:
            parts, world = self.space.parts(state), self.space.world_part(state)
            renamings = (*self.swaps(), *self.turns())
            self._like = state, [(world + self._sum(one, parts), one.names) for one in renamings]
        return self._like[1]

    def _mark(self, member: int, part: Part) -> int:
        """A number for a member's part, in which names make no difference."""
        mark = self._marks.get((member, part))
        if mark is None:
            others = [one for one in self.group if one != member]
            looks = min(self.renaming((member, *order)).part(member, part) for order in permutations(others))
            mark = self._marks[member, part] = self._looks.setdefault(looks, len(self._looks))
        return mark

    # Whether it is right

    def check(self, actor: Actor, local: int, event: Event, outcomes: Sequence[Outcome]) -> None:
        """Raises `Mistake` if a handler does not treat the members of the group alike."""
        key = (actor.position, local, event)
        if key in self._checked:
            return
        self._checked.add(key)
        for swap in self.swaps():
            other = self.space.actors[swap.places[actor.position]]
            there = other.outcomes_of(swap.local(actor.position, local), swap.event(event))
            here = sorted((swap.local(actor.position, one.after), *self._essence(one, swap)) for one in outcomes)
            if here != sorted((one.after, *self._essence(one, None)) for one in there):
                one, two = sorted(swap.names)
                raise Mistake(
                    f"symmetry: {actor.node_class.__name__}.{actor.handler(event)} does not treat {one} and {two} "
                    "alike (it may compare names, or be killed between sends, which have an order)."
                )

    def _essence(self, outcome: Outcome, swap: Renaming | None) -> tuple[Any, ...]:
        sends = outcome.sends if swap is None else tuple(map(swap.letter, outcome.sends))
        point = -1 if outcome.point is None else outcome.point
        return tuple(sorted(sends)), point, bool(outcome.error)


def group_of(symmetry: Any, nodes: Sequence[str], classes: Any) -> list[int]:
    """The positions of the nodes that are said to be interchangeable. Raises `Mistake` for what can't be."""
    names = nodes if symmetry is True else symmetry
    if isinstance(names, str) or not isinstance(names, Sequence) or not set(names) <= set(nodes):
        raise Mistake(f"symmetry={symmetry!r}: give True, or a list of some of {', '.join(nodes)}.")
    group = sorted(nodes.index(name) for name in set(names))
    if len({classes[nodes[position]] for position in group}) > 1:
        raise Mistake("symmetry: only nodes of one class can be interchangeable.")
    if len(group) > MOST:
        raise Mistake(f"symmetry: at most {MOST} nodes, and these are {len(group)}.")
    return group
