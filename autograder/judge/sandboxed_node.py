"""The stand-in for a student's node: a `Node` whose handlers ask a sandbox, and do here what it says.

It runs in all three worlds as any other node does. In the explorer each handler is asked from a state, which is kept
here as bytes; elsewhere a life goes on in the sandbox, from a start to the crash that ends it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from keyword import iskeyword
from typing import Any, ClassVar

import msgspec

from autograder.inside.protocol import (
    Asked,
    Attributes,
    Described,
    Done,
    Draw,
    Effect,
    Logged,
    Saved,
    Sent,
    State,
    Turn,
)
from autograder.judge.errors import Garbled, raised_there
from autograder.judge.line import Line
from autograder.judge.lines import ONE_APART_IN, line_for_calls, line_for_life, second_looks
from autograder.judge.values import Opaque, opaque, plain
from autograder.judge.words import MOST_SHOWN, printable
from ds101.errors import Mistake
from ds101.explorer.scene import Scene, Unforeseeable
from ds101.messages import Message, Timer, body_of, decode_body
from ds101.node import Node, on
from ds101.wire import Refused

MOST_CHOICES = 1_000  # in one step, and among so many
MOST_IN_A_STEP = 4 << 20  # bytes that one step sends, stores or logs; or of a state
MOST_KEPT = 512 << 20  # bytes that this process keeps for one solution
MOST_KEYS = 10_000  # of a storage
STATE = "_state"  # where the explorer keeps what a sandbox knows of a node
encode_json = msgspec.json.Encoder().encode


class SandboxedNode(Node):
    """The base of all stand-ins."""

    __slots__ = ("_line",)
    _part: ClassVar[str] = ""
    _doors: ClassVar[tuple[tuple[str, str], ...]] = ()  # to the sandbox of each node, by its name
    _types: ClassVar[tuple[type[Any], ...]] = ()  # messages and timers that it may send, set or get

    _kept_settings: ClassVar[bytes | None] = None

    def start(self) -> None:
        ask(self, "start", b"{}", None)

    def __ds101_attributes__(self) -> dict[str, Any]:
        line: Line | None = getattr(self, "_line", None)
        if line is None:
            return super().__ds101_attributes__()
        return {**super().__ds101_attributes__(), **_shown(line.ask(State(), Attributes))}


def stand_in(described: Described, doors: Mapping[str, str], types: Mapping[str, type[Any]], part: str) -> type[Node]:
    """The class that stands for a part which is a node, with a handler for each event that it handles."""
    members: dict[str, Any] = {
        "__module__": __name__,
        "_part": part,
        "_doors": tuple(sorted(doors.items())),
        "_types": tuple(types[name] for name in sorted(types)),
    }
    for number, method in enumerate(sorted(set(described.handlers.values()) - {"start"})):
        events = [types[name] for name, handled_by in sorted(described.handlers.items()) if handled_by == method]
        members[method if _can_be_called(method) else f"handler_{number}"] = on(*events)(_forwarder())
    return type(described.name, (SandboxedNode,), members)


def _can_be_called(name: str) -> bool:
    """Whether a handler may have that name here: nothing of ours is called so."""
    return name.isidentifier() and not iskeyword(name) and name[:2] != "__" and not hasattr(SandboxedNode, name)


def _forwarder() -> Callable[..., None]:
    def forward(self: SandboxedNode, event: Any, *sender: str) -> None:
        forward_event(self, event, *sender)

    return forward


def forward_event(node: SandboxedNode, event: Any, sender: str | None = None) -> None:
    """Ask the sandbox to handle a message or a timer."""
    ask(node, type(event).__name__, encode_json(body_of(event)), sender)


def ask(node: SandboxedNode, event: str, body: bytes, sender: str | None) -> None:
    """Run a handler in the sandbox, and do here what it asked for."""
    if isinstance(node._context, Scene):
        _from_state(node, node._context, event, body, sender)
        return
    turn = _turn(node, event, body, sender)
    turn.now = node.now()
    if event == "start":
        turn.storage = _stored(node)
        object.__setattr__(node, "_line", line_for_life(dict(node._doors)[node.id]))
    line: Line = node._line  # type: ignore[attr-defined]
    done = line.ask(turn, Done, draw=lambda draw: _draw(node, draw))
    _carry_out(node, done.effects)
    if done.raised is not None:
        raise raised_there(done.raised)


def _from_state(node: SandboxedNode, scene: Scene, event: str, body: bytes, sender: str | None) -> None:
    """For the explorer: the handler starts from the state that is kept here, and plays the choices of the scene."""
    held = vars(node)
    turn = _turn(node, event, body, sender)
    turn.state = held[STATE].data if STATE in held else b""
    turn.storage, turn.script = _stored(node), tuple(scene.script)
    turn.otherwise, turn.keeps_order = scene.otherwise, scene.keeps_order
    turn.apart = scene.otherwise and next(second_looks) % ONE_APART_IN == 0
    done = line_for_calls(dict(node._doors)[node.id]).ask(turn, Done)
    for options in done.options[len(scene.options) : MOST_CHOICES]:
        if not 1 < options <= MOST_CHOICES:
            raise Garbled(f"its process chose among {options:,}")
        scene.choose(options)
    if done.unforeseen:
        raise Unforeseeable(printable(done.unforeseen))
    _carry_out(node, done.effects)
    if done.attributes is not None:
        ration.take(len(done.attributes.state))
        for name in [name for name in held if name in held.get(STATE + "_names", ())]:
            del held[name]
        told = _shown(done.attributes)
        held.update(told)
        held[STATE] = Opaque(done.attributes.state)
        held[STATE + "_names"] = tuple(sorted(told))
    if done.raised is not None:
        raise raised_there(done.raised)


def _turn(node: SandboxedNode, event: str, body: bytes, sender: str | None) -> Turn:
    return Turn(node._part, _settings(type(node)), node.id, (node.id, *node.peers), event, body, sender)


def _settings(cls: type[SandboxedNode]) -> bytes:
    """What the lab's own subclasses have set in place of the student's settings, and the events that they handle."""
    kept: bytes | None = vars(cls).get("_kept_settings")
    if kept is None:
        *labs, part = cls.__mro__[: cls.__mro__.index(SandboxedNode)]
        chosen: dict[str, Any] = {}
        for base in reversed(labs):
            chosen |= {name: value for name, value in vars(base).items() if name.isupper() and name[0] != "_"}
        theirs = vars(part)["__ds101_handlers__"]
        also = {event.__name__ for event in cls.__ds101_handlers__.keys() - theirs.keys()}
        kept = pickle.dumps(({name: chosen[name] for name in sorted(chosen)}, tuple(sorted(also))))
        type.__setattr__(cls, "_kept_settings", kept)
    return kept


def _stored(node: SandboxedNode) -> dict[str, bytes]:
    return {key: node.storage[key].data for key in node.storage}


def _draw(node: SandboxedNode, draw: Draw) -> int | float:
    _carry_out(node, draw.effects)
    if draw.bits is None:
        return node.random.random()
    if not 0 <= draw.bits <= 64:
        raise Garbled(f"its process asked for a random number of {draw.bits} bits, and 64 are the most")
    return node.random.getrandbits(draw.bits)


def _carry_out(node: SandboxedNode, effects: list[Effect]) -> None:
    """Do what the handler asked for, in its order."""
    ration.take(sum(map(_size, effects)))
    for one in effects:
        match one:
            case Saved(key, None):
                del node.storage[key]
            case Saved(key, data, shown):
                node.storage[key] = opaque(data or b"", shown)
                if len(node.storage) > MOST_KEYS:
                    raise Mistake(f"self.storage has more than {MOST_KEYS:,} keys.")
            case Sent(to, kind, body):
                node.send(to, _event(node, kind, body, Message))
            case Asked(kind, body, None):
                node.cancel_timer(_event(node, kind, body, Timer))
            case Asked(kind, body, low, high):
                node.set_timer(_event(node, kind, body, Timer), after=low if low == high else (low or 0.0, high))
            case Logged(text):
                node.log(printable(text))


def _size(effect: Effect) -> int:
    """About how many bytes of ours it takes."""
    match effect:
        case Saved(key, data, shown):
            return len(key) + len(data or b"") + min(len(shown), MOST_SHOWN)
        case Sent(to, kind, body):
            return len(to) + len(kind) + len(body)
        case Asked(kind, body):
            return len(kind) + len(body)
        case Logged(text):
            return min(len(text), MOST_SHOWN)


class Ration:
    """How much this process keeps for a student's nodes: states, messages and storage, all that there ever were."""

    def __init__(self) -> None:
        self.left = MOST_KEPT

    def take(self, size: int) -> None:
        """Raises `Mistake` for what is too much, in one step or all in all."""
        self.left -= size
        if size > MOST_IN_A_STEP:
            raise Mistake(f"One step sent, stored or logged more than {MOST_IN_A_STEP >> 20} MiB.")
        if self.left < 0:
            raise Mistake(f"The nodes together sent, stored and kept more than {MOST_KEPT >> 20} MiB.")


ration = Ration()


def _event(node: SandboxedNode, name: str, body: bytes, wanted: type[Any]) -> Any:
    """A message or a timer of a type that is known here. Raises `Mistake` for any other."""
    for one in node._types:
        if one.__name__ == name and issubclass(one, wanted):
            try:
                return decode_body(one, msgspec.json.decode(body))
            except (Refused, msgspec.DecodeError, RecursionError) as error:
                raise Mistake(f"{printable(name)} can't be read: {printable(str(error))}.") from None
    raise Mistake(f"{printable(name)} is no {wanted.__name__.lower()} that this lab or your own code knows.")


def _shown(attributes: Attributes) -> dict[str, Any]:
    """Each attribute as plain data where it is that, or else as its text."""
    held = plain(attributes.state)
    if not isinstance(held, dict) or not all(isinstance(name, str) for name in held):
        raise Garbled("its process sent attributes without names")
    return {
        name: opaque(repr(value).encode(), attributes.shown[name]) if name in attributes.shown else value
        for name, value in held.items()
        if name not in (STATE, STATE + "_names") and name[:2] != "__" and not hasattr(SandboxedNode, name)
    }
