"""A life of a node leaves nothing for the next one but its storage, and nothing for another node but its messages."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FunctionType
from typing import Any

import pytest

from autograder.attacks import lives
from autograder.jobs import Limits
from autograder.judge.house import House
from autograder.judge.solution import Solution, stand_ins
from ds101 import Simulation, on
from ds101.labs.lab12 import Member, RequestVote, Vote
from ds101.processes.shipping import dump

pytestmark = [pytest.mark.grading, pytest.mark.sandbox]
Ask = Callable[[], Any]

for function in vars(lives).values():  # as if a notebook had defined them
    if isinstance(function, FunctionType):
        function.__module__ = "__main__"


def member(leave: Ask, find: Ask) -> type[Member]:
    """Leaves something in its first life, and tells in each what it has found at its start."""

    class Voter(Member):
        def start(self) -> None:
            try:
                self.found = str(find() or "")
            except BaseException:
                self.found = ""
            if "second" not in self.storage:
                self.storage["second"] = True
                if self.id == "n1":
                    with suppress(BaseException):
                        leave()

        @on(RequestVote)
        def look(self, request: RequestVote, sender: str) -> None:
            with suppress(BaseException):
                self.found = str(find() or "")
            self.send(sender, Vote(1, True))

    Voter.__module__ = "__main__"
    return Voter


@pytest.fixture
def house() -> Iterator[Callable[[type[Member]], Any]]:
    """Its stand-in, whose sandboxes end with the test."""
    made = []

    def stand_in(part: type[Member]) -> Any:
        made.append(
            House("lab12", {"check": Solution(dump({"Voter": part}), {})}, Limits(), networked=True).__enter__()
        )
        return stand_ins("lab12", made[-1].doors("check"), ("Voter",))["Voter"]

    yield stand_in
    for one in made:
        one.__exit__(None, None, None)


@pytest.mark.parametrize("way", lives.WAYS)
def test_a_life_finds_nothing_of_the_one_before(house: Any, way: str) -> None:
    with Simulation(house(member(*lives.WAYS[way])), n=1, seed=1) as world:
        world.wait(0.1)
        world.crash("n1")
        world.restart("n1")
        assert world.state("n1")["found"] in ("", "[]")


@pytest.mark.parametrize("way", lives.MEETING)
def test_a_node_finds_nothing_of_another(house: Any, way: str) -> None:
    with Simulation(house(member(*lives.MEETING[way])), n=2, seed=1) as world:
        world.call("n2", RequestVote(1, 1, 1))
        assert world.state("n2")["found"] in ("", "[]")
