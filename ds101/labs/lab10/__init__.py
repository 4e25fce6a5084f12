"""lab10, CAP: one store in two modes; its specification, and what it gives its students.

System model: asynchronous. Between nodes, messages may be lost, duplicated, delayed and reordered, and links may be
cut, in both directions or in one. A node may be killed at any moment, and starts again with its storage. Clients can
reach every node; what a client sends arrives once at the most, and it has one request under way at a time. Clocks run
at the same rate. Nobody lies: a node sends what its code says, and messages arrive unchanged.

- given.py       requests, replies, the deadline and the period: all that a student needs
- contact.py     who was in contact with whom, and when
- asked.py       what nodes were asked, and what they answered until when
- replaced.py    which values were replaced by which writes
- weather.py     what goes wrong on a day, drawn at random
- scenes.py      days on which one chosen thing goes wrong
- runs.py        the worlds, with their clients and faults
- consistent.py  task 1: ConsistentStore
- available.py   task 2: AvailableStore
- telling.py     what is told of a run of the available store
- pictures.py    the bad run and the good run
"""

from ds101.labs.lab10 import available, consistent  # noqa: F401  # they state properties
from ds101.labs.lab10.given import (
    AS_READ,
    DEADLINE,
    PERIOD,
    Done,
    Get,
    Put,
    Read,
    Refused,
    Siblings,
    Stored,
    Value,
    Write,
)
from ds101.labs.lab10.pictures import cut_cable
from ds101.labs.specification import Lab
from ds101.labs.worlds import judge_in_worlds

LAB = Lab("lab10", "CAP: one store in two modes", ("ConsistentStore", "AvailableStore"), judge_in_worlds)

__all__ = [
    "AS_READ",
    "DEADLINE",
    "LAB",
    "PERIOD",
    "Done",
    "Get",
    "Put",
    "Read",
    "Refused",
    "Siblings",
    "Stored",
    "Value",
    "Write",
    "cut_cable",
]
