"""lab05, logical clocks: its specification, and what it gives its students.

System model: nodes that don't crash, and links that lose nothing. Messages may be late, arrive twice, and overtake each
other. There is no clock that all share; those on the wall are minutes apart.

- given.py       the events of task 3 and the room of task 4: all that a student needs
- travelling.py  nodes of ours that work and write letters; clocks.py, comparing.py, diaries.py ask a student's part
- happened.py    what happened before what
- runs.py        in which worlds and days each part is judged
- pictures.py    the bad run and the good run; merging.py  the experiment
- telling.py     what is shown of a run that fails
- lamport.py     task 1: LamportClock
- vectors.py     task 2: VectorClock, relation
- ordering.py    task 3: total_order
- screens.py     task 4: CausalBroadcast
"""

from ds101.labs.lab05 import lamport, ordering, screens, vectors  # noqa: F401  # they state properties
from ds101.labs.lab05.given import Look, Post, Room, Said, Say, Shown, Stamped
from ds101.labs.lab05.merging import backwards, loggers, post_letters
from ds101.labs.lab05.pictures import two_rooms
from ds101.labs.specification import Lab
from ds101.labs.worlds import judge_in_worlds

LAB = Lab(
    "lab05",
    "Logical clocks",
    ("LamportClock", "VectorClock", "relation", "total_order", "CausalBroadcast"),
    judge_in_worlds,
)

__all__ = [
    "LAB",
    "Look",
    "Post",
    "Room",
    "Said",
    "Say",
    "Shown",
    "Stamped",
    "backwards",
    "loggers",
    "post_letters",
    "two_rooms",
]
