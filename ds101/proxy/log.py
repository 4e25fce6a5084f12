"""What the proxy did, as values.

>>> flow = Flow(bytes_in=10, pieces_in=1, bytes_out=8, pieces_out=4)
>>> flow.held
2
>>> Log((Passage(1, ("127.0.0.1", 4000), "open", "", up=flow, down=Flow()),))
<log of 1 connection; up 10 bytes in 1 piece -> 8 bytes in 4 pieces, 2 held; down nothing>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import overload


@dataclass(frozen=True, repr=False)
class Flow:
    """One direction, counted. A piece is what one read brought, or one write sent."""

    bytes_in: int = 0
    pieces_in: int = 0
    bytes_out: int = 0
    pieces_out: int = 0
    lost: int = 0
    """Segments that were lost and sent again."""

    @property
    def held(self) -> int:
        """Bytes that came in and have not gone out (at a connection's end: that were lost)."""
        return self.bytes_in - self.bytes_out

    def __add__(self, other: Flow) -> Flow:
        return Flow(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        if not self.bytes_in:
            return "nothing"
        extras = [f"{number} {word}" for number, word in ((self.held, "held"), (self.lost, "lost")) if number]
        ways = f"{_in_words(self.bytes_in, self.pieces_in)} -> {_in_words(self.bytes_out, self.pieces_out)}"
        return ", ".join([ways, *extras])

    def __repr__(self) -> str:
        return f"<flow: {self}>"


@dataclass(frozen=True, repr=False)
class Passage:
    """One connection through the proxy.

    `state` is connecting, open, half-open (one side is gone), closed (both sides said so), reset, or refused (the
    server can't be reached); `detail` says why. `up` is from the client to the server, `down` the other way.
    """

    number: int
    client: tuple[str, int]
    state: str
    detail: str
    up: Flow
    down: Flow

    def __repr__(self) -> str:
        why = f" ({self.detail})" if self.detail else ""
        return (
            f"<connection {self.number} from port {self.client[1]}: {self.state}{why}; up {self.up}; down {self.down}>"
        )


@dataclass(frozen=True, repr=False)
class Log(Sequence[Passage]):
    """The connections in the order of their coming. The oldest that have ended are forgotten, but stay counted."""

    passages: tuple[Passage, ...] = ()
    forgotten: int = 0
    forgotten_up: Flow = Flow()
    forgotten_down: Flow = Flow()

    @property
    def up(self) -> Flow:
        """Everything from clients to the server."""
        return sum((passage.up for passage in self.passages), self.forgotten_up)

    @property
    def down(self) -> Flow:
        """Everything from the server to clients."""
        return sum((passage.down for passage in self.passages), self.forgotten_down)

    @overload
    def __getitem__(self, index: int) -> Passage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Passage]: ...
    def __getitem__(self, index: int | slice) -> Passage | Sequence[Passage]:
        return self.passages[index]

    def __len__(self) -> int:
        return len(self.passages)

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.passages)

    def __repr__(self) -> str:
        forgotten = f" ({self.forgotten} older ones forgotten)" if self.forgotten else ""
        return f"<log of {_count(len(self), 'connection')}{forgotten}; up {self.up}; down {self.down}>"


def _in_words(size: int, pieces: int) -> str:
    return f"{_count(size, 'byte')} in {_count(pieces, 'piece')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
