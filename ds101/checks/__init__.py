"""Checks: verdicts on histories, states and traces. Each is a sentence, a function, and a hint.

answer            what a check answers, and how to write one
model             what an object does when nobody else is there; your own models
registers, maps   compare-and-set too; objects has counters, queues and locks
jepsen            histories of others: Jepsen's in EDN, and logs of etcd's tests
linearizability   every operation at one instant: the search in numbered, order and search, its story in misfit, telling
"""

from ds101.checks.answer import Answer, Check, broken, check, holds, inconclusive
from ds101.checks.budget import Budget
from ds101.checks.fields import Named
from ds101.checks.linearizability import linearizable
from ds101.checks.maps import Delete, Map, Snapshot
from ds101.checks.misfit import Misfit
from ds101.checks.model import ANY, DEPENDS, REFUSED, SAME, UNKNOWN, Asked, Effect, Model
from ds101.checks.objects import Acquire, Add, Counter, Dequeue, Enqueue, Lock, Queue, Release
from ds101.checks.registers import Append, Cas, Read, Register, Write

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
    "Write",
    "broken",
    "check",
    "holds",
    "inconclusive",
    "linearizable",
]
