# %% [markdown]
# # lab12 · Leader election
#
# *About 6 hours. Before it: lab05. You need Python and what this page gives you, nothing else.*
#
# ## The story
#
# Jonas's pager rings at ten past four. Three servers keep the stock of a shop. One of them leads, and only the leader
# sells. At two minutes past four, server n3 was restarted. At three minutes past, two servers were selling, each of
# them sure that it was the leader, and the last violin was sold twice.
#
# Jonas reads the logs. Both leaders had won their election, in the same term, with two votes of three: their own, and
# that of n3. Two majorities of three servers always have a server in common. This one had been asked by both of them.
#
# *What did n3 no longer know, after its restart?*

# %%
from ds101.labs.lab12 import forgotten_vote

forgotten_vote()

# %% [markdown]
# **In words:** n3 votes for n1 in term 3, crashes, and restarts. In the bad run it has forgotten its vote and gives it
# again, to n2: two leaders in one term. In the good run it reads the vote from its storage, and refuses.

# %% [markdown]
# ## Primer: elections in terms
#
# Many protocols are simple while one node decides and the others follow. The difficulty is to agree on who it is, when
# that node may be dead, slow or cut off, and nobody can tell which. This lab builds the election of **Raft** (Ongaro
# and Ousterhout 2014, sections 5.1, 5.2 and the log check of 5.4.1).
#
# Time is divided into **terms**, numbered upwards. Each node knows the latest **term** that it has heard of, and every
# message carries one. A node that sees a higher term enters it, as a follower. A message of a lower term is out of
# date: it can't win a vote, and nobody follows it. So terms do what clocks can't: they tell old news from new.
#
# A node is in one of three **roles**. A *follower* waits. If it hears of no leader for an **election time-out**, it
# becomes a *candidate*: it enters the next term, votes for itself, and asks everybody for their votes. With votes from
# a **majority of all nodes**, not only of those that answer, it becomes the *leader* of this term, and sends
# **heartbeats** so that nobody else stands.
#
# **Why at most one leader a term?** Each node gives one vote in a term. Two majorities share a node, and that node has
# voted for one of them only. This stands or falls with "one vote", even if the node crashes: term and vote must be in
# **storage** before the vote leaves.
#
# **Why does anybody win?** If all nodes stood at the same moment, each would vote for itself, again and again. So each
# wait is drawn at random from a range. Mostly one node is first, and the others hear of it in time.
#
# **Who must not win?** Nodes keep a log of what was decided, and a leader that lacks the latest entries would lose
# them. A node refuses its vote to a candidate whose log is less up to date than its own: *the later last term wins; if
# they are equal, the longer log*. Here the logs are given and stay as they are:
#
# | | n1 | n2 | n3 | n4 | n5 |
# |---|---|---|---|---|---|
# | term of the last entry | 2 | 2 | 1 | 2 | 2 |
# | index of the last entry | 5 | 4 | 6 | 5 | 3 |
#
# ### A worked example
#
# Five nodes in term 2; n1 is dead. n3 is the first to time out.
#
# | what happens | n2 | n3 | n4 | n5 |
# |---|---|---|---|---|
# | n3 stands in term 3, and votes for itself | 2 | 3, for n3 | 2 | 2 |
# | the others enter term 3, and refuse: n3's last entry is of term 1 | 3 | 3, for n3 | 3 | 3 |
# | n2 times out, and stands in term 4 | 4, for n2 | 3, for n3 | 3 | 3 |
# | n3 and n5 vote for n2; n4 refuses: its log is longer | 4, for n2 | 4, for n2 | 4 | 4, for n2 |
# | three of five: n2 leads in term 4 | 4 | 4 | 4 | 4 |
#
# n3 can never win, since only n3 would vote for it; but its vote counts.
#
# **System model of this lab.** A fixed set of nodes that know each other. A node may stand still for a while, or crash
# and restart with its storage. Links may lose, duplicate, reorder and delay messages, and be cut, one way too. Clocks
# may show different times, and run at the same rate. Nobody lies.

