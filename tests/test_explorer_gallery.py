"""The gallery: what is right passes to the last state, what is wrong is caught with its textbook counterexample.

Schedules are compared word by word, and states counted: who changes either changes the search, and must mean to.
"""

from collections.abc import Callable
from typing import Any

import pytest
from gallery import commit, election, lock, paxos, register

from ds101 import Call, Verdict, explore
from ds101.explorer import Exploration, Violation, replay

COMMIT = {"coordinator": commit.Coordinator, "p1": commit.Participant, "p2": commit.Participant}
HOLDERS = {"ada": lock.holder, "bob": lock.holder}
ONE_WRITE = {"ada": [Call("n1", register.Put(1))], "bob": [Call("n3", register.Get())]}


def election_of(node: type, **options: Any) -> Exploration:
    return explore(node, 3, invariants=election.one_vote_a_term, timers=2, crashes=1, **options)


def caught(exploration: Exploration, nodes: Any, n: int | None = None, **options: Any) -> Violation:
    """The violation, which its own schedule replays to the same trace."""
    violation = exploration.violation
    assert exploration.verdict is Verdict.BROKEN
    assert violation is not None
    assert violation.shortest
    again = replay(nodes, violation.schedule, n, **options)
    assert again.trace.events == violation.trace.events
    return violation


def test_paxos_chooses_at_most_one_value():
    answer = explore(paxos.Paxos, 3, invariants=paxos.at_most_one_value_is_chosen, timers=2)
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, 10_201)


def test_without_the_promise_check_paxos_chooses_two():
    answer = explore(paxos.WithoutPromiseCheck, 3, invariants=paxos.at_most_one_value_is_chosen, timers=2)
    violation = caught(answer, paxos.WithoutPromiseCheck, 3)
    assert violation.schedule == (
        "n1!TimeToPropose n1>n1.Prepare n1>n1.Promise n1>n2.Prepare n2>n1.Promise n1>n1.Accept n2!TimeToPropose "
        "n2>n2.Prepare n2>n2.Promise n1>n2.Accept n2>n3.Prepare n3>n2.Promise n2>n1.Accept n2>n2.Accept"
    )  # n2 has promised ballot 2, and accepts in ballot 1 all the same


def test_a_fenced_store_keeps_late_writes_out():
    nodes = {"lock": lock.Lock, "store": lock.FencedStore}
    answer = explore(nodes, clients=HOLDERS, invariants=lock.no_late_write, network="fifo")
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, 200)


def test_without_fencing_a_late_write_gets_through():
    nodes = {"lock": lock.Lock, "store": lock.Store}
    answer = explore(nodes, clients=HOLDERS, invariants=lock.no_late_write, network="fifo")
    violation = caught(answer, nodes, clients=HOLDERS, network="fifo")
    assert violation.schedule == (
        "ada.invoke ada>lock.Acquire lock!LeaseIsOver lock>ada.Granted ada.invoke "
        "bob.invoke bob>lock.Acquire lock>bob.Granted bob.invoke bob>store.Write ada>store.Write"
    )


@pytest.mark.parametrize("network", ["multiset", "fifo"])
def test_a_read_quorum_meets_every_write_quorum(network: str):
    answer = explore(register.Register, 3, clients=ONE_WRITE, invariants=register.no_stale_read, network=network)
    assert (answer.verdict, answer.exhausted) == (Verdict.HOLDS, True)


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_quorums_with_r_plus_w_equal_n_miss_each_other(network: str):
    answer = explore(register.ReadsTooFew, 3, clients=ONE_WRITE, invariants=register.no_stale_read, network=network)
    violation = caught(answer, register.ReadsTooFew, 3, clients=ONE_WRITE, network=network)
    assert violation.schedule == (
        "ada.invoke ada>n1.Put n1>n2.Store n2>n1.Stored n1>ada.PutOk bob.invoke bob>n3.Get n3>bob.GotValue"
    )
    write, read = violation.view.history
    assert write.ended < read.began
    assert read.reply == register.GotValue(0)


def test_two_phase_commit_is_all_or_none():
    answer = explore(COMMIT, invariants=commit.all_or_none)
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, 131)


def test_a_participant_that_commits_on_time_out_breaks_two_phase_commit():
    nodes = COMMIT | {"p1": commit.Impatient}
    violation = caught(explore(nodes, invariants=commit.all_or_none), nodes)
    assert violation.schedule == "p1!Asked=0 p1!NoDecision p2!Asked=1"  # p1 votes yes, p2 votes no
    assert [violation.view.state(node)["state"] for node in ("p1", "p2")] == ["committed", "aborted"]


def test_a_stored_vote_is_given_once():
    answer = election_of(election.Election, goals=election.a_leader_is_elected)
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, 5_357)
    reached = answer.reached["a_leader_is_elected"]
    assert reached.schedule == "n1!ElectionTimeout n1>n2.RequestVote n2>n1.Vote"


def test_an_election_that_forgets_its_vote_votes_twice():
    violation = caught(election_of(election.ForgetsItsVote), election.ForgetsItsVote, 3)
    assert violation.schedule == (
        "n1!ElectionTimeout n1>n2.RequestVote n2.crash n2.restart n3!ElectionTimeout n3>n2.RequestVote"
    )
    assert violation.sentence == "A node votes for at most one candidate in a term, across crashes."


def test_larger_bounds_hold_too(count: Callable[[int, int], int]):
    """More ballots and more elections: in full only with --soak."""
    timers = count(1, 3)
    answer = explore(paxos.Paxos, 3, invariants=paxos.at_most_one_value_is_chosen, timers=timers, states=5_000_000)
    assert (answer.verdict, answer.exhausted) == (Verdict.HOLDS, True)
    elections = explore(
        election.Election,
        3,
        invariants=(election.one_vote_a_term, election.one_leader_a_term),
        timers=timers,
        crashes=1,
    )
    assert (elections.verdict, elections.exhausted) == (Verdict.HOLDS, True)
