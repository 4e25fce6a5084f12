"""Numbers of states, against what others have published and what can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gallery import election, published
from naive_search import Naive

from ds101 import Call, Mistake, Verdict, explore
from ds101.explorer import replay

Abstract = tuple[tuple[str, ...], str, frozenset[int], frozenset[object]]


def commit_of(count: int) -> dict[str, type]:
    return {"tm": published.TransactionManager} | {f"rm{i}": published.ResourceManager for i in range(1, count + 1)}


@pytest.mark.parametrize(("managers", "states"), [(3, 288), (5, 8_832)])
def test_two_phase_commit_has_the_published_number_of_states(managers: int, states: int):
    """288 and 8,832, as in Stateright's 2pc example and TLC's run of Gray and Lamport's TwoPhase.

    The models agree state by state, though theirs is one global machine and ours are actors. A resource manager's
    `Decides` is set as long as it works, the manager's `GivesUp` as long as it is undecided, and `Commits` exactly when
    all have prepared; so timers add nothing to the state. Their one message Commit to all is ours to each, sent in one
    step. Both networks are sets from which a delivery takes nothing away.
    """
    answer = explore(commit_of(managers), invariants=published.consistent)
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, states)


@pytest.mark.parametrize(("managers", "states"), [(3, 80), (5, 314)])
def test_with_symmetry_two_phase_commit_has_as_many_states_as_there_are_orbits(managers: int, states: int):
    """80 and 314, where Stateright reports 665 for five resource managers: a difference that is explained below.

    Our canonical state is exact, one for each set of states that differ in names only. Stateright's representative
    sorts the resource managers by their own state and leaves ties as they are (what the transaction manager has heard,
    and which messages were sent, may still differ), so several representatives stand for the same orbit.
    """
    names = [f"rm{i}" for i in range(1, managers + 1)]
    answer = explore(commit_of(managers), invariants=published.consistent, symmetry=names)
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, states)


def after(state: Abstract) -> Iterator[Abstract]:
    """Gray and Lamport's TwoPhase as one machine: (resource managers, manager, prepared, messages)."""
    rms, tm, prepared, sent = state
    if tm == "init":
        yield rms, "aborted", prepared, sent | {"abort"}
        if len(prepared) == len(rms):
            yield rms, "committed", prepared, sent | {"commit"}
    for i, rm in enumerate(rms):
        if tm == "init" and i in sent:
            yield rms, tm, prepared | {i}, sent
        if rm == "0 working":
            yield with_one(rms, i, "1 prepared"), tm, prepared, sent | {i}
        if rm == "0 working" or "abort" in sent:
            yield with_one(rms, i, "3 aborted"), tm, prepared, sent
        if "commit" in sent:
            yield with_one(rms, i, "2 committed"), tm, prepared, sent


def with_one(rms: tuple[str, ...], place: int, one: str) -> tuple[str, ...]:
    return (*rms[:place], one, *rms[place + 1 :])


def sorted_by_state(state: Abstract) -> Abstract:
    """Stateright's representative: resource managers in the order of their own states, ties as they were."""
    rms, tm, prepared, sent = state
    order = sorted(range(len(rms)), key=rms.__getitem__)
    place = {old: new for new, old in enumerate(order)}
    moved = frozenset(place[one] if isinstance(one, int) else one for one in sent)
    return tuple(rms[old] for old in order), tm, frozenset(place[one] for one in prepared), moved


def test_the_published_number_with_symmetry_comes_of_ties_that_are_left_as_they_are():
    """Stateright's representative, searched depth first as it is there, gives their 665 on the very same machine."""
    begin: Abstract = (("0 working",) * 5, "init", frozenset(), frozenset())
    seen, stack = {sorted_by_state(begin)}, [begin]
    while stack:
        for state in after(stack.pop()):
            if sorted_by_state(state) not in seen:
                seen.add(sorted_by_state(state))
                stack.append(state)
    assert len(seen) == 665


