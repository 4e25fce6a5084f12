"""What a state is when some nodes change names: in its local states, its messages, and what is under way.

>>> renamed_tree(("d", "n1", ("s", "n1", "n3")), {"n1": "n3", "n3": "n1"})
('d', 'n3', ('s', 'n1', 'n3'))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ds101.effects import TimerName, encode_json
from ds101.errors import Mistake
from ds101.explorer.actor import Event, Local
from ds101.explorer.clients import ClientLocal, Done
from ds101.explorer.freezing import Tree, in_order
from ds101.explorer.mail import Letter, bits_of
from ds101.explorer.sites import WIDTH
from ds101.explorer.timing import Waiting
from ds101.messages import decode_body, encode

if TYPE_CHECKING:
    from ds101.explorer.space import Space

Names = Mapping[str, str]
Part = tuple[int, int, int]  # of one position: the local state, the number of the inbox (0: none), bits of messages


def renamed_tree(tree: Tree, names: Names) -> Tree:
    """A frozen value with other names in it. Sets and dicts stay sorted."""
    if type(tree) is str:
        return names.get(tree, tree)
    if type(tree) is not tuple or tree[0] in ("b", "f", "c"):
        return tree
    tag, *parts = tree
    if tag == "=":
        raise Mistake("With symmetry=..., two attributes of a node can't share a list or another changeable object.")
    if tag in ("o", "O"):
        return (tag, parts[0], *(renamed_tree(part, names) for part in parts[1:]))
    why, parts = (parts[:1], parts[1:]) if tag in ("L", "S", "D") else ([], parts)
    parts = [renamed_tree(part, names) for part in parts]
    if tag in ("s", "z", "S"):
        parts = in_order(parts)
    if tag in ("d", "D"):
        values = dict(zip(parts[::2], parts[1::2], strict=True))
        parts = [part for key in in_order(values) for part in (key, values[key])]
    return (tag, *why, *parts)


class Renaming:
    """One way to swap names, applied to the parts of the states of a space, each worked out once.

    `places[i]` is the position that what was at i goes to.
    """

    def __init__(self, space: Space, places: tuple[int, ...]) -> None:
        self.space, self.places = space, places
        self.names = {space.names[i]: space.names[place] for i, place in enumerate(places) if place != i}
        self._locals: list[dict[int, int]] = [{} for _ in places]
        self._letters: dict[int, int] = {}
        self._parts: dict[tuple[int, Part], int] = {}

    def part(self, position: int, part: Part) -> int:
        """What one node or client, with what is under way to it, adds to the state that this one becomes."""
        known = self._parts.get((position, part))
        if known is None:
            local, inbox, bits = part
            shift = WIDTH * self.places[position]
            known = self.local(position, local) << shift
            if inbox:
                known += self._inbox(position, inbox) << self.space.inbox_shift + shift
            known = self._parts[position, part] = known + self._bits(bits)
        return known

    def local(self, position: int, local: int) -> int:
        """The number that a local state has where it goes to."""
        known = self._locals[position].get(local)
        if known is None:
            known = self._locals[position][local] = self._local(position, local)
        return known

    def _local(self, position: int, local: int) -> int:
        space, place = self.space, self.places[position]
        if position < len(space.nodes):
            return space.actors[place].id_of(self._node(space.actors[position].locals[local]))
        client = space.clients[position - len(space.nodes)]
        before = client.locals[local]
        done = tuple(Done(one.seen, one.outcome, self._reply(one.reply)) for one in before.done)
        return client.id_of(ClientLocal(before.ended, before.waiting, done))

    def _node(self, before: Local) -> Local:
        tag, *parts = before.attributes
        values = (renamed_tree(value, self.names) for value in parts[1::2])
        attributes = (tag, *(part for pair in zip(parts[::2], values, strict=True) for part in pair))
        storage = ((self._name(key), renamed_tree(tree, self.names)) for key, tree in before.storage)
        timers = (
            Waiting(self.timer(one.name), one.high, tuple(sorted(map(self.timer, one.behind)))) for one in before.timers
        )
        stored = tuple(sorted(storage, key=lambda item: item[0]))
        return Local(before.condition, attributes, stored, tuple(sorted(timers)))

    def _name(self, name: str) -> str:
        return self.names.get(name, name)

    def _reply(self, reply: tuple[str, bytes] | None) -> tuple[str, bytes] | None:
        return None if reply is None else (reply[0], self._body(*reply))

    def _body(self, type_name: str, body: bytes) -> bytes:
        freezer = self.space.freezer
        message = decode_body(self.space.types[type_name], msgspec.json.decode(body))
        return encode_json(encode(freezer.thaw(renamed_tree(freezer.freeze(message), self.names)))["body"])

    def timer(self, name: TimerName) -> TimerName:
        """A timer's name with other names in it."""
        return TimerName(name.type, self._body(*name)) if name.body != b"{}" else name

    def letter(self, letter: int) -> int:
        """The number of the letter that this one becomes."""
        known = self._letters.get(letter)
        if known is None:
            one = self.space.mail.letters[letter]
            renamed = Letter(self._name(one.src), self._name(one.dst), one.type, self._body(one.type, one.body))
            number = self.space.mail.number_of(renamed)
            assert number is not None
            self.space.mask_of((number,))  # it has its bits from now on
            known = self._letters[letter] = number
        return known

    def event(self, event: Event) -> Event:
        """The event that this one becomes."""
        if isinstance(event, int):
            return self.letter(event)
        return self.timer(event) if isinstance(event, TimerName) else event

    def _bits(self, mask: int) -> int:
        there = 0
        for bit in bits_of(mask):
            letter = self.space.letter_of_bit(bit)
            there |= 1 << (bit + self.space.sent_bit(self.letter(letter)) - self.space.sent_bit(letter))
        return there

    def _inbox(self, position: int, number: int) -> int:
        inboxes: Any = getattr(self.space, "inboxes")  # noqa: B009  # only a space of queues has them
        letters: list[int] = []
        for one in inboxes[position].inboxes[number]:
            letters += map(self.letter, one if isinstance(one, tuple) else (one,))
        there: int = inboxes[self.places[position]].put(0, tuple(letters))
        return there
