"""What lab05 gives its students: the events of task 3, and the room of task 4. It is all that the tasks need."""

from __future__ import annotations

from ds101.messages import Message
from ds101.node import Node, on


class Stamped(Message):
    """A line of a log: an event's name, its node, its Lamport time, the time on the wall, and what happened.

    `wall` is what the node's own clock showed, in seconds. Nobody has set these clocks.
    """

    event: str
    node: str
    time: int
    wall: float
    text: str


class Post(Message):
    """A post on its way: who wrote it, what it says, and a vector that its author adds."""

    author: str
    text: str
    vector: dict[str, int]


class Say(Message):
    """A client asks a node to post a text."""

    text: str


class Said(Message):
    """It was done; this is what the node's screen shows now, as (author, text), from top to bottom."""

    screen: tuple[tuple[str, str], ...]


class Look(Message):
    """A client asks what the node's screen shows."""


class Shown(Message):
    """What the node's screen shows, as (author, text), from top to bottom."""

    screen: tuple[tuple[str, str], ...]


class Room(Node):
    """A node with a screen, for task 4: your node inherits from it.

    It calls your `say(text)` once for each text that a client wants to post here; `self.deliver(author, text)` puts a
    post on this node's screen, below what is there.
    """

    def say(self, text: str) -> None:
        """Somebody here posts a text."""
        raise NotImplementedError

    def deliver(self, author: str, text: str) -> None:
        """Put a post on this node's screen."""
        self._screen = (*self._shown_so_far, (author, text))
        self.log(f"shows {author}: {text}")

    @on(Say)
    def _say_once(self, request: Say, client: str) -> None:
        served: tuple[str, ...] = self.__dict__.get("_served", ())
        if client not in served:  # every call has an address of its own, and a request may arrive twice
            self._served = (*served, client)
            self.say(request.text)
            self.send(client, Said(self._shown_so_far))

    @on(Look)
    def _look(self, _: Look, client: str) -> None:
        self.send(client, Shown(self._shown_so_far))

    @property
    def _shown_so_far(self) -> tuple[tuple[str, str], ...]:
        screen: tuple[tuple[str, str], ...] = self.__dict__.get("_screen", ())
        return screen
