"""Is a run decided by its seed alone? It is run again, elsewhere, and compared event by event.

A node that reads the wall clock, draws from the global `random`, or goes through a set of strings in whatever order it
has may do the same twice in one process, and something else in the next. So the scenario runs in fresh interpreters
whose hashes of strings differ.

>>> from ds101 import Message, Node, on
>>> class Tell(Message):
...     names: frozenset[str]
>>> class Careless(Node):
...     def start(self):
...         self.log(" ".join({"ada", "bob", "cyd", "dee", "eve"}))
>>> def scenario(seed):
...     return Simulation(Careless, n=1, seed=seed)
>>> difference = first_difference(scenario, seed=1)
>>> difference.startswith("Two runs of seed 1 differ first at event ")
True
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence

import cloudpickle

from ds101.errors import NodeError
from ds101.processes.launcher import ROOT
from ds101.processes.shipping import ship
from ds101.simulation.simulation import Simulation
from ds101.trace import Event

HASH_SEEDS = ("1", "2", "3")  # three, so that even a set of three strings hardly ever has one order in all
Scenario = Callable[[int], Simulation]


def first_difference(scenario: Scenario, seed: int) -> str | None:
    """What first differs between two runs of `scenario(seed)`, in a sentence; None if nothing does.

    Raises `NodeError` if the scenario fails elsewhere.
    """
    first, *others = (_run_elsewhere(scenario, seed, hashes) for hashes in HASH_SEEDS)
    return next((difference for other in others if (difference := _difference(first, other, seed))), None)


def _difference(one: Sequence[Event], other: Sequence[Event], seed: int) -> str | None:
    for number, (here, there) in enumerate(zip(one, other, strict=False), start=1):
        if here != there:
            return (
                f"Two runs of seed {seed} differ first at event {number}: {_in_words(here)} in one, {_in_words(there)} "
                "in the other. Does a node read the clock, use the global random, or go through a set? "
                "Use self.now(), self.random and sorted(...)."
            )
    if len(one) != len(other):
        return f"Two runs of seed {seed} are equal for {min(len(one), len(other))} events; then one goes on."
    return None


def _run_elsewhere(scenario: Scenario, seed: int, hashes: str) -> Sequence[Event]:
    """The events of a run in a fresh interpreter."""
    environment = {**os.environ, "PYTHONHASHSEED": hashes}
    done = subprocess.run(
        [sys.executable, "-m", "ds101.simulation.determinism"],
        input=ship(scenario, seed), capture_output=True, env=environment, cwd=ROOT, check=False,
    )  # fmt: skip
    if done.returncode:
        last_line = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NodeError(f"The scenario failed in another interpreter: {last_line}")
    events: Sequence[Event] = pickle.loads(done.stdout)
    return events


def _in_words(event: Event) -> str:
    fields = ", ".join(f"{name}={value!r}" for name, value in sorted(event.body.items()))
    what = f"{event.kind} {event.type}({fields})" if event.type else f"{event.kind} {event.detail}"
    where = f"{event.src} → {event.dst}" if event.src else event.node
    return f"[{event.at:.4f} s, {where}: {what.strip()}]"


def main() -> None:
    """Run a shipped scenario, and write its events to the standard output."""
    path, directory, body = pickle.loads(sys.stdin.buffer.read())
    sys.path[:] = path
    os.chdir(directory)
    scenario, (seed,) = cloudpickle.loads(body)
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    output.write(pickle.dumps(scenario(seed).trace.events))


if __name__ == "__main__":
    main()
