"""One-way messages a second between two nodes, with faults and trace on, beside pyzmq's PUSH and PULL without either.

`python -m benchmarks.sending`. Both send messages of about 90 bytes from one process to another, as JSON: theirs with
`send_json` and `recv_json`; ours are also checked, numbered, and recorded on both sides. For orientation, how many
bytes objects pyzmq moves that nobody encodes or decodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import multiprocess
import zmq

from benchmarks.comparison import Comparison, in_turns, show
from ds101 import Cluster, Message, Node, Timer, on

MESSAGES = 50_000
BATCH = 100  # messages that one handler sends
PAYLOAD = "x" * 60
MESSAGE = {"type": "Note", "body": {"number": 12345, "text": PAYLOAD}}
BYTES = b"x" * 90


class Go(Message):
    pass


class More(Timer):
    pass


class Note(Message):
    number: int
    text: str


class Sender(Node):
    """Sends batch after batch, as one handler after the other."""

    def start(self) -> None:
        self.sent, self.began = 0, 0

    @on(Go)
    def go(self, _: Go, __: str) -> None:
        self.sent, self.began = 0, time.monotonic_ns()
        self.go_on(More())

    @on(More)
    def go_on(self, _: More) -> None:
        for number in range(self.sent, self.sent + BATCH):
            self.send("n2", Note(number, PAYLOAD))
        self.sent += BATCH
        if self.sent < MESSAGES:
            self.set_timer(More(), after=0)


class Receiver(Node):
    def start(self) -> None:
        self.got, self.ended = 0, 0

    @on(Note)
    def count(self, _: Note, __: str) -> None:
        self.got += 1
        if self.got % MESSAGES == 0:
            self.ended = time.monotonic_ns()


def messages_between_nodes(world: Cluster) -> Callable[[], float]:
    rounds = 0

    def measure() -> float:
        nonlocal rounds
        rounds += 1
        world.send("n1", Go())
        world.wait_until(lambda: world.state("n2")["got"] == rounds * MESSAGES, timeout=60.0)
        seconds = (world.state("n2")["ended"] - world.state("n1")["began"]) / 1e9
        return MESSAGES / seconds

    return measure


def push(port: int, connection: Any, as_json: bool) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect(f"tcp://127.0.0.1:{port}")
        connection.recv()
        began = time.monotonic_ns()
        for _ in range(MESSAGES):
            if as_json:
                socket.send_json(MESSAGE)
            else:
                socket.send(BYTES)
        connection.send(began)


def pull(connection: Any, as_json: bool) -> None:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        connection.send(socket.bind_to_random_port("tcp://127.0.0.1"))
        for _ in range(MESSAGES):
            if as_json:
                socket.recv_json()
            else:
                socket.recv()
        connection.send(time.monotonic_ns())


def messages_over_pyzmq(as_json: bool) -> float:
    context = multiprocess.get_context("spawn")
    puller, pusher = context.Pipe(), context.Pipe()
    receiving = context.Process(target=pull, args=(puller[1], as_json))
    receiving.start()
    sending = context.Process(target=push, args=(puller[0].recv(), pusher[1], as_json))
    sending.start()
    pusher[0].send(None)
    seconds = (puller[0].recv() - pusher[0].recv()) / 1e9
    receiving.join()
    sending.join()
    return MESSAGES / seconds


def compare() -> list[Comparison]:
    with Cluster({"n1": Sender, "n2": Receiver}) as world:
        world.link("n2", "n1", delay=0.001, one_way=True)  # a fault that holds elsewhere, so that the table is asked
        ours, theirs, moved = in_turns(
            messages_between_nodes(world), lambda: messages_over_pyzmq(True), lambda: messages_over_pyzmq(False)
        )
    return [
        Comparison("one-way messages, pyzmq with JSON", "/s", ours, theirs, at_least=1.0),
        Comparison("one-way messages, pyzmq with bytes", "/s", ours, moved),
    ]


if __name__ == "__main__":
    raise SystemExit(0 if show(compare()) else 1)
