"""Round trips: between two nodes, and a `call` from the caller, beside a bare asyncio `Protocol` that echoes bytes.

`python -m benchmarks.asking`. All are strictly one after the other, and the median of them counts.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import multiprocess

from benchmarks.comparison import Comparison, in_turns, show
from ds101 import Cluster, Message, Node, on

ROUNDS = 2_000
PAYLOAD = "x" * 60
THEIRS = b"x" * 90


class Measure(Message):
    rounds: int


class Measured(Message):
    median: float  # nanoseconds


class Ping(Message):
    text: str


class Pong(Message):
    text: str


class Pinger(Node):
    """Asks n2 again as soon as it has answered."""

    @on(Measure)
    def measure(self, request: Measure, client: str) -> None:
        self.left, self.client, self.times = request.rounds, client, []
        self.ask()

    @on(Pong)
    def go_on(self, _: Pong, __: str) -> None:
        self.times.append(time.perf_counter_ns() - self.asked)
        self.left -= 1
        if self.left:
            self.ask()
        else:
            self.send(self.client, Measured(float(median(self.times))))

    def ask(self) -> None:
        self.asked = time.perf_counter_ns()
        self.send("n2", Ping(PAYLOAD))


class Ponger(Node):
    @on(Ping)
    def answer(self, ping: Ping, sender: str) -> None:
        self.send(sender, Pong(ping.text))


class EchoServer(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


def serve(connection: Any) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(EchoServer, "127.0.0.1", 0)
        connection.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, connection.recv)
        server.close()

    asyncio.run(main())


class EchoClient(asyncio.Protocol):
    def __init__(self, done: asyncio.Future[float]) -> None:
        self.times: list[int] = []
        self.done = done

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked = time.perf_counter_ns()
        self.transport.write(THEIRS)

    def data_received(self, _: bytes) -> None:
        self.times.append(time.perf_counter_ns() - self.asked)
        if len(self.times) < ROUNDS:
            self.ask()
        elif not self.done.done():
            self.done.set_result(float(median(self.times)))


def echoes() -> float:
    """The median round trip to a process of its own, in nanoseconds."""
    context = multiprocess.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,))
    process.start()
    port = here.recv()

    async def ask() -> float:
        done = asyncio.get_running_loop().create_future()
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: EchoClient(done), "127.0.0.1", port)
        result: float = await done
        transport.close()
        return result

    result = asyncio.run(ask())
    here.send(None)
    process.join()
    return result


def compare() -> list[Comparison]:
    with Cluster({"n1": Pinger, "n2": Ponger}) as world:

        def between_nodes() -> float:
            return world.call("n1", Measure(ROUNDS), timeout=60.0).median

        def calls() -> float:
            times = []
            for _ in range(ROUNDS):
                begin = time.perf_counter_ns()
                world.call("n2", Ping(PAYLOAD))
                times.append(time.perf_counter_ns() - begin)
            return float(median(times))

        nodes, caller, theirs = in_turns(between_nodes, calls, echoes)
    return [
        Comparison("round trip between nodes", "µs", nodes / 1e3, theirs / 1e3, at_most=2.0),
        Comparison("call", "µs", caller / 1e3, theirs / 1e3, at_most=4.0),
    ]


if __name__ == "__main__":
    raise SystemExit(0 if show(compare()) else 1)
