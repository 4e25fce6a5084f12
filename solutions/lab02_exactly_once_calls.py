# %% [markdown]
# # lab02 · Exactly-once calls
#
# *About 5 hours. Before it: lab01, chapter 04. You need Python and what this page gives you, nothing else.*
#
# ## The story
#
# Noor's pager rings at ten past eight. The ticket readers of the tram charge a card at the door, and a server keeps the
# charges. This morning a tram stood in the tunnel with its doors open, and 61 passengers were charged twice.
#
# A reader had asked the server to charge a card, and heard nothing. So it asked again. The server had heard both: what
# was lost was its first reply.
#
# Noor takes the asking again out. In the evening, 200 passengers ride for nothing: now what is lost is lost.
#
# *What would the server have to know to be asked twice and charge once?*

# %%
from ds101.labs.lab02 import lost_reply

lost_reply()

# %% [markdown]
# **In words:** both times the first reply is lost, and the reader asks again. In the bad run the server charges again.
# In the good run it knows that it has done this, and only replies again.

# %% [markdown]
# ## Primer: asking again, safely
#
# A client that hears nothing can't know why: its request was lost, or the reply was, or the server is slow, or dead. If
# it never asks again, the operation takes effect **at most once**. If it asks until it is answered, **at least once**. To
# have both, the client asks again *and the server knows that it is the same operation*. Then it takes effect **exactly
# once**, if the client is answered at all.
#
# **Numbers.** Each client numbers its operations: 1, 2, 3. A repeated request has the number of the first. Client and
# number together name the operation for ever.
#
# **The reply, too.** The server can't just drop what it has done before: the client still needs its reply. So it keeps the
# reply, and sends it again.
#
# **Forgetting.** Keeping every reply would fill the memory. Here each client has one operation under way at a time, so
# operation 8 says that 7 is over: a **higher number acknowledges all lower ones**. The server keeps *one* answer for
# each client, the latest, and drops requests with lower numbers: they are old, and come late. So do RPC systems such as
# RIFL (Lee et al. 2015), in a more general form.
#
# **Crashes.** What the server remembers must outlive it. If it stores the charge, dies, and has not stored the reply, it
# will charge again; the other way round, it will reply to what it never did. So effect and reply are **one write** to
# storage. And only then the reply leaves.
#
# **Giving up.** At its deadline the client must say something. *Done*, if it has its reply. *Failed*, only if the
# operation has not taken effect and never will; but a request may still be under way. So the client sends a
# **cancel** with the number of the operation. If the server has not seen that number, it stores "cancelled" in place of a
# reply, and a late request finds the number taken. If it has carried it out, it answers with the reply. Without an
# answer the client says *Unknown*: that is the honest word.
#
# **Without storage**, a restarted server has forgotten what it did, so it must carry out nothing that may be old. Each of
# its lives, called **incarnation**, has a number; requests say which one they are meant for, and the server refuses all
# others. What was meant for a dead incarnation ends unknown. (Birrell and Nelson 1984 do this for their RPC.)
#
# ### A worked example
#
# Reader n2 charges card `ada` (its operation 7) and then card `bo` (8). The server has storage.
#
# | what arrives at the server | what it stores for n2 | what it answers |
# |---|---|---|
# | `Request(n2, 7, ada)` | 7: ada, 1 charge | `Reply(7, ada, 1)`, which is lost |
# | `Request(n2, 7, ada)` again | | `Reply(7, ada, 1)` |
# | `Cancel(n2, 8)`: its request is late | 8: cancelled | `Cancelled(8)` |
# | `Request(n2, 8, bo)`, late | | `Cancelled(8)` |
# | `Request(n2, 7, ada)`, very late | | nothing: 8 has followed |
#
# **System model of this lab.** One server, n1. A fixed set of clients, the readers, which don't crash; each has one
# operation under way at a time. Between clients and server, messages are lost, duplicated, late and reordered. The
# server stands still at times, and is killed at any moment, also between storing and sending; it restarts. Between a
# passenger and a reader nothing goes wrong. Nobody lies.

