"""What goes wrong between clients and server on a day of lab02."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ds101.bad_days import BadDay, Step
from ds101.labs.lab02.given import SERVER

Seconds = float
Names = tuple[str, str]  # of the two clients
ASKED = ("Request", "Cancel")  # what the server is asked by clients
ANSWERED = ("Reply", "Cancelled", "Refused")  # what it answers
POINTS = (
    ("crash before", "Request"),
    ("crash after", "Request"),  # stored, and not answered
    ("crash during", "Request"),
    ("crash before", "Reply"),
    ("crash after", "Reply"),
    ("crash after", "Cancel"),
)


def chosen_days(clients: Names) -> tuple[BadDay, ...]:
    """The days that everybody should think of."""
    cut = ([SERVER], list(clients))
    late = (("delay", 0.8),)
    return (
        BadDay((), 0.0),
        # killed between storing and answering, and after the first thing that it stores
        _day(Step(0.0, "crash after", (SERVER, "Request"), 1), Step(0.3, "restart", (SERVER,), 1)),
        _day(Step(0.0, "crash during", (SERVER, "Request", 1), 1), Step(0.3, "restart", (SERVER,), 1)),
        # replies are lost
        _day(Step(0.0, "drop", ("Reply", SERVER, "*", 4), 1), Step(1.0, "mend", (), 1)),
        # the reply is lost, and the server killed, before the request comes again
        _day(
            Step(0.0, "drop", ("Reply", SERVER, "*", 2), 1),
            Step(0.0, "crash after", (SERVER, "Reply"), 2),
            Step(0.3, "restart", (SERVER,), 2),
            Step(0.3, "mend", (), 1),
        ),
        # requests wait, and come at once
        _day(Step(0.0, "pause", (SERVER,), 1), Step(0.28, "resume", (SERVER,), 1)),
        # cut for most of the first operation; for most of the second; in the beginning of the second
        _day(Step(0.0, "partition", cut, 1), Step(0.58, "heal", (), 1)),
        _day(Step(0.3, "partition", cut, 1), Step(1.01, "heal", (), 1)),
        _day(Step(0.48, "partition", cut, 1), Step(0.7, "heal", (), 1)),
        # answers that come when nobody waits for them any more
        _day(Step(0.0, "one link", (SERVER, clients[0], *late), 1), Step(1.0, "mend", (), 1)),
    )


def _day(*steps: Step) -> BadDay:
    return BadDay(steps, max(step.at for step in steps))


def bad_day(random: Random, seconds: Seconds, clients: Names) -> BadDay:
    """A few faults of any kind within so many seconds; each ends within them."""
    kinds: list[Callable[[Random, Seconds, Seconds, int, Names], list[Step]]]
    kinds = [_killed, _killed_at_a_point, _lost, _cut, _bad]
    steps: list[Step] = []
    begin = random.uniform(0, 0.3)
    for fault in range(1, 1 + random.randint(2, 4)):
        end = begin + random.uniform(0.1, 0.3) * seconds
        if end > seconds:
            break
        steps += random.choice(kinds)(random, round(begin, 3), round(end, 3), fault, clients)
        begin = random.choice((end, random.uniform(begin, end))) + random.uniform(0.0, 0.2) * seconds
    return BadDay(tuple(sorted(steps, key=lambda step: (step.at, step.fault))), seconds)


def _killed(random: Random, begin: Seconds, end: Seconds, fault: int, _: Names) -> list[Step]:
    down, up = random.choice((("crash", "restart"), ("crash", "restart"), ("pause", "resume")))
    return [Step(begin, down, (SERVER,), fault), Step(end, up, (SERVER,), fault)]


def _killed_at_a_point(random: Random, begin: Seconds, end: Seconds, fault: int, _: Names) -> list[Step]:
    verb, event = random.choice(POINTS)
    return [Step(begin, verb, (SERVER, event), fault), Step(end, "restart", (SERVER,), fault)]


def _lost(random: Random, begin: Seconds, end: Seconds, fault: int, clients: Names) -> list[Step]:
    asked = (random.choice(ASKED), random.choice(clients), SERVER)
    drop = asked if random.random() < 0.4 else (random.choice(ANSWERED), SERVER, "*")
    return [Step(begin, "drop", (*drop, random.randint(1, 4)), fault), Step(end, "mend", (), fault)]


def _cut(random: Random, begin: Seconds, end: Seconds, fault: int, clients: Names) -> list[Step]:
    sides: Any = ([SERVER], list(random.choice((clients, clients[:1], clients[1:]))))
    if random.random() < 0.4:
        return [
            Step(begin, "one-way partition", sides[:: random.choice((1, -1))], fault),
            Step(end, "heal", (), fault),
        ]
    return [Step(begin, "partition", sides, fault), Step(end, "heal", (), fault)]


def _bad(random: Random, begin: Seconds, end: Seconds, fault: int, clients: Names) -> list[Step]:
    effects = (
        ("delay", round(random.choice((0.0, 0.05, 0.3, 0.8)), 3)),
        ("jitter", round(random.uniform(0, 0.1), 3)),
        ("loss", round(random.uniform(0, 0.4), 2)),
        ("duplicate", round(random.uniform(0, 0.4), 2)),
        ("reorder", round(random.uniform(0, 0.4), 2)),
        ("one_way", random.random() < 0.5),
    )
    ends = (SERVER, random.choice(clients))
    return [Step(begin, "one link", (*ends[:: random.choice((1, -1))], *effects), fault), Step(end, "mend", (), fault)]
