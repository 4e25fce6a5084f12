"""The steps of a bad day do what they say, in the simulation and on real processes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ds101 import Cluster, Message, Node, Simulation, on
from ds101.bad_days import BadDay, Step
from ds101.history import Call
from ds101.trials import Run, Trial
from ds101.world import World


class Add(Message):
    """One more."""


class Total(Message):
    """So many."""

    total: int


class Adder(Node):
    """Counts, durably."""

    @on(Add)
    def add(self, _: Add, sender: str) -> None:
        self.storage["total"] = self.storage.get("total", 0) + 1
        self.send(sender, Total(self.storage["total"]))


@pytest.fixture(params=[Simulation, pytest.param(Cluster, marks=pytest.mark.cluster)])
def world(request: pytest.FixtureRequest) -> Callable[..., World]:
    made: Callable[..., World] = request.param
    return made


def day_of(world: Callable[..., World], *steps: Step) -> Run:
    """One addition early, and one late."""
    calls = (Call("n1", Add(), 0.3, after=0.1), Call("n1", Add(), 0.3, after=0.4))
    return Trial(1, workload=(("ada", calls),), day=BadDay(steps, 0.6)).run(Adder, world)


@pytest.mark.parametrize(
    ("verb", "effects", "durable"),
    [("crash before", (), 0), ("crash after", (), 1), ("crash during", (1,), 1)],
)
def test_a_day_kills_a_node_at_a_chosen_point(
    world: Callable[..., World], verb: str, effects: tuple[int, ...], durable: int
) -> None:
    run = day_of(world, Step(0.0, verb, ("n1", "Add", *effects), 1), Step(0.5, "restart", ("n1",), 1))
    first, second = run.history
    assert first.reply is None
    assert second.reply == Total(durable + 1)


def test_a_crash_point_that_was_not_met_is_gone_with_the_restart_that_belongs_to_it(
    world: Callable[..., World],
) -> None:
    run = day_of(world, Step(0.0, "crash after", ("n1", "Add"), 1), Step(0.02, "restart", ("n1",), 1))
    assert [one.reply for one in run.history] == [Total(1), Total(2)]
    assert not any(event.kind == "crash" for event in run.trace)


def test_a_day_loses_chosen_messages_until_it_mends(world: Callable[..., World]) -> None:
    run = day_of(world, Step(0.0, "drop", ("Total", "n1", "ada", 5), 1), Step(0.45, "mend", (), 1))
    assert [one.reply for one in run.history] == [None, Total(2)]
