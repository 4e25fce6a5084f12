"""The proxy's process: accepts connections from clients and commands from its owner, until the owner is gone."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from contextlib import suppress

from ds101.proxy import control
from ds101.proxy.conditions import Conditions
from ds101.proxy.connection import Connection, prepare
from ds101.proxy.faults import Fault
from ds101.proxy.log import Flow, Log

MOST_ENDED = 1_000  # connections that have ended and can still be read about
SETTLING = 1.0  # seconds, at most, that a command waits for connections to reach the server
BREATHER = 0.05  # seconds before the next try when the system is out of descriptors


def serve(server: tuple[str, int], port: int, seed: int, control_port: int, token: str) -> None:
    """Run the proxy. This is what `Proxy` spawns."""
    asyncio.run(_serve(server, port, seed, control_port, token))


async def _serve(server: tuple[str, int], port: int, seed: int, control_port: int, token: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", control_port)
    try:
        listener = _listen(port)
    except OSError as error:
        writer.write(control.encode(control.Hello(token, error=error.strerror or str(error))) + b"\n")
        await writer.drain()
        return
    with listener:
        writer.write(control.encode(control.Hello(token, listener.getsockname()[1])) + b"\n")
        switchboard = Switchboard(server, seed, listener)
        while line := await reader.readline():
            question = control.decode_question(line)
            answer = control.Answer(question.number, await switchboard.obey(question.command))
            writer.write(control.encode(answer) + b"\n")
        switchboard.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        prepare(listener)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


class Switchboard:
    """All connections and all active faults."""

    def __init__(self, server: tuple[str, int], seed: int, listener: socket.socket) -> None:
        self.listener, self.loop = listener, asyncio.get_running_loop()
        self.server, self.seed = server, seed
        self.faults: dict[int, Fault] = {}
        self.conditions: dict[str, Conditions] = {}
        self.tasks: dict[asyncio.Task[None], Connection] = {}
        self.connections: deque[Connection] = deque()
        self.accepted = self.forgotten = 0
        self.forgotten_up = self.forgotten_down = Flow()
        self._change()
        self.loop.add_reader(listener, self.accept)

    def accept(self) -> None:
        """Serve every client that has connected by now."""
        while True:
            try:
                client, address = self.listener.accept()
            except BlockingIOError:
                return
            except OSError:  # out of descriptors, most likely
                self.loop.remove_reader(self.listener)
                self.loop.call_later(BREATHER, self.loop.add_reader, self.listener, self.accept)
                return
            self._serve(client, address)

    def _serve(self, client: socket.socket, address: tuple[str, int]) -> None:
        self.accepted += 1
        connection = Connection(self.accepted, client, address, self.conditions.__getitem__, self.seed)
        self.connections.append(connection)
        task = asyncio.create_task(connection.run(self.server))
        self.tasks[task] = connection
        task.add_done_callback(self.tasks.pop)
        self._forget()

    def close(self) -> None:
        self.loop.remove_reader(self.listener)

    async def obey(self, command: control.Command) -> Log | None:
        """Do it; it is done when this returns. The answer to `Report` is the log."""
        await self._settle()
        match command:
            case control.Begin(number=number):
                self.faults[number] = command.fault()
                self._change()
            case control.End(numbers=numbers):
                for number in numbers:
                    self.faults.pop(number, None)
                self._change()
            case control.Reset():
                await self._reset_all()
            case control.Report():
                return self.log
        return None

    @property
    def log(self) -> Log:
        passages = tuple(connection.passage for connection in self.connections)
        return Log(passages, self.forgotten, self.forgotten_up, self.forgotten_down)

    def _change(self) -> None:
        for direction in ("up", "down"):
            self.conditions[direction] = Conditions.of(self.faults.values(), direction)
        for connection in self.tasks.values():
            connection.wake()

    async def _settle(self) -> None:
        """Who has connected before a command is meant by it, and has reached the server unless something holds it."""
        self.accept()
        if not any(conditions.silent for conditions in self.conditions.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLING):
                    for connection in list(self.tasks.values()):
                        await connection.settled.wait()

    async def _reset_all(self) -> None:
        tasks = dict(self.tasks)
        for task in tasks:
            task.cancel()
        for task, connection in tasks.items():
            with suppress(asyncio.CancelledError):
                await task
            connection.close("reset", "reset by the proxy's owner")  # it may never have run

    def _forget(self) -> None:
        """The oldest that have ended; what they carried stays counted."""
        ended = [connection for connection in self.connections if connection.ended]
        for connection in ended[:-MOST_ENDED]:
            self.connections.remove(connection)
            self.forgotten += 1
            self.forgotten_up += connection.up.flow
            self.forgotten_down += connection.down.flow
