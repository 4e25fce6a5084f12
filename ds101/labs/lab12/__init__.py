"""lab12, leader election: its specification, and what it gives its students.

System model: a fixed set of nodes, each with a log that stays as it is. A node may stand still, or crash and restart
with its storage. Links may lose, duplicate, reorder and delay messages, and may be cut, one way too. Clocks may show
different times, and run at the same rate. Nobody lies.

- given.py     timers, messages, logs, and the node to build on: all that a student needs
- members.py   which nodes run: the student's protocol, or a part of it among nodes of ours
- runs.py      in which worlds, with which faults
- votes.py     what messages say about votes and leaders
- voting.py    task 1: one vote a term, none for an older log
- winning.py   task 2: a majority first, one leader a term
- calm.py      the end of a run, when everything has run and been healed for long enough
- leading.py   task 3: a leader that stays
- talking.py   task 3: little talk
- pictures.py  the bad run and the good run
- reigns.py    who led when
"""

# isort: off
from ds101.labs.lab12 import voting, winning, leading, talking  # noqa: F401  # they state properties, in this order

# isort: on
from ds101.labs.lab12.given import (
    LOGS,
    ElectionTimeout,
    Entry,
    Heartbeat,
    HeartbeatDue,
    HeartbeatReply,
    Member,
    RequestVote,
    Vote,
)
from ds101.labs.lab12.pictures import forgotten_vote
from ds101.labs.lab12.reigns import reigns
from ds101.labs.specification import Lab
from ds101.labs.worlds import judge_in_worlds

LAB = Lab("lab12", "Leader election", ("Voter", "Candidate", "Raft"), judge_in_worlds)

__all__ = [
    "LAB",
    "LOGS",
    "ElectionTimeout",
    "Entry",
    "Heartbeat",
    "HeartbeatDue",
    "HeartbeatReply",
    "Member",
    "RequestVote",
    "Vote",
    "forgotten_vote",
    "reigns",
]
