# %% [markdown]
# # lab05 · Logical clocks
#
# *About 4 hours. Before it: lab00. You need Python and what this page gives you, nothing else.*
#
# ## The story
#
# Ines is on call when the auditor rings. The shop runs on three servers, and their logs have been merged, sorted by the
# time on each line. In the merged log a refund is paid two seconds *before* anybody asks for it. And on one of three
# screens in the support room, that minute reads: "Yes, pay it." "Shall I pay the refund?"
#
# Nobody has cheated. The three clocks on the wall differ by seconds, as clocks do, and the room shows every post as soon as it
# comes. One post took the long way.
#
# *Who could have known what came first, and from what?*

# %%
from ds101.labs.lab05 import two_rooms

two_rooms()

# %% [markdown]
# **In words:** n1 asks, n2 sees the question and answers. The question takes long to reach n3, so the answer overtakes
# it. In the bad run n3 shows what comes. In the good run n3 finds in the answer what n2 had seen before, and waits.
#
# ## Primer: before, without a clock
#
# Two machines can't agree on the time to the microsecond, but they can agree on what *could have caused* what. Lamport
# (1978) calls it **happened before**, written `a → b`. It holds in three cases, and in no other:
#
# 1. `a` and `b` are events of one node, and `a` came first;
# 2. `a` is the sending of a message and `b` its arrival;
# 3. there is an event between them: `a → x` and `x → b`.
#
# If neither `a → b` nor `b → a`, the two are **concurrent**: neither can have known of the other. That is a fact about
# messages, not about the time of day.
#
# **A Lamport clock** is a number in each node. Every event makes it greater, every message carries it, and on arrival the
# receiver first catches up with the message. So `a → b` implies `L(a) < L(b)`. It doesn't work backwards: from
# `L(a) < L(b)` nothing follows but that `b → a` is false.
#
# **A vector clock** (Fidge 1988, Mattern 1989) is such a number for each node: how many of *its* events does this one know of?
# A vector is **less** than another one if no number in it is greater, and one is smaller. Then `V(a) < V(b)` holds *exactly*
# when `a → b`, and if neither vector is less, the events are concurrent.
#
# ### A worked example
#
# n1 does something (`a`), then sends a letter to n2 (`b`). Meanwhile n3 does something (`d`). n2 gets the letter (`c`), and
# then does something, too (`e`). Vectors are written as `[n1 n2 n3]`.
#
# | event | node | what | L | V |
# |---|---|---|---|---|
# | `a` | n1 | works | 1 | `[1 0 0]` |
# | `b` | n1 | sends | 2 | `[2 0 0]` |
# | `d` | n3 | works | 1 | `[0 0 1]` |
# | `c` | n2 | gets the letter of `b` | 3 | `[2 1 0]` |
# | `e` | n2 | works | 4 | `[2 2 0]` |
#
# `L(d) < L(c)`, though `d` and `c` are concurrent: the vectors say so, since each is ahead in some place.
#
# **A total order.** Often everybody must agree on *one* order: who gets the last ticket? Sort by Lamport time, and break ties
# by something that all nodes know alike. Such an order has every cause before its effect. Between concurrent events it is
# arbitrary; but it is the same everywhere.
#
# **Causal broadcast** (Birman, Schiper and Stephenson 1991; Cachin, Guerraoui and Rodrigues 2011, section 3.9) uses a vector not to
# *tell* what came before, but to *wait* for it. A node **receives** a post when the message arrives, and **delivers** it
# when it puts it on the screen. Post `p` happened before post `q` if the author of `q` had `p` on the screen when writing `q`, or if
# there is a chain of such posts. No screen may show `q` before `p`.
#
# **System model of this lab.** Three nodes, which don't crash. Links lose nothing; but a message may be late, arrive
# twice, and overtake another one. The clocks on the wall are minutes apart.

