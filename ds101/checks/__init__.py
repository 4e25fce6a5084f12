r"""Checks: verdicts on histories, states and traces. Each is a sentence, a function, and a hint.

answer            what a check answers, and how to write one
model             what an object does when nobody else is there; your own models
registers, maps   compare-and-set too; objects has counters, queues and locks
linearizability   every operation at one instant: the search in numbered, order and search, its story in misfit, telling
sequential        one order for all, though not that of time
sessions          the session guarantees and causal consistency, by causality
staleness         how old the values are that reads are told
invariants        what is true in every state; convergence: what becomes true
messages          how many messages it takes
jepsen            histories of others: Jepsen's in EDN, and logs of etcd's tests

A lab says which of its messages read and write, and asks:

>>> from ds101 import History, Message
>>> from ds101.history import Operation
>>> class Get(Message):
...     key: str
>>> class Got(Message):
...     value: int | None
>>> class Put(Message):
...     key: str
...     value: int
>>> class Done(Message): pass
>>> history = History([
...     Operation("ada", "n1", Put("x", 1), began=0.0, ended=0.1, outcome="ok", reply=Done()),
...     Operation("bob", "n2", Get("x"), began=0.2, ended=0.3, outcome="ok", reply=Got(None)),
... ])
>>> answer = linearizable(history, Register(read=Get, write=Put))
>>> answer.verdict
Verdict.BROKEN
>>> print(*answer.steps, sep="\n")
1  ada  Put(1)        0–0.1 s    the value is 1
✗  bob  Get() → None  0.2–0.3 s  fits nowhere
"""

from ds101.checks.answer import Answer, Check, broken, check, holds, inconclusive
from ds101.checks.budget import Budget
from ds101.checks.convergence import converged, converges, healed_at
from ds101.checks.fields import Named
from ds101.checks.invariants import Invariant, invariant
from ds101.checks.linearizability import linearizable
from ds101.checks.maps import Delete, Map, Snapshot
from ds101.checks.messages import within_budget
from ds101.checks.misfit import Misfit
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, UNKNOWN, Asked, Effect, Model
from ds101.checks.objects import Acquire, Add, Counter, Dequeue, Enqueue, Lock, Queue, Release
from ds101.checks.registers import Append, Cas, Read, Register, Write
from ds101.checks.sequential import sequentially_consistent
from ds101.checks.sessions import (
    causally_consistent,
    monotonic_reads,
    monotonic_writes,
    read_your_writes,
    writes_follow_reads,
)
from ds101.checks.staleness import Lag, Staleness, fresh, staleness

__all__ = [
    "ANY",
    "DEPENDS",
    "REFUSED",
    "SAME",
    "UNKNOWN",
    "Acquire",
    "Add",
    "Answer",
    "Append",
    "Asked",
    "Budget",
    "Cas",
    "Check",
    "Counter",
    "Delete",
    "Dequeue",
    "Effect",
    "Enqueue",
    "Invariant",
    "Lag",
    "Lock",
    "Map",
    "Misfit",
    "Model",
    "Named",
    "Queue",
    "Read",
    "Register",
    "Release",
    "Snapshot",
    "Staleness",
    "Write",
    "broken",
    "causally_consistent",
    "check",
    "converged",
    "converges",
    "fresh",
    "healed_at",
    "holds",
    "inconclusive",
    "invariant",
    "linearizable",
    "monotonic_reads",
    "monotonic_writes",
    "read_your_writes",
    "sequentially_consistent",
    "staleness",
    "within_budget",
    "writes_follow_reads",
]