# %% [markdown]
# ## The API
#
# | name | what it is |
# |---|---|
# | `Member` | a node to build on: what follows with `self.` |
# | `self.id`, `self.peers` | this node's name, and those of all others |
# | `self.send(to, message)`, `self.broadcast(message)` | to one, or to all peers; it leaves when the handler returns |
# | `self.storage` | a dictionary that outlives a crash: an assignment to a key is durable when it returns |
# | `self.set_timer(timer, after=...)` | wake me after so many seconds, or after a time drawn from `(low, high)`; replaces an equal timer |
# | `self.cancel_timer(timer)` | forget it |
# | `self.log(text)` | a line in the diagram |
# | `self.ELECTION_TIMEOUT`, `self.HEARTBEAT_INTERVAL` | seconds: a pair, and a number; the checks use other values than the notebook |
# | `self.FIRST_TERM` | the term of a node that has never stored one |
# | `self.last_log_index`, `self.last_log_term` | the last entry of this node's log |
# | `ElectionTimeout()`, `HeartbeatDue()` | timers: no leader was heard; heartbeats are due |
# | `RequestVote(term, last_log_index, last_log_term)` | vote for me; to send it is to vote for oneself in that term |
# | `Vote(term, granted)` | you have my vote in this term; or not, and this is my term |
# | `Heartbeat(term)`, `HeartbeatReply(term)` | I lead; and the answer: I have heard you, this is my term |
# | `@on(Message)`, `@on(Timer)` | above a method: `handler(self, message, sender)`, or `handler(self, timer)` |
# | `reigns(trace)` | who led when, as far as heartbeats tell |
# | `check("lab12", ...)` | judges what you wrote, says what went wrong, and returns your points |
#
# The tasks build on each other, class by class. **When you change a class, run the cells below it again, too.**

# %%
from ds101 import Cluster, on
from ds101.labs import NotYet, check
from ds101.labs.lab12 import (
    ElectionTimeout,
    Heartbeat,
    HeartbeatDue,
    HeartbeatReply,
    Member,
    RequestVote,
    Vote,
    reigns,
)

# %% [markdown]
# ## Task 1 · A vote is for one
#
# Write the `Voter`: it knows its term, and votes. Nobody stands for election yet: the check has candidates of its own,
# and crashes your voter wherever it can.


# %% nbgrader={"grade": false, "grade_id": "voter", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Voter(Member):
    """Votes for at most one candidate in a term, and for none whose log is less up to date than its own."""

    def start(self):
        """Begin, or begin again after a crash: as a follower, with the term and the vote that are in storage."""
        ### BEGIN SOLUTION
        self.term, self.voted_for = self.storage.get("vote", (self.FIRST_TERM, None))
        self.role = "follower"
        self.await_leader()
        ### END SOLUTION

    def see(self, term):
        """Called with the term of every message: if it is higher than mine, I'm a follower in it, and have not voted."""
        ### BEGIN SOLUTION
        if term > self.term:
            self.keep(term, voted_for=None)
            self.step_down()
        ### END SOLUTION

    @on(RequestVote)
    def consider(self, request, candidate):
        """Answer with a Vote. Giving it also sets back my election time-out; refusing doesn't."""
        ### BEGIN SOLUTION
        self.see(request.term)
        theirs = (request.last_log_term, request.last_log_index)
        up_to_date = theirs >= (self.last_log_term, self.last_log_index)
        granted = request.term == self.term and self.voted_for in (None, candidate) and up_to_date
        if granted:
            self.keep(self.term, voted_for=candidate)
            self.await_leader()
        self.send(candidate, Vote(self.term, granted))

    def keep(self, term, voted_for):
        """Term and vote are in storage, in one step, before anybody hears of them."""
        self.storage["vote"] = (term, voted_for)
        self.term, self.voted_for = term, voted_for

    def step_down(self):
        """A leader has no election time-out running; a follower needs one."""
        if self.role == "leader":
            self.cancel_timer(HeartbeatDue())
            self.await_leader()
        self.role = "follower"

    def await_leader(self):
        """From now on, so long at the most."""
        self.set_timer(ElectionTimeout(), after=self.ELECTION_TIMEOUT)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-voter", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1  # grading looks further, never for other properties
