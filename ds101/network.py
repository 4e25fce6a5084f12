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

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from ds101.faults import Drop, Fault, Link, Partition, bounds
from ds101.trace import base_name

Seconds = float
DueTimes = tuple[Seconds, ...]  # when the message arrives: once, or twice if it is duplicated
Cause = str  # why it doesn't

HELD_BACK = 0.005  # seconds, at the most, by which a reordered message falls behind on a link without delay


@dataclass
class Pipe:
    """What one direction of one link remembers: so that delays keep order, and bandwidth adds up.

    All the calls of a client go over one link.
    """

    last_due: Seconds = 0.0
    busy_until: Seconds = 0.0


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

    def hold(self, faults: Mapping[str, Fault]) -> None:
        """From now on these faults hold, and no others."""
        for name, fault in faults.items():
            if isinstance(fault, Drop) and name not in self.faults:
                self.left[name] = fault.times
        self.faults = dict(faults)

    def is_quiet(self) -> bool:
        """Whether messages pass at once: no fault holds, and none that held still delays one."""
        return not self.faults and not self.pipes and not self.latency[1]

    def in_order(self, src: str, dst: str, now: Seconds) -> Seconds:
        """After the latency, but not before what is under way on this link."""
        low, high = self.latency
        due = now + (low if low == high else low + (high - low) * self.random.random())
        link = base_name(src), base_name(dst)
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
        return any(isinstance(fault, Partition) and fault.cuts(src, dst) for fault in self.faults.values())

    def plan(self, src: str, dst: str, type_name: str, size: int, now: Seconds) -> DueTimes | Cause:
        """When a message of `size` bytes that is sent now arrives, or why it doesn't."""
        if not self.faults:
            return (self.in_order(src, dst, now),)
        if self.cut(src, dst):
            return "partition"
        if self._is_chosen(src, dst, type_name):
            return "chosen"
        links = [fault for fault in self.faults.values() if isinstance(fault, Link) and fault.concerns(src, dst)]
        if not links:
            return (self.in_order(src, dst, now),)
        if any(self._happens(link.loss) for link in links):
            return "lost"
        copies = 1 + any(self._happens(link.duplicate) for link in links)
        pipe = self.pipes.setdefault((base_name(src), base_name(dst)), Pipe())
        return tuple(self._due(pipe, links, size, now) for _ in range(copies))

    def _is_chosen(self, src: str, dst: str, type_name: str) -> bool:
        for name, fault in self.faults.items():
            if isinstance(fault, Drop) and self.left[name] > 0 and fault.concerns(src, dst, type_name):
                self.left[name] -= 1
                return True
        return False

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def _due(self, pipe: Pipe, links: list[Link], size: int, now: Seconds) -> Seconds:
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
