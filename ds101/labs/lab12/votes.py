"""What the messages of a run say about votes, leaders and terms. Nothing else of a solution is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ds101.labs.lab12.given import LOGS, Heartbeat, RequestVote, Vote
from ds101.trace import Trace


class Ballot(NamedTuple):
    """A vote that was given: who asks for votes in a term, votes for itself in it."""

    voter: str
    candidate: str
    term: int


def ballots(run: Any) -> Iterator[Ballot]:
    """The votes of a run or a view, in the order in which they were sent where there is one."""
    for one in run.sent(RequestVote):
        yield Ballot(one.src, one.src, one.body.term)
    for one in run.sent(Vote, granted=True):
        yield Ballot(one.src, one.dst, one.body.term)


def leaders(run: Any) -> dict[int, list[str]]:
    """Who sent heartbeats, by term."""
    found: dict[int, list[str]] = {}
    for one in run.sent(Heartbeat):
        senders = found.setdefault(one.body.term, [])
        if one.src not in senders:
            senders.append(one.src)
    return found


def log_in_words(node: str) -> str:
    """How a node's log ends.

    >>> log_in_words("n3")
    'term 1, index 6'
    """
    return f"term {LOGS[node].term}, index {LOGS[node].index}"


def votes_before_heartbeats(trace: Trace) -> Iterator[tuple[str, int, set[str]]]:
    """Each leader and term with the voters, itself included, whose votes had arrived before its first heartbeat.

    Where the record of a heartbeat was lost with its process, and only its arrival is known, nothing is said: the
    records of what had arrived before may be lost as well.
    """
    voters: dict[tuple[str, int], set[str]] = {}
    told: set[tuple[str, int]] = set()
    for event in trace:
        if event.kind == "deliver" and event.type == "Vote" and event.body["granted"]:
            voters.setdefault((event.dst, event.body["term"]), set()).add(event.src)
        elif event.kind == "send" and event.type == "Heartbeat" and event.detail != "reconstructed":
            leader = event.src, event.body["term"]
            if leader not in told:
                told.add(leader)
                yield *leader, {event.src} | voters.get(leader, set())