# %% [markdown]
# ## The API
#
# | name | what it is |
# |---|---|
# | `Stamped` | a line of a log, for task 3: `.event` (a name, such as `"n2.5"`), `.node`, `.time` (Lamport's), `.wall` (what the node's own clock showed, in seconds), `.text` |
# | `Room` | what your node of task 4 inherits from: it has a screen, and calls your `say(text)` once for each text that somebody posts at this node |
# | `self.deliver(author, text)` | puts a post on this node's screen, below what is there |
# | `self.id`, `self.peers` | this node's name; the names of the other nodes, a tuple |
# | `self.broadcast(message)` | sends a message to every *other* node, when your method has returned |
# | `Post(author, text, vector)` | a message: two texts, and a dict with an int for each node's name. Its fields can't be changed |
# | `@on(Post)` | stands above the method that is called for every `Post` that arrives: `def hear(self, post, sender):` |
# | `def start(self):` | is called before anything else: set your node's attributes there |
# | `check("lab05", ...)` | judges what you wrote, says what went wrong, and returns your points |
#
# Your code is judged in every order of a few events, on simulated days with bad links, and on real processes. A run that
# goes wrong is shown as small as it gets. In it, `n1.2` is the second event of n1, and `c1` is somebody who posts at a node.

# %%
from ds101 import Cluster, on
from ds101.labs import NotYet, check
from ds101.labs.lab05 import Post, Room, Stamped, backwards, loggers, post_letters

# %% [markdown]
# ## Task 1 · A number that grows
#
# Write `LamportClock`. Each node has one of its own. Our nodes call one of its three methods for each of their events.


