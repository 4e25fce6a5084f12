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
from ds101.proxy.receiver import Receiver

BUFFER = 1 << 20  # bytes that wait in one direction of one connection, at most
READ = 1 << 16  # bytes of one read or write, at most
GAP = 0.001  # seconds between two slices where nobody can tell whether the receiver has read the first
PATIENCE = 1.0  # seconds that a slice waits for a receiver that doesn't read; then it joins the one before
QUICK_LOOKS = 30  # at the receiver, in quick succession, before a look each GAP


class Broken(Exception):
    """The connection ends here for both sides, by a reset: how and why, as the log tells it."""

    def __init__(self, detail: str, state: str = "reset") -> None:
        super().__init__(detail, state)
        self.detail, self.state = detail, state


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
        self.receiver = Receiver(sink)
        self.free_at = 0.0  # under a bandwidth: when there is room for the next piece
        self.sent_at, self.looks = -math.inf, 0  # under slices: since when and how often we look at the receiver
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
            data = memoryview(await self.read())
            self.size += len(data)
            self.waiting.append((asyncio.get_running_loop().time(), data))
            self.wake()

    async def read(self) -> bytes:
        """What the source sends next; nothing at its end, and where it is reset.

        What was received is counted at once: nothing is lost where whoever reads is cancelled.
        """
        while True:
            try:
                data = self.source.recv(READ)
            except BlockingIOError:
                await self._something_to_read()
                continue
            except OSError:
                self.source_is_reset = True
                return b""
            self.bytes_in += len(data)
            self.pieces_in += bool(data)
            return data

    async def _something_to_read(self) -> None:
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.source, arrived.set)
        try:
            await arrived.wait()
        finally:
            loop.remove_reader(self.source)

    async def _give_out(self) -> None:
        while not await self._give_one(Luck.draw(self.random)):
            await asyncio.sleep(0)  # the other pumps have their turn, even if this one never has to wait

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
            if conditions.bandwidth:
                due = max(due, self.free_at)
            if due > now():
                await self._change(due - now())
            elif conditions.slices and self.waiting[0][1] and self._is_unread(now()):
                await self._look_again()
            else:
                return conditions

    def _is_unread(self, now: float) -> bool:
        """Whether the next slice would join the one before."""
        if now > self.sent_at + PATIENCE:
            return False
        read = self.receiver.has_read(self.bytes_out)
        return now < self.sent_at + GAP if read is None else not read

    async def _look_again(self) -> None:
        """Most receivers read at once, and the shortest sleep of the event loop is a millisecond."""
        self.looks += 1
        await (asyncio.sleep(0) if self.looks < QUICK_LOOKS else self._change(GAP))

    async def _change(self, timeout: float = math.inf) -> None:
        """Wait for a call of `wake`, but not longer than `timeout` seconds."""
        self.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if timeout == math.inf else timeout):
                await self.changed.wait()

    def _piece(self, conditions: Conditions, luck: Luck) -> memoryview:
        """What goes out together: the bytes that are due by now, or, where they are gathered, all that wait."""
        now = asyncio.get_running_loop().time()
        arrived, data = self.waiting.popleft()
        parts, size = [data], len(data)
        while self.waiting and self.waiting[0][1] and size < READ:
            if not conditions.joins and conditions.due(self.waiting[0][0], luck) > now:
                break
            parts.append(self.waiting.popleft()[1])
            size += len(parts[-1])
        whole = data if len(parts) == 1 else memoryview(b"".join(parts))
        self.waiting.appendleft((arrived, whole))
        return whole[: conditions.size(luck)]

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
        self.sent_at, self.looks = asyncio.get_running_loop().time(), 0
        taken = sent / conditions.bandwidth if conditions.bandwidth else 0.0
        self.free_at = max(self.free_at, self.sent_at) + taken
        self.wake()
