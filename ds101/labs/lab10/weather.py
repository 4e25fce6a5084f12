"""What goes wrong on a day of five nodes: partitions, one-way cuts, flapping links, kills, bad links.

Clients keep their links to all nodes, and what they send is never duplicated: that is in the system model. Every fault
ends within the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from ds101.bad_days import BadDay, Step

Seconds = float
Fault = Callable[[Random, Sequence[str], Seconds], Iterator[Step]]
OUTAGE = 0.05  # seconds that a killed node is down in a rolling restart


def bad_day(random: Random, nodes: Sequence[str], seconds: Seconds, faults: Sequence[Fault]) -> BadDay:
    """A day with these faults, one after the other drawn; each has a number of its own."""
    steps: list[Step] = []
    for fault in faults:
        number = 1 + max((step.fault for step in steps), default=0)
        drawn = list(fault(random, nodes, seconds))
        numbers = {each: number + index for index, each in enumerate(sorted({step.fault for step in drawn}))}
        steps += [Step(round(step.at, 4), step.verb, step.arguments, numbers[step.fault]) for step in drawn]
    return BadDay(tuple(sorted(_each_down_once(steps), key=lambda step: (step.at, step.fault))), seconds)


def cut(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """Two sides that can't reach each other."""
    begin, end = _span(random, seconds)
    yield Step(begin, "partition", _sides(random, nodes), 1)
    yield Step(end, "heal", (), 1)


def one_way_cut(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """One side can't reach the other, but hears it."""
    begin, end = _span(random, seconds)
    yield Step(begin, "one-way partition", _sides(random, nodes), 1)
    yield Step(end, "heal", (), 1)


def flapping(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """A cut that comes and goes, each time between other sides."""
    at, end = _span(random, seconds)
    while at < end:
        verb = random.choice(["partition", "one-way partition"])
        yield Step(at, verb, _sides(random, nodes), 1)
        at += random.uniform(0.02, 0.15)
        yield Step(min(at, end), "heal", (), 1)
        at += random.uniform(0.01, 0.1)


def kill(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """One node is killed, and starts again."""
    begin, end = _span(random, seconds)
    node = random.choice(nodes)
    yield Step(begin, "crash", (node,), 1)
    yield Step(end, "restart", (node,), 1)


def rolling_restart(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """Each node in turn is killed, and starts again."""
    at = random.uniform(0.2, 0.5) * seconds
    for number, node in enumerate(random.sample(nodes, len(nodes)), start=1):
        yield Step(at, "crash", (node,), number)
        yield Step(at + OUTAGE, "restart", (node,), number)
        at += OUTAGE + random.uniform(0.0, 0.05)


def bad_links(random: Random, nodes: Sequence[str], seconds: Seconds) -> Iterator[Step]:
    """Some links between nodes lose, duplicate, delay and reorder."""
    begin, end = _span(random, seconds)
    pairs = [(a, b) for index, a in enumerate(nodes) for b in nodes[index + 1 :]]
    for number, (a, b) in enumerate(random.sample(pairs, max(1, len(pairs) * 2 // 3)), start=1):
        effects = (
            ("jitter", round(random.uniform(0, 0.01), 4)),
            ("loss", random.choice([0.0, 0.0, 0.3])),
            ("duplicate", random.choice([0.0, 0.5])),
            ("reorder", random.choice([0.0, 0.3])),
        )
        yield Step(begin, "one link", (a, b, *effects), number)
        yield Step(end, "mend", (), number)


FAULTS: tuple[Fault, ...] = (cut, one_way_cut, flapping, kill, rolling_restart, bad_links)


def _span(random: Random, seconds: Seconds) -> tuple[Seconds, Seconds]:
    begin = random.uniform(0.0, 0.6) * seconds
    return begin, begin + random.uniform(0.15, 0.4) * seconds


def _sides(random: Random, nodes: Sequence[str]) -> tuple[list[str], list[str]]:
    shuffled = random.sample(nodes, len(nodes))
    size = random.randint(1, len(nodes) - 1)
    return sorted(shuffled[:size]), sorted(shuffled[size:])


def _each_down_once(steps: Sequence[Step]) -> list[Step]:
    """Without the kills of a node that is down already by another fault."""
    spans: dict[tuple[str, int], list[Seconds]] = {}
    for step in steps:
        if step.verb in ("crash", "restart"):
            spans.setdefault((step.arguments[0], step.fault), []).append(step.at)
    taken: dict[str, list[tuple[Seconds, Seconds]]] = {}
    refused = set()
    for (node, fault), (begin, end) in spans.items():
        if any(begin <= other_end and other_begin <= end for other_begin, other_end in taken.get(node, [])):
            refused.add((node, fault))
        else:
            taken.setdefault(node, []).append((begin, end))
    return [
        step
        for step in steps
        if step.verb not in ("crash", "restart") or (step.arguments[0], step.fault) not in refused
    ]
