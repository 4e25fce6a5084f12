"""The clients of one world: they live in the caller's process, and talk to the nodes over TCP like anybody else.

Each call has an address of its own, such as `ada.7`, as a socket has an ephemeral port; whichever node sends to
it answers the call. Calls are made on the callers' threads; everything else runs on the loop's. A sending is whole or
not at all, for the other thread and for an interrupt.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from random import Random

import msgspec

from ds101.cluster.frames import Envelope, Lines, decode_envelope, encode_line
from ds101.cluster.recorder import brief
from ds101.cluster.shared import SharedLinks
from ds101.cluster.tracebook import TraceBook
from ds101.effects import Sending, sendings
from ds101.errors import Mistake
from ds101.messages import Message, Types
from ds101.network import Network
from ds101.trace import base_name
from ds101.wire import Refused
from ds101.world.engine import Caller
from ds101.world.naming import refused

Address = tuple[str, int]


OURS = "clients."  # how the ids of events on this side begin


class Clients:
    """All the clients of a world, as one member of its network."""

    def __init__(
        self,
        types: Types,
        book: TraceBook,
        seed: str,
        reach: Callable[[str], Address | None],
        token: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.types, self.book, self.reach, self._loop = types, book, reach, loop
        self.began = time.monotonic_ns()  # until all nodes are there: then the world's time begins
        self.network = Network(Random(f"{seed}/clients"))
        self.links = SharedLinks(self.network, self.now, self._dropped, token, loop)
        self.lock = self.links.lock  # for the clock and the numbers too
        self.clock = 0
        self.chosen: Callable[[str, str, str], None] = lambda *_: None  # told when a Drop has had its message
        self._count = itertools.count(1)
        self._numbers: dict[str, itertools.count[int]] = {}
        self._calls: dict[str, Caller] = {}
        self._server: asyncio.Server | None = None
        self._incoming: set[asyncio.Transport] = set()

    def now(self) -> float:
        """Seconds since the world began."""
        return (time.monotonic_ns() - self.began) / 1e9

    async def listen(self) -> Address:
        """Open the port to which nodes send what is for clients."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Incoming(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def call(self, address: str, node: str, message: Message, caller: Caller | None, cause: str | None) -> None:
        """Send a message from this address; the caller is told what comes back, or that it is `Unreachable`.

        On any thread. Raises `Mistake` if the message can't be encoded.
        """
        sending = sendings((node,), message, (node,))[0]
        with self.lock:
            if self.links.is_up(node):
                self._send(address, sending, caller, cause)
                return
        asyncio.run_coroutine_threadsafe(self._dial(address, sending, caller, cause), self._loop)

    async def _dial(self, address: str, sending: Sending, caller: Caller | None, cause: str | None) -> None:
        there = self.reach(sending.to)  # a dying node may listen for a moment longer: nothing reaches it any more
        if (there is not None and await self.links.connect(sending.to, there)) or caller is None:
            with self.lock:
                self._send(address, sending, caller, cause)
        else:
            caller.answered(None, refused(sending.to))

    def _send(self, address: str, sending: Sending, caller: Caller | None, cause: str | None) -> None:
        """Under the lock."""
        if caller is not None:
            self._calls[address] = caller
        self.clock += 1
        name, now = self.next_id(), time.monotonic_ns() - self.began
        envelope = Envelope(sending.type, msgspec.Raw(sending.body), address, sending.to, name, self.clock, now)
        line = encode_line(envelope)
        self.book.add_record(base_name(address), ("send", cause, line))
        self.links.send(sending.to, envelope, line + b"\n")
        self.links.flush()

    def next_call(self, client: str) -> str:
        """A fresh address of this client."""
        return f"{client}.{next(self._numbers.setdefault(client, itertools.count(1)))}"

    def waits(self, address: str) -> bool:
        """Whether somebody waits for a reply at this address."""
        return address in self._calls

    def fail(self, address: str, error: Exception) -> bool:
        """Tell the caller at this address what went wrong; False if nobody waits there."""
        caller = self._calls.pop(address, None)
        if caller is not None:
            caller.answered(None, error)
        return caller is not None

    def hang_up(self, address: str) -> None:
        """Nobody waits for a reply at this address any more."""
        self._calls.pop(address, None)

    def receive(self, envelope: Envelope, line: bytes) -> None:
        """A message from a node."""
        if self.network.faults and self.network.cut(envelope.src, envelope.dst):
            self._dropped(envelope, "partition")
            return
        caller = self._calls.pop(envelope.dst, None)
        if caller is None:
            self._dropped(envelope, "the call has ended")
            return
        with self.lock:
            self.clock = max(self.clock, envelope.clock) + 1
            record = ("deliver", self.next_id(), time.monotonic_ns() - self.began, self.clock, brief(envelope, line))
        self.book.add_record(base_name(envelope.dst), record)
        try:
            message = self.types.decode({"type": envelope.type, "body": envelope.body})
        except Refused as refused:
            caller.answered(None, Mistake(f"The reply of {envelope.src} can't be read: {refused}."))
        else:
            caller.answered(message, None)

    def _dropped(self, envelope: Envelope, why: str) -> None:
        lane = base_name(envelope.src if envelope.id.startswith(OURS) else envelope.dst)
        now, line = time.monotonic_ns() - self.began, brief(envelope, encode_line(envelope))
        self.book.add_record(lane, ("drop", self.next_id(), now, self.clock, line, why))
        if why == "chosen":  # the faults are the loop's
            self._loop.call_soon_threadsafe(self.chosen, envelope.type, envelope.src, envelope.dst)

    def note(
        self, kind: str, client: str, cause: str | None, type_name: str, body: dict[str, object], detail: str
    ) -> str:
        """Write down a step of a client's; returns the event's id."""
        with self.lock:
            self.clock += 1
            name = self.next_id()
            record = (kind, name, time.monotonic_ns() - self.began, self.clock, cause, type_name, body, detail)
            self.book.add_record(client, record)
        return name

    def next_id(self) -> str:
        """A new event's name."""
        return f"{OURS}{next(self._count)}"

    def close(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        for transport in list(self._incoming):
            transport.abort()
        self.links.close()


class _Incoming(asyncio.Protocol):
    """A node's connection to the clients; it begins with the world's token, or it ends."""

    def __init__(self, clients: Clients) -> None:
        self._clients, self._lines = clients, Lines()
        self._is_a_node = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._clients._incoming.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self._clients._incoming.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            if self._is_a_node:
                self._clients.receive(decode_envelope(line), line)
            elif line == self._clients.links.token.encode():
                self._is_a_node = True
            elif self._transport is not None:
                self._transport.abort()
