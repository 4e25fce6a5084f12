"""What links and nodes can do wrong, as values that all worlds share.

>>> cut = Partition((("n1", "n2"), ("n3", "c1")))
>>> cut.cuts("n1", "c1.7"), cut.cuts("n1", "n2"), cut.cuts("n1", "n4")
(True, False, False)
>>> Link("n1", "n2", loss=2)
Traceback (most recent call last):
    ...
ds101.errors.Mistake: loss=2 is no probability. Give a number from 0 to 1.

Names are those of nodes and clients; a client's name stands for all its calls, and `ANY` for everybody.
"""

from __future__ import annotations

from itertools import combinations
from math import isfinite
from typing import Literal

import msgspec

from ds101.errors import Mistake
from ds101.trace import base_name

ANY = "*"
Seconds = float


class Link(msgspec.Struct, frozen=True, tag=True, tag_field="fault"):
    """What the link between two names does to what it carries, in both directions unless `one_way`.

    `delay` is in seconds, fixed or drawn from (low, high); `jitter` adds up to so many seconds. Neither changes the
    order. `loss`, `duplicate` and `reorder` are probabilities for each message; `bandwidth` is in bytes a second.
    """

    a: str
    b: str
    delay: Seconds | tuple[Seconds, Seconds] = 0.0
    jitter: Seconds = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    bandwidth: float | None = None
    one_way: bool = False

    def __post_init__(self) -> None:
        for name in ("loss", "duplicate", "reorder"):
            value = getattr(self, name)
            if not is_number(value) or not 0 <= value <= 1:
                raise Mistake(f"{name}={value!r} is no probability. Give a number from 0 to 1.")
        if not is_interval(self.delay) or not is_number(self.jitter) or self.jitter < 0:
            raise Mistake(
                f"delay={self.delay!r}, jitter={self.jitter!r}: give seconds, 0 or more, or a pair (low, high)."
            )
        if self.bandwidth is not None and not (is_number(self.bandwidth) and self.bandwidth > 0):
            raise Mistake(
                f"bandwidth={self.bandwidth!r}: give bytes a second, more than 0. To cut a link, partition it."
            )

    def concerns(self, src: str, dst: str) -> bool:
        """Whether a message from src to dst goes over this link."""
        here = _is(self.a, src) and _is(self.b, dst)
        return here or (not self.one_way and _is(self.b, src) and _is(self.a, dst))


class Partition(msgspec.Struct, frozen=True, tag=True, tag_field="fault"):
    """Sides that can't reach each other; who is on no side keeps all links.

    With `one_way`, the first side can't reach the second, but hears it.
    """

    sides: tuple[tuple[str, ...], ...]
    one_way: bool = False

    def __post_init__(self) -> None:
        if len(self.sides) < 2 or not all(self.sides):
            raise Mistake('A partition needs two sides or more, such as partition(["n1", "n2"], ["n3"]).')
        if self.one_way and len(self.sides) != 2:
            raise Mistake("A one-way partition has two sides: the first can't reach the second.")
        for one, other in combinations(self.sides, 2):
            for name in sorted(set(one) & set(other)):
                raise Mistake(f"{name} is on two sides of the partition. Put it on one, or on none.")

    def cuts(self, src: str, dst: str) -> bool:
        """Whether a message from src to dst can't pass."""
        here, there = self._side(src), self._side(dst)
        if here is None or there is None or here == there:
            return False
        return not self.one_way or here == 0

    def _side(self, address: str) -> int | None:
        name = base_name(address)
        return next((index for index, side in enumerate(self.sides) if name in side), None)


class Drop(msgspec.Struct, frozen=True, tag=True, tag_field="fault"):
    """The next `times` messages of this type from src to dst are lost."""

    type: str
    src: str
    dst: str
    times: int = 1

    def __post_init__(self) -> None:
        if type(self.times) is not int or self.times < 1:
            raise Mistake(f"times={self.times!r}: give how many messages to drop, 1 or more.")

    def concerns(self, src: str, dst: str) -> bool:
        """Whether messages from src to dst are meant."""
        return _is(self.src, src) and _is(self.dst, dst)


class CrashPoint(msgspec.Struct, frozen=True, tag=True, tag_field="fault"):
    """The node dies at its next event of this type: just before it, just after, or in the middle.

    The event is the handling of a message or timer of this type, or the sending of one, whichever comes first. After
    handling means: what the handler stored is durable, and what it sent has not left. During means: while it handles
    one, after so many `effects`, each a storage assignment or a message that left.
    """

    node: str
    type: str
    when: Literal["before", "after", "during"]
    effects: int = 1

    def __post_init__(self) -> None:
        if type(self.effects) is not int or self.effects < 1:
            raise Mistake(f"effects={self.effects!r}: give a number of storage assignments and sends, 1 or more.")


Fault = Link | Partition | Drop | CrashPoint


def is_number(value: object) -> bool:
    """Whether it is a finite number."""
    return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]


def is_interval(value: object) -> bool:
    """Whether it is a number of seconds, 0 or more, or a pair of them, the lower one first."""
    pair = value if isinstance(value, tuple) else (value, value)
    return len(pair) == 2 and all(map(is_number, pair)) and 0 <= pair[0] <= pair[1]


def bounds(interval: Seconds | tuple[Seconds, Seconds]) -> tuple[Seconds, Seconds]:
    """The lowest and the highest of a number or a pair."""
    return interval if isinstance(interval, tuple) else (interval, interval)


def _is(name: str, address: str) -> bool:
    return name in (ANY, base_name(address))
