"""Single-decree Paxos (Lamport, "Paxos Made Simple", 2001): a group agrees on one value.

Every node is an acceptor; those in `PROPOSERS` also propose their own name, in ballots that nobody else uses.
"""

from __future__ import annotations

from ds101 import Message, Node, Timer, on


class Prepare(Message):
    ballot: int


class Promise(Message):
    ballot: int
    accepted: int  # the highest ballot in which the sender has accepted; 0 for none
    value: str


class Accept(Message):
    ballot: int
    value: str


class Accepted(Message):
    ballot: int
    value: str


class TimeToPropose(Timer):
    "Nobody seems to have settled it."


class Paxos(Node):
    PROPOSERS = ("n1", "n2")

    def start(self):
        self.promised = 0  # below which ballot do I refuse?
        self.accepted, self.value = 0, ""  # what did I accept, and in which ballot?
        self.ballot, self.promises = 0, {}  # which ballot do I lead, and who follows me?
        if self.id in self.PROPOSERS:
            self.set_timer(TimeToPropose(), after=(1, 2))

    @on(TimeToPropose)
    def propose(self, _):  # phase 1a
        number = int(self.id.removeprefix("n"))
        self.ballot = number if self.ballot == 0 else self.ballot + len(self.peers) + 1
        self.promises = {}
        self.send_to_all(Prepare(self.ballot))
        self.set_timer(TimeToPropose(), after=(1, 2))

    @on(Prepare)
    def promise(self, prepare, proposer):  # phase 1b
        if prepare.ballot > self.promised:
            self.promised = prepare.ballot
            self.send(proposer, Promise(prepare.ballot, self.accepted, self.value))

    @on(Promise)
    def ask_to_accept(self, promise, acceptor):  # phase 2a
        if promise.ballot != self.ballot or len(self.promises) == self.majority:
            return
        self.promises[acceptor] = (promise.accepted, promise.value)
        if len(self.promises) == self.majority:
            accepted, value = max(self.promises.values())
            self.send_to_all(Accept(self.ballot, value if accepted else self.id))

    @on(Accept)
    def accept(self, accept, _):  # phase 2b
        if self.may_accept(accept.ballot):
            self.promised = max(self.promised, accept.ballot)
            self.accepted, self.value = accept.ballot, accept.value
            self.broadcast(Accepted(accept.ballot, accept.value))

    @on(Accepted)
    def learn(self, accepted, acceptor):
        "Whoever hears this from a majority knows the value."

    def may_accept(self, ballot):
        return ballot >= self.promised

    @property
    def majority(self):
        return (len(self.peers) + 1) // 2 + 1

    def send_to_all(self, message):
        for node in sorted((self.id, *self.peers)):
            self.send(node, message)


class ProposesOnce(Paxos):
    """Each proposer leads one ballot, and everybody learns what a majority has accepted."""

    def start(self):
        super().start()
        self.heard, self.learned = {}, ""

    @on(TimeToPropose)
    def propose(self, _):
        super().propose(_)
        self.cancel_timer(TimeToPropose())

    @on(Accepted)
    def learn(self, accepted, acceptor):
        if not self.learned:
            acceptors = {acceptor, *self.heard.get(accepted.ballot, ())}
            self.heard[accepted.ballot] = tuple(sorted(acceptors))
            if len(acceptors) == self.majority:
                self.learned, self.heard = accepted.value, {}


class WithoutPromiseCheck(Paxos):
    """Accepts whatever comes, although it has promised a higher ballot not to."""

    def may_accept(self, ballot):
        return True


def at_most_one_value_is_chosen(view):
    """No two different values are accepted by majorities, each in one ballot."""
    acceptors = {}
    for one in view.sent(Accepted):
        acceptors.setdefault((one.body.ballot, one.body.value), set()).add(one.src)
    chosen = {value for (_, value), nodes in acceptors.items() if len(nodes) > len(view.nodes) / 2}
    return len(chosen) <= 1
