"""The connection between a world and one of its node processes: commands, answers, and what is recorded.

Each frame is a length (4 bytes, big-endian) and a msgpack array: a verb with its arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

LENGTH = 4  # bytes


class Channel(asyncio.Protocol):
    """One end of a control connection."""

    def __init__(self, hear: Callable[[Channel, list[Any]], None], closed: Callable[[Channel], None]) -> None:
        self._hear, self._closed = hear, closed
        self._received = bytearray()
        self.transport: asyncio.Transport | None = None
        self.owner: Any = None  # what the accepting side knows the other end as
        self.ended = asyncio.Event()  # all that the other side said has been heard

    def say(self, verb: str, *arguments: Any) -> None:
        """Send a frame; nothing happens on a connection that is gone."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(framed(verb, *arguments))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        start = 0
        while len(received) - start >= LENGTH:
            end = start + LENGTH + int.from_bytes(received[start : start + LENGTH], "big")
            if len(received) < end:
                break
            frame = msgspec.msgpack.decode(bytes(received[start + LENGTH : end]))
            start = end
            self._hear(self, frame)
        del received[:start]

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set()
        self._closed(self)

    @property
    def backlog(self) -> int:
        """Bytes that the other side has not taken yet."""
        return self.transport.get_write_buffer_size() if self.transport else 0


def framed(verb: str, *arguments: Any) -> bytes:
    """A frame as bytes."""
    body = msgspec.msgpack.encode((verb, *arguments))
    return len(body).to_bytes(LENGTH, "big") + body
