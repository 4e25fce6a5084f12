r"""What travels on a node's TCP connections: one JSON object a line, so that `nc` can talk to a node too.

A message needs its type and its body; nodes add where it comes from and goes to, its number, and the clock and time of
its sending:

    {"type": "Greet", "body": {"name": "Ada"}}
    {"from": "n1", "to": "n2", "id": "n1.0.7", "clock": 12, "sent": 81350, "type": "Greet", "body": {"name": "Ada"}}

>>> lines = Lines()
>>> lines.feed(b'{"type": "Pi'), lines.feed(b'ng"}\n{"ty'), lines.feed(b'pe": "Pong"}\n')
([], [b'{"type": "Ping"}'], [b'{"type": "Pong"}'])
"""

from __future__ import annotations

from typing import Any

import msgspec

MOST_BYTES = 16 * 1024 * 1024  # of one line; without a limit, a line without an end would fill the memory


class Envelope(msgspec.Struct, rename={"src": "from", "dst": "to"}):
    """A message on its way. `sent` is in nanoseconds since the world began, `clock` is a Lamport clock."""

    type: str
    body: Any = {}
    src: str = ""
    dst: str = ""
    id: str = ""
    clock: int = 0
    sent: int = 0


encode_line = msgspec.json.Encoder().encode
decode_envelope = msgspec.json.Decoder(Envelope).decode


class TooLongError(ValueError):
    """A line went on beyond `MOST_BYTES`."""


class Lines:
    """Puts lines together from segments. A long line is joined once, when its end is there."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete. Raises `TooLongError` for one that doesn't end."""
        first, newline, rest = data.partition(b"\n")
        if not newline:
            self._keep(data)
            return []
        self._keep(first)
        lines = [b"".join(self._parts), *rest.split(b"\n")]
        self._parts, self._size = [], 0
        self._keep(lines.pop())
        return lines

    @property
    def unfinished(self) -> bool:
        """Whether a line has begun whose end is not there yet."""
        return bool(self._parts)

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise TooLongError
        if data:
            self._parts.append(data)
