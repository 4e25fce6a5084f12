"""Node, and the decorator `on`: a distributed protocol as "upon event ... do".

A node is an actor (Hewitt, Bishop and Steiger 1973; the event form is that of Cachin, Guerraoui and Rodrigues 2011,
section 1.4): its handlers run one at a time, to completion, never block, and touch only the node's own attributes.

>>> from ds101.messages import Message
>>> class Ping(Message): pass
>>> class Pong(Message): pass
>>> class Ponger(Node):
...     @on(Ping)
...     def answer(self, ping, sender):
...         self.send(sender, Pong())
>>> handlers_of(Ponger)
{'Ping': 'answer'}

A world runs a node by giving it a `Context`, which is all that it can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from types import FunctionType
from typing import Any, ClassVar, Protocol, TypeVar

from ds101.errors import Mistake
from ds101.messages import Message, Timer
from ds101.mistakes import GIVEN, check_member, check_signature
from ds101.state import IMMUTABLE, refuse_uncarriable, shares_with_another
from ds101.storage import Storage

Seconds = float
Handler = TypeVar("Handler", bound=Callable[..., None])


class Context(Protocol):
    """What a world gives to a node."""

    id: str
    peers: tuple[str, ...]
    random: Random
    storage: Storage

    def send(self, receivers: Sequence[str], message: Message) -> None: ...
    def set_timer(self, timer: Timer, after: Seconds | tuple[Seconds, Seconds]) -> None: ...
    def cancel_timer(self, timer: Timer) -> None: ...
    def now(self) -> Seconds: ...
    def log(self, text: str) -> None: ...


def on(*events: Any) -> Callable[[Handler], Handler]:
    """Marks the method that handles an event: `handler(self, message, sender)` or `handler(self, timer)`.

    Raises `Mistake` for something that is no event.
    """
    for event in events:
        if isinstance(event, FunctionType):
            raise Mistake(f"@on stands without its event above {event.__name__}. Write @on(TheMessage).")
        if not (isinstance(event, type) and issubclass(event, Message | Timer)):
            name = getattr(event, "__name__", repr(event))
            raise Mistake(f"@on({name}): {name} is no event. Events are classes that inherit from Message or Timer.")
    if not events:
        raise Mistake("@on() has no event. Write @on(TheMessage).")

    def mark(handler: Handler) -> Handler:
        handler.__ds101_events__ = events  # type: ignore[attr-defined]
        return handler

    return mark


class Node:
    """One member of a distributed system. Subclass it, and write handlers with `@on`.

    Use `self.id`, `self.peers` (the ids of the others), `self.send`, `self.broadcast`, `self.set_timer`,
    `self.cancel_timer`, `self.now`, `self.random`, `self.storage`, `self.log`; that is all there is.
    Settings are class attributes; state is set in `start`.
    """

    __ds101_handlers__: ClassVar[dict[type, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__ds101_handlers__" in vars(cls):
            return  # it has just travelled here from where it was defined
        for name, member in vars(cls).items():
            check_member(cls, name, member)
        cls.__ds101_handlers__ = _handlers_by_event(cls)

    def __init__(self, context: Context | None = None) -> None:
        if context is None:
            name = type(self).__name__
            raise Mistake(f"A world makes its nodes itself. Give it the class, {name}, and not {name}().")
        self.__dict__["_context"] = context

    def start(self) -> None:
        """Runs at every start and restart, before any handler. Set the attributes here."""

    @property
    def id(self) -> str:
        """This node's name, such as "n1"."""
        return self._context.id

    @property
    def peers(self) -> tuple[str, ...]:
        """The names of the other nodes, in order."""
        return self._context.peers

    @property
    def random(self) -> Random:
        """This node's own source of random numbers, seeded by the world."""
        return self._context.random

    @property
    def storage(self) -> Storage:
        """What survives a crash: an assignment to a key is durable when it returns."""
        return self._context.storage

    def send(self, to: str, message: Message) -> None:
        """Send a message to a node or a client when the handler returns.

        Raises `Mistake` if nobody can have that address, or if the message can't be encoded.
        """
        self.__dict__["_context"].send((to,), message)

    def broadcast(self, message: Message) -> None:
        """Send a message to every other node."""
        self._context.send(self._context.peers, message)

    def set_timer(self, timer: Timer, after: Seconds | tuple[Seconds, Seconds]) -> None:
        """Be woken by this timer after so many seconds, or after a time drawn from a range (low, high).

        An equal timer that is already set is replaced.
        """
        self._context.set_timer(timer, after)

    def cancel_timer(self, timer: Timer) -> None:
        """Forget a timer that equals this one; it never fires, even if it is due."""
        self._context.cancel_timer(timer)

    def now(self) -> Seconds:
        """The time on this node's own clock, in seconds. Other nodes' clocks may differ."""
        return self._context.now()

    def log(self, text: object) -> None:
        """Write a line into the trace."""
        self._context.log(str(text))

    @property
    def _context(self) -> Context:
        context: Context = self.__dict__["_context"]
        return context

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) in IMMUTABLE and name not in GIVEN:
            self.__dict__[name] = value
            return
        if name in GIVEN:
            raise Mistake(f"self.{name} is given to the node and can't be set. Use another name.")
        refuse_uncarriable(f"self.{name}", value)
        other = shares_with_another(self.__dict__, name, value)
        if other is not None:
            raise Mistake(
                f"self.{name} and self.{other} are the same {type(value).__name__}: "
                f"changing one would change the other. "
                f"Write self.{name} = {type(value).__name__}(self.{other})."
            )
        object.__setattr__(self, name, value)

    def __ds101_attributes__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_context"}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


def attributes_of(node: Node) -> dict[str, Any]:
    """A node's own state: the attributes that its class has set."""
    return node.__ds101_attributes__()


def handlers_of(cls: type[Node]) -> dict[str, str]:
    """Which method handles which event, by name."""
    return {event.__name__: name for event, name in cls.__ds101_handlers__.items()}


def handler_for(cls: type[Node], event: type) -> str | None:
    """The name of the method for an event, or for the nearest class that it inherits from."""
    for base in event.__mro__:
        if base in cls.__ds101_handlers__:
            return cls.__ds101_handlers__[base]
    return None


def _handlers_by_event(cls: type[Node]) -> dict[type, str]:
    """Which method handles which event. An overriding method keeps the events of the one that it overrides."""
    events: dict[str, Sequence[type]] = {}
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            marked = getattr(member, "__ds101_events__", None)
            if marked:
                events[name] = marked
    found: dict[type, str] = {}
    for name, marked in events.items():
        check_signature(cls, name, marked)
        for event in marked:
            if found.setdefault(event, name) != name:
                raise Mistake(
                    f"{cls.__name__} handles {event.__name__} twice, in {found[event]} and in {name}. Keep one of them."
                )
    return found
