"""Real processes that talk over TCP.

Nothing is imported here: a node's process needs server.py, and none of its caller's side.

- cluster.py    `Cluster`; its verbs are those of `ds101.world`
- engine.py     what the verbs ask for, on the reader's thread
- loop.py       the background thread of all worlds
- runtime.py    a world behind its verbs: launching, faults, deaths
- members.py    its nodes and their control connections
- clients.py    its clients' side of the network
- tracebook.py  its book of events
- server.py     the process of one node
- commands.py   what its world tells it to do
- timers.py, journal.py, recorder.py   that process's timers and clock, its disk, its records
- links.py, shared.py, frames.py, control.py   TCP: outgoing links, the lines on them, control connections
"""
