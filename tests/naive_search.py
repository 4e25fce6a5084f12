"""A search without any cleverness, to compare with: whole states, copied and frozen one by one, every handler run anew.

It knows nodes, messages, timers (without their order), storage, crashes at every point, and restarts.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import cloudpickle
import msgspec

from ds101 import Node
from ds101.effects import encode_json
from ds101.explorer.freezing import Freezer
from ds101.messages import Types, decode_body, encode
from ds101.node import attributes_of, handler_for
from ds101.reach import types_reached_by
from ds101.storage import Storage

Letter = tuple[str, str, str, bytes]  # from, to, type, body
FREEZER = Freezer()


class One(NamedTuple):
    """A node: new, up or down; its attributes, frozen; its timers and its storage."""

    condition: str
    attributes: Any
    timers: tuple[tuple[str, bytes], ...]
    storage: tuple[tuple[str, Any], ...]


class State(NamedTuple):
    nodes: tuple[One, ...]
    network: Any
    crashes: int
    timers: int


class Recorder:
    """The context of one handler: it writes down what is asked of it."""

    def __init__(self, name: str, names: tuple[str, ...], one: One) -> None:
        self.id, self.peers = name, tuple(other for other in names if other != name)
        self.random = Random(0)
        self.stored = [dict(one.storage)]  # after each assignment
        self.storage = Storage(self.save, {key: cloudpickle.dumps(FREEZER.thaw(tree)) for key, tree in one.storage})
        self.timers, self.letters = set(one.timers), []

    def save(self, key: str, data: bytes | None) -> None:
        assert data is not None
        self.stored.append({**self.stored[-1], key: FREEZER.freeze(cloudpickle.loads(data))})

    def send(self, receivers: Any, message: Any) -> None:
        wire = encode(message)
        self.letters += [(self.id, to, wire["type"], encode_json(wire["body"])) for to in receivers]

    def set_timer(self, timer: Any, after: Any) -> None:
        self.timers.add(named(timer))

    def cancel_timer(self, timer: Any) -> None:
        self.timers.discard(named(timer))


def named(timer: Any) -> tuple[str, bytes]:
    wire = encode(timer)
    return wire["type"], encode_json(wire["body"])


class Naive:
    """All states of a protocol, breadth first."""

    def __init__(self, node_class: type[Node], n: int, network: str, crashes: int, timers: int) -> None:
        self.node_class, self.names = node_class, tuple(f"n{i}" for i in range(1, n + 1))
        self.types: Types = types_reached_by(node_class)
        self.network, self.crashes, self.timers = network, crashes, timers

    def count(self) -> int:
        """How many states there are."""
        nobody = State((One("new", None, (), ()),) * len(self.names), self.empty(), self.crashes, self.timers)
        level = {nobody}
        for index in range(len(self.names)):
            level = {after for state in level for after in self.handle(state, index, ("start",), state.network)}
        seen = set(level)
        while level:
            level = {after for state in level for after in self.after(state)} - seen
            seen |= level
        return len(seen)

    def after(self, state: State) -> Iterator[State]:
        for index, one in enumerate(state.nodes):
            if one.condition == "up":
                for timer in one.timers if state.timers else ():
                    yield from self.handle(state._replace(timers=state.timers - 1), index, timer, state.network)
                if state.crashes:
                    yield self.crash(state._replace(crashes=state.crashes - 1), index, dict(one.storage), [])
            else:
                yield from self.handle(state, index, ("start",), state.network)
        for letter, rest in self.arrivals(state.network):
            index = self.names.index(letter[1])
            for after in self.handle(state, index, letter, rest):
                if self.network == "fifo" or after != state._replace(network=rest):
                    yield after

    def handle(self, state: State, index: int, event: Any, network: Any) -> Iterator[State]:
        """Every way in which the handling of an event can end: whole, and after each effect but the last."""
        one = state.nodes[index]
        recorder = Recorder(self.names[index], self.names, one)
        node = self.node_class(recorder)  # type: ignore[arg-type]
        vars(node).update(FREEZER.thaw(one.attributes) or {})
        if event == ("start",):
            node.start()
        elif len(event) == 2:
            recorder.timers.discard(event)
            self.call(node, event[0], event[1])
        else:
            self.call(node, event[2], event[3], event[0])
        state = state._replace(network=network)
        attributes = FREEZER.freeze(attributes_of(node))
        whole = One("up", attributes, tuple(sorted(recorder.timers)), frozen(recorder.stored[-1]))
        yield self.send(with_node(state, index, whole), recorder.letters)
        effects = len(recorder.stored) - 1 + len(recorder.letters)
        for point in range(1, effects) if state.crashes else ():
            stored = recorder.stored[min(point, len(recorder.stored) - 1)]
            left = recorder.letters[: max(0, point - (len(recorder.stored) - 1))]
            yield self.crash(state._replace(crashes=state.crashes - 1), index, stored, left)

    def call(self, node: Node, name: str, body: bytes, *sender: str) -> None:
        message = decode_body(self.types[name], msgspec.json.decode(body))
        getattr(node, str(handler_for(self.node_class, type(message))))(message, *sender)

    def crash(self, state: State, index: int, stored: dict[str, Any], left: list[Letter]) -> State:
        state = with_node(state, index, One("down", None, (), frozen(stored)))
        name = self.names[index]
        if self.network == "fifo":
            network: Any = tuple(queue for queue in state.network if queue[0][1] != name)
        else:
            kept = [letter for letter in state.network if letter[1] != name]
            network = frozenset(kept) if self.network == "set" else tuple(kept)
        return self.send(state._replace(network=network), left)

    # Networks

    def empty(self) -> Any:
        return frozenset() if self.network == "set" else ()

    def send(self, state: State, letters: list[Letter]) -> State:
        network = state.network
        for letter in letters:
            if state.nodes[self.names.index(letter[1])].condition == "down":
                continue
            if self.network == "set":
                network = network | {letter}
            elif self.network == "multiset":
                network = tuple(sorted((*network, letter)))
            else:
                queues = {queue[0][:2]: queue for queue in network}
                queues[letter[:2]] = (*queues.get(letter[:2], ()), letter)
                network = tuple(queues[link] for link in sorted(queues))
        return state._replace(network=network)

    def arrivals(self, network: Any) -> Iterator[tuple[Letter, Any]]:
        if self.network == "set":
            yield from ((letter, network) for letter in network)
        elif self.network == "multiset":
            for place, letter in enumerate(network):
                yield letter, network[:place] + network[place + 1 :]
        else:
            for place, queue in enumerate(network):
                rest = (queue[1:],) if len(queue) > 1 else ()
                yield queue[0], (*network[:place], *rest, *network[place + 1 :])


def with_node(state: State, index: int, one: One) -> State:
    return state._replace(nodes=(*state.nodes[:index], one, *state.nodes[index + 1 :]))


def frozen(stored: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(stored.items(), key=lambda item: item[0]))
