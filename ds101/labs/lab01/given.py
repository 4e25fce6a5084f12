"""What lab01 gives its students: the limit, the errors, and two helpers. It is all that the tasks need."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ds101.errors import LaunchError, NodeError
from ds101.labs.apart import caller_at, elsewhere, started
from ds101.processes import Process

Address = tuple[str, int]

STARTUP = 10.0  # seconds for a server to say where it listens; it takes none
_PORT = struct.Struct(">H")

LIMIT = 2**20
"""The most bytes that a message may have: 1 MiB."""


class FramingError(ValueError):
    """The bytes break the rules of framing."""


class FrameTooLarge(FramingError):
    """A message is longer than `LIMIT`, or a header says so."""


class Truncated(FramingError):
    """The stream ended in the middle of a frame, or before the reply."""


def time_left(deadline: float) -> float:
    """The seconds until `deadline` on `time.monotonic()`. Raises `TimeoutError` when there are none left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


@contextmanager
def running(serve: Callable[[socket.socket, float], Any], timeout: float = 1.0) -> Iterator[Address]:
    """`serve` as a process of its own, at the address that this gives; it is killed at the end.

    An error that ends it is shown at the end of the `with` block, with your own line.
    """
    server, address = hosted(serve, timeout)
    with server:
        yield address


def hosted(serve: Callable[[socket.socket, float], Any], timeout: float, buffer: int = 0) -> tuple[Process, Address]:
    """A process that listens and runs `serve(listener, timeout)`, and the address where it listens.

    `buffer` is the size in bytes of its connections' send buffers (0: the system's choice), which they inherit.
    """
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = started(_listen_and_serve, serve, timeout, buffer, door.getsockname(), name="server")
        try:
            with caller_at(door, server) as report:
                report.settimeout(STARTUP)
                return server, ("127.0.0.1", _PORT.unpack(report.recv(_PORT.size, socket.MSG_WAITALL))[0])
        except (OSError, struct.error, LaunchError) as error:
            server.kill()
            if isinstance(error, LaunchError) and elsewhere(serve) is None:
                raise
            raise NodeError("The server did not say where it listens.") from None  # it runs beside the student's code


def _listen_and_serve(serve: Callable[[socket.socket, float], Any], timeout: float, buffer: int, door: Address) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        with socket.create_connection(door) as report:
            report.sendall(_PORT.pack(listener.getsockname()[1]))
        serve(listener, timeout)
