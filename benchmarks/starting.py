"""How long five nodes take to be ready, beside five processes of multiprocess's spawn that only say so.

`python -m benchmarks.starting`. Warm is a program that has had a world before, cold is one that has not. The
processes of spawn are started from a program that has imported nothing else, since spawn imports it again in each.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from benchmarks.comparison import Comparison, in_turns, show
from ds101 import Cluster, Node

NODES = 5
COLD = "from benchmarks.starting import seconds_of_a_cluster; print(seconds_of_a_cluster())"


class Nothing(Node):
    """A node that does nothing."""


def seconds_of_a_cluster() -> float:
    """Until every node has run `start`, with every other connected."""
    begin = perf_counter()
    world = Cluster(Nothing, n=NODES)
    seconds = perf_counter() - begin
    world.close()
    return seconds


def seconds_of_a_cold_cluster() -> float:
    done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True)
    return float(done.stdout)


def seconds_of_spawned_processes() -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.spawned", str(NODES)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def compare() -> list[Comparison]:
    warm, cold, theirs = in_turns(seconds_of_a_cluster, seconds_of_a_cold_cluster, seconds_of_spawned_processes)
    return [
        Comparison(f"{NODES} nodes ready, warm", "ms", warm * 1e3, theirs * 1e3, at_most=0.2),
        Comparison(f"{NODES} nodes ready, cold", "ms", cold * 1e3, theirs * 1e3, at_most=0.6),
    ]


if __name__ == "__main__":
    raise SystemExit(0 if show(compare()) else 1)