def test_single_decree_paxos_has_the_published_number_of_states():
    """16,668: two clients and three servers on a network that delivers once, in any order, as in Stateright.

    The clients are nodes here, since theirs invoke at once: a put when they start, a get with the answer. They skip a
    delivery that changes nothing, and so do we. Their state also has the history, ours has what each client has read:
    in this protocol the one adds nothing to the other.
    """
    servers = {f"n{i}": published.Server for i in (1, 2, 3)}
    nodes = servers | {"c3": published.Client, "c4": published.OtherClient}
    answer = explore(nodes, invariants=published.one_value_is_decided, network="multiset")
    assert (answer.verdict, answer.exhausted, answer.states) == (Verdict.HOLDS, True, 16_668)


def test_clients_that_may_take_their_time_add_states_to_paxos():
    """22,041: before each of its calls a client may wait, which is a state of its own. It must be: an operation that
    begins later is ordered after more, so a search whose clients always invoke at once would miss violations."""
    calls = {
        "c3": [Call("n1", published.Put("A")), Call("n2", published.Get())],
        "c4": [Call("n2", published.Put("B")), Call("n3", published.Get())],
    }
    answer = explore(published.Server, 3, clients=calls, network="multiset")
    assert (answer.exhausted, answer.states) == (True, 22_041)


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_symmetry_answers_the_same_in_up_to_a_sixth_of_the_states(network: str):
    plain, reduced = (
        explore(
            election.Election, 3, network=network, timers=2, symmetry=symmetry, goals=election.a_leader_is_elected,
            invariants=(election.one_leader_a_term, election.one_vote_a_term),
        )
        for symmetry in ((), True)
    )  # fmt: skip
    assert plain.verdict is reduced.verdict is Verdict.HOLDS
    assert plain.depth == reduced.depth
    assert plain.states / 6 <= reduced.states < plain.states / 4
    assert plain.reached["a_leader_is_elected"].steps == reduced.reached["a_leader_is_elected"].steps


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
def test_with_symmetry_a_violation_is_told_by_the_names_that_it_really_has(network: str):
    class VotesForEverybody(election.Election):
        def enter(self, term: int, vote_for: str) -> None:
            self.term, self.voted_for = term, None

        @election.on(election.RequestVote)
        def consider(self, request: election.RequestVote, candidate: str) -> None:
            self.send(candidate, election.Vote(request.term))

    plain, reduced = (
        explore(VotesForEverybody, 3, network=network, timers=2, symmetry=symmetry, invariants=election.one_vote_a_term)
        for symmetry in ((), True)
    )
    assert plain.violation is not None
    assert reduced.violation is not None
    assert reduced.violation.steps == plain.violation.steps
    again = replay(VotesForEverybody, reduced.violation.schedule, 3, network=network)
    assert again.trace.events == reduced.violation.trace.events
    assert not election.one_vote_a_term(again.view)


def test_a_handler_that_compares_names_is_not_symmetric():
    class Bully(election.Election):
        @election.on(election.RequestVote)
        def consider(self, request: election.RequestVote, candidate: str) -> None:
            if candidate > self.id:
                self.send(candidate, election.Vote(request.term))

    with pytest.raises(Mistake, match=r"Bully\.consider does not treat n1 and n2 alike"):
        explore(Bully, 3, timers=1, symmetry=True)


def test_an_invariant_that_names_a_node_is_not_symmetric():
    def n1_does_not_lead(view):
        return view.state("n1")["role"] != "leader"

    with pytest.raises(Mistake, match=r"n1_does_not_lead does not treat n1 and n\d alike"):
        explore(election.Election, 3, timers=1, symmetry=True, invariants=n1_does_not_lead)


class Remembers(election.Election):
    """Stores twice and sends to several in one handler, so that there are many points to be killed at."""

    def enter(self, term: int, vote_for: str) -> None:
        self.storage["seen"] = term
        super().enter(term, vote_for)


@pytest.mark.parametrize("network", ["set", "multiset", "fifo"])
@pytest.mark.parametrize(("n", "crashes", "timers"), [(3, 0, 2), (2, 1, 2), (2, 2, 1), (3, 1, 1)])
def test_a_search_without_any_cleverness_finds_as_many_states(network: str, n: int, crashes: int, timers: int):
    """That one copies and compares whole states, and knows no tables, masks or numbers."""
    answer = explore(Remembers, n, network=network, crashes=crashes, timers=timers)
    assert answer.exhausted
    assert answer.states == Naive(Remembers, n, network, crashes, timers).count()
