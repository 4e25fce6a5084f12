"""In which worlds solutions are judged, and with which faults.

System model: a fixed set of nodes that crash and restart with their storage, or stand still for a while; links that
lose, duplicate, reorder and delay messages, and may be cut, one way too. Clocks run at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ds101.bad_days import Budget, bad_day
from ds101.explorer import View
from ds101.labs.lab12.given import HeartbeatReply
from ds101.labs.lab12.members import ELECTION_TIMEOUT, candidate_among_givers, voter_among_rivals, whole
from ds101.labs.worlds import Days, Orders, Processes
from ds101.simulation.simulation import LATENCY
from ds101.trials import Trial

SETTLING = 30 * ELECTION_TIMEOUT[1]  # seconds from the last fault, by when somebody must lead
WATCHED = 0.45  # seconds, at least, for which that must stay so
SPARE = 0.3  # seconds: a real world begins before its first day does
CALM = SETTLING + WATCHED + SPARE
BAD = 2.0  # seconds of a bad day
SLOW = (0.001, 0.005)  # seconds that a message takes, at the most: under a tenth of the minimum election time-out
NAMES = ("n1", "n2", "n3", "n4", "n5")


def days(random: Random, size: int) -> Iterator[Trial]:
    """Two days without faults; then bad ones, of three or five nodes, that end in calm."""
    yield Trial(5, random.randrange(2**31), CALM)
    yield Trial(3, random.randrange(2**31), CALM, latency=SLOW)
    for number in range(40 * size):
        latency = SLOW if random.random() < 0.5 else LATENCY
        yield _bad(random, 3 if number % 4 == 3 else 5, CALM, latency)


def real_days(random: Random, size: int) -> Iterator[Trial]:
    """Bad days on real processes: SIGKILL, SIGSTOP, partitions. The first ends in calm."""
    yield _bad(random, 5, CALM, LATENCY)
    for _ in range(2 * size - 1):
        yield _bad(random, 5, 0.0, LATENCY)


def _bad(random: Random, n: int, calm: float, latency: tuple[float, float]) -> Trial:
    seed = random.randrange(2**31)
    budget = Budget(crashes=3, pauses=1, partitions=3, links=1, down=2 if n == 5 else 1)
    return Trial(n, seed, BAD + calm, day=bad_day(NAMES[:n], seed, BAD, budget), latency=latency)


def answered(view: View) -> bool:
    """A heartbeat has been answered: with a crash, or with four nodes, it is searched no further from there."""
    return bool(view.sent(HeartbeatReply))


VOTERS = Orders("a voter among rivals", nodes=voter_among_rivals, states=60_000, options={"timers": 3, "crashes": 1})
CANDIDATES = Orders(
    "a candidate among voters", nodes=candidate_among_givers, states=30_000, options={"timers": 2, "crashes": 1}
)
THREE = Orders("three nodes", nodes=whole, n=3, states=60_000, options={"timers": 2})
CRASH = Orders(
    "three nodes and a crash",
    nodes=whole,
    n=3,
    states=60_000,
    options={"timers": 2, "crashes": 1, "prunes": answered},
)
FOUR = Orders("four nodes", nodes=whole, n=4, states=60_000, options={"timers": 2, "prunes": answered})
DAYS = Days("bad days", nodes=whole, trials=days)
REAL = Processes("five processes", nodes=whole, trials=real_days, slack=ELECTION_TIMEOUT[0] / 10)

SAFETY = (THREE, CRASH, FOUR, DAYS, REAL)  # where it is looked for what must never happen
LIVENESS = (DAYS, REAL)
