"""Judging a lab whose parts are nodes: in every order of events, on simulated bad days, and on real processes.

A lab says in which worlds each property is judged:

    ORDERS = Orders("every order", nodes=the_class, n=3, crashes=1, timers=3, states=60_000)
    DAYS = Days("bad days", nodes=the_class, trials=days)
    REAL = Processes("five processes", nodes=the_class, trials=real_days)

    @property_of("lab12", points=4, title="one leader a term", hint="...?", worlds=(ORDERS, DAYS, REAL))
    def one_leader_a_term(run):
        "No two nodes send heartbeats in the same term."
        ...
        return holds()

The check answers with an `Answer` (ds101.checks.answer). It is given a `Run` of a trial, or a `View` of the explorer
with the same `sent` and `history`. Inconclusive means: this run says nothing about it.

- judging.py    `judge_in_worlds`: a property's worlds, one after the other
- days.py       `Days`: trials in the simulation
- processes.py  `Processes`: trials on real processes
- orders.py     `Orders`: the explorer
- witness.py    whether this machine kept the time meanwhile
- stuck.py      a handler that doesn't end
- outcome.py    what one world has brought to light so far
- stories.py    a failing run, as small as it gets, with its steps, its picture and the line that replays it
"""

from ds101.labs.worlds.days import Days
from ds101.labs.worlds.judging import judge_in_worlds
from ds101.labs.worlds.orders import Orders
from ds101.labs.worlds.processes import Processes

__all__ = ["Days", "Orders", "Processes", "judge_in_worlds"]
