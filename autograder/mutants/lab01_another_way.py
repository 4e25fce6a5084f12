"""A right solution of lab01 that shares nothing with ours: no judgement may depend on how a solution is built.

The decoder is a generator that asks for the bytes it needs next; the client waits with a selector and never sets a
timeout on its socket; the server has a thread for each client.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections.abc import Generator

from ds101.labs.lab01 import LIMIT, FrameTooLarge, FramingError, Truncated


def encode(message: str) -> bytes:
    payload = bytes(message, "utf-8")
    if not len(payload) <= LIMIT:
        raise FrameTooLarge
    return b"".join((struct.pack("!I", len(payload)), payload))


class Decoder:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.have = 0
        self.inside = False
        self.complete: list[str] = []
        self.parser = self.parse()
        self.need = next(self.parser)

    def parse(self) -> Generator[int, bytes, None]:
        """Yields how many bytes it needs next, and is sent exactly these."""
        while True:
            (length,) = struct.unpack("!I", (yield 4))
            if length > LIMIT:
                raise FrameTooLarge
            self.inside = True
            payload = (yield length) if length else b""
            self.complete.append(payload.decode())
            self.inside = False

    def feed(self, data: bytes) -> list[str]:
        view = memoryview(data)
        while len(view) >= self.need - self.have:
            cut = self.need - self.have
            whole = b"".join([*self.chunks, view[:cut]])
            view, self.chunks, self.have = view[cut:], [], 0
            self.need = self.parser.send(whole)
        if len(view):
            self.chunks.append(bytes(view))
            self.have += len(view)
        complete, self.complete = self.complete, []
        return complete

    def finish(self) -> None:
        if self.inside or self.have:
            raise Truncated


def exchange(connection: socket.socket, message: str, timeout: float) -> str:
    end = time.monotonic() + timeout
    connection.setblocking(False)
    waiting, decoder, replies = memoryview(encode(message)), Decoder(), []
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0))
        while not replies:
            ready = selector.select(max(0.0, end - time.monotonic()))
            if time.monotonic() >= end:
                raise TimeoutError(f"no reply after {timeout} s")
            for _, events in ready:
                if events & selectors.EVENT_WRITE:
                    waiting = waiting[connection.send(waiting) :]
                    if not waiting:
                        selector.modify(connection, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    data = connection.recv(1000)
                    if not data:
                        raise Truncated
                    replies += decoder.feed(data)
    return replies[0]


def serve(listener: socket.socket, timeout: float) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=attend, args=(connection, timeout), daemon=True).start()


def attend(connection: socket.socket, timeout: float) -> None:
    """One client, until it has left or had to."""
    connection.settimeout(timeout)
    decoder = Decoder()
    try:
        with connection:
            for data in iter(lambda: connection.recv(77), b""):
                connection.sendall(b"".join(map(encode, decoder.feed(data))))
            decoder.finish()
    except (OSError, FramingError, UnicodeError):
        return