### BEGIN HIDDEN TESTS
seed, size = 2121, 2
### END HIDDEN TESTS
check("lab12", Voter, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# On paper: a voter has voted for n1 in term 3, crashes, restarts, and n2 asks for its vote in term 3. What must it know
# to answer? Then n2 asks in term 4: what has changed?
# </details>
# <details><summary>Hint 2</summary>
#
# Three conditions for a yes: the request's term is mine (after `see`), I have voted for nobody else in it, and the
# candidate's log is at least as up to date as mine. Python compares tuples item by item, from the left.
# </details>
# <details><summary>Hint 3</summary>
#
# A crash may fall between two assignments to `self.storage`. Which half-stored pair would let you vote twice? Store
# term and vote as one value: `self.storage["vote"] = (term, voted_for)`; `self.storage.get("vote", ...)` reads it.
# </details>

# %% [markdown]
# ## Task 2 · Stand and count
#
# Write the `Candidate`, on top of your `Voter`. The check gives it voters of ours: four nodes, who vote late, twice,
# or not at all.


# %% nbgrader={"grade": false, "grade_id": "candidate", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Candidate(Voter):
    """Stands for election when it has heard of no leader for too long, and leads when a majority wants it."""

    @on(ElectionTimeout)
    def stand_for_election(self, timer):
        """Enter the next term, vote for myself, ask everybody for their votes; wait for a leader, or try again."""
        ### BEGIN SOLUTION
        self.keep(self.term + 1, voted_for=self.id)
        self.role, self.votes = "candidate", {self.id}
        self.broadcast(RequestVote(self.term, self.last_log_index, self.last_log_term))
        self.await_leader()
        ### END SOLUTION

    @on(Vote)
    def count(self, vote, voter):
        """Count each node's vote in my term once. With those of a majority of all nodes, I lead.

        A leader waits for no leader: it broadcasts a Heartbeat at once, and sets HeartbeatDue for the next.
        """
        ### BEGIN SOLUTION
        self.see(vote.term)
        if self.role == "candidate" and vote.term == self.term and vote.granted:
            self.votes.add(voter)
            if 2 * len(self.votes) > len(self.peers) + 1:
                self.cancel_timer(ElectionTimeout())
                self.lead()

    def lead(self):
        """Say that I lead, and say it again in time."""
        self.role = "leader"
        self.broadcast(Heartbeat(self.term))
        self.set_timer(HeartbeatDue(), after=self.HEARTBEAT_INTERVAL)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-candidate", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2122, 2
### END HIDDEN TESTS
check("lab12", Candidate, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A vote can arrive long after it was sent, and twice. Which field tells you that it is for an election of the past?
# Which Python type counts a node once, however often it is added?
# </details>
# <details><summary>Hint 2</summary>
#
# How many nodes are there in all? `self.peers` are the others. How many votes are a majority of four? Of five?
# </details>
# <details><summary>Hint 3</summary>
#
# `see(vote.term)` first. Then count only if I am a candidate, the vote is granted, and its term is mine. `2 * votes >
# all` says "more than half" without fractions. The new leader cancels its `ElectionTimeout`.
# </details>

# %% [markdown]
# ## Task 3 · Lead and follow
#
# Write `Raft`, on top of your `Candidate`. Now all nodes are yours: in every order of events with three of them, on
# simulated bad days, and as five real processes that are killed, stopped and cut off.


# %% nbgrader={"grade": false, "grade_id": "raft", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Raft(Candidate):
    """Leads with heartbeats, follows who leads in its term, and steps down for a higher one."""

    @on(HeartbeatDue)
    def keep_leading(self, timer):
        """If I still lead: the next heartbeat to everybody."""
        ### BEGIN SOLUTION
        if self.role == "leader":
            self.lead()
        ### END SOLUTION

    @on(Heartbeat)
    def follow(self, heartbeat, leader):
        """Follow a leader of my term, and wait for its next heartbeat. Answer everybody with a HeartbeatReply."""
        ### BEGIN SOLUTION
        self.see(heartbeat.term)
        if heartbeat.term == self.term:
            self.role = "follower"
            self.await_leader()
        self.send(leader, HeartbeatReply(self.term))
        ### END SOLUTION

    @on(HeartbeatReply)
    def hear(self, reply, follower):
        """Step down if somebody is in a higher term."""
        ### BEGIN SOLUTION
        self.see(reply.term)
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-raft", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2123, 2
### END HIDDEN TESTS
check("lab12", Raft, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Draw two lanes: a leader that was cut off, and a node in a higher term. The cut is healed, and the next heartbeat
# arrives. What does each of the two learn, and from which message?
# </details>
# <details><summary>Hint 2</summary>
#
# For each role, write down which timer must be running. Then go through every line that changes the role: does it leave
# the right timer behind?
# </details>
# <details><summary>Hint 3</summary>
#
# Every handler of a message begins with `see(its term)`. A heartbeat of my own term makes a candidate a follower, and
# sets its election time-out back; one of a lower term does neither. A leader that steps down needs an election time-out.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Five processes of the operating system (in a terminal: `ps ax | grep ds101`). When one of them leads, it is cut off,
# together with `SIDE - 1` others, for three seconds; then the cut is healed.
#
# **Predict.** With `SIDE = 2`: how many leaders are there during the cut, and in which terms? And with `SIDE = 3`?

# %% tags=["raises-exception"]
SIDE = 2

with Cluster(Raft, n=5) as world:
    world.wait_until(lambda: reigns(world.trace), timeout=10)
    leader = reigns(world.trace)[0].leader
    others = [node for node in world.nodes if node != leader]
    with world.partition([leader, *others[: SIDE - 1]], others[SIDE - 1 :]):
        world.wait(3)
    world.wait(1)
for reign in reigns(world.trace):
    print(reign)

# %% [markdown]
# <details><summary>What to see</summary>
#
# With `SIDE = 2` two nodes lead at the same time, in different terms. The old leader can't know that it is cut off: its
# heartbeats are simply not answered by three of five. That is no bug: *one leader a term* holds, and "one leader at a
# time" is not to be had. When the cut is healed, it hears of the higher term, and steps down. With `SIDE = 3` the
# leader keeps a majority, and the two others stand for election in vain, in ever higher terms. After healing, these
# terms make the leader step down, though nothing was wrong with it: there is one more election.
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. A few sentences each; no code needed. Double-click *YOUR ANSWER HERE* to write.
#
# **1. Two leaders.** In the experiment, the old leader went on selling violins for three seconds. Why can't it know?
# Say how the stock itself, which both leaders write to, could refuse the old one's orders, and what it needs for that.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-two-leaders", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# To the old leader, being cut off looks like slow links or dead followers: silence. So it may believe that it leads for any
# length of time. The stock can refuse: each order carries its leader's term, the stock remembers the highest term that it has
# seen, and refuses orders of lower ones (a fencing token). It must store that number, and compare before it writes, in one step.
# Or the leader sells only after a majority has confirmed that it still leads in this term.

# %% [markdown]
# **2. The knob that you must not turn.** What would happen with `HEARTBEAT_INTERVAL` larger than the shortest election
# time-out? And with `ELECTION_TIMEOUT = (0.15, 0.15)`? Which of the lab's properties would suffer, which would not?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-timing", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# With rare heartbeats, followers time out under a leader that is well: new terms for ever. With the same time-out everywhere,
# all that started together stand together, each votes for itself, and nobody wins, until chance separates them. Both
# cost only "a leader that stays" (and with it the talk). One vote a term, a majority first and one leader a term
# hold whatever the timing is: no clock stands in their proof.

# %% [markdown]
# **3. The node that can't win.** Among five nodes, n3 can never be elected. Is it of any use? And give a run in which
# something is lost if nodes vote without comparing logs.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-logs", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Its vote counts: with n1 and n4 dead, n2 wins by the votes of n3 and n5; without n3 there would be no majority. And it would take
# part in storing new entries. Without the comparison: the entry with index 4 is on a majority (n1, n2 and n4), and clients
# were told that it is safe. n3 wins an election, makes its own log everybody's, and what was promised is gone.

# %% [markdown]
# ## What you know now
#
# - A term is a clock that only counts elections. It tells old news from new, where time can't.
# - Two majorities share a node. One vote a term, kept in storage, makes that node's word good for ever.
# - Safety rests on votes and storage, whatever the timing. Progress rests on timing, and on a little chance.
# - "One leader" means one in a term. A leader that was cut off finds out late, and others must be able to refuse it.
#
# **Further reading.** D. Ongaro and J. Ousterhout, *In Search of an Understandable Consensus Algorithm*, USENIX ATC
# 2014, sections 5.1, 5.2 and 5.4.1. D. Ongaro's thesis, *Consensus: Bridging Theory and Practice* (Stanford 2014), has the
# proof in its appendix B. C. Gray and D. Cheriton, *Leases: An Efficient Fault-Tolerant Mechanism for Distributed File
# Cache Consistency* (1989): what clocks can add.
