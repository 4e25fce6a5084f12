# %% [markdown]
# # lab00 · Break it, line by line
#
# *About 45 minutes. Before it: chapter 00. This lab arrives solved. You break it, and learn to read what you then see.*
#
# ## The story
#
# Noor counts visitors. Each door of the museum sends `Add(2)` when two people come in, and a node keeps the total. It
# has worked for a year. Today a colleague "cleaned up" one line, and by noon the total was 3, with four hundred people
# inside. No error was logged. Noor takes a clean copy, removes one line at a time, and looks at what each removal
# looks like from outside. By evening she can tell which line it was from the diagram alone.
#
# *So will you.*
#
# **System model.** Processes of this machine, TCP between them. A node may crash and be restarted; what it put into its storage
# survives. Links lose nothing here.

# %%
import time

from ds101 import Cluster, Message, Node, on
from ds101.errors import Ds101Error

# %% [markdown]
# ## The node that works
#
# Two kinds of messages, and a node with four lines that matter. Each has a number: you will break them in turn.


# %%
class Add(Message):
    amount: int


class Total(Message):
    value: int


class Counter(Node):
    def start(self):  # runs at every start and restart
        self.total = self.storage.get("total", 0)  # line 1

    @on(Add)  # line 2
    def add(self, request, sender):
        self.total = self.total + request.amount
        self.storage["total"] = self.total  # line 3
        self.send(sender, Total(self.total))  # line 4


# %% [markdown]
# One day in its life: Ada adds 2; the node is killed and started again; Ada adds 3. An error is printed as one sentence. What the
# function returns is the **trace**, which draws itself.


# %%
def a_day(node):
    with Cluster(node, n=1) as world:
        ada = world.client("ada")
        try:
            print(ada.call("n1", Add(2), timeout=0.5))
            world.crash("n1")
            world.restart("n1")
            print(ada.call("n1", Add(3), timeout=0.5))
        except Ds101Error as error:
            print(f"{type(error).__name__}: {error}")
    return world.trace


# %%
a_day(Counter)

# %% [markdown]
# **In words:** `ada` asked twice and was answered twice. Between the two, `n1` was dead: its line has a gap. The second answer
# is 5, so it knew the 2 from before its death.
#
# | in the diagram | what it says |
# |---|---|
# | a line down | one process, time runs downward |
# | an arrow | a message, from where it was sent to where it arrived |
# | a cross, and a gap in the line | the process was dead |
# | a stub with a cross | a message that never arrived, or a call that failed |

# %% [markdown]
# ## Break 1 · No answer
#
# Line 4 is gone. **Predict:** which error does Ada get, and when: at once, or after half a second?


# %%
class Mute(Counter):
    @on(Add)
    def add(self, request, sender):
        self.total = self.total + request.amount
        self.storage["total"] = self.total


a_day(Mute)

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# An arrow goes in and none comes out. Ada gets a `Timeout`, after half a second: nobody told her that there would be no answer, so all that
# she could do was to stop waiting. Look at the error's sentence: *the request may have had its effect*. Here it had. The
# tempting answer, "an error at once", would need somebody who knows that the node will stay silent.
# </details>

# %% [markdown]
# ## Break 2 · Nobody listens
#
# Line 2 is gone, so `add` is a method like any other. **Predict:** is that told when the node starts, when the message is sent, or
# never?


# %%
class Deaf(Node):
    def start(self):
        self.total = self.storage.get("total", 0)

    def add(self, request, sender):
        self.total = self.total + request.amount
        self.send(sender, Total(self.total))


a_day(Deaf)

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# Ada's message is not even sent: a node without a handler for `Add` can't do anything with it, and that is a mistake in the program,
# not bad luck on the way. So it is told at the line that made it, in one sentence that says what to write.
#
# Real networks are not so kind. There, the message would arrive and be thrown away, and you would see Break 1.
# </details>

# %% [markdown]
# ## Break 3 · Forgetting
#
# Line 3 is gone: the total is kept in memory only. **Predict:** what are the two answers?


# %%
class Forgetful(Counter):
    @on(Add)
    def add(self, request, sender):
        self.total = self.total + request.amount
        self.send(sender, Total(self.total))


