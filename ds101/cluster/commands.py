"""What its world tells a node process to do: the commands on the control connection.

Each comes with a number, and its answer repeats it when the command is done.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from ds101.cluster.control import Channel
from ds101.errors import Mistake
from ds101.faults import CrashPoint, Fault
from ds101.node import attributes_of
from ds101.processes.shipping import dump
from ds101.turn import take_turn

if TYPE_CHECKING:
    from ds101.cluster.server import Server

decode_faults = msgspec.msgpack.Decoder(dict[str, Fault]).decode


class Commands:
    """The commands to one node."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def obey(self, _: Channel, frame: list[Any]) -> None:
        """Do what a frame says: a verb with its arguments."""
        verb, *arguments = frame
        getattr(self, f"_do_{verb}")(*arguments)

    def _answer(self, number: int, content: bytes = b"") -> None:
        self._server.channel.say("answer", number, content)

    def _do_connect(self, number: int, addresses: dict[str, tuple[str, int]]) -> None:
        asyncio.get_running_loop().create_task(self._connect(number, addresses))

    async def _connect(self, number: int, addresses: dict[str, tuple[str, int]]) -> None:
        for name, address in addresses.items():
            await self._server.links.connect(name, address)
        self._answer(number)

    def _do_begin(self, number: int, began: int) -> None:
        server = self._server
        server.recorder.began = began
        server.cause = server.recorder.happened("start" if server.plan.life == 0 else "restart")
        if take_turn(server, "start", server.node.start):
            server.open_the_barrier()
        server.links.flush()
        self._answer(number)

    def _do_faults(self, number: int, data: bytes) -> None:
        server, faults = self._server, decode_faults(data)
        server.network.hold({name: fault for name, fault in faults.items() if not isinstance(fault, CrashPoint)})
        mine = {name: fault for name, fault in faults.items() if isinstance(fault, CrashPoint)}
        server.crash_points = {name: point for name, point in mine.items() if point.node == server.id}
        self._answer(number)

    def _do_skew(self, number: int, offset: float, rate: float) -> None:
        server = self._server
        before = server.clock.now()
        server.clock.skew(offset, rate)
        server.timers.rate_changed(before)
        self._answer(number)

    def _do_flush(self, number: int) -> None:
        self._server.recorder.flush()
        self._answer(number)

    def _do_state(self, number: int) -> None:
        try:
            self._answer(number, dump(attributes_of(self._server.node)))
        except Mistake as mistake:
            self._server.channel.say("refusal", number, str(mistake))