# %% nbgrader={"grade": false, "grade_id": "lamport", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LamportClock:
    """If a happened before b, then L(a) < L(b)."""

    def __init__(self):
        """The clock of one node, before its first event."""
        ### BEGIN SOLUTION
        self.time = 0  # what is the time of the latest event here?
        ### END SOLUTION

    def tick(self) -> int:
        """Something happens here that concerns nobody else. Returns the time of this event."""
        ### BEGIN SOLUTION
        self.time += 1
        return self.time
        ### END SOLUTION

    def send(self) -> int:
        """A letter leaves; it will carry the time of this event. Returns that time."""
        ### BEGIN SOLUTION
        return self.tick()
        ### END SOLUTION

    def receive(self, time: int) -> int:
        """A letter arrives that carries `time`. Returns the time of this event, the arrival."""
        ### BEGIN SOLUTION
        self.time = max(self.time, time)
        return self.tick()
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-lamport", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1  # grading looks at other runs, never for other properties
### BEGIN HIDDEN TESTS
seed, size = 5081, 2
### END HIDDEN TESTS
check("lab05", LamportClock, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Play the worked example with pen and paper: one number on a sheet for each node. When do you rub it out and write another?
# </details>
# <details><summary>Hint 2</summary>
#
# A sending and an arrival are events as any other. An arrival is later than two things: which?
# </details>
# <details><summary>Hint 3</summary>
#
# `tick` and `send`: add 1, and return it. `receive`: take the greater one of your time and the letter's, add 1, return it.
# </details>

# %% [markdown]
# ## Task 2 · A number for everybody
#
# Write `VectorClock`, with the same three methods, and `relation`, which reads what the vectors say. A vector is a dict with a
# number for each node's name: `{"n1": 2, "n2": 1, "n3": 0}`.


# %% nbgrader={"grade": false, "grade_id": "vector", "locked": false, "schema_version": 3, "solution": true, "task": false}
class VectorClock:
    """V(a) < V(b) exactly when a happened before b."""

    def __init__(self, me: str, nodes: tuple[str, ...]):
        """The clock of the node called `me`, before its first event; `nodes` are the names of all, `me` too."""
        ### BEGIN SOLUTION
        self.me = me
        self.counts = dict.fromkeys(nodes, 0)  # of how many events of each node do I know?
        ### END SOLUTION

    def tick(self) -> dict[str, int]:
        """Something happens here that concerns nobody else. Returns the vector of this event."""
        ### BEGIN SOLUTION
        self.counts[self.me] += 1
        return dict(self.counts)
        ### END SOLUTION

    def send(self) -> dict[str, int]:
        """A letter leaves; it will carry the vector of this event. Returns that vector."""
        ### BEGIN SOLUTION
        return self.tick()
        ### END SOLUTION

    def receive(self, vector: dict[str, int]) -> dict[str, int]:
        """A letter arrives that carries `vector`. Returns the vector of this event, the arrival."""
        ### BEGIN SOLUTION
        for node, count in vector.items():
            self.counts[node] = max(self.counts[node], count)
        return self.tick()
        ### END SOLUTION


def relation(a: dict[str, int], b: dict[str, int]) -> str:
    """How the events with the vectors `a` and `b` stand: "before", "after", "concurrent", or "same".

    "before" means: the first event happened before the second. "same" means: it is one event.
    """
    ### BEGIN SOLUTION
    if a == b:
        return "same"
    if all(a[node] <= b[node] for node in a):
        return "before"
    if all(b[node] <= a[node] for node in a):
        return "after"
    return "concurrent"
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-vector", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 5082, 2
### END HIDDEN TESTS
check("lab05", VectorClock, relation, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The number for `n3` in a vector of n1 answers one question: of how many events of n3 can this event know? Who tells n1?
# </details>
# <details><summary>Hint 2</summary>
#
# On arrival you know what you knew *and* what the sender knew. Then the arrival itself is one event more, of yours. For
# `relation`: in `[2 0]` and `[0 1]`, who is ahead?
# </details>
# <details><summary>Hint 3</summary>
#
# `receive`: for each node take the greater number; then add 1 for `me`. Return a *copy*, `dict(...)`. `relation`: first ask whether
# the two are equal, then whether `all` numbers of `a` are at most those of `b`, then the other way round.
# </details>

# %% [markdown]
# ## Task 3 · One order for all
#
# Every node keeps a log of its own events and of those that it learned from letters. Lines come in another order to each. Write
# `total_order`, so that all nodes sort the same lines alike, and no effect stands above its cause.


# %% nbgrader={"grade": false, "grade_id": "order", "locked": false, "schema_version": 3, "solution": true, "task": false}
def total_order(log: list[Stamped]) -> list[Stamped]:
    """The same lines, in an order that has every cause before its effect and that all nodes agree on."""
    ### BEGIN SOLUTION
    return sorted(log, key=lambda line: (line.time, line.node))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-order", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 5083, 2
### END HIDDEN TESTS
check("lab05", total_order, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the fields of a line can you trust to grow from cause to effect?
# </details>
# <details><summary>Hint 2</summary>
#
# `sorted` leaves lines that compare equal in the order in which they came. Was that the same at every node?
# </details>
# <details><summary>Hint 3</summary>
#
# `sorted(log, key=lambda line: (first, second))` sorts by the first, and where that is equal by the second. Two lines with the
# same time are never of the same node.
# </details>

# %% [markdown]
# ## Task 4 · No answer before its question
#
# Write `CausalBroadcast`: a room with a screen at every node. Your own post goes to your own screen at once. A post that
# comes from elsewhere may have to wait.


# %% nbgrader={"grade": false, "grade_id": "broadcast", "locked": false, "schema_version": 3, "solution": true, "task": false}
class CausalBroadcast(Room):
    """Every screen shows every post once, and none before a post that happened before it."""

    def start(self):
        """Nothing has been posted yet."""
        ### BEGIN SOLUTION
        self.shown = dict.fromkeys(sorted((self.id, *self.peers)), 0)  # how many posts of each author do I show?
        self.waiting = []  # which posts have come before something that they need?
        ### END SOLUTION

    def say(self, text):
        """Somebody posts a text here: show it here at once, and send it to the others."""
        ### BEGIN SOLUTION
        self.broadcast(Post(self.id, text, dict(self.shown)))
        self.show(self.id, text)
        ### END SOLUTION

    @on(Post)
    def hear(self, post, sender):
        """A post arrives, perhaps not for the first time: show all that can be shown now."""
        ### BEGIN SOLUTION
        self.waiting.append(post)
        while ready := [post for post in self.waiting if self.is_next(post)]:
            self.show(ready[0].author, ready[0].text)
        self.waiting = [post for post in self.waiting if not self.is_old(post)]

    def is_next(self, post):
        """Whether it is its author's next one, and all that stood on its author's screen stands on mine."""
        seen = all(self.shown[node] >= count for node, count in post.vector.items())
        return seen and not self.is_old(post)

    def is_old(self, post):
        """Whether it is on my screen already."""
        return self.shown[post.author] > post.vector[post.author]

    def show(self, author, text):
        """Put it on the screen, and count it."""
        self.shown[author] += 1
        self.deliver(author, text)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-broadcast", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 5084, 2
### END HIDDEN TESTS
check("lab05", CausalBroadcast, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What must a post tell its receivers, so that they know what stood on its author's screen? It need not be the posts
# themselves: since nobody's posts are shown out of order, a number for each author is enough.
# </details>
# <details><summary>Hint 2</summary>
#
# Count the posts on your screen by author. That vector, as it was *before* the new post, goes with the post. A receiver that
# has less of anybody must wait. A receiver that has more of *this author* has seen this very post.
# </details>
# <details><summary>Hint 3</summary>
#
# Put what arrives into `self.waiting`. Then, again and again: find a post that is next (all counts in its vector are at most
# mine, and its author's count is exactly mine), deliver it, count it. One post can free another one, which came long before.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Two processes of their own write logs with your `LamportClock` (in a terminal: `ps ax | grep ds101`), and send each other 40
# letters. The clock on the wall of n2 is `BEHIND` seconds late. Then the two logs are merged, once by the wall and once by your
# `total_order`, and we count the letters that arrive *above* the line that sends them.
#
# **Predict.** A letter takes less than a millisecond here. How many of the 40 will be backwards at `BEHIND = 5`? And at 0.00001, ten
# microseconds? Then run it; then try 0.0002.

# %% tags=["raises-exception"]
BEHIND = 5

with Cluster(loggers(LamportClock), n=2) as world:
    world.skew("n2", offset=-BEHIND)
    log = post_letters(world, 40)

print("by the wall: ", backwards(sorted(log, key=lambda line: line.wall)), "of 40 letters are backwards")
print("by your clock: ", backwards(total_order(log)), "of 40 letters are backwards")

# %% [markdown]
# <details><summary>What to see</summary>
#
# At 5 seconds exactly the 20 letters from n1 to n2 are backwards: they arrive, by the wall, before they leave. Those from n2 to n1 seem to take
# 5 seconds; nobody would notice. The tempting answer, 40, forgets that a late clock is wrong in one direction only. What
# matters is not how wrong a clock is, but how wrong compared with the time that a letter takes: at ten microseconds nothing
# happens, and around 0.0002 it begins. Your clock has 0 each time: it can't be skewed, because it doesn't look at the wall.
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. A few sentences each; no code needed. Double-click *YOUR ANSWER HERE* to write.
#
# **1. The telephone.** A clerk makes a booking at n1, telephones a colleague, and that one then makes a booking at n2. Your Lamport
# clock gives the second booking the smaller time. Is your clock wrong? What would have to change so that it can't happen?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-telephone", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# It isn't wrong: happened-before knows the system's messages only, and the call wasn't one, so the two bookings are concurrent
# for it. Lamport calls this anomalous behaviour. Either the call becomes part of the system (the first booking's time is read out and
# given along with the second one, so that n2 catches up with it), or the clocks are physical ones, synchronized more closely than any
# telephone call takes.

# %% [markdown]
# **2. One lost post.** For a day, one link loses one message in a thousand. What do people see on the screens of your room, today and
# later? Name one change that would help, and what it costs.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-loss", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The node that misses a post shows nothing that happened after it, from anybody who had seen it: its room stops, little by little, for
# good, and its list of waiting posts grows. Nothing wrong is ever shown. Senders can keep posts until they are acknowledged and send
# them again (memory, acknowledgements), or a node asks others for what its waiting posts tell it is missing (they must keep
# old posts).

# %% [markdown]
# **3. The price of knowing.** A service has 5,000 nodes, which come and go. What does a vector cost there, for each message? What would
# you lose with Lamport's number in its place, and for which of these would that be enough: (a) sorting a log, (b) finding out whether two
# people edited a page without knowing of each other?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-price", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Five thousand numbers with their names on every message, mostly longer than what it says, and nodes that have left are never forgotten. With
# one number you lose the way back: a smaller number no longer means "happened before", so concurrent events can't be recognized. (a) needs only
# an order that has causes first: the number is enough. (b) asks whether two edits are concurrent: that takes the vector (or
# something that knows as much, such as the versions that each edit has seen).

# %% [markdown]
# ## What you know now
#
# - "Before" is about who can have known, and messages are the only way to know.
# - One number keeps causes before effects. A number for each node also tells when there was no cause at all.
# - An order that all agree on needs no clock, only a tie-break that all agree on.
# - To deliver in causal order is to wait for what the author had seen, and for nothing else.
#
# **Further reading.** L. Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System* (1978): eight pages.
# F. Mattern, *Virtual Time and Global States of Distributed Systems* (1989). K. Birman, A. Schiper and P. Stephenson, *Lightweight
# Causal and Atomic Group Multicast* (1991).
