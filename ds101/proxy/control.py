"""The messages between the caller and the proxy's process: newline-delimited JSON on a loopback connection.

The process calls the caller's socket, and says a secret word that nobody else knows, so that no other program can
take its place. After that the caller asks, and the process answers each question in turn.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ds101.proxy.faults import ByteLink, Cut, Fault
from ds101.proxy.log import Log

FAULTS: dict[str, type[Fault]] = {kind.__name__: kind for kind in (ByteLink, Cut)}


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


class Done(msgspec.Struct, tag=True):
    """The answer to a command: from now on it is so."""


class Story(msgspec.Struct, tag=True):
    """The answer to `Report`."""

    log: Log


Command = Begin | End | Reset | Report
Answer = Done | Story

encode = msgspec.json.Encoder().encode
decode_hello = msgspec.json.Decoder(Hello).decode
decode_command = msgspec.json.Decoder(Command).decode
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
decode_answer = _answers.decode
