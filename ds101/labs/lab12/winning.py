"""Winning an election: a majority first, and so one leader a term."""

from __future__ import annotations

from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.draw.wording import counted
from ds101.explorer import View
from ds101.labs.lab12.runs import CANDIDATES, SAFETY
from ds101.labs.lab12.votes import ballots, leaders, votes_before_heartbeats
from ds101.labs.specification import property_of

NO_LEADER = "Nobody sent a heartbeat."
COUNTING = "How many votes does your candidate count when it begins to lead, and whose are they, from which term?"
MAJORITY = (
    "In which term did this node win, and with whose votes? And if it won: what has happened to its term since then?"
)


@property_of(
    "lab12", points=4, title="a candidate counts votes", hint=COUNTING, needs=("Candidate",), worlds=(CANDIDATES,)
)
def a_candidate_counts(view: View) -> Answer:
    """A candidate leads only after votes in its term from a majority of all nodes, each counted once, its own
    included."""
    return majority_of_sent(view)


def majority_of_sent(view: View) -> Answer:
    """In a view there is no order: what was sent may have arrived, and what was not can't have."""
    sent: dict[tuple[str, int], set[str]] = {}
    for voter, candidate, term in ballots(view):
        sent.setdefault((candidate, term), {candidate}).add(voter)
    won = [(leader, term, sent.get((leader, term), {leader})) for term, who in leaders(view).items() for leader in who]
    return _judged(won, len(view.nodes))


@property_of(
    "lab12",
    points=3,
    title="a majority first",
    hint=MAJORITY,
    needs=("Raft",),
    worlds=SAFETY,
    orders=majority_of_sent,
)
def majority_first(run: Any) -> Answer:
    """A node sends heartbeats in a term only after votes from a majority of all nodes, each counted once, its own
    included."""
    return _judged(list(votes_before_heartbeats(run.trace)), len(run.trace.nodes))


def _judged(won: list[tuple[str, int, set[str]]], n: int) -> Answer:
    for leader, term, voters in won:
        if 2 * len(voters) <= n:
            others = sorted(voters - {leader})
            whose = f"of {' and '.join(others)} and its own" if others else "its own"
            number = f"{counted(len(voters), 'vote')} of {n}"
            return broken(f"{leader} sent heartbeats in term {term} with {number} in that term, {whose}.")
    return holds() if won else inconclusive(NO_LEADER)


@property_of(
    "lab12",
    points=4,
    title="one leader a term",
    hint="Each of the two believed that it had won. Who voted for both, or which majority did they count?",
    needs=("Raft",),
    worlds=SAFETY,
)
def one_leader_a_term(run: Any) -> Answer:
    """No two nodes send heartbeats in the same term."""
    found = leaders(run)
    for term, nodes in found.items():
        if len(nodes) > 1:
            return broken(f"{nodes[0]} and {nodes[1]} both sent heartbeats in term {term}.")
    return holds() if found else inconclusive(NO_LEADER)
