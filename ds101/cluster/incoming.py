"""The connections that others make to a node: other nodes, the world's clients, and plain sockets."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from ds101.cluster.frames import Envelope, Lines, TooLongError, decode_envelope, encode_line
from ds101.cluster.links import Links
from ds101.cluster.recorder import Recorder


class Receiver(Protocol):
    """The node's side of a connection."""

    id: str
    links: Links
    recorder: Recorder
    raw: dict[str, Incoming]
    raw_count: int

    def receive(self, envelope: Envelope, line: bytes, connection: Incoming) -> None: ...


class Incoming(asyncio.Protocol):
    """A connection that somebody made to this node: another node, the world's clients, or a plain socket."""

    def __init__(self, server: Receiver) -> None:
        self._server = server
        self._lines = Lines()
        self._transport: asyncio.Transport | None = None
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
            try:
                envelope = decode_envelope(line)
            except msgspec.DecodeError as error:
                self.complain(f'{error}. A message is a line such as {{"type": "Greet", "body": {{"name": "Ada"}}}}.')
                continue
            if not envelope.id:
                self._address(envelope)
                line = encode_line(envelope)
            server.receive(envelope, line, self)
        server.links.flush()

    def _address(self, envelope: Envelope) -> None:
        """A plain socket's message: it comes from this connection, and goes to this node."""
        server = self._server
        if not self._raw_name:
            server.raw_count += 1
            self._raw_name = f"raw-{server.id}.{server.raw_count}"
            server.raw[self._raw_name] = self
        envelope.src, envelope.dst = self._raw_name, server.id
        envelope.id = f"{self._raw_name}:{server.recorder.next_id()}"
        envelope.sent, envelope.clock = server.recorder.now(), 0

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def complain(self, words: str) -> None:
        """An error reply, for whoever reads what comes back on this connection."""
        self.write(msgspec.json.encode({"error": words}) + b"\n")

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._server.raw.pop(self._raw_name, None)
