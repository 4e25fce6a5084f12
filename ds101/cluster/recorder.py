"""What a node process records of itself: kept for a moment, then sent to the world in batches.

The messages stand in the records as the very lines that travel, so recording costs next to nothing, and a
delivery carries all that is known of its send.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from ds101.cluster.control import Channel
from ds101.cluster.frames import Envelope, encode_line

LINGER = 0.003  # seconds that a record waits for company
MOST_BACKLOG = 32 * 1024 * 1024  # bytes; if the world doesn't listen, what comes on top is counted and forgotten
LONGEST_LINE = 2_000  # bytes of a message that the trace keeps whole

encode_batch = msgspec.msgpack.Encoder().encode


class Recorder:
    """Numbers and records the events of one life of one node."""

    def __init__(self, node: str, life: int, channel: Channel) -> None:
        self._prefix = f"{node}.{life}."
        self._count = 0
        self.began = time.monotonic_ns()  # until the world says when it did
        self._channel = channel
        self._batch: list[Any] = []
        self._forgotten = 0
        self.clock = 0  # Lamport

    def now(self) -> int:
        """Nanoseconds since the world began."""
        return time.monotonic_ns() - self.began

    def next_id(self) -> str:
        """A new event's name."""
        self._count += 1
        return f"{self._prefix}{self._count}"

    def sent(self, envelope: Envelope, line: bytes, cause: str | None) -> None:
        self._add(("send", cause, line if len(line) <= LONGEST_LINE else brief(envelope, line)))

    def delivered(self, envelope: Envelope, line: bytes) -> str:
        """Records a delivery; returns its id."""
        name = self.next_id()
        line = line if len(line) <= LONGEST_LINE else brief(envelope, line)
        self._add(("deliver", name, self.now(), self.clock, line))
        return name

    def dropped(self, envelope: Envelope, why: str) -> None:
        line = brief(envelope, encode_line(envelope))
        self._add(("drop", self.next_id(), self.now(), self.clock, line, why))

    def happened(
        self, kind: str, cause: str | None = None, type_name: str = "", body: Any = None, detail: str = ""
    ) -> str:
        """Records anything else; returns its id."""
        self.clock += 1
        name = self.next_id()
        self._add((kind, name, self.now(), self.clock, cause, type_name, body or {}, detail))
        return name

    def _add(self, record: tuple[Any, ...]) -> None:
        if not self._batch:
            asyncio.get_running_loop().call_later(LINGER, self.flush)
        self._batch.append(record)

    def flush(self) -> None:
        """Send what was recorded to the world."""
        if not self._batch:
            return
        if self._channel.backlog > MOST_BACKLOG:
            self._forgotten += len(self._batch)
        else:
            self._channel.say("trace", len(self._batch), self._forgotten, encode_batch(self._batch))
            self._forgotten = 0
        self._batch.clear()


def brief(envelope: Envelope, line: bytes) -> bytes:
    """The line, without the body where that is long."""
    if len(line) <= LONGEST_LINE:
        return line
    fields = envelope.body if isinstance(envelope.body, dict) else {}
    short = msgspec.structs.replace(envelope, body={"(not kept)": f"{len(line):,} bytes", "(fields)": sorted(fields)})
    return encode_line(short)
