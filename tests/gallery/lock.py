"""A lock with a lease, which guards a store (Kleppmann, "How to do distributed locking", 2016).

A lease ends by a time-out, whatever its holder thinks. So only the store can keep a late write out: by the fencing
token that came with the lock.
"""

from __future__ import annotations

from ds101 import Call, Message, Node, Timer, on


class Acquire(Message):
    pass


class Granted(Message):
    token: int  # grows with every grant


class Busy(Message):
    pass


class Write(Message):
    token: int


class Written(Message):
    number: int  # the store's writes are numbered
    token: int


class TooLate(Message):
    pass


class LeaseIsOver(Timer):
    "The holder has had its time."


class Lock(Node):
    def start(self):
        self.token, self.held = 0, False

    @on(Acquire)
    def grant(self, _, client):
        if self.held:
            self.send(client, Busy())
            return
        self.token, self.held = self.token + 1, True
        self.send(client, Granted(self.token))
        self.set_timer(LeaseIsOver(), after=10)

    @on(LeaseIsOver)
    def free(self, _):
        self.held = False


class FencedStore(Node):
    def start(self):
        self.writes, self.highest = 0, 0

    @on(Write)
    def write(self, write, client):
        if self.refuses(write.token):
            self.send(client, TooLate())
            return
        self.writes, self.highest = self.writes + 1, max(self.highest, write.token)
        self.send(client, Written(self.writes, write.token))

    def refuses(self, token):
        return token < self.highest


class Store(FencedStore):
    """Trusts whoever has held the lock once."""

    def refuses(self, token):
        return False


def holder():
    """A client: acquires the lock, and writes if it got it."""
    reply = yield Call("lock", Acquire())
    if isinstance(reply, Granted):
        yield Call("store", Write(reply.token))


def no_late_write(view):
    """Once a later holder of the lock has written, no earlier one writes any more."""
    writes = sorted((one.body.number, one.body.token) for one in view.sent(Written))
    tokens = [token for _, token in writes]
    return tokens == sorted(tokens)
