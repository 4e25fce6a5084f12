"""The simulation: everything from one seed, the same everywhere, as fast as time allows."""

import pytest

from ds101 import Message, Mistake, Node, NodeError, Simulation, Timer, on
from ds101.bad_days import Budget, bad_day
from ds101.simulation.determinism import first_difference
from tests.election import Election, leaders


class Tick(Timer):
    pass


class Shout(Message):
    text: str


def test_another_seed_gives_another_run() -> None:
    digests = set()
    for seed in range(5):
        with Simulation(Election, n=3, seed=seed) as world:
            world.wait(1.0)
            digests.add(world.trace.digest())
    assert len(digests) == 5


def test_time_passes_only_while_a_verb_waits() -> None:
    world = Simulation(Election, n=3, seed=1)
    assert world.now == 0.0
    world.wait(600.0)
    assert world.now == 600.0


def test_ten_minutes_of_an_election_have_one_leader_a_term() -> None:
    with Simulation(Election, n=5, seed=3) as world:
        world.wait(60.0)
        assert all(len(nodes) == 1 for nodes in leaders(world.trace).values())


def test_after_a_bad_day_one_leader_is_left_and_its_term_stays() -> None:
    for seed in range(20):
        with Simulation(Election, n=5, seed=seed) as world:
            bad_day(world.nodes, seed, seconds=3.0).begin(world)
            world.wait(3.0)
            world.wait(30 * 0.3)
            terms = {world.state(node)["term"] for node in world.nodes}
            leading = [node for node in world.nodes if world.state(node)["role"] == "leader"]
            assert (len(terms), len(leading)) == (1, 1), f"seed {seed}"


def test_a_bad_day_ends_all_its_faults() -> None:
    for seed in range(50):
        with Simulation(Election, n=3, seed=seed) as world:
            bad_day(world.nodes, seed, seconds=2.0).begin(world)
            world.wait(2.01)
            assert [world.condition(node) for node in world.nodes] == ["running"] * 3
            assert not world._engine.faults


def test_a_bad_day_keeps_within_its_budget() -> None:
    for seed in range(50):
        day = bad_day(("n1", "n2", "n3"), seed, 2.0, Budget(crashes=3, pauses=2, partitions=1, links=0))
        verbs = [step.verb for step in day.steps]
        assert verbs.count("crash") <= 3
        assert verbs.count("pause") <= 2
        assert sum("partition" in verb for verb in verbs) <= 1
        assert "link" not in verbs


class Careless(Node):
    def start(self) -> None:
        for name in {"ada", "bob", "cyd", "dan"}:
            self.log(name)


class Careful(Node):
    def start(self) -> None:
        for name in sorted({"ada", "bob", "cyd", "dan"}):
            self.log(name)


def test_a_node_that_goes_through_a_set_is_told_with_the_first_event_that_differs() -> None:
    def careless(seed: int) -> Simulation:
        return Simulation(Careless, n=1, seed=seed)

    def careful(seed: int) -> Simulation:
        return Simulation(Careful, n=1, seed=seed)

    difference = first_difference(careless, seed=5)
    assert difference is not None
    assert difference.startswith("Two runs of seed 5 differ first at event ")
    assert "n1: log" in difference
    assert first_difference(careful, seed=5) is None


class WallClock(Node):
    def start(self) -> None:
        import time

        self.set_timer(Tick(), after=time.time() % 1)

    @on(Tick)
    def tick(self, _: Tick) -> None:
        self.log("tick")


def test_a_node_that_reads_the_wall_clock_is_told() -> None:
    def scenario(seed: int) -> Simulation:
        world = Simulation(WallClock, n=1, seed=seed)
        world.wait(2.0)
        return world

    assert "[0." in str(first_difference(scenario, seed=5))


SHARED: list[int] = []


class Sharing(Node):
    def start(self) -> None:
        SHARED.append(1)


def test_a_handler_that_changes_a_global_is_told() -> None:
    with pytest.raises(Mistake, match="can't change the global 'SHARED'"):
        Simulation(Sharing, n=1)


class Fragile(Node):
    @on(Shout)
    def shout(self, message: Shout, _: str) -> None:
        print(f"I heard {message.text}")
        raise ValueError(message.text)


def test_prints_and_deaths_show_whose_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    world = Simulation(Fragile, n=2)
    world.send("n2", Shout("boo"))
    with pytest.raises(NodeError, match=r"n2 died of ValueError: boo. It happened in test_simulation.py, line"):
        world.wait(1.0)
    assert capsys.readouterr().out == "n2 | I heard boo\n"


def test_the_record_is_bounded_and_says_what_it_forgot() -> None:
    with Simulation(Election, n=3, seed=1, trace_limit=1_000) as world:
        world.wait(30.0)
        assert len(world.trace) <= 1_000
        assert world.trace.cut > 0
