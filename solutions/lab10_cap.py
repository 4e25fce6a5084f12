# %% [markdown]
# # lab10 · CAP: one store in two modes

# %%
from ds101 import Cluster, Message, Node, Timer, on
from ds101.labs import NotYet, check
from ds101.labs.lab10 import AS_READ, DEADLINE, PERIOD, Done, Get, Put, Read, Refused, Siblings, Stored, Value, Write

# %%
Tag = tuple[int, str]  # orders the writes: a number, and who wrote where numbers are equal


class Query(Message):
    """What is the newest that you have under this key? `op` names the operation for which I ask."""

    op: str
    key: str


class Found(Message):
    """The newest that I have: its tag and its value."""

    op: str
    tag: Tag
    value: str | None


class Keep(Message):
    """Keep this, unless you have something newer."""

    op: str
    key: str
    tag: Tag
    value: str | None


class Kept(Message):
    """I have it, or something newer, and it survives a crash."""

    op: str


class Deadline(Timer):
    """The operation must be answered now."""

    op: str


# %% nbgrader={"grade": false, "grade_id": "consistent", "locked": false, "schema_version": 3, "solution": true, "task": false}
class ConsistentStore(Node):
    """A linearizable store: asks a majority, and refuses what it can't serve by the deadline."""

    def start(self):
        """No request is under way. What must outlive a crash is in the storage already."""
        ### BEGIN SOLUTION
        self.requests = {}  # what does the client of each operation want?
        self.found = {}  # phase 1: which node has told me what?
        self.kept = {}  # phase 2: which nodes have it?
        self.results = {}  # what will the client be told?
        ### END SOLUTION

    @on(Read, Write)
    def begin(self, request, client):
        """Ask all what they have, and serve the client when a majority has answered, this node included: reply Value or Done.

        A Read has a majority keep what it is about to tell (Attiya, Bar-Noy and Dolev 1995). A Write gets a
        tag above all that a majority has told (Lynch and Shvartsman 1997). By the DEADLINE, reply Refused.
        """
        ### BEGIN SOLUTION
        self.requests[client] = request
        self.found[client] = {self.id: self.newest(request.key)}
        self.set_timer(Deadline(client), after=DEADLINE)
        self.broadcast(Query(client, request.key))

    @on(Query)
    def tell(self, query, node):
        tag, value = self.newest(query.key)
        self.send(node, Found(query.op, tag, value))

    @on(Found)
    def hear(self, found, node):
        if found.op in self.found:
            self.found[found.op][node] = (found.tag, found.value)
            if self.is_majority(self.found[found.op]):
                self.spread(found.op)

    def spread(self, op):
        """Phase 2: have a majority keep what is newest, or what is written."""
        request, (tag, value) = self.requests[op], max(self.found.pop(op).values())
        if isinstance(request, Write):
            tag, value = (tag[0] + 1, op), request.value
        self.results[op] = Done() if isinstance(request, Write) else Value(value)
        self.keep(request.key, tag, value)
        self.kept[op] = {self.id}
        self.broadcast(Keep(op, request.key, tag, value))

    @on(Keep)
    def store(self, keep, node):
        self.keep(keep.key, keep.tag, keep.value)
        self.send(node, Kept(keep.op))

    @on(Kept)
    def count(self, kept, node):
        if kept.op in self.kept:
            self.kept[kept.op].add(node)
            if self.is_majority(self.kept[kept.op]):
                self.end(kept.op, self.results[kept.op])

    @on(Deadline)
    def refuse(self, deadline):
        self.end(deadline.op, Refused())

    def end(self, op, reply):
        """Answer, and forget all about the operation."""
        self.send(op, reply)
        self.cancel_timer(Deadline(op))
        for about in (self.requests, self.found, self.kept, self.results):
            about.pop(op, None)

    def is_majority(self, nodes):
        return 2 * len(nodes) > len(self.peers) + 1

    def newest(self, key):
        return self.storage.get(key, ((0, ""), None))

    def keep(self, key, tag, value):
        if tag > self.newest(key)[0]:
            self.storage[key] = (tag, value)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-consistent", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2101, 2
### END HIDDEN TESTS
check("lab10", ConsistentStore, seed=seed, size=size)

# %%
Dot = tuple[str, int]  # the name of one write: the node that took it, and the number that it gave to it


class Have(Message):
    """All that I know of a key: its values by their dots, and of each node's writes the last one that I have seen."""

    key: str
    siblings: dict[Dot, str]
    seen: dict[str, int]


class AntiEntropy(Timer):
    """Time to tell the others what I have."""


# %% nbgrader={"grade": false, "grade_id": "available", "locked": false, "schema_version": 3, "solution": true, "task": false}
class AvailableStore(Node):
    """A store that always answers, from what it has."""

    def start(self):
        """The first round of anti-entropy is due in a PERIOD."""
        ### BEGIN SOLUTION
        self.set_timer(AntiEntropy(), after=PERIOD)
        ### END SOLUTION

    @on(Get)
    def answer(self, request, client):
        """Reply with the Siblings that are here, and a context that covers them."""
        ### BEGIN SOLUTION
        siblings, seen = self.known(request.key)
        self.send(client, Siblings([siblings[dot] for dot in sorted(siblings)], dict(seen)))
        ### END SOLUTION

    @on(Put)
    def take(self, request, client):
        """Give the write a dot, store it in place of what its context covers, and reply Stored."""
        ### BEGIN SOLUTION
        siblings, seen = self.known(request.key)
        dot = (self.id, max(seen.get(self.id, 0), request.context.get(self.id, 0)) + 1)
        unread = {one: value for one, value in siblings.items() if not covers(request.context, one)}
        self.learn(request.key, {**unread, dot: request.value}, joined(seen, request.context, dict([dot])))
        self.send(client, Stored())
        ### END SOLUTION

    @on(AntiEntropy)
    def tell(self, _):
        """Tell the others all that is known here, and do so again in a PERIOD."""
        ### BEGIN SOLUTION
        for key in self.storage:
            siblings, seen = self.known(key)
            self.broadcast(Have(key, dict(siblings), dict(seen)))
        self.set_timer(AntiEntropy(), after=PERIOD)
        ### END SOLUTION

    @on(Have)
    def merge(self, have, node):
        """Keep each value that both have, and each that one has and the other has not seen replaced."""
        ### BEGIN SOLUTION
        mine, seen = self.known(have.key)
        kept = {dot: value for dot, value in mine.items() if dot in have.siblings or not covers(have.seen, dot)}
        new = {dot: value for dot, value in have.siblings.items() if not covers(seen, dot)}
        if new or kept != mine or have.seen != seen:
            self.learn(have.key, {**kept, **new}, joined(seen, have.seen))

    def known(self, key):
        return self.storage.get(key, ({}, {}))

    def learn(self, key, siblings, seen):
        self.storage[key] = (siblings, seen)


def covers(context, dot):
    """Whether whoever has seen this context has seen that write."""
    node, number = dot
    return number <= context.get(node, 0)


def joined(*contexts):
    """Has seen what any of them has seen."""
    nodes = sorted({node for context in contexts for node in context})
    return {node: max(context.get(node, 0) for context in contexts) for node in nodes}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-available", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2102, 2
### END HIDDEN TESTS
check("lab10", AvailableStore, seed=seed, size=size)
