"""One direction of one connection: bytes come in, wait as the faults want, and go out in pieces.

At most `BUFFER` bytes wait here; then the pump stops reading, TCP's own flow control fills the sender's buffers, and
the sender has to wait, as it would on a slow network.
"""

from __future__ import annotations

import asyncio
import math
import random
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ds101.proxy.conditions import Conditions, Luck
from ds101.proxy.log import Flow

BUFFER = 1 << 20  # bytes that wait in one direction of one connection, at most
READ = 1 << 16  # bytes of one read, at most
GAP = 0.001  # seconds between two slices


class Broken(ConnectionResetError):
    """The connection breaks here; the words say why."""


class Pump:
    """Reads from one socket and writes to the other. `run` ends when the source has ended and all is passed on.

    A reset by the source waits in line behind its bytes, as it would in a network, and then breaks the connection.
    """

    def __init__(
        self,
        name: str,
        source: socket.socket,
        sink: socket.socket,
        conditions: Callable[[], Conditions],
        luck: random.Random,
    ) -> None:
        self.name = name  # of the source
        self.source, self.sink = source, sink
        self.conditions, self.random = conditions, luck
        self.back: Pump  # the pump of the other direction
        self.waiting: deque[tuple[float, memoryview]] = deque()  # (when it arrived, bytes); no bytes: the end
        self.size = 0
        self.changed = asyncio.Event()
        self.free_at = 0.0  # under a bandwidth or slices: when the last piece is out of the way
        self.source_is_reset = self.sink_is_reset = self.finished = False
        self.bytes_in = self.pieces_in = self.bytes_out = self.pieces_out = self.lost = 0

    @property
    def flow(self) -> Flow:
        return Flow(self.bytes_in, self.pieces_in, self.bytes_out, self.pieces_out, self.lost)

    def wake(self) -> None:
        """The faults have changed, or there is something new to do."""
        self.changed.set()

    async def run(self) -> None:
        """Raises `Broken` when the source has reset the connection, or a fault does."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._take_in())
            both.create_task(self._give_out())
        self.finished = True

    async def _take_in(self) -> None:
        data = memoryview(b"first")
        while data:
            while self.size >= BUFFER:
                await self._change()
            data = memoryview(await self._read())
            self.bytes_in += len(data)
            self.pieces_in += bool(data)
            self.size += len(data)
            self.waiting.append((asyncio.get_running_loop().time(), data))
            self.wake()

    async def _read(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self.source, READ)
        except OSError:
            self.source_is_reset = True
            return b""

    async def _give_out(self) -> None:
        while not await self._give_one(Luck.draw(self.random)):
            pass

    async def _give_one(self, luck: Luck) -> bool:
        """Pass on one piece; True if it was the end."""
        while True:
            conditions = await self._turn(luck)
            if not self.waiting[0][1]:
                self._end()
                return True
            if conditions.breaks(luck):
                raise Broken("broken by a fault")
            sent = await self._send(self._piece(conditions, luck))
            if sent:
                self._count(sent, conditions, luck)
                return False

    def _end(self) -> None:
        if self.source_is_reset:
            raise Broken(f"reset by the {self.name}")
        with suppress(OSError):  # it may be gone itself
            self.sink.shutdown(socket.SHUT_WR)

    async def _turn(self, luck: Luck) -> Conditions:
        """Wait until the first piece may go out, whatever happens to the faults meanwhile."""
        now = asyncio.get_running_loop().time
        while True:
            if not self.waiting:
                await self._change()
                continue
            conditions = self.conditions()
            due = conditions.due(self.waiting[0][0], luck)
            if conditions.slices or conditions.bandwidth:
                due = max(due, self.free_at)
            if due <= now():
                return conditions
            await self._change(due - now())

    async def _change(self, timeout: float = math.inf) -> None:
        """Wait for a call of `wake`, but not longer than `timeout` seconds."""
        self.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if timeout == math.inf else timeout):
                await self.changed.wait()

    def _piece(self, conditions: Conditions, luck: Luck) -> memoryview:
        data = self.waiting[0][1]
        if conditions.joins:
            data = self._joined()
        return data[: conditions.size(luck)]

    def _joined(self) -> memoryview:
        """Everything that waits, put together at the head of the queue; its end stays apart."""
        arrived = self.waiting[0][0]
        whole = memoryview(b"".join(data for _, data in self.waiting))
        ended = not self.waiting[-1][1]
        end = self.waiting[-1]
        self.waiting.clear()
        self.waiting.append((arrived, whole))
        if ended:
            self.waiting.append(end)
        return whole

    async def _send(self, piece: memoryview) -> int:
        """Send what the sink takes, and return how much that was: a cut may come while the sink is full."""
        if self.sink_is_reset:
            return len(piece)  # as a network does: what nobody receives is gone
        try:
            return self.sink.send(piece)
        except BlockingIOError:
            await self._room_or_change()
            return 0
        except OSError:
            self._lose_sink()
            return len(piece)

    def _lose_sink(self) -> None:
        """Nobody receives any more. The pump that reads from there tells the other side, in its turn."""
        self.sink_is_reset = self.back.source_is_reset = True
        if self.back.finished:
            raise Broken(f"reset by the {self.back.name}")

    async def _room_or_change(self) -> None:
        loop = asyncio.get_running_loop()
        self.changed.clear()
        loop.add_writer(self.sink, self.wake)
        try:
            await self.changed.wait()
        finally:
            loop.remove_writer(self.sink)

    def _count(self, sent: int, conditions: Conditions, luck: Luck) -> None:
        arrived, data = self.waiting.popleft()
        if sent < len(data):
            self.waiting.appendleft((arrived, data[sent:]))
        self.size -= sent
        if not self.sink_is_reset:
            self.bytes_out += sent
            self.pieces_out += 1
            self.lost += conditions.losses(luck)
        now = asyncio.get_running_loop().time()
        self.free_at = max(self.free_at, now) + (sent / conditions.bandwidth if conditions.bandwidth else 0.0)
        if conditions.slices:
            self.free_at = max(self.free_at, now + GAP)
        self.wake()
