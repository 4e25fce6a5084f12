"""Days on which one thing goes wrong that random days rarely bring about; which nodes it concerns is drawn.

Times are in seconds since the start. Nodes begin their rounds of anti-entropy at 0, so that a round is due at each
multiple of PERIOD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ds101.bad_days import BadDay, Step
from ds101.history import Call
from ds101.labs.lab10.given import AS_READ, DEADLINE, PERIOD, Get, Put, Read, Write
from ds101.trials.trial import NO_FAULTS, Trial, Workload

NODES = ("n1", "n2", "n3", "n4", "n5")
PATIENCE = DEADLINE + 0.3  # seconds that a client waits
CONVERGED = 10 * PERIOD  # seconds after the last fault and the last write


def audited(random: Random, clients: Workload, day: BadDay, keys: Sequence[str], twice: bool = False) -> Trial:
    """A day of shoppers that ends with a client who asks every node for every key.

    `twice`, if real processes may take longer to be killed and started than the day says.
    """
    last = max(sum(call.after for call in calls) for _, calls in clients)
    silences = PATIENCE if any(step.verb == "crash" for step in day.steps) else 0.0
    begins = max(day.seconds, last + silences) + CONVERGED + 2 * PERIOD
    calls = [Call(node, Get(key), PATIENCE) for key in keys for node in NODES]
    audit = (replace(calls[0], after=round(begins, 4)), *calls[1:])
    if twice:
        audit = (*audit, replace(calls[0], after=CONVERGED + 2 * PERIOD), *calls[1:])
    return Trial(len(NODES), random.getrandbits(32), begins + PERIOD, (*clients, ("audit", audit)), day)


def afterwards(keys: Sequence[str], begins: float) -> tuple[str, tuple[Call, ...]]:
    """A client that comes when all is over, and reads at every node."""
    calls = [Call(node, Read(key), PATIENCE) for key in keys for node in NODES]
    return "late", (replace(calls[0], after=round(begins, 4)), *calls[1:])


def two_blind_writes(random: Random) -> Trial:
    """Two clients write through one node, and neither has read anything."""
    node = random.choice(NODES)
    first, second = Put("cart", "milk", {}), Put("cart", "bread", {})
    clients = (("blind1", (Call(node, first, PATIENCE),)), ("blind2", (Call(node, second, PATIENCE, 2.5 * PERIOD),)))
    return audited(random, clients, NO_FAULTS, ["cart"])


def across_a_cut(random: Random) -> Trial:
    """A client reads on one side of a cut, and writes on the other."""
    nodes = random.sample(NODES, len(NODES))
    sides = (sorted(nodes[:2]), sorted(nodes[2:]))
    day = BadDay((Step(0.05, "partition", sides, 1), Step(0.5, "heal", (), 1)), 0.5)
    calls = (
        Call(nodes[0], Put("cart", "milk", {}), PATIENCE, 0.1),
        Call(nodes[0], Get("cart"), PATIENCE),
        Call(nodes[4], Put("cart", "bread", AS_READ), PATIENCE),
    )
    return audited(random, (("cart1", calls),), day, ["cart"])


def promises(random: Random) -> Trial:
    """A node is killed twice: soon after it has taken a write, and long after; then it takes others at once."""
    node = random.choice(NODES)
    steps = [Step(0.17, "crash", (node,), 1), Step(0.25, "restart", (node,), 1)]
    steps += [Step(0.47, "crash", (node,), 2), Step(0.52, "restart", (node,), 2)]
    calls = (
        Call(node, Put("list", "paint", {}), PATIENCE, 0.05),
        Call(node, Put("cart", "milk", {}), PATIENCE),
        Call(node, Get("cart"), PATIENCE, 0.08),
        Call(node, Put("cart", "cheese", AS_READ), PATIENCE),
        Call(node, Get("list"), PATIENCE, 0.4),
        Call(node, Put("list", "brush", AS_READ), PATIENCE),
        Call(node, Put("cart", "bread", {}), PATIENCE),
    )
    return audited(random, (("cart1", calls),), BadDay(tuple(steps), 0.52), ["cart", "list"])


def echo(random: Random) -> Trial:
    """Two nodes are cut off from the others, and the link between them says everything twice."""
    nodes = random.sample(NODES, len(NODES))
    sides = (sorted(nodes[:2]), sorted(nodes[2:]))
    steps = (
        Step(0.0, "one link", (nodes[0], nodes[1], ("duplicate", 1.0)), 1),
        Step(0.05, "partition", sides, 2),
        Step(0.5, "mend", (), 1),
        Step(0.5, "heal", (), 2),
    )
    ada = (Call(nodes[4], Write("x", "ada-1"), PATIENCE, 0.1), Call(nodes[4], Read("x"), PATIENCE))
    bob = (Call(nodes[0], Read("x"), PATIENCE, 0.2), Call(nodes[0], Write("x", "bob-1"), PATIENCE))
    workload = (("ada", ada), ("bob", bob), afterwards(["x"], 1.0))
    return Trial(len(NODES), random.getrandbits(32), 1.5, workload, BadDay(steps, 0.5))


def returning(random: Random) -> Trial:
    """Nodes that were cut off while others wrote are written to as soon as they are back."""
    nodes = random.sample(NODES, len(NODES))
    sides = (sorted(nodes[:2]), sorted(nodes[2:]))
    day = BadDay((Step(0.05, "partition", sides, 1), Step(0.3, "heal", (), 1)), 0.3)
    ada = tuple(Call(nodes[4], Write("x", f"ada-{number}"), PATIENCE, 0.05) for number in (1, 2, 3))
    bob = (Call(nodes[0], Write("x", "bob-1"), PATIENCE, 0.32), Call(nodes[3], Read("x"), PATIENCE))
    return Trial(len(NODES), random.getrandbits(32), 1.0, (("ada", ada), ("bob", bob)), day)


def blackout(random: Random) -> Trial:
    """All nodes are killed at once, and start again."""
    steps = [Step(0.2, "crash", (node,), number) for number, node in enumerate(NODES, start=1)]
    steps += [Step(0.3, "restart", (node,), number) for number, node in enumerate(NODES, start=1)]
    write, read = random.sample(NODES, 2)
    calls = (Call(write, Write("x", "ada-1"), PATIENCE, 0.1), Call(read, Read("x"), PATIENCE, 0.3))
    return Trial(len(NODES), random.getrandbits(32), 1.0, (("ada", calls),), BadDay(tuple(steps), 0.3))


def crowd(random: Random, begins: float, rounds: int = 4) -> Workload:
    """Clients that write at the same moment through one node or two, and then read at several, again and again."""
    doors = [random.choices(random.sample(NODES, random.choice([1, 2])), k=3) for _ in range(rounds)]

    def calls(client: int) -> list[Call]:
        found = []
        for number, through in enumerate(doors, start=1):
            found.append(Call(through[client], Write("x", f"c{client + 1}-{number}"), PATIENCE))
            found += [Call(node, Read("x"), PATIENCE) for node in random.sample(NODES, 3)]
        return [replace(found[0], after=begins), *found[1:]]

    return tuple((f"c{client + 1}", tuple(calls(client))) for client in range(3))


def storm(random: Random) -> Trial:
    """A crowd, while the links between all nodes lose, duplicate, delay and reorder."""
    pairs = [(a, b) for index, a in enumerate(NODES) for b in NODES[index + 1 :]]
    steps: list[Step] = []
    for number, pair in enumerate(pairs, start=1):
        effects = (
            ("jitter", 0.005),
            ("loss", random.choice([0.0, 0.3])),
            ("duplicate", random.choice([0.0, 0.6])),
            ("reorder", random.choice([0.0, 0.5])),
        )
        steps += [Step(0.0, "one link", (*pair, *effects), number), Step(1.0, "mend", (), number)]
    day = BadDay(tuple(sorted(steps, key=lambda step: step.at)), 1.0)
    workload = (*crowd(random, 0.05), afterwards(["x"], 1.5))
    return Trial(len(NODES), random.getrandbits(32), 2.0, workload, day)


def one_door(random: Random) -> Trial:
    """Again and again, three clients write through one node at once, and what it tells the others is reordered."""
    pairs = [(a, b) for index, a in enumerate(NODES) for b in NODES[index + 1 :]]
    steps = [Step(0.0, "one link", (*pair, ("reorder", 0.9)), number) for number, pair in enumerate(pairs, start=1)]
    steps += [Step(1.5, "mend", (), number) for number in range(1, len(pairs) + 1)]
    door = random.choice(NODES)

    def calls(client: str) -> list[Call]:
        found = []
        for number in range(1, 9):
            write = Call(door, Write("x", f"{client}-{number}"), PATIENCE, 0.1 if number == 1 else 0.0)
            found += [write, *[Call(node, Read("x"), PATIENCE) for node in random.sample(NODES, 3)]]
        return found

    clients = tuple((client, tuple(calls(client))) for client in ("c1", "c2", "c3"))
    return Trial(len(NODES), random.getrandbits(32), 1.6, clients, BadDay(tuple(steps), 1.5))
