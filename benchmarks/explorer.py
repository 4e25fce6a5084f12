"""How fast a search is: `python -m benchmarks.explorer`.

Single-decree Paxos with 3 nodes, of which 2 propose, on the network that loses, duplicates and reorders; agreement is
asked in every state. Promised: 100,000 states a second or more, and under 500 bytes a state. Seconds are those of this
process, so that a busy machine doesn't count.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time

import psutil

from ds101 import explore
from tests.gallery import paxos

REPEATS = 5
PROMISED_RATE = 100_000  # states a second
PROMISED_SIZE = 500  # bytes a state


def measure() -> tuple[int, float, float]:
    """States, states a second, and bytes a state at the peak of this process."""
    before = psutil.Process().memory_info().rss
    begin = process_time()
    answer = explore(paxos.ProposesOnce, 3, invariants=paxos.at_most_one_value_is_chosen)
    took = process_time() - begin
    assert answer.exhausted
    return answer.states, answer.states / took, (peak_memory() - before) / answer.states


def peak_memory() -> int:
    """The most memory that this process has had, in bytes.

    On Linux, `getrusage` counts what the program had that started this one; the kernel's table of the process doesn't.
    """
    table = Path("/proc/self/status")
    if table.exists():
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", table.read_text())[1])  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> bool:
    """Print the medians of some fresh processes; whether the promises hold."""
    command = [sys.executable, "-m", "benchmarks.explorer", "--measure"]
    runs = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(REPEATS)]
    states, rate, size = (median(column) for column in zip(*runs, strict=True))
    print(f"explorer: {rate:,.0f} states/s ({states:,} states)   promised: {PROMISED_RATE:,} or more")
    print(f"explorer: {size:,.0f} bytes/state   promised: under {PROMISED_SIZE}")
    return rate >= PROMISED_RATE and size < PROMISED_SIZE


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure()))
    else:
        raise SystemExit(0 if main() else 1)
