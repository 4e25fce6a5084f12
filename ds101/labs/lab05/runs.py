"""In which runs each part is judged: links that duplicate and reorder but lose nothing, clocks on the wall that differ.

Nobody crashes. Every request comes from a client of its own, so that clients bring about no order between nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ds101.bad_days import BadDay, Step
from ds101.history import Call
from ds101.labs.lab05.clocks import lamport, vector
from ds101.labs.lab05.comparing import comparing
from ds101.labs.lab05.diaries import Sort, diary, timeless
from ds101.labs.lab05.given import Say
from ds101.labs.lab05.travelling import Work, Write
from ds101.labs.worlds import Days, Orders, Processes
from ds101.messages import Message
from ds101.trials import Trial
from ds101.trials.trial import Workload

NODES = ("n1", "n2", "n3")
NO_COPIES = {"network": "multiset"}  # nothing is lost, all may be overtaken
ONE_COPY = {"network": "multiset", "duplicates": 1}  # and one message arrives twice


def bad_links(random: Random, seconds: float) -> BadDay:
    """Links that duplicate and reorder all day, and clocks on the wall that are minutes apart."""
    effects = (
        ("jitter", round(random.uniform(0.001, 0.01), 4)),
        ("duplicate", round(random.uniform(0.1, 0.3), 2)),
        ("reorder", round(random.uniform(0.2, 0.5), 2)),
    )
    skews = [Step(0.0, "skew", (node, ("offset", round(random.uniform(-100, 100), 1))), 2) for node in NODES]
    return BadDay((*skews, Step(0.0, "link", effects, 1), Step(seconds, "mend", (), 1)), seconds)


def each_its_own_client(calls: list[Call]) -> Workload:
    """Every call made by a client of its own."""
    return tuple((f"c{number}", (call,)) for number, call in enumerate(calls, start=1))


def errands(random: Random, count: int, seconds: float) -> list[Call]:
    """Work and letters, in any order, within so many seconds."""
    return [
        Call(node, _errand(random, node), after=random.uniform(0, seconds)) for node in random.choices(NODES, k=count)
    ]


def _errand(random: Random, node: str) -> Message:
    return Work() if random.random() < 0.3 else Write(random.choice([one for one in NODES if one != node]))


def travels(random: Random, size: int) -> Iterator[Trial]:
    """Short days first: what is wrong with two events is told with two events."""
    for number in range(25 * size):
        yield _travel(random, min(2 + number, 12), 0.02)


def real_travels(random: Random, size: int) -> Iterator[Trial]:
    """The same on real processes."""
    for _ in range(size):
        yield _travel(random, 15, 0.3)


def _travel(random: Random, count: int, seconds: float) -> Trial:
    calls = errands(random, count, seconds)
    return Trial(3, random.randrange(10**6), 2 * seconds, each_its_own_client(calls), bad_links(random, seconds))


def sorting_days(random: Random, size: int) -> Iterator[Trial]:
    """Errands, and each node sorts in between and in the end."""
    for number in range(25 * size):
        yield _sorting_day(random, min(2 + number, 12), 0.02)


def real_sorting_days(random: Random, size: int) -> Iterator[Trial]:
    """The same on real processes."""
    for _ in range(size):
        yield _sorting_day(random, 15, 0.3)


def _sorting_day(random: Random, count: int, seconds: float) -> Trial:
    sorts = [Call(node, Sort(), after=when) for node in NODES for when in (random.uniform(0, seconds), 2 * seconds)]
    calls = errands(random, count, seconds) + sorts
    return Trial(3, random.randrange(10**6), 3 * seconds, each_its_own_client(calls), bad_links(random, seconds))


def chats(random: Random, size: int) -> Iterator[Trial]:
    """Posts in quick succession, so that most are written while others are on their way."""
    for number in range(40 * size):
        yield _chat(random, min(2 + number // 2, 12), 0.02)


def real_chats(random: Random, size: int) -> Iterator[Trial]:
    """The same on real processes."""
    for _ in range(size):
        yield _chat(random, 20, 0.3)


TEXTS = ("yes", "no", "where?", "here", "who?", "me", "when?", "now")


def _chat(random: Random, count: int, seconds: float) -> Trial:
    """Texts recur: two posts may say the same, also by one author."""
    calls = [
        Call(random.choice(NODES), Say(random.choice(TEXTS)), after=random.uniform(0, seconds)) for _ in range(count)
    ]
    return Trial(3, random.randrange(10**6), 4 * seconds, each_its_own_client(calls), bad_links(random, seconds))


ERRANDS = {
    "c1": [Call("n1", Write("n2"))],
    "c2": [Call("n2", Write("n1"))],
    "c3": [Call("n1", Work())],
    "c4": [Call("n2", Write("n3"))],
}
SORTS = {
    "c1": [Call("n1", Write("n2"))],
    "c2": [Call("n2", Write("n1"))],
    "c3": [Call("n1", Sort())],
    "c4": [Call("n2", Sort())],
}
CHAT = {
    "c1": [Call("n1", Say("who?")), Call("n1", Say("anybody?"))],
    "c2": [Call("n2", Say("me"))],
}

LAMPORT = (
    Orders("letters in every order", lambda parts: lamport(parts["LamportClock"]), 3, ERRANDS, 5_000, ONE_COPY),
    Days("days of letters", lambda parts: lamport(parts["LamportClock"]), travels),
    Processes("three processes", lambda parts: lamport(parts["LamportClock"]), real_travels),
)
VECTOR = (
    Orders(
        "letters in every order, with vectors", lambda parts: vector(parts["VectorClock"]), 3, ERRANDS, 5_000, ONE_COPY
    ),
    Days("days of letters, with vectors", lambda parts: vector(parts["VectorClock"]), travels),
    Processes("three processes, with vectors", lambda parts: vector(parts["VectorClock"]), real_travels),
)
RELATION = (
    Orders("letters in every order, compared", lambda parts: comparing(parts["relation"]), 3, ERRANDS, 5_000, ONE_COPY),
    Days("days of letters, compared", lambda parts: comparing(parts["relation"]), travels),
    Processes("three processes, compared", lambda parts: comparing(parts["relation"]), real_travels),
)
ORDER = (
    Orders("diaries in every order", lambda parts: timeless(parts["total_order"]), 2, SORTS, 5_000, NO_COPIES),
    Days("days of diaries", lambda parts: diary(parts["total_order"]), sorting_days),
    Processes("three diaries", lambda parts: diary(parts["total_order"]), real_sorting_days),
)
BROADCAST = (
    Orders("posts in every order", lambda parts: parts["CausalBroadcast"], 3, CHAT, 8_000, ONE_COPY),
    Days("days of posts", lambda parts: parts["CausalBroadcast"], chats),
    Processes("three screens", lambda parts: parts["CausalBroadcast"], real_chats),
)
