"""Leader election with terms (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014, 5.2).

A node votes at most once in a term. It must remember that it did, also after a crash.
"""

from __future__ import annotations

from ds101 import Message, Node, Timer, on


class RequestVote(Message):
    term: int


class Vote(Message):
    term: int


class ElectionTimeout(Timer):
    "No leader has been heard for a while."


class Election(Node):
    def start(self):
        self.term, self.voted_for = self.storage.get("vote", (0, None))  # the latest term, and my vote in it
        self.role, self.votes = "follower", set()
        self.set_timer(ElectionTimeout(), after=(0.15, 0.3))

    @on(ElectionTimeout)
    def stand_for_election(self, _):
        self.enter(self.term + 1, vote_for=self.id)
        self.role, self.votes = "candidate", {self.id}
        self.broadcast(RequestVote(self.term))
        self.set_timer(ElectionTimeout(), after=(0.15, 0.3))

    @on(RequestVote)
    def consider(self, request, candidate):
        if request.term > self.term:
            self.enter(request.term, vote_for=candidate)
            self.role = "follower"
        if (request.term, candidate) == (self.term, self.voted_for):
            self.send(candidate, Vote(self.term))

    @on(Vote)
    def count(self, vote, voter):
        if self.role == "candidate" and vote.term == self.term:
            self.votes.add(voter)
            if len(self.votes) > (len(self.peers) + 1) / 2:
                self.role = "leader"

    def enter(self, term, vote_for):
        self.term, self.voted_for = term, vote_for
        self.save()

    def save(self):
        self.storage["vote"] = (self.term, self.voted_for)


class ForgetsItsVote(Election):
    """Keeps its vote in memory only: after a crash it votes again in the same term."""

    def save(self):
        pass


def one_vote_a_term(view):
    """A node votes for at most one candidate in a term, across crashes."""
    votes = {}
    return all(votes.setdefault((one.src, one.body.term), one.dst) == one.dst for one in view.sent(Vote))


def one_leader_a_term(view):
    """No two nodes lead in the same term."""
    states = [view.state(node) for node in view.nodes]
    terms = [state["term"] for state in states if state.get("role") == "leader"]
    return len(set(terms)) == len(terms)


def a_leader_is_elected(view):
    """Some node leads."""
    return any(view.state(node).get("role") == "leader" for node in view.nodes)
