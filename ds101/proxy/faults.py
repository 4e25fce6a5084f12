"""What can go wrong between a client and a server, as values.

A direction is `"up"` (from the client to the server), `"down"` (back), or `"both"`.

>>> ByteLink(slice=1, delay=0.01, direction="up")
ByteLink(slice=1, delay=0.01, direction='up')
>>> ByteLink(delay=-1)
Traceback (most recent call last):
ds101.errors.Mistake: delay is a number of seconds, 0 or more, so it can't be -1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from ds101.errors import Mistake

DIRECTIONS = ("both", "up", "down")


class Fault:
    """What every fault has: a direction, and a `repr` that leaves out what is as usual."""

    direction: str

    def acts_on(self, direction: str) -> bool:
        """Whether it acts on the bytes that go `"up"` or `"down"`."""
        return self.direction in ("both", direction)

    def __repr__(self) -> str:
        told = {field.name: getattr(self, field.name) for field in fields(self) if self._is_told(field.name)}  # type: ignore[arg-type]  # every fault is a dataclass
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told.items())})"

    def _is_told(self, name: str) -> bool:
        return bool(getattr(self, name) != getattr(type(self), name))


@dataclass(frozen=True, repr=False, kw_only=True)
class ByteLink(Fault):
    """What a link does to the bytes that it carries. Bytes are never changed, lost or reordered: this is TCP.

    Times are in seconds, sizes in bytes. Raises `Mistake` for values that make no sense.
    """

    slice: int | tuple[int, int] | None = None
    """The most bytes that go out in one piece; a pair (low, high) draws a size for each piece."""
    join: float = 0.0
    """Gather what arrives in that time, and pass it on as one piece."""
    delay: float = 0.0
    """How long every byte takes."""
    jitter: float = 0.0
    """Up to this much is added to the delay of each piece, evenly distributed."""
    loss: float = 0.0
    """The share of pieces whose segment is lost. TCP sends it again after `retransmission`, so the stream stalls."""
    retransmission: float = 0.2
    """The time after which a lost segment is sent again, doubled for each further loss (RFC 6298, section 5.5)."""
    reset: float = 0.0
    """The share of pieces at which the connection breaks: both ends are reset."""
    bandwidth: float | None = None
    """Bytes per second."""
    direction: str = "both"

    def __post_init__(self) -> None:
        for name in ("join", "delay", "jitter", "retransmission"):
            _check(_is_number(getattr(self, name), low=0), name, "a number of seconds, 0 or more", getattr(self, name))
        _check(
            _is_number(self.loss, low=0) and self.loss < 1, "loss", "a share from 0 to below 1 (1 is a cut)", self.loss
        )
        _check(_is_number(self.reset, low=0) and self.reset <= 1, "reset", "a share from 0 to 1", self.reset)
        if self.bandwidth is not None:
            _check(
                _is_number(self.bandwidth, low=0) and self.bandwidth > 0,
                "bandwidth",
                "a number of bytes per second, above 0 (0 is a cut)",
                self.bandwidth,
            )
        if self.slice is not None:
            _check(_is_size(self.slice), "slice", "a number of bytes, 1 or more, or a pair (low, high)", self.slice)
        _check_direction(self.direction)


@dataclass(frozen=True, repr=False, kw_only=True)
class Cut(Fault):
    """Nothing gets through, and nobody is told: connections stay open, and bytes wait until the cut ends."""

    direction: str = "both"

    def __post_init__(self) -> None:
        _check_direction(self.direction)


@dataclass(frozen=True, repr=False)
class HalfOpen(Fault):
    """One side is gone without a word, as in a power cut: no FIN, no RST (RFC 9293, section 3.5.1).

    The other side's connections stay open and silent, and what it sends is lost. When the fault ends, the machine is
    back but knows nothing of those connections: their next byte, or one that was lost, is answered by a reset.
    """

    gone: str = "server"
    direction: str = "both"

    def __post_init__(self) -> None:
        _check(self.gone in ("client", "server"), "gone", 'the side that is gone, "client" or "server"', self.gone)


def _check(good: bool, name: str, meaning: str, value: object) -> None:
    if not good:
        raise Mistake(f"{name} is {meaning}, so it can't be {value!r}.")


def _check_direction(direction: object) -> None:
    words = '"up" (client to server), "down" (server to client) or "both"'
    _check(direction in DIRECTIONS, "direction", words, direction)


def _is_number(value: object, low: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= low


def _is_size(value: object) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and all(map(_is_size_of_one, value)) and value[0] <= value[1]
    return _is_size_of_one(value)


def _is_size_of_one(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
