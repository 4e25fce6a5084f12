"""Links that every thread of the caller's program may send on.

A call is sent by the thread that asks, and not by the loop's: that would wait to be woken first, which takes about as
long as the network. What a socket doesn't take at once, and all that is read, is the loop's work.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from ds101.cluster.links import Address, Dropped, Link, Links
from ds101.network import Network
from ds101.processes.steady import SteadyLock

MOST_AT_ONCE = 1 << 16  # bytes; a node says little on the connections that others made to it


class SharedLinks(Links):
    """`Links` under a lock: whoever sends, or changes what that depends on, such as the faults that hold, takes it."""

    def __init__(
        self,
        network: Network,
        now: Callable[[], float],
        dropped: Dropped,
        token: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(network, now, dropped, token)
        self.lock = SteadyLock()
        self._loop = loop

    def close(self, name: str | None = None) -> None:
        with self.lock:
            super().close(name)

    async def _open(self, address: Address) -> Link:
        connection = socket.socket()
        try:
            connection.setblocking(False)
            await self._loop.sock_connect(connection, address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            connection.close()
            raise
        link = Link()
        link.connection_made(Wire(connection, link, self._loop, self.lock))
        return link

    def _wake_after(self, seconds: float) -> None:
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._wake)

    def _wake(self) -> None:
        with self.lock:
            super()._wake()


class Wire(asyncio.Transport):
    """A TCP connection to which any thread may write that holds the lock."""

    def __init__(
        self, connection: socket.socket, link: Link, loop: asyncio.AbstractEventLoop, lock: SteadyLock
    ) -> None:
        super().__init__()
        self._socket, self._link, self._loop, self._lock = connection, link, loop, lock
        self._backlog = bytearray()
        self._open = True
        loop.add_reader(connection, self._read)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._open:
            return
        sent = 0
        if not self._backlog:
            with suppress(OSError):  # it is full, or gone, and then the loop will see
                sent = self._socket.send(data)
            if sent == len(data):
                return
            self._loop.call_soon_threadsafe(self._write_on)
        self._backlog += data[sent:]

    def _write_on(self) -> None:
        if self._open:
            self._loop.add_writer(self._socket, self._drain)

    def _drain(self) -> None:
        with self._lock:
            if not self._open:
                return
            try:
                del self._backlog[: self._socket.send(self._backlog)]
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.abort()
                return
            if not self._backlog:
                self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        """What a node says here is for plain sockets; only its end matters."""
        with self._lock, suppress(BlockingIOError, InterruptedError):
            try:
                gone = self._open and not self._socket.recv(MOST_AT_ONCE)
            except ConnectionError:
                gone = True
            if gone:
                self.abort()

    def abort(self) -> None:
        """Close it; on the loop's thread."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._link.connection_lost(None)

    def is_closing(self) -> bool:
        return not self._open

    def get_write_buffer_size(self) -> int:
        return len(self._backlog)
