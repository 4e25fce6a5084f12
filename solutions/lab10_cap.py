# %% [markdown]
# # lab10 · CAP: one store in two modes
#
# *About 8 hours. Before it: lab02, chapter 07. You need Python and what this page gives you, nothing else.*
#
# ## The story
#
# Lena's pager rings at noon. An excavator has cut the cable between the two halls of the data centre: three nodes here,
# two there. The pharmacies' store goes on serving on both sides. A doctor withdraws a prescription, and the store says
# `Done`. Two minutes later a pharmacist reads the same prescription in the other hall: valid.
#
# The shopping lists are on the same nodes. They, too, were served on both sides, and rightly so. But when the cable has
# been mended, half of what people had added is gone.
#
# One store should have refused, and did not. The other was right to serve, and forgot. *What is the difference between a
# prescription and a shopping list?*

# %%
from ds101.labs.lab10 import cut_cable

cut_cable()

# %% [markdown]
# **In words:** in the bad run the pharmacist is told an older value after a newer one had been acknowledged: no order of
# the operations explains that (✗). In the good run the smaller side waits, refuses, and serves again when the cable is mended.

# %% [markdown]
# ## Primer: whom to disappoint
#
# A store keeps a copy of every value on each of n nodes. It is **linearizable** if every operation seems to take effect at
# one instant between its request and its reply (Herlihy and Wing 1990). It is **available** if every request to a node
# that runs gets a result. Where messages can be lost, no store can promise both (Gilbert and Lynch 2002). Cuts happen;
# what you choose is what to give up meanwhile. You build both choices.
#
# **The consistent mode** counts on this: *any two majorities share a node*. Each node keeps the newest value with its
# **tag**, a pair of a number and something that differs for any two writes. Larger tags are newer. Each operation has two phases:
#
# | | Read | Write |
# |---|---|---|
# | 1 | ask all; when a majority has answered, take the value with the largest tag | ask all; when a majority has answered, make a tag with a larger number |
# | 2 | have a majority keep value and tag, then reply | have a majority keep the new value with that tag, then reply |
#
# The node itself counts, too. The read's second phase, the **write-back**, is for the next reader, who
# must not be told an older value. (Attiya, Bar-Noy and Dolev 1995; for several writers, Lynch and Shvartsman 1997.)
# What a node says that it keeps must outlive it. Without a majority at the deadline, it refuses. A refused write may
# have reached some nodes: it may still take effect later.
#
# **The available mode** answers from what the node has. So two clients can write without knowing of each other, and
# both values must survive as **siblings**, until a client has read both and writes one in their place. Who had read what?
#
# - Each write gets a **dot**, a name of its own: `(n1, 2)` is the second write that n1 took.
# - A **context** says which writes somebody has seen: `{n1: 2, n4: 1}` covers the dots (n1, 1), (n1, 2) and (n4, 1).
# - A read gives the client the values and a context. A write carries that context back: *it replaces what its context
#   covers, and nothing else*.
#
# A dot with a context is a **dotted version vector** (Preguiça et al. 2010). In every period, nodes tell each other what
# they have and what they have seen: **anti-entropy**. If I have a value and you don't, either you haven't heard of it,
# or you have seen it replaced. What you have seen tells which.
#
# ### A worked example
#
# One node, n1. Two clients write without having read.
#
# | request | what n1 has then | what n1 has seen |
# |---|---|---|
# | `Put(milk, {})` | milk (n1, 1) | {n1: 1} |
# | `Put(bread, {})` | milk (n1, 1), bread (n1, 2) | {n1: 2} |
# | `Put(oat milk, {n1: 1})` | bread (n1, 2), oat milk (n1, 3) | {n1: 3} |
# | `Get()` | the reply: bread and oat milk, context {n1: 3} | |
#
# With one version vector for each value, bread would have {n1: 2}, which covers milk: lost, though nobody had read it.
#
# **System model of this lab.** Five nodes. Between them, messages are lost, duplicated, late and reordered, and links are
# cut, in both directions or in one. Nodes are killed at any moment, and start again with their storage. Clients reach every
# node; a request arrives once at most; a client has one request under way at a time. Clocks may differ, but run at the same rate.
# Nobody lies.

