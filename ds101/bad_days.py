"""Bad days: schedules of faults drawn from a seed, within a budget, for any world.

>>> day = bad_day(("n1", "n2", "n3"), seed=4, seconds=2.0, budget=Budget(crashes=1, partitions=1, links=0, pauses=0))
>>> for step in day.steps:
...     print(step)
1.33 s  crash n2
1.45 s  partition ['n2'] | ['n1', 'n3']
1.53 s  restart n2
1.80 s  heal

Every fault of a day ends within it, so that what must hold in the end can be asked afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from ds101.faults import ANY, CrashPoint, Drop
from ds101.world import Holding, World

Seconds = float
POINTS: dict[str, Literal["before", "after", "during"]] = {
    "crash before": "before",
    "crash after": "after",
    "crash during": "during",
}


@dataclass(frozen=True)
class Budget:
    """How many faults of each kind a day has; at most `down` nodes are crashed or paused at the same time."""

    crashes: int = 2
    pauses: int = 1
    partitions: int = 2
    links: int = 1
    down: int = 1


@dataclass(frozen=True)
class Step:
    """One thing that happens to a world, `at` seconds after the day began.

    A verb and its arguments: crash, pause, restart, resume (node); crash before, crash after, crash during (node, type,
    effects), ended by a restart of the same fault; partition, one-way partition (sides), ended by heal; link (effects),
    one link (a, b, effects), drop (type, src, dst, times), ended by mend; skew (node, effects).
    """

    at: Seconds
    verb: str
    arguments: tuple[Any, ...] = ()
    fault: int = 0  # which fault of the day this step begins or ends

    def __str__(self) -> str:
        words = " | ".join(map(str, self.arguments)) if self.verb == "partition" else " ".join(map(str, self.arguments))
        return f"{self.at:.2f} s  {self.verb} {words}".rstrip()


@dataclass(frozen=True)
class BadDay:
    """A schedule of faults. `begin` lets it happen to a world, while that waits or runs."""

    steps: tuple[Step, ...]
    seconds: Seconds

    def begin(self, world: World) -> None:
        """From now on, the steps happen at their times."""
        held: dict[int, Holding] = {}
        for step in self.steps:
            world.later(step.at, _action(world, step, held))

    def without(self, fault: int) -> BadDay:
        """The same day with one fault fewer."""
        return BadDay(tuple(step for step in self.steps if step.fault != fault), self.seconds)

    @property
    def faults(self) -> Sequence[int]:
        """The numbers of its faults."""
        return sorted({step.fault for step in self.steps})


def bad_day(nodes: Sequence[str], seed: int, seconds: Seconds, budget: Budget | None = None) -> BadDay:
    """A day for these nodes, of so many seconds, drawn from the seed."""
    random, budget = Random(f"bad day {seed}"), budget or Budget()
    draws: list[Callable[[int], list[Step]]] = [
        *[lambda number: _outage(random, nodes, seconds, number, "crash", "restart")] * budget.crashes,
        *[lambda number: _outage(random, nodes, seconds, number, "pause", "resume")] * budget.pauses,
        *[lambda number: _cut(random, nodes, seconds, number)] * budget.partitions,
        *[lambda number: _bad_links(random, seconds, number)] * budget.links,
    ]
    steps: list[Step] = []
    for number, draw in enumerate(draws, start=1):
        drawn = draw(number)
        if _most_down([*steps, *drawn]) <= budget.down:
            steps += drawn
    return BadDay(tuple(sorted(steps, key=lambda step: (step.at, step.fault))), seconds)


def _span(random: Random, seconds: Seconds) -> tuple[Seconds, Seconds]:
    """When a fault begins and ends: within the day."""
    begin = random.uniform(0, 0.8 * seconds)
    return begin, min(begin + random.uniform(0.05, 0.4) * seconds, seconds)


def _outage(
    random: Random, nodes: Sequence[str], seconds: Seconds, number: int, down: str, up: str
) -> list[Step]:  # fmt: skip
    node = nodes[random.randrange(len(nodes))]
    begin, end = _span(random, seconds)
    return [Step(begin, down, (node,), number), Step(end, up, (node,), number)]


def _cut(random: Random, nodes: Sequence[str], seconds: Seconds, number: int) -> list[Step]:
    begin, end = _span(random, seconds)
    if len(nodes) < 2:
        return []
    shuffled = sorted(nodes, key=lambda _: random.random())
    size = random.randrange(1, len(nodes))
    sides = (sorted(shuffled[:size]), sorted(shuffled[size:]))
    verb = "partition" if random.random() < 0.75 else "one-way partition"
    return [Step(begin, verb, sides, number), Step(end, "heal", (), number)]


def _bad_links(random: Random, seconds: Seconds, number: int) -> list[Step]:
    begin, end = _span(random, seconds)
    effects = (
        ("jitter", round(random.uniform(0, 0.02), 4)),
        ("loss", round(random.uniform(0, 0.3), 2)),
        ("duplicate", round(random.uniform(0, 0.2), 2)),
        ("reorder", round(random.uniform(0, 0.2), 2)),
    )
    return [Step(begin, "link", effects, number), Step(end, "mend", (), number)]


def _most_down(steps: Sequence[Step]) -> int:
    """How many nodes are crashed or paused at once, at the most; a node twice at once counts as too many."""
    down: list[str] = []
    most = 0
    for step in sorted(steps, key=lambda step: (step.at, step.fault)):
        if step.verb in ("crash", "pause"):
            most = max(most, len(down) + 1, len(steps) if step.arguments[0] in down else 0)
            down.append(step.arguments[0])
        elif step.verb in ("restart", "resume") and step.arguments[0] in down:
            down.remove(step.arguments[0])
    return most


def _action(world: World, step: Step, held: dict[int, Holding]) -> Callable[[], None]:
    def begin_holding(holding: Holding) -> None:
        held[step.fault] = holding

    def end_holding() -> None:
        if step.fault in held:
            held.pop(step.fault).end()

    def act() -> None:
        if step.verb == "partition":
            begin_holding(world.partition(*step.arguments))
        elif step.verb == "one-way partition":
            begin_holding(world.partition(*step.arguments, one_way=True))
        elif step.verb == "link":
            begin_holding(world.link(ANY, ANY, **dict(step.arguments)))
        elif step.verb == "one link":
            begin_holding(world.link(step.arguments[0], step.arguments[1], **dict(step.arguments[2:])))
        elif step.verb == "skew":
            world.skew(step.arguments[0], **dict(step.arguments[1:]))
        elif step.verb == "drop":
            begin_holding(world.hold(Drop(*step.arguments)))
        elif step.verb in POINTS:
            node, event, *effects = step.arguments
            begin_holding(world.hold(CrashPoint(node, event, POINTS[step.verb], *effects)))
        elif step.verb in ("heal", "mend"):
            end_holding()
        else:
            end_holding()  # what a crash point has not killed by now, it shall not kill after the restart
            _to_node(world, step.verb, step.arguments[0])

    return act


def _to_node(world: World, verb: str, node: str) -> None:
    """Crash, restart, pause or resume a node, unless something else of the day, or a mistake of its own, came first."""
    needed = {"crash": "running", "pause": "running", "restart": "crashed", "resume": "paused"}[verb]
    if world.condition(node) == needed:
        getattr(world, verb)(node)
