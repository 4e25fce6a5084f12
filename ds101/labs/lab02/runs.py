"""In which worlds, with which faults, lab02 is judged. No world goes beyond the system model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from ds101.bad_days import BadDay
from ds101.explorer import View
from ds101.history import Call
from ds101.labs.lab02.faults import bad_day, chosen_days
from ds101.labs.lab02.given import Cancel, Charge, Read, Request
from ds101.labs.lab02.growth import Measure, measured
from ds101.labs.lab02.readers import hearing_once
from ds101.labs.specification import Parts
from ds101.labs.worlds import Days, Orders, Processes
from ds101.node import Node
from ds101.trials import Trial

Seconds = float
Nodes = Mapping[str, type[Node]]
WITHIN = 0.6  # seconds that a passenger waits
PATIENCE = 0.3  # seconds that a passenger waits longer than that, to see how late it is
READERS = ("n2", "n3")
CLIENTS = ("c1", "c2")  # the world's own, who are passengers, or clients of the server
FIRST_PAUSES = {"c1": (0.05, 0.45), "c2": (0.05, 0.0)}  # seconds before each ride, on chosen days


# Which nodes


def server_alone(parts: Parts) -> Nodes:
    """The server; its clients are the world's own."""
    return {"n1": parts["Server"]}


def with_storage(parts: Parts) -> Nodes:
    """The server that has storage, and two clients."""
    return {"n1": parts["Server"], "n2": parts["Client"], "n3": parts["Client"]}


def without_storage(parts: Parts) -> Nodes:
    """The server that forgets, and two clients."""
    return {"n1": parts["VolatileServer"], "n2": parts["Client"], "n3": parts["Client"]}


def one_client(nodes: Any) -> Any:
    """The same with one client, whose passenger is always heard once: for the explorer."""
    return lambda parts: {"n1": nodes(parts)["n1"], "n2": hearing_once(parts["Client"])}


# What clients do


def rides(name: str, reader: str, pauses: Sequence[Seconds]) -> tuple[Call, ...]:
    """A passenger's charges, each of a card of its own, each after so many seconds."""
    return tuple(
        Call(reader, Charge(f"{name}-{ride}", WITHIN), WITHIN + PATIENCE, after=pause)
        for ride, pause in enumerate(pauses, start=1)
    )


def readings(cards: list[str], after: Seconds) -> tuple[Call, ...]:
    """Somebody reads how often each card was charged, when all is over."""
    return tuple(Call("n1", Read(card), 0.5, after=after if card == cards[0] else 0.0) for card in cards)


def ride_day(day: BadDay, random: Random, pauses: Mapping[str, Sequence[Seconds]]) -> Trial:
    """A day on which passengers ride after these pauses, and all charges are read in the end."""
    clients = {name: rides(name, reader, pauses[name]) for name, reader in zip(CLIENTS, READERS, strict=True)}
    seconds = max(sum(some) + len(some) * (WITHIN + PATIENCE) for some in pauses.values())
    return _with_readings(random, seconds, day, clients)


def any_pauses(random: Random, number: int) -> dict[str, list[Seconds]]:
    """Short ones, and some that end in the middle of what the call before has left behind."""
    return {
        name: [round(random.choice((0.0, 0.2, 0.45)) + random.uniform(0, 0.05), 3) for _ in range(number)]
        for name in CLIENTS
    }


def request_day(day: BadDay, random: Random) -> Trial:
    """A day on which the world's own clients talk to the server, and repeat themselves."""
    return _with_readings(random, 2.0, day, {name: requests(name, random) for name in CLIENTS})


def requests(name: str, random: Random, number: int = 4) -> tuple[Call, ...]:
    """A client's requests, each sent once or more, some followed or preceded by a cancel, and old ones again."""
    sent: list[Any] = []
    for one in range(1, number + 1):
        request, cancel = Request(name, one, f"{name}-{one}"), Cancel(name, one)
        sent += [request] * random.randint(1, 3)
        if random.random() < 0.4:
            sent.insert(len(sent) - random.randint(0, 1), cancel)
        if sent and random.random() < 0.3:
            sent.append(random.choice(sent))
    return tuple(Call("n1", one, 0.2, after=round(random.uniform(0, 0.15), 3)) for one in sent)


def _with_readings(random: Random, seconds: Seconds, day: BadDay, clients: dict[str, tuple[Call, ...]]) -> Trial:
    cards = sorted({call.request.card for calls in clients.values() for call in calls if hasattr(call.request, "card")})
    workload = (*clients.items(), ("c3", readings(cards, max(seconds, day.seconds))))
    return Trial(None, random.randrange(2**32), max(seconds, day.seconds) + 0.5, workload, day)


