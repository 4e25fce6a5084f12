"""What the links do to one message, given the faults that hold now: pure, and shared by all worlds.

>>> network = Network(Random(1))
>>> network.plan("n1", "n2", "Ping", size=90, now=5.0)
(5.0,)
>>> network.hold({"f1": Link("n1", "n2", delay=0.1), "f2": Partition((("n1",), ("n3",)))})
>>> network.plan("n1", "n2", "Ping", size=90, now=5.0)
(5.1,)
>>> network.plan("n1", "n3", "Ping", size=90, now=5.0)
'partition'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from ds101.faults import Drop, Fault, Link, Partition, bounds
from ds101.trace import base_name

Seconds = float
DueTimes = tuple[Seconds, ...]  # when the message arrives: once, or twice if it is duplicated
Cause = str  # why it doesn't

MOST_WAYS = 1_000  # that are remembered
HELD_BACK = 0.005  # seconds, at the most, by which a reordered message falls behind on a link without delay


@dataclass
class Pipe:
    """What one direction of one link remembers: so that delays keep order, and bandwidth adds up.

    All the calls of a client go over one link.
    """

    last_due: Seconds = 0.0
    busy_until: Seconds = 0.0


class Way(NamedTuple):
    """The way from one address to another under the faults that hold: looked up for every message, worked out once."""

    link: tuple[str, str]  # whose it is, by names
    cut: bool
    drops: tuple[str, ...]  # the names of the Drops that may take a message
    links: tuple[Link, ...]
    is_clear: bool  # none of these


@dataclass
class Network:
    """The links as one sender sees them. `faults` are named, so that each can end by itself.

    `latency` is what every message takes, in seconds: 0 where a real network adds its own.
    """

    random: Random
    latency: tuple[Seconds, Seconds] = (0.0, 0.0)
    faults: dict[str, Fault] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)  # how many messages each Drop still takes
    pipes: dict[tuple[str, str], Pipe] = field(default_factory=dict)
    _ways: dict[tuple[str, str], Way] = field(default_factory=dict, repr=False)

    def hold(self, faults: Mapping[str, Fault]) -> None:
        """From now on these faults hold, and no others."""
        for name, fault in faults.items():
            if isinstance(fault, Drop) and name not in self.faults:
                self.left[name] = fault.times
        self.faults = dict(faults)
        self._ways.clear()

    def is_clear(self, src: str, dst: str) -> bool:
        """Whether messages pass at once: no fault meets them, and none that held still delays one."""
        return not self.pipes and not self.latency[1] and (not self.faults or self._way(src, dst).is_clear)

    def _way(self, src: str, dst: str) -> Way:
        way = self._ways.get((src, dst))
        if way is None:
            if len(self._ways) >= MOST_WAYS:  # each call of a client has an address of its own
                self._ways.clear()
            way = self._ways[src, dst] = self._work_out(src, dst)
        return way

    def _work_out(self, src: str, dst: str) -> Way:
        faults = self.faults
        cut = any(isinstance(fault, Partition) and fault.cuts(src, dst) for fault in faults.values())
        drops = tuple(name for name, fault in faults.items() if isinstance(fault, Drop) and fault.concerns(src, dst))
        links = tuple(fault for fault in faults.values() if isinstance(fault, Link) and fault.concerns(src, dst))
        return Way((base_name(src), base_name(dst)), cut, drops, links, not (cut or drops or links))

    def in_order(self, src: str, dst: str, now: Seconds) -> Seconds:
        """After the latency, but not before what is under way on this link."""
        low, high = self.latency
        due = now + (low if low == high else low + (high - low) * self.random.random())
        link = self._way(src, dst).link
        pipe = self.pipes.get(link)
        if pipe is None:
            if not high:
                return due
            pipe = self.pipes[link] = Pipe()
        elif pipe.last_due <= now and not high:
            del self.pipes[link]
            return due
        if due < pipe.last_due:
            return pipe.last_due
        pipe.last_due = due
        return due

    def cut(self, src: str, dst: str) -> bool:
        """Whether a partition stands between them now."""
        return bool(self.faults) and self._way(src, dst).cut

    def plan(self, src: str, dst: str, type_name: str, size: int, now: Seconds) -> DueTimes | Cause:
        """When a message of `size` bytes that is sent now arrives, or why it doesn't."""
        link, cut, drops, links, _ = self._way(src, dst)
        if cut:
            return "partition"
        if drops and self._is_chosen(drops, type_name):
            return "chosen"
        if not links:
            return (self.in_order(src, dst, now),)
        if any(self._happens(one.loss) for one in links):
            return "lost"
        copies = 1 + any(self._happens(one.duplicate) for one in links)
        pipe = self.pipes.setdefault(link, Pipe())
        return tuple(self._due(pipe, links, size, now) for _ in range(copies))

    def _is_chosen(self, drops: Sequence[str], type_name: str) -> bool:
        for name in drops:
            fault = self.faults[name]
            if self.left[name] > 0 and isinstance(fault, Drop) and fault.type == type_name:
                self.left[name] -= 1
                return True
        return False

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def _due(self, pipe: Pipe, links: Sequence[Link], size: int, now: Seconds) -> Seconds:
        start = now
        for link in links:
            if link.bandwidth is not None:
                start = max(start, pipe.busy_until) + size / link.bandwidth
                pipe.busy_until = start
        latency = self.random.uniform(*self.latency) + sum(self._latency(link) for link in links)
        if any(self._happens(link.reorder) for link in links):
            return start + latency + self.random.uniform(0, 2 * latency + HELD_BACK)  # others may overtake it
        pipe.last_due = max(pipe.last_due, start + latency)
        return pipe.last_due

    def _latency(self, link: Link) -> Seconds:
        low, high = bounds(link.delay)
        delay = low if low == high else self.random.uniform(low, high)
        return delay + (self.random.uniform(0, link.jitter) if link.jitter else 0.0)
