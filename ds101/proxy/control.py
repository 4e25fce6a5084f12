"""The messages between the caller and the proxy's process: newline-delimited JSON on a loopback connection.

The process calls the caller's socket, and says a secret word that nobody else knows, so that no other program can
take its place. After that the caller asks, and the process answers each question in turn.
"""

from __future__ import annotations

import itertools
import socket
from typing import Any

import msgspec

from ds101.proxy.faults import ByteLink, Cut, Fault, HalfOpen
from ds101.proxy.log import Log

FAULTS: dict[str, type[Fault]] = {kind.__name__: kind for kind in (ByteLink, Cut, HalfOpen)}


class Hello(msgspec.Struct, tag=True):
    """The process is ready, or says why it can't be."""

    token: str
    port: int = 0
    error: str = ""


class Begin(msgspec.Struct, tag=True):
    """A fault begins. Its number serves to end it."""

    number: int
    kind: str
    settings: dict[str, Any]

    @classmethod
    def of(cls, number: int, fault: Fault) -> Begin:
        return cls(number, type(fault).__name__, msgspec.to_builtins(fault))

    def fault(self) -> Fault:
        return msgspec.convert(self.settings, FAULTS[self.kind])


class End(msgspec.Struct, tag=True):
    """These faults end; those that have ended already don't matter."""

    numbers: list[int]


class Reset(msgspec.Struct, tag=True):
    """Every connection breaks, now."""


class Report(msgspec.Struct, tag=True):
    """What have you done?"""


Command = Begin | End | Reset | Report


class Question(msgspec.Struct):
    """A command, with a number that its answer repeats: an interrupted verb leaves an answer that nobody waits for."""

    number: int
    command: Command


class Answer(msgspec.Struct):
    """From now on it is so. To `Report` comes the log."""

    number: int
    log: Log | None = None


encode = msgspec.json.Encoder().encode
decode_hello = msgspec.json.Decoder(Hello).decode
decode_question = msgspec.json.Decoder(Question).decode
decode_answer = msgspec.json.Decoder(Answer).decode


class Line:
    """The caller's end. Silence raises `TimeoutError`, and the end of the process `ConnectionError`."""

    def __init__(self, link: socket.socket, patience: float) -> None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(patience)
        self.link = link
        self._numbers = itertools.count(1)
        self._rest = b""

    def ask(self, command: Command) -> Answer:
        """Wait until it is done."""
        number = next(self._numbers)
        self.link.sendall(encode(Question(number, command)) + b"\n")
        while (answer := decode_answer(self.read())).number != number:
            pass
        return answer

    def read(self) -> bytes:
        """The next line."""
        while b"\n" not in self._rest:
            data = self.link.recv(1 << 16)
            if not data:
                raise ConnectionResetError("the proxy's process has ended")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def close(self) -> None:
        self.link.close()
