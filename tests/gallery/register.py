"""A register on N replicas, written to W and read from R of them.

This is weighted voting (Gifford, "Weighted Voting for Replicated Data", 1979) with one vote each. Any node coordinates.
There is one writer, so that versions are never in conflict.
"""

from __future__ import annotations

from ds101 import Message, Node, on


class Put(Message):
    value: int


class PutOk(Message):
    pass


class Get(Message):
    pass


class GotValue(Message):
    value: int


class Store(Message):
    version: int
    value: int


class Stored(Message):
    version: int


class Ask(Message):
    pass


class Answer(Message):
    version: int
    value: int


class Register(Node):
    """N = 3, R = 2, W = 2: every read meets every write."""

    READ, WRITE = 2, 2

    def start(self):
        self.version, self.value = 0, 0
        self.writer, self.stored = "", set()  # whom do I write for, and who has stored it?
        self.reader, self.answers = "", {}  # whom do I read for, and what was I told?

    @on(Put)
    def write(self, put, client):
        self.version, self.value = self.version + 1, put.value
        self.writer, self.stored = client, {self.id}
        self.broadcast(Store(self.version, put.value))
        self.finish_write()

    @on(Store)
    def store(self, store, coordinator):
        if store.version > self.version:
            self.version, self.value = store.version, store.value
        self.send(coordinator, Stored(store.version))

    @on(Stored)
    def count_stored(self, stored, replica):
        if self.writer and stored.version == self.version:
            self.stored.add(replica)
            self.finish_write()

    @on(Get)
    def read(self, _, client):
        self.reader, self.answers = client, {self.id: (self.version, self.value)}
        if not self.finish_read():
            self.broadcast(Ask())

    @on(Ask)
    def answer(self, _, coordinator):
        self.send(coordinator, Answer(self.version, self.value))

    @on(Answer)
    def count_answer(self, answer, replica):
        if self.reader:
            self.answers[replica] = (answer.version, answer.value)
            self.finish_read()

    def finish_write(self):
        if len(self.stored) >= self.WRITE:
            self.send(self.writer, PutOk())
            self.writer, self.stored = "", set()

    def finish_read(self):
        if len(self.answers) < self.READ:
            return False
        _, value = max(self.answers.values())
        self.send(self.reader, GotValue(value))
        self.reader, self.answers = "", {}
        return True


class ReadsTooFew(Register):
    """N = 3, R = 1, W = 2: R + W = N, so a read and a write may miss each other."""

    READ = 1


def no_stale_read(view):
    """A read that begins after a write has ended returns that write's value, or a later one's."""
    operations = [one for one in view.history if one.outcome == "ok"]
    for read in (one for one in operations if isinstance(one.request, Get)):
        for write in (one for one in operations if isinstance(one.request, Put)):
            if write.ended < read.began and read.reply.value < write.request.value:
                return False
    return True
