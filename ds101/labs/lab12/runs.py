"""In which worlds solutions are judged, and with which faults.

System model: a fixed set of nodes that crash and restart with their storage, or stand still for a while; links that
lose, duplicate, reorder and delay messages, and may be cut, one way too. Clocks run at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from ds101.bad_days import Budget, bad_day
from ds101.explorer import View
from ds101.labs.lab12.given import HeartbeatReply
from ds101.labs.lab12.members import ELECTION_TIMEOUT, candidate_among_givers, voter_among_rivals, whole
from ds101.labs.worlds import Days, Orders, Processes
from ds101.trials import Trial

SETTLING = 30 * ELECTION_TIMEOUT[1]  # seconds from the last fault, by when somebody must lead
WATCHED = 0.6  # seconds, at least, for which that must stay so
SPARE = 0.3  # seconds: a real world begins before its first day does
BAD = 2.4  # seconds of a bad day
SLOW = (0.001, 0.007)  # seconds that a message takes, at the most: under a tenth of the minimum election time-out
NAMES = ("n1", "n2", "n3", "n4", "n5")


def days(random: Random, size: int) -> Iterator[Trial]:
    """Two days without faults; then bad ones, of three or five nodes."""
    yield Trial(5, random.randrange(2**31), SETTLING + WATCHED + SPARE)
    yield Trial(3, random.randrange(2**31), SETTLING + WATCHED + SPARE, latency=SLOW)
    for number in range(40 * size):
        yield _bad(random, 3 if number % 4 == 3 else 5)


def real_days(random: Random, size: int) -> Iterator[Trial]:
    """Bad days on real processes: SIGKILL, SIGSTOP, partitions."""
    for _ in range(1 + size):
        yield replace(_bad(random, 5), latency=(0.0, 0.0))


def _bad(random: Random, n: int) -> Trial:
    seed = random.randrange(2**31)
    budget = Budget(crashes=3, pauses=1, partitions=3, links=1, down=2 if n == 5 else 1)
    day = bad_day(NAMES[:n], seed, BAD, budget)
    latency = SLOW if random.random() < 0.5 else Trial(n).latency
    return Trial(n, seed, BAD + SETTLING + WATCHED + SPARE, day=day, latency=latency)


def answered(view: View) -> bool:
    """A heartbeat has been answered: what follows is searched with three nodes, and no further with four."""
    return bool(view.sent(HeartbeatReply))


VOTERS = Orders("a voter among rivals", nodes=voter_among_rivals, states=60_000, options={"timers": 1, "crashes": 1})
CANDIDATES = Orders(
    "a candidate among voters", nodes=candidate_among_givers, states=30_000, options={"timers": 2, "crashes": 1}
)
ORDERS = Orders("every order", nodes=whole, n=3, states=300_000, options={"timers": 2, "crashes": 1})
FOUR = Orders("four nodes", nodes=whole, n=4, states=60_000, options={"timers": 2, "prunes": answered})
DAYS = Days("bad days", nodes=whole, trials=days)
REAL = Processes("five processes", nodes=whole, trials=real_days, slack=ELECTION_TIMEOUT[0] / 10)

WHOLE = (ORDERS, FOUR, DAYS, REAL)  # for what must never happen
