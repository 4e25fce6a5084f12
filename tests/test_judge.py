"""The judge: a solution in sandboxes is judged as it would be here, and its author can do nothing about it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from autograder.host import Host
from autograder.jobs import Limits, Mark, Question
from autograder.judge.house import House
from autograder.judge.solution import Solution, stand_ins
from autograder.mutants import Mutant, another_way, labs, mutants_of, reference
from ds101 import Node, Simulation, on
from ds101.bad_days import Budget, bad_day
from ds101.explorer import explore
from ds101.labs.lab12 import HeartbeatDue, Member, RequestVote, Vote
from ds101.labs.specification import find_lab
from ds101.processes.shipping import dump
from ds101.trace import Trace

pytestmark = [pytest.mark.sandbox, pytest.mark.cluster, pytest.mark.timeout(7200)]


JUDGED = "autograder.judge.judging:judged"


def shipped(*parts: Any) -> bytes:
    return dump({part.__name__: part for part in parts})


def mark_for(lab: str, *parts: Any, seed: int = 7, size: int = 1) -> Mark:
    """The mark for these parts, handed over in one cell."""
    points = sum(one.points for one in find_lab(lab).properties)
    question = Question("check", lab, tuple(part.__name__ for part in parts), points, seed, size)
    solution = Solution(shipped(*parts), {})
    with Host() as host:
        mark: Mark = host.do(JUDGED, question, solution, Limits(), "bubblewrap", True, deadline=600)
    return mark


def broken(mark: Mark) -> set[str]:
    return {title for title, verdict in mark.verdicts if verdict != "holds"}


class Dice(Member):
    """Draws at random, between timers that are drawn, too."""

    def start(self) -> None:
        self.rolls = self.storage.get("rolls", 0)

    @on(RequestVote)
    def roll(self, _: RequestVote, sender: str) -> None:
        self.rolls += 1
        self.storage["rolls"] = self.rolls
        self.set_timer(HeartbeatDue(), after=(0.01, 0.02))
        eyes = self.random.randint(1, 6)
        self.log(f"{self.now():.3f} {self.random.choice('abc')} {sorted(self.random.sample(range(50), 3))}")
        self.send(sender, Vote(eyes, self.random.random() < 0.5))

    @on(HeartbeatDue)
    def again(self, _: HeartbeatDue) -> None:
        self.log(self.random.randint(1, 6))


Dice.__module__ = "__main__"  # as if a notebook had defined it


@pytest.fixture
def house() -> Iterator[Callable[..., Mapping[str, Any]]]:
    """Stand-ins for parts, whose sandboxes end with the test."""
    open_ones = []

    def stand_ins_for(lab: str, *parts: Any) -> Mapping[str, Any]:
        one = House(lab, {"check": Solution(shipped(*parts), {})}, Limits()).__enter__()
        open_ones.append(one)
        return stand_ins(lab, one.doors("check"), tuple(part.__name__ for part in parts))

    yield stand_ins_for
    for one in open_ones:
        one.__exit__(None, None, None)


def a_bad_day(node: type[Node], seed: int) -> Trace:
    with Simulation(node, n=5, seed=seed) as world:
        bad_day(world.nodes, seed, 1.0, Budget(crashes=3, pauses=1, partitions=2, links=1, down=2)).begin(world)
        world.wait(2.0)
    return world.trace


def test_a_day_in_sandboxes_is_event_for_event_the_same(house: Any, count: Callable[[int, int], int]) -> None:
    raft = reference("lab12")[2]
    inside = house("lab12", raft)["Raft"]
    for seed in range(count(2, 50)):
        assert a_bad_day(inside, seed).text() == a_bad_day(raft, seed).text()


def test_random_numbers_the_clock_and_storage_are_the_same_in_a_sandbox(house: Any) -> None:
    def evening(dice: type[Node]) -> str:
        with Simulation(dice, n=2, seed=5) as world:
            for _ in range(3):
                world.wait(0.1)
                world.call("n1", RequestVote(1, 1, 1))
            world.crash("n1")
            world.restart("n1")
            world.call("n1", RequestVote(1, 1, 1))
            assert world.state("n1")["rolls"] == 4
        return world.trace.text()

    assert evening(house("lab12", Dice)["Dice"]) == evening(Dice)


def test_a_search_of_sandboxed_nodes_finds_as_many_states(house: Any) -> None:
    raft = reference("lab12")[2]
    here = explore(raft, 3, timers=2, states=3_000)
    there = explore(house("lab12", raft)["Raft"], 3, timers=2, states=3_000)
    assert (there.states, there.verdict) == (here.states, here.verdict)


QUICK = ("lab01", "lab05")  # the others take longer: in make soak


@pytest.mark.parametrize("lab", labs())
def test_right_solutions_get_every_point_from_the_judge(lab: str, count: Callable[[int, int], int]) -> None:
    if lab not in QUICK and not count(0, 1):
        pytest.skip("takes long: in make soak")
    for solution in (reference(lab), another_way(lab))[: count(1, 2)]:
        mark = mark_for(lab, *solution, size=count(1, 2))
        assert mark.points == mark.most, mark.text


CHOSEN = {"lab01": "one message a piece", "lab05": "shows what comes"}


def chosen_mutants(all_of_them: bool) -> list[Mutant]:
    every = [mutant for lab in labs() for mutant in mutants_of(lab)]
    return every if all_of_them else [mutant for mutant in every if CHOSEN.get(mutant.lab) == mutant.name]


def test_wrong_solutions_break_in_sandboxes_what_they_break_in_notebooks(count: Callable[[int, int], int]) -> None:
    for mutant in chosen_mutants(bool(count(0, 1))):
        mark = mark_for(mutant.lab, *mutant.parts())
        assert broken(mark) == mutant.breaks, f"{mutant}\n{mark.text}"


def test_a_node_that_keeps_its_vote_in_a_global_forgets_it_in_a_crash() -> None:
    voter = reference("lab12")[0]

    class Voter(voter):  # type: ignore[misc, valid-type]
        """Keeps its vote where no crash should leave it."""

        def keep(self, term: int, voted_for: str | None) -> None:
            import builtins

            vars(builtins)["kept"] = term, voted_for
            self.term, self.voted_for = term, voted_for

        def start(self) -> None:
            import builtins

            self.term, self.voted_for = getattr(builtins, "kept", (self.FIRST_TERM, None))
            self.role = "follower"
            self.await_leader()

    Voter.__module__ = "__main__"
    mark = mark_for("lab12", Voter)
    assert "a voter votes once" in broken(mark), mark.text
