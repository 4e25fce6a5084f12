"""In which worlds the two stores are judged, with which clients and which faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from ds101.history import Call
from ds101.labs.lab10.given import AS_READ, Get, Put, Read, Write
from ds101.labs.lab10.scenes import (
    NODES,
    PATIENCE,
    across_a_cut,
    afterwards,
    audited,
    blackout,
    crowd,
    echo,
    one_door,
    promises,
    returning,
    storm,
    two_blind_writes,
)
from ds101.labs.lab10.weather import FAULTS, Fault, bad_day, cut, flapping, kill, one_way_cut, rolling_restart
from ds101.labs.worlds import Days, Orders, Processes
from ds101.trials.trial import Trial, Workload

DAY = 1.5  # seconds in which things go wrong
CALLS = 12  # of each client


def registers(random: Random, clients: int, keys: Sequence[str], begins: float) -> Workload:
    """Clients that read and write at nodes of their choice from some time on; no two writes have the same value."""
    favourites, spread = random.sample(NODES, 3), random.choice([0.02, 0.05, 0.1])

    def steps(client: str) -> Iterator[Call]:
        for number in range(1, CALLS + 1):
            node = random.choice(favourites if random.random() < 0.6 else NODES)
            key = random.choice(keys)
            request = Write(key, f"{client}-{number}") if random.random() < 0.5 else Read(key)
            wait = random.uniform(0.0, spread) + (begins if number == 1 else 0.0)
            yield Call(node, request, PATIENCE, round(wait, 4))

    return tuple((f"c{number}", tuple(steps(f"c{number}"))) for number in range(1, clients + 1))


def consistent_days(random: Random, size: int) -> Iterator[Trial]:
    """Chosen scenes, a calm day, a day for each fault alone, and days with several."""
    for scene in (returning, echo, blackout):
        yield scene(random)
    yield _consistent_day(random, ())
    for fault in FAULTS:
        yield _consistent_day(random, [fault])
    for _ in range(10 * size):
        yield storm(random)
        yield one_door(random)
        yield _consistent_day(random, random.choices(FAULTS, k=random.randint(1, 3)))
        yield _consistent_day(random, [rolling_restart, random.choice([cut, one_way_cut, flapping])])


def _consistent_day(random: Random, faults: Sequence[Fault]) -> Trial:
    day = bad_day(random, NODES, DAY, faults)
    moments = [step.at for step in day.steps] or [0.1]
    begins = max(0.0, random.choice(moments) + random.uniform(-0.15, 0.05))  # most happens where a fault begins or ends
    keys = random.choice([("x",), ("x", "y")])
    workload = registers(random, random.randint(2, 4), keys, begins)
    if random.random() < 0.4:
        workload = crowd(random, begins)
    return Trial(len(NODES), random.getrandbits(32), DAY + PATIENCE, (*workload, afterwards(keys, DAY + 0.05)), day)


def consistent_real_days(random: Random, size: int) -> Iterator[Trial]:
    """Real partitions and real kills."""
    plans: list[list[Fault]] = [[cut, kill], [one_way_cut, flapping], [rolling_restart, cut]]
    for faults in plans[:size]:
        workload = (*registers(random, 4, ("x", "y"), 0.2), afterwards(("x", "y"), DAY + 0.05))
        yield Trial(len(NODES), random.getrandbits(32), DAY + PATIENCE, workload, bad_day(random, NODES, DAY, faults))


def shoppers(random: Random, keys: Sequence[str]) -> Iterator[tuple[str, tuple[Call, ...]]]:
    """Clients that write blindly, and clients that replace what they have read; writes have values of their own."""
    favourites = random.sample(NODES, 2)

    def node() -> str:
        return random.choice(favourites if random.random() < 0.5 else NODES)

    def wait() -> float:
        return round(random.choice([0.0, random.uniform(0.0, 0.3)]), 4)

    for name in ("blind1", "blind2"):
        writes = (Put(random.choice(keys), f"{name}-{number}", {}) for number in range(1, 5))
        yield name, tuple(Call(node(), write, PATIENCE, wait()) for write in writes)
    for name in ("cart1", "cart2", "cart3"):
        calls: list[Call] = []
        for number in range(1, 6):
            key = random.choice(keys)
            there = node()
            calls.append(Call(there, Get(key), PATIENCE, wait()))
            back = there if random.random() < 0.5 else node()
            calls.append(Call(back, Put(key, f"{name}-{number}", AS_READ), PATIENCE, wait()))
        yield name, tuple(calls)


def available_days(random: Random, size: int) -> Iterator[Trial]:
    """Chosen scenes, a calm day, a day for each fault alone, and days with several; each ends with an audit."""
    for scene in (two_blind_writes, across_a_cut, promises):
        yield scene(random)
    yield _available_day(random, ())
    for fault in FAULTS:
        yield _available_day(random, [fault])
    for _ in range(6 * size):
        yield _available_day(random, random.choices(FAULTS, k=random.randint(1, 3)))
        yield _available_day(random, [cut])
        yield _available_day(random, [rolling_restart, random.choice([one_way_cut, flapping])])


def available_real_days(random: Random, size: int) -> Iterator[Trial]:
    """Real partitions and real kills."""
    plans: list[list[Fault]] = [[rolling_restart, cut], [flapping, one_way_cut, kill]]
    for faults in plans[:size]:
        yield _available_day(random, faults, twice=True)


def _available_day(random: Random, faults: Sequence[Fault], twice: bool = False) -> Trial:
    keys = random.choice([("cart",), ("cart", "list")])
    clients, day = tuple(shoppers(random, keys)), bad_day(random, NODES, DAY, faults)
    return audited(random, clients, day, keys, twice)


def _orders(name: str, **clients: Sequence[Call]) -> Orders:
    options = {"network": "multiset", "timers": 0}
    store = lambda parts: parts["ConsistentStore"]  # noqa: E731
    return Orders(name, nodes=store, n=3, clients=clients, states=30_000, options=options)


READERS = _orders(
    "every order of a write and two reads",
    ada=[Call("n1", Write("x", "new"))],
    bob=[Call("n2", Read("x")), Call("n3", Read("x"))],
)
WRITER = _orders(
    "every order of two writes and a read",
    ada=[Call("n1", Write("x", "old")), Call("n3", Write("x", "new")), Call("n2", Read("x"))],
)
CONSISTENT_DAYS = Days("bad days", nodes=lambda parts: parts["ConsistentStore"], trials=consistent_days)
CONSISTENT_REAL = Processes("five processes", nodes=lambda parts: parts["ConsistentStore"], trials=consistent_real_days)
AVAILABLE_DAYS = Days("bad days for shoppers", nodes=lambda parts: parts["AvailableStore"], trials=available_days)
AVAILABLE_REAL = Processes(
    "five processes for shoppers", nodes=lambda parts: parts["AvailableStore"], trials=available_real_days
)
