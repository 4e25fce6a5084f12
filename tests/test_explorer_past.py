"""What an invariant needs of the past is part of the state: states that are alike but for that are kept apart."""

from __future__ import annotations

import pytest
from gallery import register

from ds101 import Call, Message, Node, Timer, Verdict, explore, on
from ds101.checks import Answer, Register, linearizable
from ds101.explorer import View


class Ask(Message):
    pass


class Vote(Message):
    pass


class Again(Timer):
    pass


class Candidate(Node):
    """Asks for a vote whenever it feels like it, and does not care for the answer."""

    def start(self):
        self.set_timer(Again(), after=1)

    @on(Again)
    def ask(self, _):
        self.send("voter", Ask())

    @on(Vote)
    def ignore(self, *_):
        "So that nothing of the vote is left in any node."


class Voter(Node):
    """Votes once, as far as it remembers."""

    def start(self):
        self.voted = False

    @on(Ask)
    def vote(self, _, candidate):
        if not self.voted:
            self.voted = True
            self.send(candidate, Vote())


ELECTION = {"a": Candidate, "b": Candidate, "voter": Voter}


def one_vote(view: View) -> bool:
    """The voter votes for one candidate."""
    return len({one.dst for one in view.sent(Vote)}) <= 1


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_two_votes_across_a_crash_are_seen_though_nothing_is_left_of_the_first(network: str):
    assert explore(ELECTION, network=network, invariants=one_vote).verdict is Verdict.HOLDS
    violation = explore(ELECTION, network=network, invariants=one_vote, crashes=1).violation
    assert violation is not None
    assert violation.schedule == "a!Again a>voter.Ask voter.crash voter.restart b!Again b>voter.Ask"


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_the_votes_of_the_past_are_seen_also_when_their_receivers_have_crashed(network: str):
    def both_voted_for_and_both_down(view: View) -> bool:
        return not view.is_up("a") and not view.is_up("b") and {one.dst for one in view.sent(Vote)} == {"a", "b"}

    answer = explore(ELECTION, network=network, goals=both_voted_for_and_both_down, crashes=3)
    assert answer.reached["both_voted_for_and_both_down"].steps == 8


def test_states_are_kept_apart_by_what_was_sent_only_where_somebody_asks():
    plain, asked = (
        explore(ELECTION, network="fifo", crashes=2, restarts=1, invariants=invariants)
        for invariants in ((), lambda view: bool(view.sent(Vote) or True))
    )
    assert plain.exhausted
    assert asked.exhausted
    assert plain.states < asked.states


class Get(Message):
    pass


class Got(Message):
    value: int


class Fickle(Node):
    """Answers 0 or 1, and has no idea afterwards what it said."""

    @on(Get)
    def answer(self, _, client):
        self.send(client, Got(self.random.choice((0, 1))))


def no_step_back(view: View) -> bool:
    """Nobody is told 0 after having been told 1."""
    values = [one.reply.value for one in view.history if one.outcome == "ok"]
    return values == sorted(values)


@pytest.mark.parametrize("network", ["multiset", "fifo"])
def test_a_history_that_nothing_else_remembers_is_seen(network: str):
    calls = {"ada": [Call("n1", Get()), Call("n1", Get())]}
    violation = explore(Fickle, clients=calls, network=network, invariants=no_step_back).violation
    assert violation is not None
    assert violation.schedule == "ada.invoke ada>n1.Get=1 n1>ada.Got ada.invoke ada>n1.Get=0 n1>ada.Got"
    assert [one.reply for one in violation.view.history] == [Got(1), Got(0)]


def test_histories_differ_in_what_ended_before_what_began():
    """Ada's and Bob's calls end in states that are alike but for the order of the two calls in real time."""

    class Once(Fickle):
        @on(Get)
        def answer(self, _, client):
            self.send(client, Got(0))

    calls = {"ada": [Call("n1", Get())], "bob": [Call("n1", Get())]}

    def order(view: View) -> str:
        done = [one for one in view.history if one.outcome == "ok"]
        if len(done) < 2:
            return "not yet"
        first, second = done
        if first.ended < second.began:
            return f"{first.client} first"
        return "at once"

    answer = explore(Once, clients=calls, network="fifo", goals={
        "ada": lambda view: order(view) == "ada first",
        "bob": lambda view: order(view) == "bob first",
        "at once": lambda view: order(view) == "at once",
    })  # fmt: skip
    assert sorted(answer.reached) == ["ada", "at once", "bob"]


def test_times_in_a_history_give_the_real_order():
    """For every pair of operations in every state: one began after the other's end exactly if it was invoked then."""
    calls = {name: [Call("n1", Get()), Call("n1", Get())] for name in ("ada", "bob")}

    def times_are_in_order(view: View) -> bool:
        history = view.history
        assert list(history) == sorted(history, key=lambda one: one.began)
        for client in ("ada", "bob"):
            mine = [time for one in history.of(client) for time in (one.began, one.ended) if time is not None]
            assert mine == sorted(mine), "a client does one thing at a time"
        moments = [time for one in history for time in (one.began, one.ended) if time is not None]
        assert len(set(moments)) == len(moments), "no two at the same time"
        return True

    answer = explore(Fickle, clients=calls, network="fifo", invariants=times_are_in_order, timeouts=1)
    assert (answer.verdict, answer.exhausted) == (Verdict.HOLDS, True)


REGISTER = Register(read=register.Get, write=register.Put, initial=0)


def is_linearizable(view: View) -> Answer:
    return linearizable(view.history, REGISTER)


def test_a_history_that_is_not_linearizable_is_found_and_told():
    calls = {"ada": [Call("n1", register.Put(1))], "bob": [Call("n3", register.Get())]}
    answer = explore(register.ReadsTooFew, 3, clients=calls, network="fifo", invariants=is_linearizable)
    violation = answer.violation
    assert violation is not None
    assert violation.steps == 8
    assert linearizable(violation.view.history, REGISTER).verdict is Verdict.BROKEN
    assert violation.why
    right = explore(register.Register, 3, clients=calls, network="fifo", invariants=is_linearizable)
    assert (right.verdict, right.exhausted) == (Verdict.HOLDS, True)
