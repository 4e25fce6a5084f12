"""Two-phase commit (Gray, "Notes on Data Base Operating Systems", 1978): all commit, or all abort.

A participant that has voted yes can't know alone how it ended. It must wait, however long.
"""

from __future__ import annotations

from ds101 import Message, Node, Timer, on


class Vote(Message):
    yes: bool


class Commit(Message):
    pass


class Abort(Message):
    pass


class Asked(Timer):
    "The application wants to know whether we are ready."


class NoDecision(Timer):
    "The coordinator has been silent for long."


class Coordinator(Node):
    def start(self):
        self.decision, self.ready = "", set()
        self.set_timer(NoDecision(), after=10)

    @on(Vote)
    def count(self, vote, participant):
        if self.decision:
            return
        self.ready.add(participant)
        if not vote.yes:
            self.decide("abort", Abort())
        elif len(self.ready) == len(self.peers):
            self.decide("commit", Commit())

    @on(NoDecision)
    def give_up(self, _):
        self.decide("abort", Abort())

    def decide(self, decision, message):
        self.decision = decision
        self.cancel_timer(NoDecision())
        self.broadcast(message)


class Participant(Node):
    def start(self):
        self.state = "working"
        self.set_timer(Asked(), after=1)

    @on(Asked)
    def vote(self, _):
        yes = self.random.choice((True, False))
        self.state = "ready" if yes else "aborted"
        self.send("coordinator", Vote(yes))
        if yes:
            self.set_timer(NoDecision(), after=10)

    @on(Commit)
    def commit(self, *_):
        self.end("committed")

    @on(Abort)
    def abort(self, *_):
        self.end("aborted")

    @on(NoDecision)
    def keep_waiting(self, _):
        "It may have been either: only the coordinator knows."

    def end(self, state):
        self.state = state
        self.cancel_timer(Asked())
        self.cancel_timer(NoDecision())


class Impatient(Participant):
    """Takes silence for consent."""

    @on(NoDecision)
    def keep_waiting(self, _):
        self.end("committed")


def all_or_none(view):
    """No participant aborts while another commits."""
    states = {view.state(node).get("state") for node in view.nodes}
    return not {"committed", "aborted"} <= states
