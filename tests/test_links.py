"""Outgoing links on a clock that the test moves: what is written when, and in which order."""

import asyncio
from random import Random

import pytest

from ds101.cluster.frames import Envelope, Lines, TooLongError
from ds101.cluster.links import MOST_QUEUED, Link, Links
from ds101.faults import Link as Fault
from ds101.faults import Partition
from ds101.network import Network

CUT = Partition((("n1",), ("n2",)))


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self):
        self.writes, self.closing, self.backlog = [], False, 0

    def write(self, data):
        self.writes.append(data)

    def is_closing(self):
        return self.closing

    def get_write_buffer_size(self):
        return self.backlog

    def abort(self):
        self.closing = True


class Bench:
    """Links from n1 to n2, and a clock."""

    def __init__(self):
        self.time, self.drops = 0.0, []
        self.network = Network(Random(1))
        self.links = Links(self.network, lambda: self.time, self.note_drop, "")
        self.reconnect()

    def note_drop(self, envelope, why):
        self.drops.append((envelope.id, why))

    def reconnect(self):
        self.wire, link = Wire(), Link()
        link.transport = self.wire
        self.links.close("n2")
        self.links._links["n2"] = link

    def send(self, name, via="n2"):
        self.links.send(via, Envelope("Ping", {}, "n1", via, name), name.encode())

    def at(self, time, action=lambda: None):
        """The loop is late: it wakes the links only after the action."""
        self.time = time
        action()
        self.links._wake()

    def written(self):
        return b"".join(self.wire.writes).decode()


@pytest.fixture
def bench():
    async def make():
        return Bench()

    with asyncio.Runner() as runner:
        bench = runner.run(make())
        asyncio._set_running_loop(runner.get_loop())  # so that `call_later` has a loop, which never turns
        try:
            yield bench
        finally:
            asyncio._set_running_loop(None)


def test_what_one_handler_sends_is_one_write(bench):
    for name in "abc":
        bench.send(name)
    assert bench.wire.writes == []
    bench.links.flush()
    bench.links.flush()
    assert bench.wire.writes == [b"abc"]


def test_a_delayed_message_waits_until_it_is_due(bench):
    bench.network.hold({"f": Fault("n1", "n2", delay=1.0)})
    bench.send("a")
    bench.at(0.5)
    assert bench.written() == ""
    bench.at(1.0)
    assert bench.written() == "a"


def test_messages_that_are_due_together_leave_in_the_order_in_which_they_were_sent(bench):
    bench.network.hold({"f": Fault("n1", "n2", delay=1.0)})
    for name in "abcdefgh":
        bench.send(name)
    bench.at(1.0)
    assert bench.written() == "abcdefgh"


def test_nothing_overtakes_a_message_for_which_a_busy_node_is_late(bench):
    bench.network.hold({"f": Fault("n1", "n2", delay=1.0)})
    bench.send("a")
    bench.network.hold({})
    bench.at(1.5, lambda: bench.send("b"))
    assert bench.written() == "ab"


def test_a_partition_takes_what_is_delayed_when_that_is_due_and_not_before(bench):
    bench.network.hold({"f": Fault("n1", "n2", delay=1.0)})
    bench.send("a")
    bench.network.hold({"cut": CUT})
    bench.at(0.5)
    assert bench.drops == []
    bench.at(1.0)
    assert bench.drops == [("a", "partition")]
    assert bench.written() == ""


def test_a_delayed_message_does_not_wait_for_its_receivers_next_life(bench):
    bench.network.hold({"f": Fault("n1", "n2", delay=1.0)})
    bench.send("a")
    bench.reconnect()
    bench.at(1.0)
    assert bench.drops == [("a", "n2 is down")]
    assert bench.written() == ""


def test_what_nobody_reads_piles_up_to_a_limit_and_is_then_dropped_with_the_reason(bench):
    bench.wire.backlog = MOST_QUEUED + 1
    bench.send("a")
    bench.wire.backlog = 0
    bench.send("b")
    bench.links.flush()
    assert bench.drops == [("a", "n2 does not read")]
    assert bench.written() == "b"


def test_a_message_over_a_link_that_is_not_there_is_a_drop(bench):
    bench.send("a", via="n3")
    bench.wire.closing = True
    bench.send("b")
    assert bench.drops == [("a", "n3 is down"), ("b", "n2 is down")]


def test_lines_come_together_from_any_pieces():
    content = b'{"a": 1}\n\n{"b": 2}\n{"c'
    for size in range(1, len(content) + 1):
        lines, found = Lines(), []
        for start in range(0, len(content), size):
            found += lines.feed(content[start : start + size])
        assert found == [b'{"a": 1}', b"", b'{"b": 2}'], size


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr("ds101.cluster.frames.MOST_BYTES", 100)
    lines = Lines()
    lines.feed(b"x" * 60)
    with pytest.raises(TooLongError):
        lines.feed(b"x" * 60)
    with pytest.raises(TooLongError):
        Lines().feed(b"x" * 150 + b"\n")
