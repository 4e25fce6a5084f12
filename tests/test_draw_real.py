"""A diagram of a run on real processes."""

import xml.etree.ElementTree as ET

import pytest

from ds101 import Cluster, Message, Node, on
from ds101.draw.spacetime import arrange


class Move(Message):
    euros: int


class Moved(Message):
    total: int


class Bank(Node):
    def start(self):
        self.moved = 0

    @on(Move)
    def move(self, request, sender):
        self.moved += request.euros
        self.log(f"moved {self.moved} in all")
        self.send(sender, Moved(self.moved))


@pytest.mark.cluster
def test_the_lost_reply_can_be_seen():
    with Cluster(Bank, n=2) as world:
        ada = world.client("ada")
        world.drop(Moved, "n1", "ada")
        ada.call("n1", Move(10), timeout=0.3, retries=1)
        with world.partition(["n1"], ["n2"]):
            pass
        world.crash("n1")
    picture = arrange(world.trace)
    assert list(picture.layout.lanes) == ["ada", "n1", "n2"]
    ends = [(arrow.flight.type, arrow.ends) for arrow in sorted(picture.arrows, key=lambda arrow: arrow.y0)]
    assert ends == [("Move", "head"), ("Moved", "cross"), ("Move", "head"), ("Moved", "head")]
    assert [stretch.state for stretch in picture.spans.stretches if stretch.lane == "n1"] == ["up", "down"]
    assert len(picture.spans.walls) == 1
    words = world.trace.text()
    assert "ada → n1  Move(euros=10)" in words
    assert "n1 → ada  Moved(total=10)   ✗ dropped" in words
    assert "n1 → ada  Moved(total=20)" in words
    assert "“moved 20 in all”" in words
    assert "✗ crashed: SIGKILL" in words
    ET.fromstring(world.trace.svg())
