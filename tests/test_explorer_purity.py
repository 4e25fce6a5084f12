"""Handlers are run once for each state and event, so they must be pure: those that aren't are told, with their line."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from ds101 import Call, Message, Mistake, Node, Timer, Verdict, explore, on
from ds101.explorer import View


class Go(Message):
    pass


class Said(Message):
    word: str


class Tick(Timer):
    pass


CALLS: list[int] = []
counter = iter(range(10**9))
GO = {"ada": [Call("n1", Go())]}


class Base(Node):
    def start(self):
        self.value: Any = 0
        self.known = {"alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel"}


class DrawsGlobally(Base):
    @on(Go)
    def go(self, *_):
        self.value = random.random()


class ReadsTheWallClock(Base):
    @on(Go)
    def go(self, *_):
        self.value = time.perf_counter_ns()


class CountsOutside(Base):
    @on(Go)
    def go(self, *_):
        self.value = next(counter)


@pytest.mark.parametrize("node", [DrawsGlobally, ReadsTheWallClock, CountsOutside])
def test_a_handler_that_does_different_things_in_the_same_state_is_told(node: type[Node]):
    with pytest.raises(Mistake, match=rf"{node.__name__}\.go was run twice in the same state .* did different things"):
        explore(node, clients=GO)


def test_a_handler_that_changes_a_global_is_told():
    class AppendsToAGlobal(Base):
        @on(Go)
        def go(self, *_):
            CALLS.append(1)

    try:
        with pytest.raises(Mistake, match="A node can't change the global 'CALLS'"):
            explore(AppendsToAGlobal, clients=GO)
    finally:
        CALLS.clear()


def test_a_handler_that_depends_on_the_order_of_a_set_is_told():
    class TellsTheFirst(Base):
        @on(Go)
        def go(self, _, client):
            self.value = next(iter(self.known))

    with pytest.raises(Mistake, match=r"TellsTheFirst\.go depends on the order of a set"):
        explore(TellsTheFirst, clients=GO)


def test_the_order_of_sends_matters_only_where_somebody_could_notice():
    class SendsToAllKnown(Base):
        @on(Go)
        def go(self, _, client):
            for word in self.known:
                self.send(client, Said(word))

    assert explore(SendsToAllKnown, clients=GO).verdict is Verdict.HOLDS
    with pytest.raises(Mistake, match="depends on the order of a set"):
        explore(SendsToAllKnown, clients=GO, network="fifo")
    with pytest.raises(Mistake, match="depends on the order of a set"):
        explore(SendsToAllKnown, clients=GO, crashes=1)


def test_a_sorted_set_is_fine():
    class TellsTheSmallest(Base):
        @on(Go)
        def go(self, _, client):
            self.value = sorted(self.known)[0]

    assert explore(TellsTheSmallest, clients=GO).verdict is Verdict.HOLDS


class Queue(Node):
    """Keeps who came in a dict, whose order is that of the arrivals, and answers the first."""

    def start(self):
        self.waiting = {}

    @on(Go)
    def arrive(self, _, client):
        self.waiting[client] = True
        if len(self.waiting) == 2:
            first = next(iter(self.waiting))
            self.send(first, Said("first"))


def test_the_order_of_a_dict_is_part_of_the_state_where_a_handler_uses_it():
    both = {"ada": [Call("n1", Go())], "bob": [Call("n1", Go())]}

    def is_first(client: str) -> Any:
        return lambda view: any(one.dst.startswith(client) for one in view.sent(Said))

    answer = explore(Queue, clients=both, goals={"ada": is_first("ada"), "bob": is_first("bob")})
    assert sorted(answer.reached) == ["ada", "bob"]


def test_the_order_of_a_dict_that_nobody_uses_makes_no_states():
    class Tally(Queue):
        @on(Go)
        def arrive(self, _, client):
            self.waiting[client] = True

    both = {"ada": [Call("n1", Go())], "bob": [Call("n1", Go())]}
    assert explore(Tally, clients=both).states == 9  # each client: not yet, asked, arrived


# What no search can go through


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda node: node.now(), "reads now(), and a search has no clock"),
        (lambda node: node.random.random(), "draws at random, and a search goes through every choice"),
        (lambda node: node.random.randrange(10), "draws at random"),
        (lambda node: node.random.shuffle([1, 2]), "draws at random"),
    ],
)
def test_a_clock_or_a_draw_makes_the_answer_inconclusive_and_names_the_line(do: Any, says: str):
    class Draws(Base):
        DO = staticmethod(do)

        @on(Go)
        def go(self, *_):
            self.value = self.DO(self)

    answer = explore(Draws, clients=GO)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert says in answer.why
    assert answer.why.startswith("test_explorer_purity.py, line ")
    assert "\n" not in repr(answer)


def test_a_violation_elsewhere_is_found_all_the_same():
    class Tells(Base):
        @on(Go)
        def go(self, *_):
            self.value = self.now()

        def start(self):
            super().start()
            self.set_timer(Tick(), after=1)

        @on(Tick)
        def tick(self, _):
            self.value = -1

    def not_negative(view: View) -> bool:
        return view.state("n1")["value"] >= 0

    answer = explore(Tells, clients=GO, invariants=not_negative)
    assert answer.verdict is Verdict.BROKEN
    assert answer.violation is not None
    assert answer.violation.schedule == "n1!Tick"


def test_no_handler_can_swallow_the_end_of_its_run():
    class Swallows(Base):
        @on(Go)
        def go(self, *_):
            try:
                self.value = self.now()
            except Exception:
                self.value = 1

    assert explore(Swallows, clients=GO).verdict is Verdict.INCONCLUSIVE


# Invariants


def test_an_invariant_must_answer_yes_or_no():
    def forgetful(view: View) -> None:
        view.state("n1")

    with pytest.raises(Mistake, match=r"forgetful answered None\. Return True or False"):
        explore(Base, invariants=forgetful)


def test_an_invariant_cannot_change_what_it_sees():
    def meddles(view: View) -> bool:
        view.state("n1")["known"].clear()
        return True

    with pytest.raises(Mistake, match="An invariant looks, and changes nothing"):
        explore(Base, invariants=meddles)


def test_an_assertion_is_an_answer_with_words():
    def nothing_arrives(view: View) -> bool:
        assert view.state("n1")["waiting"] == {}, "somebody came"
        return True

    answer = explore(Queue, clients=GO, invariants=nothing_arrives)
    assert answer.violation is not None
    assert answer.violation.why == "somebody came"


def test_an_invariant_that_could_not_tell_leaves_it_open():
    def unsure(view: View) -> Verdict:
        return Verdict.INCONCLUSIVE if view.state("n1")["waiting"] else Verdict.HOLDS

    answer = explore(Queue, clients=GO, invariants=unsure)
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.why == "an invariant could not tell in 1 state"


def test_an_invariant_is_asked_again_only_where_it_sees_something_else():
    asked = []

    def looks_at_n1(view: View) -> bool:
        asked.append(view.state("n1")["waiting"])
        return True

    both = {"ada": [Call("n1", Go())], "bob": [Call("n2", Go())]}
    answer = explore(Queue, 2, clients=both, invariants=looks_at_n1)
    assert answer.states == 9
    assert len(asked) == 2  # before and after ada's call, whatever happens at n2