a_day(Forgetful)

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# 2, and then 3 where 5 was right. There is no error, and the diagram has the same arrows as that of the node that works: only the
# number in the last one differs. Memory dies with its process, and storage does not. This was Noor's line.
#
# It is the worst of the six, because nothing looks wrong. Most of what later labs check is of this kind: a sentence that must hold,
# and a run in which it does not.
# </details>

# %% [markdown]
# ## Break 4 · The wrong type
#
# Line 4 sends the total as text. **Predict:** who learns of it first: the node that sends, or Ada, who receives?


# %%
class Textual(Counter):
    @on(Add)
    def add(self, request, sender):
        self.total = self.total + request.amount
        self.send(sender, Total(f"{self.total}"))


a_day(Textual)

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# The node that sends. `Total` says that its value is an `int`, and a message is checked when it is made. The error names the line. If it
# were found only where it arrives, it would show at Ada, who did nothing wrong, in a program that may belong to somebody else.
# </details>

# %% [markdown]
# ## Break 5 · A typing mistake
#
# `self.totl`, in a handler. **Predict:** what becomes of the process, and what does Ada hear?


# %%
class Misspelt(Counter):
    @on(Add)
    def add(self, request, sender):
        self.total = self.totl + request.amount
        self.send(sender, Total(self.total))


a_day(Misspelt)

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# A handler that raises kills its node, and nothing that it wanted to send leaves. Ada is told which line it was: that is a
# service of this library for you, its author. On a real network Ada would have learnt as much as in Break 1.
#
# Why kill the node? It stopped half-way through a change. Nobody knows in which state it is, and a wrong answer is worse than none.
# </details>

# %% [markdown]
# ## Break 6 · Sleeping on duty
#
# The handler takes 0.3 seconds. Ada and Bob ask at the same time. **Predict:** after how long does each have an answer?


# %%
class Sleepy(Counter):
    @on(Add)
    def add(self, request, sender):
        time.sleep(0.3)
        self.total = self.total + request.amount
        self.send(sender, Total(self.total))


with Cluster(Sleepy, n=1) as world:
    asked = [world.client(name).start("n1", Add(1)) for name in ("ada", "bob")]
    print([answer.result(timeout=5) for answer in asked])
world.trace

# %% [markdown]
# <details><summary>What it looks like, and why</summary>
#
# One after 0.3 seconds, the other after 0.6. Handlers of a node run one at a time, each to its end: that is why two of them can never
# disturb each other's changes, and it is also why a slow one makes everybody wait. A node that has to wait sets a timer, and goes on.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Swap the last two lines of `Counter.add`, so that it sends before it stores. **Predict:** can Ada now hear 2, and the node know 0
# after its crash?


# %%
class Swapped(Counter):
    @on(Add)
    def add(self, request, sender):
        self.total = self.total + request.amount
        self.send(sender, Total(self.total))
        self.storage["total"] = self.total


a_day(Swapped)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nothing changes. What a handler sends leaves when the handler *returns*, after all that it stored. So a node can't announce what it
# has not kept. The tempting answer is right on a bare socket, where `send` means now: there the order of these two lines is the difference
# between a bank and a rumour.
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. Hand them in as you will hand in every lab.
#
# **1.** Two of the six look exactly alike to a client on a network that tells it nothing. Which two, and what could tell them apart?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-alike", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Breaks 1 and 5 (2 as well, on a real network): a request goes in and only silence comes back. In 1 the node is alive and has added, in 5 it is
# dead and has not. Asking it something else would tell: a living node answers, and its total shows whether it added.

# %% [markdown]
# **2.** Which of the six would you least like to meet in a program that has run for a year, and why?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-worst", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Break 3. All the others end in an error or in silence at the first message. This one answers at once, and wrongly, and only after a crash,
# when everybody looks elsewhere. Only a check of the answers themselves finds it.

# %% [markdown]
# ## What you know now
#
# - A line down is a process, an arrow is a message, a gap is a death.
# - An arrow in and none out: the node did not answer, and you can't know whether it acted.
# - Memory dies with its process; storage stays.
# - The mistake to fear is the one without an error. For that one you need a sentence that must hold, and something that checks it: lab01.