# %% [markdown]
# ## The API
#
# | name | what it is |
# |---|---|
# | `Read(key)`, `Value(value)` | consistent: what is the value? The reply; `Value(None)` if nothing was written |
# | `Write(key, value)`, `Done()` | consistent: set the value. The reply: it is done |
# | `Refused()` | consistent: the reply to what can't be served by the deadline |
# | `Get(key)`, `Siblings(values, context)` | available: what is there? The reply: a list of values, and a dict from nodes to numbers |
# | `Put(key, value, context)`, `Stored()` | available: write in place of what this context covers. The reply: it is stored |
# | `DEADLINE`, `PERIOD` | seconds from a request's arrival to its reply, at the most; seconds between rounds of anti-entropy |
# | `class Ask(Message)`, `class Due(Timer)` | messages and timers of your own; fields are annotated, as in `key: str` |
# | `@on(Ask)`, `@on(Due)` | above a method: `handler(self, message, sender)`, or `handler(self, timer)` |
# | `self.id`, `self.peers` | this node's name; the names of the others |
# | `self.send(to, message)`, `self.broadcast(message)` | to a node, or to the `sender` of a request, also later; to all peers. They leave when the handler returns |
# | `self.set_timer(timer, after=seconds)`, `self.cancel_timer(timer)` | wake me; an equal timer that is set is replaced. Don't wake me |
# | `self.storage` | a dictionary that outlives a crash: an assignment to a key is durable when it returns. What you read from it can't be changed in place: copy it |
# | `check("lab10", ...)` | judges what you wrote, says what went wrong, and returns your points |
#
# What is set in `start` is gone after a crash; `start` runs again. Every call of a client has an address of its own (`ada.7`),
# so the `sender` of a request names one operation for ever. **When you change a class, run the cells below it again.**

# %%
from ds101 import Cluster, Message, Node, Timer, on
from ds101.labs import NotYet, check
from ds101.labs.lab10 import DEADLINE, PERIOD, Done, Get, Put, Read, Refused, Siblings, Stored, Value, Write

# %% [markdown]
# ## Task 1 · The consistent store
#
# Write `ConsistentStore`. Its nodes talk to each other in messages of your own. Here are five that are enough; change
# them as you like, since only what clients see is judged. Several operations may be under way at one node.

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


# %%
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

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Draw the five nodes. Mark three of them that have answered phase 1 of a write, and three that have answered phase 2 of the
# write before. Which node is in both? What if there were only two marks each?
# </details>
# <details><summary>Hint 2</summary>
#
# A handler can't wait. It asks, writes down what is under way, and returns. Keep, by operation: the request, who has
# answered what, and what the client will be told. Each answer that arrives looks up its `op`, and asks: is that a majority
# of *different* nodes now?
# </details>
# <details><summary>Hint 3</summary>
#
# Six handlers: a request begins phase 1 and sets a timer; `Query` is answered from storage; the `Found` that makes a majority
# begins phase 2; `Keep` stores what is newer; the `Kept` that makes a majority replies; the timer refuses. Every end forgets the
# operation. The address of the request makes a good second part of a tag. Do yourself what you ask of the others.
# </details>

# %% [markdown]
# ## Task 2 · The available store
#
# Write `AvailableStore`. It never waits for another node, so it has no deadline to fear. Again, here is a message that
# is enough; change it as you like, and choose how you write down what a node has seen.

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

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Play the worked example with pen and paper, with a second node n2 that hears of every line one line late. When may n2
# drop a value, and how does it know?
# </details>
# <details><summary>Hint 2</summary>
#
# For each key, two things belong together: the values by their dots, and what has been seen (a context). A value is
# dropped for one reason only: somebody has seen its dot, and no longer has it. Keep both things in one assignment to storage.
# </details>
# <details><summary>Hint 3</summary>
#
# Write `covers(context, dot)` and `joined(one, other)` first. `Put`: the next dot has a number above all that this node has
# seen of itself; drop what `request.context` covers; join that context to what has been seen. `merge`: of mine, keep what
# the other has, or has not seen; of the other's, take what I have not seen; join. A message that is lost must be said again.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Both of your stores, as five real processes each, with a network that is really cut: the first `SIDE` nodes on one side,
# the others on the other. Then it is healed.
#
# **Predict.** For `SIDE = 3`: which of the two requests does the consistent store refuse during the cut, and which does the available one?
# Run it; then predict again for 2, for 1 and for 4.

