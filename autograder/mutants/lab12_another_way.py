"""A right solution of lab12 that is built otherwise: no judgement may depend on how a solution is built.

It keeps nothing in memory that storage knows, has a key in storage for each term's vote, says nothing where the answer
would be no, answers no heartbeat, sends each peer its own heartbeats, and has one class for all three tasks.
"""

from __future__ import annotations

from ds101 import on
from ds101.labs.lab12 import ElectionTimeout, Heartbeat, HeartbeatDue, HeartbeatReply, Member, RequestVote, Vote


class Everything(Member):
    def start(self) -> None:
        self.supporters: dict[int, list[str]] = {}  # of mine, by term
        self.reign = 0  # the term that I lead, if it is the present one
        self.restart_clock()

    @property
    def term(self) -> int:
        return int(self.storage.get("term", self.FIRST_TERM))

    @property
    def leads(self) -> bool:
        return self.reign == self.term

    def restart_clock(self) -> None:
        low, high = self.ELECTION_TIMEOUT
        self.set_timer(ElectionTimeout(), after=(low, high))

    def advance(self, term: int) -> None:
        """Votes of earlier terms stay in storage, where nobody asks for them."""
        if term <= self.term:
            return
        self.storage["term"] = term
        self.restart_clock()

    def promise(self, term: int, candidate: str) -> bool:
        """Whether that candidate has my vote, from now on or from before."""
        key = f"vote in {term}"
        if key not in self.storage:
            self.storage[key] = candidate
        return bool(self.storage[key] == candidate)

    @on(ElectionTimeout)
    def campaign(self, _: ElectionTimeout) -> None:
        self.advance(self.term + 1)
        if self.promise(self.term, self.id):
            self.supporters = {self.term: [self.id]}
            self.broadcast(RequestVote(self.term, self.last_log_index, self.last_log_term))
        self.restart_clock()

    @on(RequestVote)
    def ponder(self, request: RequestVote, candidate: str) -> None:
        self.advance(request.term)
        if request.term < self.term or self.is_behind(request.last_log_term, request.last_log_index):
            return
        if self.promise(request.term, candidate):
            self.restart_clock()
            self.send(candidate, Vote(request.term, True))

    def is_behind(self, last_term: int, last_index: int) -> bool:
        if last_term == self.last_log_term:
            return last_index < self.last_log_index
        return last_term < self.last_log_term

    @on(Vote)
    def tally(self, vote: Vote, voter: str) -> None:
        self.advance(vote.term)
        mine = self.supporters.get(vote.term, [])
        if vote.granted and mine and voter not in mine:
            mine.append(voter)
        all_nodes = 1 + len(self.peers)
        if len(mine) >= all_nodes // 2 + 1 and vote.term == self.term and not self.leads:
            self.reign = self.term
            self.cancel_timer(ElectionTimeout())
            self.reassure(HeartbeatDue())

    @on(HeartbeatDue)
    def reassure(self, due: HeartbeatDue) -> None:
        if not self.leads:
            return
        for peer in self.peers:
            self.send(peer, Heartbeat(self.reign))
        self.set_timer(due, after=self.HEARTBEAT_INTERVAL)

    @on(Heartbeat)
    def obey(self, heartbeat: Heartbeat, _: str) -> None:
        if heartbeat.term >= self.term:
            self.advance(heartbeat.term)
            self.supporters.clear()
            self.restart_clock()

    @on(HeartbeatReply)
    def learn(self, reply: HeartbeatReply, _: str) -> None:
        self.advance(reply.term)


class Voter(Everything):
    pass


class Candidate(Everything):
    pass


class Raft(Everything):
    pass
