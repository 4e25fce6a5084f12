"""The caller's side of the proxy: start it, break the network, mend it, and ask what happened."""

from __future__ import annotations

import itertools
import secrets
import socket
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ds101.errors import ClosedError, LaunchError, Mistake, Timeout
from ds101.processes import Process, spawn
from ds101.proxy import control
from ds101.proxy.faults import ByteLink, Cut, Fault, HalfOpen
from ds101.proxy.log import Log
from ds101.proxy.server import serve

PATIENCE = 30.0  # seconds to wait for the proxy's process; it answers in a millisecond
NO_START = "The proxy's process did not start. Try again."
LOOK = 0.002  # seconds between two looks at a condition


@dataclass(frozen=True, repr=False)
class ActiveFault:
    """A fault at work on a proxy. It ends with `end()`, at the end of its `with`, or with `proxy.heal()`."""

    fault: Fault
    number: int
    proxy: Proxy = field(compare=False)

    def end(self) -> None:
        """From now on it is gone. Does nothing if it has ended already."""
        self.proxy._end([self.number])

    def __enter__(self) -> ActiveFault:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.proxy.closed:
            self.end()

    def __repr__(self) -> str:
        return f"<fault {self.number}: {self.fault!r}>"


class Proxy:
    """A TCP proxy in front of the server at `server`, a pair (host, port). Connect to `address` instead.

    `port` is where it listens on 127.0.0.1 (0: any free one); `seed` decides every draw: the same bytes in the same
    reads meet the same luck. Raises `Mistake` for an address that is none, and `LaunchError` if the port is in use.

    What TCP promises, and so what the proxy never breaks, is the order and the value of bytes. Pieces are not promised.
    Each is sent at once and alone (TCP_NODELAY), and where slices were asked for, the next one waits until the receiver
    has read the last (at most a second, and on Linux only, for a receiver on the same machine: see receiver.py). So a
    receiver that reads promptly gets one slice with each read, and one that doesn't may find several joined.
    """

    def __init__(self, server: tuple[str, int], *, port: int = 0, seed: int = 0) -> None:
        self.server = _address(server)
        self.closed = False
        self._faults = itertools.count(1)
        self._lock = threading.Lock()
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as meeting:
            place = meeting.getsockname()[1]
            self.process = spawn(serve, self.server, _port(port, least=0), seed, place, token, name="proxy")
            self._line = control.Line(_accept(meeting, self.process), PATIENCE)
        self._hang_up = weakref.finalize(self, self._line.close)
        self.address = ("127.0.0.1", self._listening_port(port, token))

    def _listening_port(self, wanted: int, token: str) -> int:
        """What the process says of itself: its port, or why it can't listen."""
        try:
            hello = control.decode_hello(self._line.read())
        except OSError:
            self.close()
            raise LaunchError(NO_START) from None
        if hello.token == token and hello.port:
            return hello.port
        self.close()
        if hello.token != token:
            raise LaunchError("Another program answered in place of the proxy. Try again.")
        raise LaunchError(f"The proxy can't listen on port {wanted}: {hello.error}. Use port=0 for any free one.")

    def link(
        self,
        *,
        slice: int | tuple[int, int] | None = None,  # noqa: A002  # the word of the trade
        join: float = 0.0,
        delay: float = 0.0,
        jitter: float = 0.0,
        loss: float = 0.0,
        retransmission: float = 0.2,
        reset: float = 0.0,
        bandwidth: float | None = None,
        direction: str = "both",
    ) -> ActiveFault:
        """Make the link worse from now on, on live connections too; see `ByteLink` for what each word means.

        Several links add up. Raises `Mistake` for values that make no sense.
        """
        fault = ByteLink(
            slice=slice, join=join, delay=delay, jitter=jitter, loss=loss, retransmission=retransmission, reset=reset,
            bandwidth=bandwidth, direction=direction,
        )  # fmt: skip
        return self._begin(fault)

    def cut(self, direction: str = "both") -> ActiveFault:
        """Let nothing through in that direction, silently: connections stay open, and bytes wait.

        A client can still connect (to the proxy), but the server hears of it only after the cut.
        """
        return self._begin(Cut(direction=direction))

    def half_open(self, gone: str = "server") -> ActiveFault:
        """That side, `"server"` or `"client"`, is gone without a word, as in a power cut: the other hears nothing.

        When the fault ends, it is back with no memory of its connections: what the other has sent, or sends, is
        answered by a reset.
        """
        return self._begin(HalfOpen(gone=gone))

    def reset(self) -> None:
        """Break every connection now: both ends get a reset (RST), and what was under way is lost."""
        self._ask(control.Reset())

    def heal(self) -> None:
        """End all faults. What was held goes on at once."""
        self._end(list(range(1, next(self._faults))))

    @property
    def log(self) -> Log:
        """What it did until now: a sequence of connections, with the bytes and pieces of each direction."""
        log = self._ask(control.Report()).log
        assert log is not None
        return log

    def wait_until(self, condition: Callable[[], bool], timeout: float = 5.0) -> None:
        """Wait until it is so, for example `lambda: proxy.log.up.held == 10`. Raises `Timeout` after that (seconds)."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise Timeout(f"The condition did not come true within {timeout:g} s. The proxy's log: {self.log!r}")
            time.sleep(LOOK)

    def close(self) -> None:
        """End the process, and with it all connections through it. Does nothing the second time."""
        self.closed = True
        self.process.kill()
        self._hang_up()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        host, port = self.server
        return f"<proxy, closed, to {host}:{port}>" if self.closed else f"<proxy {self.address[1]} -> {host}:{port}>"

    def __reduce__(self) -> Any:
        raise Mistake("A proxy can't be sent to another process. Send its address instead.")

    def _begin(self, fault: Fault) -> ActiveFault:
        active = ActiveFault(fault, next(self._faults), self)
        self._ask(control.Begin.of(active.number, fault))
        return active

    def _end(self, numbers: list[int]) -> None:
        self._ask(control.End(numbers))

    def _ask(self, command: control.Command) -> control.Answer:
        """Send a command and wait for the answer: then it is done."""
        with self._lock:
            if self.closed:
                raise ClosedError("The proxy is closed. Make a new one with Proxy(server).")
            try:
                return self._line.ask(command)
            except TimeoutError:
                raise Timeout(f"The proxy did not answer for {PATIENCE:g} s. Is its process paused?") from None
            except OSError:
                self.process.wait(PATIENCE)  # raises what ended it
                raise ClosedError("The proxy's process was killed. Make a new one with Proxy(server).") from None


def _accept(meeting: socket.socket, process: Process) -> socket.socket:
    """The call of the process, unless it died on the way."""
    meeting.settimeout(0.1)
    deadline = time.monotonic() + PATIENCE
    while process.alive and time.monotonic() < deadline:
        try:
            link = meeting.accept()[0]
        except TimeoutError:
            continue
        return link
    process.kill()
    process.wait()
    raise LaunchError(NO_START)


def _address(server: object) -> tuple[str, int]:
    if not (isinstance(server, tuple | list) and len(server) == 2 and isinstance(server[0], str)):
        raise Mistake(f"The server's address is a pair (host, port), so it can't be {server!r}.")
    try:
        host = socket.gethostbyname(server[0])
    except OSError:
        raise Mistake(f"There is no IPv4 address of {server[0]!r}. Use a name or number that exists.") from None
    return (host, _port(server[1], least=1))


def _port(port: object, least: int) -> int:
    if isinstance(port, int) and not isinstance(port, bool) and least <= port < 65_536:
        return port
    raise Mistake(f"A port is a whole number from {least} to 65535, so it can't be {port!r}.")
