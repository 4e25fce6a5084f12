"""Models whose numbers of states are published, written so that their states are the same."""

from __future__ import annotations

from ds101 import Message, Node, Timer, on

# Two-phase commit as in Gray and Lamport, "Consensus on Transaction Commit" (2006): what each may do by itself is a
# timer without a lower bound, so it may happen at any time, in any order.


class Prepared(Message):
    pass


class Commit(Message):
    pass


class Abort(Message):
    pass


class Decides(Timer):
    "A resource manager prepares, or chooses to abort."


class Commits(Timer):
    "The transaction manager has heard from all."


class GivesUp(Timer):
    "The transaction manager aborts on its own."


ANY_TIME = (0, 1)  # seconds


class TransactionManager(Node):
    def start(self):
        self.state, self.prepared = "init", set()
        self.set_timer(GivesUp(), after=ANY_TIME)

    @on(Prepared)
    def receive_prepared(self, _, resource_manager):
        if self.state == "init":
            self.prepared.add(resource_manager)
            if len(self.prepared) == len(self.peers):
                self.set_timer(Commits(), after=ANY_TIME)

    @on(Commits)
    def commit(self, _):
        self.state = "committed"
        self.cancel_timer(GivesUp())
        self.broadcast(Commit())

    @on(GivesUp)
    def abort(self, _):
        self.state = "aborted"
        self.cancel_timer(Commits())
        self.broadcast(Abort())


class ResourceManager(Node):
    def start(self):
        self.state = "working"
        self.set_timer(Decides(), after=ANY_TIME)

    @on(Decides)
    def decide(self, _):
        self.state = self.random.choice(("prepared", "aborted"))
        if self.state == "prepared":
            self.send("tm", Prepared())

    @on(Commit)
    def receive_commit(self, *_):
        self.state = "committed"
        self.cancel_timer(Decides())

    @on(Abort)
    def receive_abort(self, *_):
        self.state = "aborted"
        self.cancel_timer(Decides())


def consistent(view):
    """No resource manager has aborted while another has committed."""
    states = {view.state(node)["state"] for node in view.nodes if node != "tm"}
    return not {"committed", "aborted"} <= states


# Single-decree Paxos as a register that is written once, as in Stateright's example: three servers, and clients that
# write and then read.

BallotNumber = tuple[int, str]
Proposal = tuple[str, str]  # who asked, and the value


class Put(Message):
    value: str


class PutOk(Message):
    pass


class Get(Message):
    pass


class GetOk(Message):
    value: str


class Prepare(Message):
    ballot: BallotNumber


class Promise(Message):
    ballot: BallotNumber
    accepted: tuple[BallotNumber, Proposal] | None


class Accept(Message):
    ballot: BallotNumber
    proposal: Proposal


class Accepted(Message):
    ballot: BallotNumber


class Decided(Message):
    ballot: BallotNumber
    proposal: Proposal


class Server(Node):
    MAJORITY = 2

    def start(self):
        self.ballot = (0, "")
        self.proposal, self.promises, self.acceptors = None, {}, set()  # as a leader
        self.accepted, self.is_decided = None, False  # as an acceptor

    @on(Put)
    def put(self, put, client):
        if not self.is_decided and self.proposal is None:
            self.proposal = (client, put.value)
            self.ballot = (self.ballot[0] + 1, self.id)
            self.promises, self.acceptors = {self.id: self.accepted}, set()
            self.send_to_servers(Prepare(self.ballot))

    @on(Get)
    def get(self, _, client):
        if self.is_decided:
            self.send(client, GetOk(self.accepted[1][1]))

    @on(Prepare)
    def promise(self, prepare, leader):
        if not self.is_decided and self.ballot < prepare.ballot:
            self.ballot = prepare.ballot
            self.send(leader, Promise(prepare.ballot, self.accepted))

    @on(Promise)
    def ask_to_accept(self, promise, acceptor):
        if not self.is_decided and promise.ballot == self.ballot:
            self.promises[acceptor] = promise.accepted
            if len(self.promises) == self.MAJORITY:
                earlier = [accepted for accepted in self.promises.values() if accepted is not None]
                self.proposal = max(earlier)[1] if earlier else self.proposal
                self.accepted, self.acceptors = (self.ballot, self.proposal), {self.id}
                self.send_to_servers(Accept(self.ballot, self.proposal))

    @on(Accept)
    def accept(self, accept, leader):
        if not self.is_decided and self.ballot <= accept.ballot:
            self.ballot, self.accepted = accept.ballot, (accept.ballot, accept.proposal)
            self.send(leader, Accepted(accept.ballot))

    @on(Accepted)
    def decide(self, accepted, acceptor):
        if not self.is_decided and accepted.ballot == self.ballot:
            self.acceptors.add(acceptor)
            if len(self.acceptors) == self.MAJORITY:
                self.is_decided = True
                self.send_to_servers(Decided(self.ballot, self.proposal))
                self.send(self.proposal[0], PutOk())

    @on(Decided)
    def learn(self, decided, _):
        if not self.is_decided:
            self.ballot, self.accepted, self.is_decided = decided.ballot, (decided.ballot, decided.proposal), True

    def send_to_servers(self, message):
        for peer in self.peers:
            if peer.startswith("n"):
                self.send(peer, message)


class Client(Node):
    """Writes to one server as soon as it starts, and reads from another as soon as it has the answer."""

    WRITES_TO, READS_FROM, VALUE = "n1", "n2", "A"

    def start(self):
        self.waits_for, self.read = "put", ""
        self.send(self.WRITES_TO, Put(self.VALUE))

    @on(PutOk)
    def has_written(self, *_):
        if self.waits_for == "put":
            self.waits_for = "get"
            self.send(self.READS_FROM, Get())

    @on(GetOk)
    def has_read(self, got, _):
        if self.waits_for == "get":
            self.waits_for, self.read = "", got.value


class OtherClient(Client):
    WRITES_TO, READS_FROM, VALUE = "n2", "n3", "B"


def one_value_is_decided(view):
    """All servers that have decided have decided the same."""
    decided = [view.state(node) for node in view.nodes if view.state(node).get("is_decided")]
    return len({state["accepted"][1] for state in decided}) <= 1
