"""lab02, exactly-once calls: its specification, and what it gives its students.

System model: one server, a fixed set of clients that do not crash, one operation of each client at a time. Between
clients and server, messages are lost, duplicated, late and reordered. The server is paused, and it is killed at any
moment, also between what it stores and what it sends, and restarts. Between a passenger and a client nothing goes
wrong.

- given.py       the messages and timers: all that a student needs
- soundness.py   when server and links were sound
- evidence.py    what a run shows of charges
- outcomes.py    the sentences that the tasks share, as answers about a run
- growth.py      how large the server's state is
- faults.py      what goes wrong on a day
- readers.py     a client that hears each passenger once, for the explorer
- runs.py        in which worlds, with which faults
- pictures.py    the bad run and the good run
- serving.py     task 1: Server, alone
- calling.py     task 2: Client, with the Server
- forgetting.py  task 3: VolatileServer, with the Client
"""

from ds101.labs.lab02 import calling, forgetting, serving  # noqa: F401  # they state properties
from ds101.labs.lab02.given import (
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
from ds101.labs.lab02.pictures import lost_reply
from ds101.labs.specification import Lab
from ds101.labs.worlds import judge_in_worlds

LAB = Lab("lab02", "Exactly-once calls", ("Server", "Client", "VolatileServer"), judge_in_worlds)

__all__ = [
    "LAB",
    "RETRY",
    "SERVER",
    "Cancel",
    "Cancelled",
    "Charge",
    "Charges",
    "Deadline",
    "Done",
    "Failed",
    "GiveUpDue",
    "Read",
    "Refused",
    "Reply",
    "Request",
    "RetryDue",
    "Unknown",
    "lost_reply",
]