# %% tags=["raises-exception"]
SIDE = 3
NODES = ["n1", "n2", "n3", "n4", "n5"]

with Cluster(ConsistentStore, n=5) as world:
    with world.partition(NODES[:SIDE], NODES[SIDE:]):
        print("write at n1:", world.call("n1", Write("rx", "withdrawn")))
        print("read at n5: ", world.call("n5", Read("rx")))
    print("healed, n5: ", world.call("n5", Read("rx")))
with Cluster(AvailableStore, n=5) as world:
    with world.partition(NODES[:SIDE], NODES[SIDE:]):
        print("put at n1:  ", world.call("n1", Put("list", "milk", {})))
        print("put at n5:  ", world.call("n5", Put("list", "bread", {})))
    world.wait(3 * PERIOD)
    print("healed, n5: ", world.call("n5", Get("list")))

# %% [markdown]
# <details><summary>What to see</summary>
#
# Whoever is on the side of three or more serves; the other side refuses. With `SIDE = 2` that is the write at n1: it did
# not get beyond its first phase, so n5 reads `None`, before the healing and after. The tempting answer, that one side of
# every cut can serve, holds for these cuts only: cut the five into 2, 2 and 1, and nobody can. The available store serves
# all, and has both values afterwards.
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. A few sentences each; no code needed. Double-click *YOUR ANSWER HERE* to write.
#
# **1. Which one?** Choose a mode for each: the price of a flight that is shown in a search; the last seat of that flight; the
# "last seen" of a friend in a chat. What does a user see during a cut, and what goes wrong in the other mode?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-modes", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The price that is shown: available, an old price is corrected when one books, while no price loses the customer. The last
# seat: consistent, since two buyers on two sides would both get it; during a cut, one side is told to try later. (Or available
# with compensation, as airlines overbook: then somebody pays.) "Last seen": available; nothing depends on it, and siblings are merged by
# taking the latest.

# %% [markdown]
# **2. Refused, and done.** A client wrote `withdrawn`, was told `Refused`, and read `valid` at once. A minute later, without
# another write, it read `withdrawn`. How can that be, and why is it no bug? What should a client do after `Refused`?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-refused", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The write had reached a minority by its deadline. The first read's majority had no node of it; a later one had, found the larger tag, and wrote
# it back. The order "read valid, write, read withdrawn" explains it: the write took effect between the reads, and a refused write may.
# The client must treat it as unknown: read again, or write again (the same value is harmless here), and not assume that it failed.

# %% [markdown]
# **3. Two items.** Two people add an item each to the same list, during a cut, with your available store, and the list shows two
# siblings. A developer merges siblings by keeping the longer list. What is lost, who lost it, and what would you do instead?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-siblings", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The item in the shorter list is lost, though the store kept it: the application threw it away, and its write-back with both
# contexts made that final. Merge by what the data means: the union of the lists (then a removed item may come back, unless removals
# are noted as well), or a set type made for it, or ask the person.

# %% [markdown]
# ## What you know now
#
# - Any two majorities share a node, so a majority can know what is newest. A minority can't, and should say so.
# - A reader may have to finish what a writer began.
# - Refused is not failed: what is unknown stays unknown until somebody reads.
# - Staying available is easy. Forgetting nothing that nobody has replaced takes a name for each write, and a memory of what was seen.
#
# **Further reading.** Gilbert and Lynch, *Brewer's conjecture and the feasibility of consistent, available, partition-tolerant
# web services* (2002). Attiya, Bar-Noy and Dolev, *Sharing memory robustly in message-passing systems* (1995). Lynch and Shvartsman,
# *Robust emulation of shared memory using dynamic quorum-acknowledged broadcasts* (1997). Preguiça et al., *Dotted version
# vectors: logical clocks for optimistic replication* (2010). DeCandia et al., *Dynamo* (2007), where shopping carts have siblings.
