"""The connections that others make to a node: other nodes, the world's clients, and plain sockets.

The world's own begin with its token, and are taken at their word. A plain socket may say anything: it gets an error
reply for what is no message, and its messages are given an address to which any node can reply.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec

from ds101.cluster.frames import Envelope, Lines, TooLongError, decode_envelope, encode_line
from ds101.cluster.links import MOST_QUEUED, Links
from ds101.cluster.recorder import Recorder

EXAMPLE = 'A message is a line such as {"type": "Greet", "body": {"name": "Ada"}}.'


class Plain(msgspec.Struct):
    """What a plain socket says: the rest of the envelope is not for it to choose."""

    type: str
    body: Any = {}


decode_plain = msgspec.json.Decoder(Plain).decode


class Receiver(Protocol):
    """The node's side of a connection."""

    id: str
    links: Links
    recorder: Recorder
    raw: dict[str, Incoming]
    raw_count: int

    def receive(self, envelope: Envelope, line: bytes, connection: Incoming) -> None: ...


class Incoming(asyncio.Protocol):
    """A connection that somebody made to this node."""

    def __init__(self, server: Receiver) -> None:
        self._server = server
        self._lines = Lines()
        self._transport: asyncio.Transport | None = None
        self._is_the_worlds_own = False
        self._raw_name = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        server = self._server
        try:
            lines = self._lines.feed(data)
        except TooLongError:
            self.complain("This line is longer than a node takes. End each message with a newline.")
            self._close()
            return
        for line in lines:
            if self._is_the_worlds_own:
                server.receive(decode_envelope(line), line, self)
            else:
                self._hear(line)
        server.links.flush()

    def eof_received(self) -> None:
        self.data_received(b"\n" * self._lines.unfinished)

    def _hear(self, line: bytes) -> None:
        """A line of a plain socket, or the first one of another node."""
        server = self._server
        if line == server.links.token.encode():
            self._is_the_worlds_own = True
            return
        try:
            plain = decode_plain(line)
            envelope = self._addressed(plain)
            server.receive(envelope, encode_line(envelope), self)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
            self.complain(f"{error}. {EXAMPLE}")
        except RecursionError:
            self.complain("This line is nested too deeply for a node to read.")

    def _addressed(self, plain: Plain) -> Envelope:
        """It comes from this connection, and goes to this node."""
        server = self._server
        if not self._raw_name:
            server.raw_count += 1
            self._raw_name = f"raw-{server.id}.{server.raw_count}"
            server.raw[self._raw_name] = self
        name = f"{self._raw_name}:{server.recorder.next_id()}"
        return Envelope(plain.type, plain.body, self._raw_name, server.id, name, 0, server.recorder.now())

    def write(self, data: bytes) -> None:
        """Send to a plain socket, unless it is gone, or leaves what it was sent unread."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MOST_QUEUED:
            transport.abort()

    def complain(self, words: str) -> None:
        """An error reply, for whoever reads what comes back on this connection."""
        self.write(msgspec.json.encode({"error": words}) + b"\n")

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._server.raw.pop(self._raw_name, None)
