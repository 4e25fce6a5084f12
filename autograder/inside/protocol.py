"""What judge and sandbox say to each other: a frame is 4 bytes of length, big-endian, and MessagePack.

>>> unpack(pack(Hello("life", "check"))[4:], Question)
Hello(mode='life', solution='check')

The judge's side takes nothing for granted: a frame has a largest size, and decodes to one of these types or not at all.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Literal

import msgspec

MOST = 8 << 20  # bytes of a frame
AT_ONCE = 1 << 16  # bytes that are read at once
MOST_EFFECTS = 10_000  # of one handler


class Frame(msgspec.Struct, tag_field="is"):
    """The base of what a frame can say."""


class Hello(Frame, tag=True):
    """The first frame of a connection. A life begins where all others in this sandbox have ended.

    `solution`: which one to load, by the name of its graded cell.
    """

    mode: Literal["life", "calls"]
    solution: str = ""


class Describe(Frame, tag=True):
    """Which parts are there, and what are they?"""


class Turn(Frame, tag=True):
    """Run one handler of a node: of the life that goes on, or from this state, with these choices.

    `event` is a type's name, or "start". `state` None: of the life; b"": that of a node before its start. `storage` is
    given at a start and with a state. `otherwise`: with sets in another order. `apart`: in a process that ends with it.
    """

    part: str
    settings: bytes  # pickled: the class attributes that the lab sets, and the events that it handles itself
    id: str
    nodes: tuple[str, ...]
    event: str
    body: bytes = b"{}"
    sender: str | None = None
    storage: dict[str, bytes] | None = None
    now: float | None = None
    state: bytes | None = None
    script: tuple[int, ...] = ()
    otherwise: bool = False
    apart: bool = False
    keeps_order: bool = False  # dicts in different orders differ


class State(Frame, tag=True):
    """What are the attributes of the node whose life goes on?"""


class Drawn(Frame, tag=True):
    """The answer to `Draw`."""

    number: int | float


class Call(Frame, tag=True):
    """Call a part that is a function; or a method of an object of a part that is a class, in this state.

    `method` "" calls the part itself; "__init__" makes an object.
    """

    part: str
    method: str
    state: bytes
    arguments: bytes  # pickled tuple
    otherwise: bool = False
    apart: bool = False


class Run(Frame, tag=True):
    """Call a function of the course's own with parts of the student's among its arguments."""

    function: str  # module:name
    parts: tuple[str, ...]
    arguments: bytes  # pickled tuple
    quiet: bool = True


Question = Hello | Describe | Turn | State | Drawn | Call | Run


class Saved(Frame, tag=True):
    """A storage assignment; None: the key was deleted."""

    key: str
    data: bytes | None
    shown: str


class Sent(Frame, tag=True):
    """A message that is to leave."""

    to: str
    type: str
    body: bytes


class Asked(Frame, tag=True):
    """A timer that is to be set, for between `low` and `high` seconds; or cancelled, where `low` is None."""

    type: str
    body: bytes
    low: float | None
    high: float


class Logged(Frame, tag=True):
    """A line for the trace."""

    text: str


Effect = Saved | Sent | Asked | Logged


class Raised(Frame, tag=True):
    """An error: its class and those that it inherits from, its words, and the student's own line."""

    kinds: tuple[str, ...]
    words: str
    module: str
    place: tuple[str, int, str] | None


class Described(msgspec.Struct):
    """A part: a node with the events that it handles, or a class, or a function."""

    kind: Literal["node", "class", "function", "other"]
    name: str
    handlers: dict[str, str]  # the name of the method, by the name of the event
    events: dict[str, EventType]  # what the lab doesn't know, by name


class EventType(msgspec.Struct):
    """A message or a timer of the student's own."""

    kind: Literal["message", "timer"]
    fields: tuple[str, ...]


class Parts(Frame, tag=True):
    """The answer to `Describe`."""

    parts: dict[str, Described]


class Attributes(Frame, tag=True):
    """A node's attributes: as canonical bytes, and for those that are more than plain data, as text."""

    state: bytes
    shown: dict[str, str]


class Done(Frame, tag=True):
    """What a handler did. `options`: from how many it chose, each time. `unforeseen`: why no search can follow it."""

    effects: list[Effect]
    options: list[int]
    attributes: Attributes | None
    raised: Raised | None
    unforeseen: str = ""


class Draw(Frame, tag=True):
    """In the middle of a handler, after these effects: a random number, of so many bits; None: between 0 and 1."""

    effects: list[Effect]
    bits: int | None


class Returned(Frame, tag=True):
    """What a call returned, and the object's state afterwards."""

    value: bytes
    state: bytes


class Ready(Frame, tag=True):
    """Before all answers, two of them: the process is there; and the solution is loaded, or can't be."""


Answer = Ready | Parts | Attributes | Done | Draw | Returned | Raised


class FrameError(ValueError):
    """What arrived is no frame of this protocol."""


_encode = msgspec.msgpack.Encoder().encode
_decoders: dict[Any, Any] = {kind: msgspec.msgpack.Decoder(kind) for kind in (Question, Answer)}


def pack(message: Any) -> bytes:
    """A frame."""
    body = _encode(message)
    return len(body).to_bytes(4, "big") + body


def unpack(body: bytes, kind: Any) -> Any:
    """What a frame says. Raises `FrameError`."""
    try:
        return _decoders[kind].decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError) as error:
        raise FrameError(str(error)) from None


class Frames:
    """The frames that arrive on a connection, one by one. What was read beyond one is kept for the next."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._kept = connection, b""

    @property
    def has_some(self) -> bool:
        """Whether something was read that nobody has asked for yet."""
        return bool(self._kept)

    def next(self, hurry: Callable[[], None] = lambda: None) -> bytes:
        """The body of the next frame; `hurry` is called before each wait.

        Raises `EOFError` at the end, `FrameError` for a frame that is too long.
        """
        data = self._kept or self._read(hurry)
        while len(data) < 4:
            data += self._read(hurry)
        size = 4 + int.from_bytes(data[:4], "big")
        if size > MOST:
            raise FrameError(f"a frame of {size:,} bytes is announced")
        if len(data) < size:
            parts, have = [data], len(data)
            while have < size:
                parts.append(self._read(hurry))
                have += len(parts[-1])
            data = b"".join(parts)
        self._kept = data[size:]
        return data[4:size]

    def _read(self, hurry: Callable[[], None]) -> bytes:
        hurry()
        data = self._connection.recv(AT_ONCE)
        if not data:
            raise EOFError
        return data
