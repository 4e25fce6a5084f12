"""Nodes inside a sandbox: one handler after the other, in a life that goes on, or each from a given state.

A handler meets the explorer's `Scene`: it writes down what the handler asks for, and the judge carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from random import Random
from typing import Any

import cloudpickle
import msgspec

from autograder.inside.protocol import Asked, Attributes, Done, Draw, Drawn, Effect, Logged, Saved, Sent, Turn
from autograder.inside.solution import Solution
from autograder.inside.trees import frozen, thawed
from ds101.effects import Sending
from ds101.explorer.scene import Choices, Paper, Scene, Unforeseeable
from ds101.explorer.scene import Logged as SceneLogged
from ds101.explorer.scene import Saved as SceneSaved
from ds101.explorer.timing import Asked as SceneAsked
from ds101.messages import decode_body
from ds101.node import Node, attributes_of, handler_for
from ds101.state import shown

Exchange = Callable[[Draw], Drawn]
PLAIN = frozenset({type(None), bool, int, float, str, bytes})


class LiveScene(Scene):
    """A scene in a life: it has a clock, and random numbers that the judge draws."""

    now_is = 0.0

    def now(self) -> float:
        return self.now_is

    def choose(self, options: int) -> int:
        raise NotImplementedError  # only a search chooses


class JudgesRandom(Random):
    """`self.random` of a node in a life: every number is drawn by the judge, after all that was asked for before."""

    scene: Scene
    ask: Exchange

    def random(self) -> float:
        return float(self._drawn(None))

    def getrandbits(self, k: int, /) -> int:
        return int(self._drawn(k))

    def _drawn(self, bits: int | None) -> int | float:
        effects, self.scene.effects = list(_told(self.scene)), []
        return self.ask(Draw(effects, bits)).number


class Life:
    """A node from its start to its end."""

    def __init__(self, solution: Solution, first: Turn, exchange: Exchange) -> None:
        self.solution, self.part = solution, first.part
        self.node_class = solution.node(first.part, first.settings)
        self.random = JudgesRandom(0)
        self.random.ask = exchange
        self.disk = {key: cloudpickle.dumps(thawed(data)) for key, data in (first.storage or {}).items()}
        self.scene = LiveScene(first.id, first.nodes, self.node_class, self.disk, self.random, ())  # type: ignore[arg-type]
        self.node = self.node_class(self.scene)

    def turn(self, turn: Turn) -> Done:
        """Run a handler."""
        self.scene.effects = []
        self.scene.now_is = turn.now or 0.0
        raised = _run(self.solution, self.part, self.node, turn, self.scene)
        return Done(list(_told(self.scene)), [], None, None if raised is None else self.solution.raised(raised))

    def attributes(self) -> Attributes:
        """What the node holds now."""
        return _attributes(self.node)


def from_state(solution: Solution, turn: Turn) -> Done:
    """Run a handler from a given state, for a search: nothing is left of it but what it answers."""
    node_class = solution.node(turn.part, turn.settings)
    disk = {key: cloudpickle.dumps(thawed(data)) for key, data in (turn.storage or {}).items()}
    scene = Scene(turn.id, turn.nodes, node_class, disk, Choices(0), turn.script)
    node = node_class(scene)
    vars(node).update(thawed(turn.state, turn.otherwise, turn.keeps_order) if turn.state else {})
    try:
        raised = _run(solution, turn.part, node, turn, scene)
    except Unforeseeable as reason:
        return Done([], scene.options, None, None, solution.relabelled(str(reason)))
    told = None if raised is None else solution.raised(raised)
    return Done(list(_told(scene)), scene.options, _attributes(node, turn.keeps_order), told)


def _run(solution: Solution, part: str, node: Node, turn: Turn, scene: Scene) -> BaseException | None:
    """What the handler raised, if it did."""
    try:
        with redirect_stdout(Paper(scene)):
            if turn.event == "start":
                node.start()
            else:
                kind = solution.types(part)[turn.event]
                event = decode_body(kind, msgspec.json.decode(turn.body))
                handler = getattr(node, str(handler_for(type(node), kind)))
                handler(event) if turn.sender is None else handler(event, turn.sender)
    except (KeyboardInterrupt, Unforeseeable):
        raise
    except BaseException as raised:
        return raised
    return None


def _told(scene: Scene) -> Iterator[Effect]:
    """The effects in the order in which the handler asked for them; what it printed is left out."""
    for one in scene.effects:
        if isinstance(one, Sending):
            yield Sent(*one)
        elif isinstance(one, SceneSaved):
            value = None if one.data is None else cloudpickle.loads(one.data)
            yield Saved(one.key, None if one.data is None else frozen(value), shown(value))
        elif isinstance(one, SceneAsked):
            yield Asked(one.name.type, one.name.body, one.low, one.high)
        elif isinstance(one, SceneLogged):
            yield Logged(one.text)


def _attributes(node: Node, keeps_order: bool = False) -> Attributes:
    held = attributes_of(node)
    return Attributes(
        frozen(held, keeps_order), {name: shown(value) for name, value in held.items() if not _is_plain(value)}
    )


def _is_plain(value: Any) -> bool:
    """Whether the judge can read it from its tree."""
    if type(value) in PLAIN:
        return True
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_plain, value))
    return type(value) is dict and all(_is_plain(part) for item in value.items() for part in item)
