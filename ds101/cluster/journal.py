"""A node's disk: a file to which each storage assignment appends a record before it returns.

A record is written with one system call, so a process that is killed leaves whole records, and the operating
system keeps what was written. (A machine that loses power may not: that takes an fsync, which this file leaves out.) A
record cut short at the end is what a kill in the middle of the call leaves: it is ignored, since its assignment never
returned.
"""

from __future__ import annotations

import os

import msgspec

LENGTH = 4  # bytes


class Journal:
    """Records of (key, value) on an open file descriptor, or in the file at a path."""

    def __init__(self, disk: int | str) -> None:
        self._file = disk if isinstance(disk, int) else os.open(disk, os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._end = 0

    def read(self) -> dict[str, bytes]:
        """What was saved, the last value of each key."""
        saved: dict[str, bytes] = {}
        content = self._read_all()
        while len(content) - self._end >= LENGTH:
            begin = self._end + LENGTH
            end = begin + int.from_bytes(content[self._end : begin], "big")
            if end > len(content):
                break
            key, value = msgspec.msgpack.decode(content[begin:end], type=tuple[str, bytes | None])
            if value is None:
                saved.pop(key, None)
            else:
                saved[key] = value
            self._end = end
        os.ftruncate(self._file, self._end)  # what was cut short must not follow the next record
        return saved

    def save(self, key: str, value: bytes | None) -> None:
        """Append a record; when this returns, a SIGKILL can't undo it."""
        body = msgspec.msgpack.encode((key, value))
        record = len(body).to_bytes(LENGTH, "big") + body
        os.lseek(self._file, self._end, os.SEEK_SET)
        rest = record
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:  # the disk is full, say: the assignment raises, and has not happened
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(record)

    def _read_all(self) -> bytes:
        os.lseek(self._file, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._file, 1 << 20):
            parts.append(part)
        return b"".join(parts)