# %% [markdown]
# ## The API
#
# | name | what it is |
# |---|---|
# | `Charge(card, within)` | passenger to client: charge this card once, and answer within so many seconds |
# | `Done(card, charges)`, `Failed()`, `Unknown()` | the client's answers: it was charged, so many times by now; it was not and never will be; nobody knows |
# | `Request(client, number, card, incarnation)` | client to server: carry out my operation. Incarnation 0 (if left out): I don't know yours |
# | `Cancel(client, number, incarnation)` | client to server: I give this operation up |
# | `Reply(number, card, charges)` | server to client: it is carried out; the card has now been charged so many times |
# | `Cancelled(number)` | server to client: it never was carried out, and never will be |
# | `Refused(number, incarnation)` | server to client: that was not meant for me; this is my incarnation |
# | `Read(card)`, `Charges(card, charges)` | anybody asks the server how many times a card has been charged; the answer |
# | `RetryDue(number)`, `GiveUpDue(number)`, `Deadline(number)` | timers, for the client |
# | `SERVER`, `RETRY` | the server's address; a good time to wait before asking again, in seconds |
# | `self.id`, `self.send(to, message)` | this node's name; a message leaves when the handler returns |
# | `self.set_timer(timer, after=seconds)`, `self.cancel_timer(timer)` | wake me; an equal timer that is set is replaced. Don't wake me |
# | `self.storage` | a dictionary that outlives a crash: an assignment to a key is durable when it returns. What you read from it can't be changed in place: copy it |
# | `@on(Message)`, `@on(Timer)` | above a method: `handler(self, message, sender)`, or `handler(self, timer)` |
# | `check("lab02", ...)` | judges what you wrote, says what went wrong, and returns your points |
#
# State that is set in `start` is gone after a crash; `start` runs again. **When you change a class, run the cells below it again.**

# %%
from ds101 import Cluster, Node, on
from ds101.labs import NotYet, check
from ds101.labs.lab02 import (
    RETRY,
    SERVER,
    Cancel,
    Cancelled,
    Charge,
    Charges,
    Deadline,
    Done,
    Failed,
    GiveUpDue,
    Read,
    Refused,
    Reply,
    Request,
    RetryDue,
    Unknown,
)

# %% [markdown]
# ## Task 1 · A server that remembers
#
# Write the `Server`, with storage. It can ignore incarnations. Its check has clients of its own, which repeat themselves,
# cancel, and come late, and it kills your server wherever it can.


# %% nbgrader={"grade": false, "grade_id": "server", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Server(Node):
    """Carries out each operation at most once, and keeps one answer for each client."""

    def start(self):
        """Begin, or begin again after a crash, with what is in storage."""
        ### BEGIN SOLUTION
        saved = self.storage.get("state", {"charges": {}, "answers": {}})
        self.charges = dict(saved["charges"])  # how many times has each card been charged?
        self.answers = dict(saved["answers"])  # what did I answer last, to each client?
        ### END SOLUTION

    @on(Request)
    def carry_out(self, request, client):
        """Charge the card, unless this operation is known. Answer it as it was answered first; drop it if a higher
        number has come from that client."""
        ### BEGIN SOLUTION
        if self.is_new(request):
            self.charges[request.card] = self.charges.get(request.card, 0) + 1
            self.keep(request, Reply(request.number, request.card, self.charges[request.card]))
        self.answer(request, client)

    def is_new(self, request):
        """Whether nothing with this number, or a higher one, has come from that client."""
        known = self.answers.get(request.client)
        return known is None or request.number > known.number

    def keep(self, request, answer):
        """Effect and answer in one write."""
        self.answers[request.client] = answer
        self.storage["state"] = {"charges": self.charges, "answers": self.answers}

    def answer(self, request, client):
        """Send the kept answer, if it is that to this operation."""
        kept = self.answers[request.client]
        if kept.number == request.number:
            self.send(client, kept)
        ### END SOLUTION

    @on(Cancel)
    def cancel(self, request, client):
        """See to it that this operation is never carried out, unless it is known. Answer it as it was answered first;
        drop it if a higher number has come from that client."""
        ### BEGIN SOLUTION
        if self.is_new(request):
            self.keep(request, Cancelled(request.number))
        self.answer(request, client)
        ### END SOLUTION

    @on(Read)
    def read(self, request, reader):
        """Answer with how many times the card has been charged."""
        ### BEGIN SOLUTION
        self.send(reader, Charges(request.card, self.charges.get(request.card, 0)))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-server", "locked": true, "points": 14, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1  # grading looks at other runs, never for other properties
