"""The other ends of connections: what the student's client talks to, and who talks to the student's server.

They speak raw bytes, and are slow, silent, large or short-lived as a case wants.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ds101.labs.lab01.given import LIMIT, Address

READ = 1 << 16
LARGE = LIMIT // 4 * 3  # bytes of a message that does not fit into small buffers
SMALL = 1 << 14  # bytes of a socket's buffer that is soon full
PATIENCE = 3.0  # seconds for what takes milliseconds
LONGEST = 10 * PATIENCE  # seconds for an answer that comes drop by drop
MOST_HEARD = 64 << 20  # bytes that a peer listens to; a case needs a few


class Peer:
    """A server for one test: runs `behave(connection)` on a thread for each connection, until the end of the `with`."""

    def __init__(self, behave: Callable[[Peer, socket.socket], None], buffer: int = 0) -> None:
        self.behave = behave
        self.heard = bytearray()
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        if buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.connections: list[socket.socket] = []
        self.thread = threading.Thread(target=self._accept, name="peer", daemon=True)

    @property
    def address(self) -> Address:
        address: Address = self.listener.getsockname()
        return address

    def read_frame(self, connection: socket.socket) -> bytes:
        """The payload of the next frame; raises `ConnectionError` where none is coming."""
        length = int.from_bytes(self.read(connection, 4), "big")
        if length > LIMIT:
            raise ConnectionError
        return self.read(connection, length)

    def read(self, connection: socket.socket, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = connection.recv(min(READ, size - len(data)))
            if not piece or len(self.heard) > MOST_HEARD:
                raise ConnectionError
            data += piece
            self.heard += piece
        return bytes(data)

    def __enter__(self) -> Peer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        _shut(self.listener)
        for connection in list(self.connections):
            _shut(connection)
        self.thread.join(PATIENCE)

    def _accept(self) -> None:
        threads = []
        with suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                self.connections.append(connection)
                threads.append(threading.Thread(target=self._meet, args=(connection,), name="peer", daemon=True))
                threads[-1].start()
        for thread in threads:
            thread.join(PATIENCE)

    def _meet(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.behave(self, connection)


def _shut(one: socket.socket) -> None:
    """Wakes whoever waits on it in another thread."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def connect(address: Address, buffer: int = 0) -> socket.socket:
    """A connection that waits for at most `PATIENCE`; with a small receive buffer, if wanted."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def heard_back(connection: socket.socket, size: int) -> tuple[bytes, str]:
    """Up to `size` bytes, and what came instead of the rest: nothing if all came, else silence or the end."""
    data, deadline = bytearray(), time.monotonic() + LONGEST
    try:
        while len(data) < size:
            if time.monotonic() > deadline:
                return bytes(data), f"not the rest after {LONGEST:g} s"
            piece = connection.recv(min(READ, size - len(data)))
            if not piece:
                return bytes(data), "the server hung up"
            data += piece
    except TimeoutError:
        return bytes(data), f"nothing for {PATIENCE:g} s"
    except OSError:
        return bytes(data), "the server broke the connection"
    return bytes(data), ""


def hangs_up(connection: socket.socket) -> bool:
    """Whether the other side ends the connection within `PATIENCE`."""
    deadline = time.monotonic() + LONGEST
    try:
        while connection.recv(READ):
            if time.monotonic() > deadline:
                return False
    except TimeoutError:
        return False
    except OSError:
        pass
    return True
