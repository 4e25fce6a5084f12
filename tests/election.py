"""Raft's leader election (Ongaro and Ousterhout 2014, section 5.2), for tests and benchmarks of the worlds."""

from __future__ import annotations

from ds101 import Message, Node, Simulation, Timer, Trace, on
from ds101.bad_days import Budget, bad_day


class ElectionTimeout(Timer):
    pass


class HeartbeatDue(Timer):
    pass


class RequestVote(Message):
    term: int


class Vote(Message):
    term: int
    granted: bool


class Heartbeat(Message):
    term: int


class Election(Node):
    """Term and vote are on disk before anybody hears of them."""

    ELECTION_TIMEOUT = (0.150, 0.300)  # seconds
    HEARTBEAT_INTERVAL = 0.050  # seconds

    def start(self) -> None:
        self.term = self.storage.get("term", 0)  # the latest that I know of
        self.voted_for = self.storage.get("voted_for")  # whom did I vote for in it?
        self.role, self.votes = "follower", frozenset[str]()
        self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)

    @on(ElectionTimeout)
    def stand_for_election(self, _: ElectionTimeout) -> None:
        self.enter_term(self.term + 1, voted_for=self.id)
        self.role, self.votes = "candidate", frozenset({self.id})
        self.broadcast(RequestVote(self.term))
        self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)

    @on(RequestVote)
    def consider(self, request: RequestVote, candidate: str) -> None:
        self.step_down_if_behind(request.term)
        granted = request.term == self.term and self.voted_for in (None, candidate)
        if granted:
            self.enter_term(self.term, voted_for=candidate)
            self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)
        self.send(candidate, Vote(self.term, granted))

    @on(Vote)
    def count(self, vote: Vote, voter: str) -> None:
        self.step_down_if_behind(vote.term)
        if self.role == "candidate" and vote.term == self.term and vote.granted:
            self.votes |= {voter}
            if 2 * len(self.votes) > len(self.peers) + 1:
                self.role = "leader"
                self.cancel_timer(ElectionTimeout())
                self.send_heartbeats(HeartbeatDue())

    @on(HeartbeatDue)
    def send_heartbeats(self, _: HeartbeatDue) -> None:
        if self.role == "leader":
            self.broadcast(Heartbeat(self.term))
            self.set_timer(HeartbeatDue(), after=self.HEARTBEAT_INTERVAL)

    @on(Heartbeat)
    def follow(self, heartbeat: Heartbeat, _: str) -> None:
        self.step_down_if_behind(heartbeat.term)
        if heartbeat.term == self.term:
            self.role = "follower"
            self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)

    def step_down_if_behind(self, term: int) -> None:
        if term > self.term:
            self.enter_term(term, voted_for=None)
            self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)

    def enter_term(self, term: int, voted_for: str | None) -> None:
        if term > self.term:
            self.role = "follower"
        self.storage["term"], self.storage["voted_for"] = term, voted_for
        self.term, self.voted_for = term, voted_for


def leaders(trace: Trace) -> dict[int, set[str]]:
    """Who sent heartbeats, by term."""
    found: dict[int, set[str]] = {}
    for event in trace:
        if event.kind == "send" and event.type == "Heartbeat":
            found.setdefault(event.body["term"], set()).add(event.src)
    return found


def digest_of_a_bad_day() -> str:
    """The digest of a simulated election in which nearly everything happens."""
    with Simulation(Election, n=5, seed=7) as world:
        budget = Budget(crashes=2, pauses=1, partitions=2, links=2)
        bad_day(world.nodes, seed=7, seconds=3.0, budget=budget).begin(world)
        world.wait(4.0)
        return world.trace.digest()
