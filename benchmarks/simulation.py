"""How fast the simulation is: `python -m benchmarks.simulation`.

Five nodes of an election, every message encoded and decoded, the trace on. Promised: 250,000 trace entries a second,
and 1,000 seeds of 5 virtual seconds with faults in under 20 s.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

from ds101 import Simulation
from ds101.bad_days import bad_day
from tests.election import Election

MINUTES = 5  # of virtual time in each run
REPEATS = 7
PROMISED_ENTRIES = 250_000  # a second
SEEDS = 1_000
SAMPLE = 100  # of the seeds; the rest is extrapolated
PROMISED_SECONDS = 20.0  # for all seeds


def entries_a_second() -> float:
    """The median of some runs without faults."""
    rates = []
    for seed in range(REPEATS):
        begin = perf_counter()
        with Simulation(Election, n=5, seed=seed) as world:
            world.wait(60.0 * MINUTES)
            took = perf_counter() - begin
            rates.append(len(world.trace) / took)
    return median(rates)


def seconds_for_all_seeds() -> float:
    """Bad days, one for each seed."""
    begin = perf_counter()
    for seed in range(SAMPLE):
        with Simulation(Election, n=5, seed=seed) as world:
            bad_day(world.nodes, seed, seconds=3.0).begin(world)
            world.wait(5.0)
    return (perf_counter() - begin) * SEEDS / SAMPLE


def main() -> bool:
    """Print the figures; whether the promises hold."""
    rate, seconds = entries_a_second(), seconds_for_all_seeds()
    print(f"simulation: {rate:,.0f} trace entries/s   promised: {PROMISED_ENTRIES:,} or more")
    print(f"simulation: {SEEDS:,} bad days in {seconds:.1f} s   promised: under {PROMISED_SECONDS:.0f} s")
    return rate >= PROMISED_ENTRIES and seconds < PROMISED_SECONDS


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
