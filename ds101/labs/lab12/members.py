"""Which nodes run: the student's whole protocol, or one part of it among nodes of ours that put it to the test."""

from __future__ import annotations

import sys

from ds101.errors import Mistake
from ds101.labs.lab12.given import ElectionTimeout, Heartbeat, HeartbeatDue, HeartbeatReply, Member, RequestVote, Vote
from ds101.labs.specification import Parts
from ds101.node import Node, handler_for, on

ELECTION_TIMEOUT = (0.060, 0.120)  # seconds: shorter than in the notebook, so that real runs are short, too
HEARTBEAT_INTERVAL = 0.020  # seconds
VOTER = "n2"
EVENTS = (ElectionTimeout, HeartbeatDue, RequestVote, Vote, Heartbeat, HeartbeatReply)


def whole(parts: Parts) -> type[Node]:
    """The whole protocol, with the time-outs of the checks."""
    return quick(fresh(parts["Raft"]))


def voter_among_rivals(parts: Parts) -> dict[str, type[Node]]:
    """A voter that is asked for its vote by nodes with longer, shorter and older logs than its own."""
    return {"n1": Rival, VOTER: alone(fresh(parts["Voter"])), "n3": LateRival, "n4": Rival, "n5": LateRival}


def candidate_among_givers(parts: Parts) -> dict[str, type[Node]]:
    """A candidate that gets the votes of a majority of four in every second term only."""
    return {"n1": alone(fresh(parts["Candidate"])), "n2": Giver, "n3": ReluctantGiver, "n4": Denier}


def quick(node: type[Node]) -> type[Node]:
    """The same with the time-outs of the checks."""
    settings = {"ELECTION_TIMEOUT": ELECTION_TIMEOUT, "HEARTBEAT_INTERVAL": HEARTBEAT_INTERVAL}
    return type(node.__name__, (node,), {**settings, "__module__": node.__module__})


def alone(part: type[Node]) -> type[Node]:
    """A part with handlers that do nothing for what a later task handles."""
    later = [event for event in EVENTS if handler_for(part, event) is None]
    inert = {f"ignore_{event.__name__}": on(event)(lambda self, *_: None) for event in later}
    return type(part.__name__, (part,), {**inert, "__module__": part.__module__})


def fresh(part: type[Node]) -> type[Node]:
    """The part itself. Raises `Mistake` if it builds on a class that the notebook has defined anew since."""
    notebook = vars(sys.modules["__main__"])
    for base in part.__mro__[1:]:
        if base.__module__ == "__main__" and notebook.get(base.__name__, base) is not base:
            raise Mistake(
                f"{part.__name__} still builds on an earlier {base.__name__}. "
                f"Run the cells from {base.__name__} down to {part.__name__} again, in their order."
            )
    return part


class Rival(Member):
    """Asks the voter for its vote, when its timer fires, in two terms at once."""

    TERMS: tuple[int, ...] = (Member.FIRST_TERM + 1, Member.FIRST_TERM + 2)

    def start(self) -> None:
        self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)

    @on(ElectionTimeout)
    def ask(self, _: ElectionTimeout) -> None:
        for term in self.TERMS:
            self.send(VOTER, RequestVote(term, self.last_log_index, self.last_log_term))

    @on(HeartbeatDue, RequestVote, Vote, Heartbeat, HeartbeatReply)
    def ignore(self, *_: object) -> None:
        pass


class LateRival(Rival):
    """Asks in the second of these terms only."""

    TERMS = Rival.TERMS[1:]


class Giver(Member):
    """Gives its vote to everybody who asks."""

    @on(RequestVote)
    def answer(self, request: RequestVote, candidate: str) -> None:
        self.send(candidate, Vote(request.term, self.gives(request.term)))

    def gives(self, term: int) -> bool:
        """Whether in this term."""
        return True

    @on(ElectionTimeout, HeartbeatDue, Vote, Heartbeat, HeartbeatReply)
    def ignore(self, *_: object) -> None:
        pass


class ReluctantGiver(Giver):
    """Gives its vote in every second term."""

    def gives(self, term: int) -> bool:
        return term % 2 == 0


class Denier(Giver):
    """Gives its vote to nobody."""

    def gives(self, term: int) -> bool:
        return False
