"""The outgoing TCP links of one process, and what the faults do to them.

Nodes and the world's clients both send through `Links`. What a handler sends is collected and written
once for each link. A message that a fault delays waits here, and is judged again when it is due.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import NamedTuple

from ds101.cluster.frames import Envelope
from ds101.network import Network

MOST_QUEUED = 64 * 1024 * 1024  # bytes for one receiver that doesn't read; what comes on top is dropped, and said so

TICK = 0.001  # seconds; the event loop may wake a little early

Address = tuple[str, int]  # host, port
Dropped = Callable[[Envelope, str], None]  # told of a message that won't arrive, and why


class Links:
    """Connections to others by name; `dropped` hears of each message that is lost here."""

    def __init__(self, network: Network, now: Callable[[], float], dropped: Dropped, token: str) -> None:
        self.network, self.now, self.dropped, self.token = network, now, dropped, token
        self._links: dict[str, Link] = {}
        self._dirty: list[Link] = []
        self._delayed: list[Delayed] = []  # a heap: what is due first is first, and of those the first sent
        self._order = itertools.count()

    async def connect(self, name: str, address: Address) -> bool:
        """Connect to `name`, in place of an older connection. False if nothing listens there."""
        try:
            link = await self._open(address)
        except OSError:
            return False
        assert link.transport is not None
        link.transport.write(self.token.encode() + b"\n")  # one of the world's own, and no plain socket
        self.close(name)
        self._links[name] = link
        return True

    async def _open(self, address: Address) -> Link:
        _, link = await asyncio.get_running_loop().create_connection(Link, *address)
        return link

    def is_up(self, name: str) -> bool:
        """Whether there is a connection to that name."""
        return name in self._links and self._links[name].is_up

    def all(self) -> list[Link]:
        """The links, by the order of their names."""
        return [self._links[name] for name in sorted(self._links)]

    def close(self, name: str | None = None) -> None:
        """Close one link, or all."""
        for one in [name] if name is not None else sorted(self._links):
            link = self._links.pop(one, None)
            if link is not None and link.transport is not None:
                link.transport.abort()

    def send(self, via: str, envelope: Envelope, line: bytes) -> None:
        """Hand a message, as its line, to the link named `via`, unless a fault has other plans."""
        link = self._links.get(via)
        if self._delayed:
            self._let_go_what_is_due()  # a busy node may be late for it, and nothing may overtake it
        if self.network.is_clear(envelope.src, envelope.dst):
            self._put(link, via, envelope, line)
            return
        now = self.now()
        plan = self.network.plan(envelope.src, envelope.dst, envelope.type, len(line), now)
        if isinstance(plan, str):
            self.dropped(envelope, plan)
            return
        for due in plan:
            if due <= now:
                self._put(link, via, envelope, line)
            else:
                heapq.heappush(self._delayed, Delayed(due, next(self._order), link, via, envelope, line))
                self._wake_after(due - now)

    def _wake_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._let_go_what_is_due()
        self.flush()

    def _let_go_what_is_due(self) -> None:
        """All that is due by now, in its order (timers of the event loop that are due together have none)."""
        now = self.now() + TICK
        while self._delayed and self._delayed[0].due <= now:
            _, _, link, via, envelope, line = heapq.heappop(self._delayed)
            if self.network.cut(envelope.src, envelope.dst):
                self.dropped(envelope, "partition")
            else:
                self._put(link, via, envelope, line)

    def _put(self, link: Link | None, via: str, envelope: Envelope, line: bytes) -> None:
        """On the connection that was there at the sending: a message doesn't wait for its receiver's next life."""
        if link is not None and link.waiting:  # the first of this turn has found it in order
            link.waiting.append(line)
        elif link is None or not link.is_up:
            self.dropped(envelope, f"{via} is down")
        elif link.backlog > MOST_QUEUED:
            self.dropped(envelope, f"{via} does not read")
        else:
            self._dirty.append(link)
            link.waiting.append(line)

    def flush(self) -> None:
        """Write what was sent since the last time, one write for each link."""
        for link in self._dirty:
            if link.transport is not None:
                link.transport.write(link.waiting[0] if len(link.waiting) == 1 else b"".join(link.waiting))
            link.waiting.clear()
        self._dirty.clear()


class Delayed(NamedTuple):
    """A message that waits for its time."""

    due: float
    order: int
    link: Link | None
    via: str
    envelope: Envelope
    line: bytes


class Link(asyncio.Protocol):
    """One connection, on which this side only sends."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None

    @property
    def is_up(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    @property
    def backlog(self) -> int:
        return self.transport.get_write_buffer_size() if self.transport else 0