# How many days, of which kind


def days(random: Random, size: int) -> Iterator[Trial]:
    """Simulated days of rides: first the ones that everybody should think of, then any."""
    for day in chosen_days(READERS):
        yield ride_day(day, random, FIRST_PAUSES)
    for _ in range(40 * size):
        yield ride_day(bad_day(random, 3.0, READERS), random, any_pauses(random, 3))


def real_days(random: Random, size: int) -> Iterator[Trial]:
    """Few of them, since they take their time."""
    for day in chosen_days(READERS)[1 : 1 + size]:
        yield ride_day(day, random, FIRST_PAUSES)
    for _ in range(size):
        yield ride_day(bad_day(random, 2.0, READERS), random, any_pauses(random, 2))


def request_days(random: Random, size: int) -> Iterator[Trial]:
    """Simulated days of requests."""
    for day in chosen_days(CLIENTS):
        yield request_day(day, random)
    for _ in range(40 * size):
        yield request_day(bad_day(random, 2.0, CLIENTS), random)


def real_request_days(random: Random, size: int) -> Iterator[Trial]:
    """Few of them."""
    for _ in range(size):
        yield request_day(bad_day(random, 2.0, CLIENTS), random)


def many_rides(random: Random, size: int) -> Iterator[Trial]:
    """A thousand operations of two clients on five cards; the server is measured after 50, and in the end."""
    calls: list[Call] = []
    for number in range(1, 1001):
        calls.append(Call(f"n{2 + number % 2}", Charge(f"card {number % 5}", WITHIN), WITHIN + PATIENCE))
        if number in (50, 1000):
            calls.append(Call("n1", Measure(), 1.0))
    yield Trial(None, random.randrange(2**32), 1.0, (("c1", tuple(calls)),))


def many_requests(random: Random, size: int) -> Iterator[Trial]:
    """The same, with the world's own clients in place of a student's."""
    calls: list[Call] = []
    for number in range(1, 1001):
        client, count = f"c{1 + number % 2}", (number + 1) // 2
        calls.append(Call("n1", Request(client, count, f"card {number % 5}"), 0.5))
        if number in (50, 1000):
            calls.append(Call("n1", Measure(), 1.0))
    yield Trial(None, random.randrange(2**32), 1.0, (("c1", tuple(calls)),))


# For the explorer: a passenger rides twice, and asks each time what the server has; a client repeats its first request,
# since what was sent to a server that has crashed is gone.

TWO_RIDES = {
    "c1": [
        Call("n2", Charge("A", WITHIN)),
        Call("n1", Read("A")),
        Call("n2", Charge("B", WITHIN)),
        Call("n1", Read("B")),
    ]
}
REQUESTS = {
    "c1": [
        Call("n1", Request("c1", 1, "A")),
        Call("n1", Request("c1", 1, "A")),
        Call("n1", Cancel("c1", 1)),
        Call("n1", Request("c1", 2, "B")),
        Call("n1", Read("A")),
    ]
}


def _client_crashed(view: View) -> bool:
    """Beyond the system model."""
    return not view.is_up("n2")


FAULTS = {"crashes": 1, "timers": 4, "prunes": _client_crashed}

SERVER_ORDERS = Orders(
    "the server, every order",
    nodes=server_alone,
    clients=REQUESTS,
    options={"crashes": 1, "timeouts": 2},
    states=20_000,
)
SERVER_DAYS = Days("the server, bad days", nodes=server_alone, trials=request_days)
SERVER_REAL = Processes("the server, a real process", nodes=server_alone, trials=real_request_days)
SERVER_GROWTH = Days("a thousand requests", nodes=lambda parts: {"n1": measured(parts["Server"])}, trials=many_requests)

ORDERS = Orders("every order", nodes=one_client(with_storage), clients=TWO_RIDES, options=FAULTS, states=30_000)
DAYS = Days("bad days", nodes=with_storage, trials=days)
REAL = Processes("real processes", nodes=with_storage, trials=real_days)

VOLATILE_ORDERS = Orders(
    "every order, without storage", nodes=one_client(without_storage), clients=TWO_RIDES, options=FAULTS, states=30_000
)
VOLATILE_DAYS = Days("bad days, without storage", nodes=without_storage, trials=days)
VOLATILE_REAL = Processes("real processes, without storage", nodes=without_storage, trials=real_days)
VOLATILE_GROWTH = Days(
    "a thousand rides",
    nodes=lambda parts: {**without_storage(parts), "n1": measured(parts["VolatileServer"])},
    trials=many_rides,
)
