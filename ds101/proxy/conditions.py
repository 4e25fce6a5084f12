"""What all the faults that are active together mean for one piece of bytes. Pure: no clock, no socket.

Delays add up, the smallest bandwidth and slice and the longest retransmission time win, and chances combine as those of
independent accidents do.

>>> import random
>>> together = Conditions.of([ByteLink(delay=0.2, slice=10), ByteLink(delay=0.1, direction="up")], "up")
>>> luck = Luck.draw(random.Random(1))
>>> round(together.due(arrived=5.0, luck=luck), 3), together.size(luck)
(5.3, 10)
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

from ds101.proxy.faults import ByteLink, Cut, Fault, HalfOpen

MOST_RETRANSMISSIONS = 8  # of one segment; chance would allow any number
THROTTLED_STEP = 0.01  # seconds: under a bandwidth, bytes go out in pieces that take about that long


@dataclass(frozen=True, slots=True)
class Luck:
    """What was drawn for one piece, once: numbers from 0 to below 1, so that a change of faults needs no new draw."""

    jitter: float
    loss: float
    reset: float
    size: float

    @classmethod
    def draw(cls, source: random.Random) -> Luck:
        return cls(source.random(), source.random(), source.random(), source.random())


@dataclass(frozen=True, slots=True)
class Conditions:
    """The sum of the faults on one direction."""

    cut: bool = False
    gone: str = ""
    """The side that is gone, `"client"` or `"server"`; empty: none."""
    links: tuple[ByteLink, ...] = ()

    @classmethod
    def of(cls, faults: Iterable[Fault], direction: str) -> Conditions:
        acting = [fault for fault in faults if fault.acts_on(direction)]
        links = tuple(fault for fault in acting if isinstance(fault, ByteLink))
        gone = [fault.gone for fault in acting if isinstance(fault, HalfOpen)]
        return cls(any(isinstance(fault, Cut) for fault in acting), gone[0] if gone else "", links)

    @property
    def silent(self) -> bool:
        """Whether nothing gets through."""
        return self.cut or bool(self.gone)

    def due(self, arrived: float, luck: Luck) -> float:
        """The earliest time at which a piece that arrived then goes out; infinite while nothing gets through."""
        if self.silent:
            return math.inf
        late = sum(link.delay + link.join + luck.jitter * link.jitter for link in self.links)
        return arrived + late + self._stall(luck)

    def losses(self, luck: Luck) -> int:
        """How often in a row the piece is lost: k times with a chance of loss ** k, read off one draw."""
        loss = 1 - math.prod(1 - link.loss for link in self.links)
        count = 0
        while count < MOST_RETRANSMISSIONS and luck.loss < loss ** (count + 1):
            count += 1
        return count

    def breaks(self, luck: Luck) -> bool:
        """Whether the connection is reset at this piece."""
        survives = math.prod(1 - link.reset for link in self.links)
        return luck.reset >= survives

    def size(self, luck: Luck) -> int | None:
        """The most bytes of a piece; None: as many as there are."""
        sizes = [_drawn(link.slice, luck) for link in self.links if link.slice is not None]
        if self.bandwidth is not None:
            sizes.append(max(1, int(self.bandwidth * THROTTLED_STEP)))
        return min(sizes, default=None)

    @property
    def slices(self) -> bool:
        """Whether pieces must arrive apart from each other."""
        return any(link.slice is not None for link in self.links)

    @property
    def joins(self) -> bool:
        """Whether what has arrived meanwhile goes out in the same piece."""
        return any(link.join for link in self.links)

    @property
    def bandwidth(self) -> float | None:
        """Bytes per second; None: no limit."""
        return min((link.bandwidth for link in self.links if link.bandwidth is not None), default=None)

    def _stall(self, luck: Luck) -> float:
        """Lost k times, a segment has been sent again after 1, 2, 4, ... times the retransmission time."""
        longest = max((link.retransmission for link in self.links), default=0.0)
        return longest * (2.0 ** self.losses(luck) - 1)


def _drawn(size: int | tuple[int, int], luck: Luck) -> int:
    low, high = size if isinstance(size, tuple) else (size, size)
    return low + int(luck.size * (high - low + 1))
