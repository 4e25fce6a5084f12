"""One connection through the proxy: a socket to the client, a socket to the server, and a pump for each direction.

The end of one direction (FIN) passes through and leaves the other open. A reset of one side resets the other, after
the bytes that were under way.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
from collections.abc import Callable

from ds101.proxy.conditions import Conditions
from ds101.proxy.log import Passage
from ds101.proxy.pump import Broken, Pump

KERNEL_BUFFER = 1 << 17  # bytes; what the system buffers is out of reach of the faults, so it is kept small
NOTHING_PASSES = Conditions(cut=True)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


class Connection:
    """A connection that a client has made. `run` serves it to its end; `wake` tells it that the faults have changed."""

    def __init__(
        self,
        number: int,
        client: socket.socket,
        address: tuple[str, int],
        conditions: Callable[[str], Conditions],
        seed: int,
    ) -> None:
        self.number, self.client, self.address = number, client, address
        self.server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.conditions = conditions
        self.state, self.detail = "connecting", ""
        up, down = (random.Random(f"{seed} {number} {direction}") for direction in ("up", "down"))
        self.up = Pump("client", client, self.server, lambda: self._now("up"), up)
        self.down = Pump("server", self.server, client, lambda: self._now("down"), down)
        self.up.back, self.down.back = self.down, self.up
        for one in (client, self.server):
            prepare(one)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.changed = asyncio.Event()
        self.settled = asyncio.Event()  # it is known whether the server can be reached
        self.gone = ""  # the side that has gone without a word
        self.swallowed = 0  # bytes from the side that is left since then

    @property
    def passage(self) -> Passage:
        return Passage(self.number, self.address, self.state, self.detail, self.up.flow, self.down.flow)

    @property
    def ended(self) -> bool:
        return self.state in ("closed", "reset", "refused")

    def _now(self, direction: str) -> Conditions:
        """Until the server is reached, what the client says has to wait, as under a cut."""
        return NOTHING_PASSES if self.state == "connecting" else self.conditions(direction)

    def wake(self) -> None:
        if self.state == "open":
            self.gone = self.gone or self.conditions("up").gone
        self.changed.set()
        self.up.wake()
        self.down.wake()

    async def run(self, server: tuple[str, int]) -> None:
        """Serve until both directions have ended, or one breaks. Cancelling it resets both sides."""
        try:
            await self._pass_on(server)
            self.close("closed")
        except Broken as broken:
            self.close(broken.state, broken.detail)
        except asyncio.CancelledError:
            self.close("reset", "reset by the proxy's owner")

    async def _connect(self, server: tuple[str, int]) -> None:
        """What opens a connection takes both directions, so it waits until nothing is cut."""
        while self.conditions("up").silent or self.conditions("down").silent:
            await self._change()
        try:
            await asyncio.get_running_loop().sock_connect(self.server, server)
        except OSError as error:
            raise Broken(f"{reason_of(error)} at {server[0]}:{server[1]}", state="refused") from None
        self.state = "open"
        self.settled.set()
        self.wake()  # a side may have gone meanwhile

    async def _pass_on(self, server: tuple[str, int]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch_for_the_gone())
                up = group.create_task(self.up.run())
                await self._connect(server)
                await asyncio.wait([up, group.create_task(self.down.run())])
                watch.cancel()
        except* Broken as broken:
            raise first_of(broken) from None
        except* SideGone:
            await self._be_half_open()

    async def _watch_for_the_gone(self) -> None:
        while not self.gone:
            await self._change()
        raise SideGone

    async def _be_half_open(self) -> None:
        """One side is gone. What the other sends is lost until it is back, and then answered by a reset."""
        left, dead = (self.up, self.server) if self.gone == "server" else (self.down, self.client)
        reset(dead)
        self.state, self.detail = "half-open", f"the {self.gone} is gone"
        swallowing = asyncio.create_task(self._swallow(left))
        try:
            while self.conditions("up").gone or not (self.swallowed or swallowing.done()):
                await self._change()
        finally:
            swallowing.cancel()
            await asyncio.wait([swallowing])  # it looks at a socket that will be closed
        raise Broken(f"the {self.gone} is back, and knows nothing of this connection")

    async def _swallow(self, left: Pump) -> None:
        while data := await left.read():
            self.swallowed += len(data)
            self.changed.set()
        self.changed.set()

    async def _change(self) -> None:
        self.changed.clear()
        await self.changed.wait()

    def close(self, state: str, detail: str = "") -> None:
        """The end: both sides are closed in peace, or reset. Does nothing the second time."""
        if self.ended:
            return
        self.state, self.detail = state, detail
        self.settled.set()
        for one in (self.client, self.server):
            one.close() if state == "closed" else reset(one)


class SideGone(Exception):
    """A side is gone without a word."""


def reset(one: socket.socket) -> None:
    """Close it with a real RST. Does nothing to one that is closed."""
    if one.fileno() >= 0:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        one.close()


def reason_of(error: OSError) -> str:
    """The system's words; asyncio puts the address in their place."""
    return os.strerror(error.errno).lower() if error.errno else str(error)


def prepare(one: socket.socket) -> None:
    """Never block, and buffer little."""
    one.setblocking(False)
    for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        one.setsockopt(socket.SOL_SOCKET, buffer, KERNEL_BUFFER)


def first_of(group: BaseExceptionGroup[Broken]) -> Broken:
    """The first exception in nested groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Broken)
    return error