### BEGIN HIDDEN TESTS
seed, size = 2021, 2
### END HIDDEN TESTS
check("lab02", Server, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Take the table of the worked example, and ask after each line: what must the server know to give the answer of the next
# one? Then let it crash between any two lines.
# </details>
# <details><summary>Hint 2</summary>
#
# Three cases: the number is higher than the latest of that client, equal to it, or lower. A cancel has the same three.
# </details>
# <details><summary>Hint 3</summary>
#
# Keep two dictionaries, `charges` by card and `answers` by client, and store both under *one* key:
# `self.storage["state"] = {"charges": ..., "answers": ...}`. Read them in `start` with `self.storage.get("state", ...)`, and copy
# them with `dict(...)`. A message such as `Reply(...)` can be stored as it is, and it knows its number.
# </details>

# %% [markdown]
# ## Task 2 · A client that asks again, and gives up
#
# Write the `Client`. A passenger sends it a `Charge`, and is told `Done`, `Failed` or `Unknown`, once, within the given time.
# As long as half of that time is left, it asks for its reply; how long after that is up to you. Then it cancels. The last
# method, `be_refused`, belongs to task 3: leave it as it is.


# %% nbgrader={"grade": false, "grade_id": "client", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Client(Node):
    """Makes each charge take effect exactly once where it can, and says honestly where it can't."""

    def start(self):
        """No operation is under way. The client's own numbers begin with 1."""
        ### BEGIN SOLUTION
        self.number = 0  # of my latest operation
        self.passenger = None  # who waits for it? None: nobody
        self.card = ""  # what is it about?
        self.gives_up = False  # do I cancel it?
        self.incarnation = 0  # which one of the server is the latest that I know of?
        self.meant_for = 0  # for which one is this operation meant?
        ### END SOLUTION

    @on(Charge)
    def begin(self, charge, passenger):
        """Begin an operation with the next number: ask the server, and set the timers."""
        ### BEGIN SOLUTION
        self.number += 1
        self.passenger, self.card = passenger, charge.card
        self.gives_up, self.meant_for = False, self.incarnation
        self.set_timer(GiveUpDue(self.number), after=0.75 * charge.within)
        self.set_timer(Deadline(self.number), after=charge.within)
        self.ask()

    def ask(self):
        """Ask for the operation, or for its end, and again if there is no answer."""
        if self.gives_up:
            self.send(SERVER, Cancel(self.id, self.number, self.meant_for))
        else:
            self.send(SERVER, Request(self.id, self.number, self.card, self.meant_for))
        self.set_timer(RetryDue(self.number), after=RETRY)
        ### END SOLUTION

    @on(RetryDue)
    def ask_again(self, due):
        """There was no answer: ask again, for the same operation."""
        ### BEGIN SOLUTION
        self.ask()
        ### END SOLUTION

    @on(GiveUpDue)
    def give_up(self, due):
        """From now on, ask the server to cancel the operation."""
        ### BEGIN SOLUTION
        self.gives_up = True
        self.ask()
        ### END SOLUTION

    @on(Deadline)
    def stop_waiting(self, due):
        """Tell the passenger what is known now."""
        ### BEGIN SOLUTION
        self.tell(Unknown())

    def tell(self, outcome):
        """The operation is over."""
        self.send(self.passenger, outcome)
        self.passenger = None
        for timer in (RetryDue, GiveUpDue, Deadline):
            self.cancel_timer(timer(self.number))

    def concerns_me(self, answer):
        """Whether it is about the operation that is under way."""
        return self.passenger is not None and answer.number == self.number
        ### END SOLUTION

    @on(Reply)
    def succeed(self, reply, server):
        """If the reply belongs to the operation that is under way, it is done."""
        ### BEGIN SOLUTION
        if self.concerns_me(reply):
            self.tell(Done(reply.card, reply.charges))
        ### END SOLUTION

    @on(Cancelled)
    def fail(self, cancelled, server):
        """If the operation that is under way was cancelled, it has failed."""
        ### BEGIN SOLUTION
        if self.concerns_me(cancelled):
            self.tell(Failed())
        ### END SOLUTION

    @on(Refused)
    def be_refused(self, refused, server):
        """Learn which incarnation the server has. If the operation that is under way was never meant for another one, ask
        again for it; if it was, nobody knows what has become of it."""
        ### BEGIN SOLUTION
        self.incarnation = max(self.incarnation, refused.incarnation)
        if not self.concerns_me(refused) or refused.incarnation <= self.meant_for:
            return
        if self.meant_for == 0:
            self.meant_for = refused.incarnation
            self.ask()
        else:
            self.tell(Unknown())
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-client", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2022, 2
### END HIDDEN TESTS
check("lab02", Server, Client, only="Client", seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which number has a request that is sent again? And when the passenger has been told something, which timers are still set,
# and which answers can still come?
# </details>
# <details><summary>Hint 2</summary>
#
# Set all three timers when the operation begins. `RetryDue` sets itself again each time. When the operation ends, for whatever
# reason, cancel all three, and remember that nobody waits.
# </details>
# <details><summary>Hint 3</summary>
#
# Have one method `ask` that sends a `Request`, or a `Cancel` once you have given up, and sets `RetryDue`. Have one method `tell` that
# sends the outcome and ends everything. `Failed` has one reason only: `Cancelled`, with the number of the operation under
# way. `Deadline` means `Unknown`. Give up at about three quarters of the time.
# </details>

# %% [markdown]
# ## Task 3 · A server that forgets
#
# Write the `VolatileServer`: charges and answers are in memory only, and are gone after a crash. All that it may store is
# *which incarnation it is*. And write `be_refused` of your `Client`, which begins not knowing the incarnation. Whether the effect
# of an operation outlives the incarnation that carried it out is nobody's promise; that it happens twice must not be.


# %% nbgrader={"grade": false, "grade_id": "volatile-server", "locked": false, "schema_version": 3, "solution": true, "task": false}
class VolatileServer(Node):
    """Carries out each operation at most once, without storage: it refuses what is not meant for this incarnation."""

    def start(self):
        """Begin a new incarnation, with a number that none before has had, and nothing else."""
        ### BEGIN SOLUTION
        self.incarnation = self.storage.get("incarnation", 0) + 1
        self.storage["incarnation"] = self.incarnation
        self.charges, self.answers = {}, {}
        ### END SOLUTION

    @on(Request)
    def carry_out(self, request, client):
        """As in task 1, if the request is meant for this incarnation; otherwise refuse it."""
        ### BEGIN SOLUTION
        if request.incarnation != self.incarnation:
            self.refuse(request, client)
            return
        if self.is_new(request):
            charges = self.charges[request.card] = self.charges.get(request.card, 0) + 1
            self.answers[request.client] = Reply(request.number, request.card, charges)
        self.answer_again(request, client)

    def refuse(self, request, client):
        """Say for whom it would have to be meant."""
        self.send(client, Refused(request.number, self.incarnation))

    def is_new(self, request):
        """Whether nothing with this number, or a higher one, has come from that client."""
        last = self.answers.get(request.client)
        return last is None or request.number > last.number

    def answer_again(self, request, client):
        """Send the kept answer, if it is that to this operation."""
        last = self.answers[request.client]
        if last.number == request.number:
            self.send(client, last)
        ### END SOLUTION

    @on(Cancel)
    def cancel(self, request, client):
        """As in task 1, if the cancel is meant for this incarnation; otherwise refuse it."""
        ### BEGIN SOLUTION
        if request.incarnation != self.incarnation:
            self.refuse(request, client)
            return
        if self.is_new(request):
            self.answers[request.client] = Cancelled(request.number)
        self.answer_again(request, client)
        ### END SOLUTION

    @on(Read)
    def read(self, request, reader):
        """Answer with how many times this incarnation has charged the card."""
        ### BEGIN SOLUTION
        self.send(reader, Charges(request.card, self.charges.get(request.card, 0)))
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-volatile-server", "locked": true, "points": 16, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2023, 2
### END HIDDEN TESTS
check("lab02", Client, VolatileServer, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The server restarts, remembers nothing, and a request comes. It may be the first, or one that its last incarnation has carried
# out. What in the request can tell the two apart?
# </details>
# <details><summary>Hint 2</summary>
#
# The client: for which incarnation was *this operation* meant, so far? For none (0): then no server can have carried it out, and
# it may be meant for the one that refused it. For another: then you can't know. A refusal may itself be old.
# </details>
# <details><summary>Hint 3</summary>
#
# In `start`: `self.incarnation = self.storage.get("incarnation", 0) + 1`, and store it. In `Client.begin`: the operation is meant for the
# latest incarnation that you know of, and stays so, also in its `Cancel`. In `be_refused`: ignore a refusal whose incarnation
# is not higher than the one that the operation is meant for.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Server and client are processes of their own. The server is killed (SIGKILL) when it has carried out the first request
# and stored that, and before its reply has left. It is restarted `DOWN` seconds later. Ada waits for four seconds; our
# client gives up after three.
#
# **Predict.** What is she told, and how many times has her card been charged, at `DOWN = 1`? At 3? At 5? Then run it. What
# changes if the server is killed `before=Request`?

# %% tags=["raises-exception"]
DOWN = 1

with Cluster({"n1": Server, "n2": Client}) as world:
    world.crash("n1", after=Request)
    asked = world.client("ada").start("n2", Charge("ada", within=4.0))
    world.wait(DOWN)
    world.restart("n1")
    told = asked.result(timeout=5.0)
    print(told, world.call("n1", Read("ada")))
world.trace

# %% [markdown]
# <details><summary>What to see</summary>
#
# At 1 and at 3 she is told `Done`, and at 5 `Unknown`. Her card is charged once each time, also when nobody could tell her. At 3
# the client had given up, and asked for a cancel; the server knew better, and answered with the reply. Killed
# `before=Request`, the server has done nothing: at 1 the client asks again, and she is charged; at 3 the cancel comes
# first, and she is told `Failed`; at 5 `Unknown` again. The tempting answer for 5 is `Failed`: but from where the client stands,
# the two runs look the same. (A client that gives up at another time than ours answers otherwise at 3.)
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. A few sentences each; no code needed. Double-click *YOUR ANSWER HERE* to write.
#
# **1. The bank.** Charges are no longer numbers in the server's storage: for each, the server sends a message to a bank, which
# moves the money. Why is "effect and reply in one write" no longer possible? What would you ask of the bank?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-bank", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The money moves at the bank, and the server can die between sending that message and storing that it did, or the other way
# round: one write can't span two machines. Now the server is a client of the bank, in the same position as the reader. The
# bank must take an operation's name (the reader's name and number, stored before the message leaves) and answer the
# same name with the same reply. Then the server may ask again after a crash.

# %% [markdown]
# **2. Leaving.** A reader is thrown away, and a new one is put in its place. What does your server keep for the old one, and for how
# long? Why can't it simply forget a client that it has not heard of for a day? Name one thing that would have to be true.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-leaving", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# One answer, for ever: the memory grows with the clients that ever were. If it forgot a client, a late or repeated request of it
# would look new, and be carried out again. It may forget if nothing of that client can come any more: if messages have a longest
# lifetime, or if clients hold a lease and the server refuses whoever has none (as RIFL does), so that forgetting and
# refusing go together.

# %% [markdown]
# **3. Unknown.** The reader shows a yellow light. Should the door open? Say what each choice costs, and to whom, and
# how the matter could be settled a day later.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-unknown", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Open: some passengers ride for nothing. Closed: some have paid and stay outside, which is worse for them, and for the company's
# name. The client can keep the number of the operation and ask for it when the server is back (or cancel it then): the
# server still has its latest answer, and from the two records a person can pay back or charge later. It is a
# decision about people, and no protocol takes it away.

# %% [markdown]
# ## What you know now
#
# - Silence means nothing. Asking again is safe only if the server can tell that it is the same operation.
# - A name for each operation, one kept answer, and one write for effect and answer: that is exactly once.
# - Forgetting is part of the protocol: a higher number says what is no longer needed.
# - Failed is a promise about the future. It needs somebody who keeps it.
# - Who forgets everything must refuse everything that may be old.
#
# **Further reading.** C. Lee, S. J. Park, A. Kejriwal, S. Matsushita and J. Ousterhout, *Implementing Linearizability at Large
# Scale and Low Latency* (SOSP 2015): RIFL. A. D. Birrell and B. J. Nelson, *Implementing Remote Procedure Calls* (1984).
# J. H. Saltzer, D. P. Reed and D. D. Clark, *End-to-End Arguments in System Design* (1984).
