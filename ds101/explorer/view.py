"""What an invariant sees of a global state: the nodes, all messages ever sent, and the clients' history.

>>> def votes_once(view):
...     "A node votes for at most one candidate in a term, across crashes."
...     votes = {}
...     for vote in view.sent("Vote", granted=True):
...         if votes.setdefault((vote.src, vote.body.term), vote.dst) != vote.dst:
...             return False
...     return True

Every look is noted, so that an invariant is asked again only where something that it looked at is different.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from ds101.explorer.mail import Letter, bits_of
from ds101.explorer.past import history_of
from ds101.explorer.purity import NeedsMore
from ds101.explorer.space import Fields, Space, State
from ds101.frozen import freeze
from ds101.history import History
from ds101.messages import Message

Look = tuple[str, Any]  # what was looked at
Key = Hashable  # what was seen there, as far as it can differ
Reader = Callable[[State, Fields], Key]
NO_CHANGES = "An invariant looks, and changes nothing. Make a copy, and change that."


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent at least once: from which address to which, and the message itself."""

    src: str
    dst: str
    body: Any

    def __repr__(self) -> str:
        return f"<{self.src} → {self.dst} {self.body!r}>"


class Glass:
    """How to look at a space: reads the parts of a row, each worked out once."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._readers: dict[Look, Reader] = {}
        self._states: dict[tuple[int, int], Mapping[str, Any]] = {}
        self._stored: dict[tuple[int, int], Mapping[str, Any]] = {}
        self._sent: dict[int, tuple[Letter, Sent]] = {}  # by the bit that says that it was sent

    def reader(self, look: Look) -> Reader:
        """What tells states apart as far as this look goes."""
        found = self._readers.get(look)
        if found is None:
            found = self._readers[look] = self._make_reader(*look)
        return found

    def _make_reader(self, kind: str, what: Any) -> Reader:
        space = self.space
        if kind == "node":
            return lambda _, fields: fields[what]
        if kind == "history":
            first, last = len(space.nodes), len(space.names)
            return lambda _, fields: fields[first:last]
        return self._reader_of_sent(what)

    def _reader_of_sent(self, type_name: str | None) -> Reader:
        letters, sent_mask = self.space.mail.letters, self.space.sent_mask
        known = mask = 0

        def read(state: State, _: Fields) -> Key:
            nonlocal known, mask
            if known != len(letters):
                known, mask = len(letters), sent_mask(type_name)
            return state & mask

        return read

    def state(self, position: int, local: int) -> Mapping[str, Any]:
        """The attributes of a node; none if it is down."""
        if (position, local) not in self._states:
            tree = self.space.actors[position].locals[local].attributes
            self._states[position, local] = MappingProxyType(freeze(self.space.freezer.thaw(tree), NO_CHANGES))
        return self._states[position, local]

    def stored(self, position: int, local: int) -> Mapping[str, Any]:
        """What a node has stored."""
        if (position, local) not in self._stored:
            content = self.space.actors[position].locals[local].storage
            values = {key: freeze(self.space.freezer.thaw(tree), NO_CHANGES) for key, tree in content}
            self._stored[position, local] = MappingProxyType(values)
        return self._stored[position, local]

    def sent(self, key: int) -> tuple[Sent, ...]:
        """The messages behind what a reader has seen, by sender, receiver and type."""
        return tuple(sent for _, sent in sorted(map(self._one_sent, bits_of(key)), key=itemgetter(0)))

    def _one_sent(self, bit: int) -> tuple[Letter, Sent]:
        if bit not in self._sent:
            letter = self.space.mail.letters[self.space.letter_of_bit(bit)]
            self._sent[bit] = letter, Sent(letter.src, letter.dst, self.space.message(letter))
        return self._sent[bit]

    def history(self, key: Any) -> History:
        """The history behind what its reader has seen."""
        return history_of(self.space.clients, key, self.space.types)


class View:
    """A global state, to be looked at."""

    def __init__(self, glass: Glass, state: State, looks: list[tuple[Look, Key]] | None = None) -> None:
        self._glass, self._state, self._fields = glass, state, glass.space.unpack(state)
        self._looks: list[tuple[Look, Key]] = [] if looks is None else looks

    def _look(self, kind: str, what: Any) -> Any:
        look = (kind, what)
        key = self._glass.reader(look)(self._state, self._fields)
        self._looks.append((look, key))
        return key

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes."""
        return self._glass.space.nodes

    @property
    def up(self) -> tuple[str, ...]:
        """The names of the nodes that are not crashed."""
        return tuple(node for node in self.nodes if self.is_up(node))

    def is_up(self, node: str) -> bool:
        """Whether a node is not crashed."""
        position = self._position(node)
        local: int = self._look("node", position)
        return self._glass.space.actors[position].locals[local].condition == "up"

    def state(self, node: str) -> Mapping[str, Any]:
        """The attributes of a node by name; none if it is down."""
        position = self._position(node)
        return self._glass.state(position, self._look("node", position))

    def storage(self, node: str) -> Mapping[str, Any]:
        """What a node has stored, also while it is down."""
        position = self._position(node)
        return self._glass.stored(position, self._look("node", position))

    def sent(self, kind: type[Message] | str | None = None, **having: Any) -> Sequence[Sent]:
        """All messages ever sent of a type (or of any), whose fields have these values; each different one once."""
        if not self._glass.space.needs.sent:
            raise NeedsMore("sent")
        name = kind.__name__ if isinstance(kind, type) else kind
        found = self._glass.sent(self._look("sent", name))
        return [one for one in found if all(getattr(one.body, field) == value for field, value in having.items())]

    @property
    def history(self) -> History:
        """What the clients have asked and were told so far. Times are numbers that give the order, no more."""
        if not self._glass.space.needs.history:
            raise NeedsMore("history")
        return self._glass.history(self._look("history", None))

    def _position(self, node: str) -> int:
        if node not in self.nodes:
            raise KeyError(f"There is no node {node!r}. There are {', '.join(self.nodes)}.")
        return self.nodes.index(node)

    def __repr__(self) -> str:
        down = [node for node in self.nodes if not self.is_up(node)]
        return f"<view of {', '.join(self.nodes)}{'; down: ' + ', '.join(down) if down else ''}>"
