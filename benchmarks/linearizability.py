"""How long it takes to judge a history: `python -m benchmarks.linearizability [--picture FILE]`.

Histories come from a simulated atomic object: each operation has its effect at a random moment while it is under way,
and clients ask again at once, so that on each key many overlap. Broken ones are the same with one read made stale.
Promised: 1,700 operations by 50 clients over 10 keys in under 1 s, good or broken; the growth is printed, and drawn:
`benchmarks/linearizability.svg` shows it.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

from ds101.checks import Named, Register, linearizable
from ds101.history import Operation
from ds101.verdict import Verdict

PROMISED = 1.0  # seconds
OPERATIONS, CLIENTS, KEYS = 1_700, 50, 10
GROWTH = (100, 200, 500, 1_000, 1_700, 3_000, 5_000, 10_000)
SEEDS = 5
LATENCY = 0.010  # seconds, on average


@dataclass(frozen=True)
class Load:
    """What clients ask: `values` distinct values are written; `lost` is the share of replies that never come."""

    name: str
    values: int
    compare_and_set: bool
    lost: float


LOADS = (
    Load("read, write", 1_000_000, compare_and_set=False, lost=0.0),
    Load("read, write, cas of 5 values", 5, compare_and_set=True, lost=0.0),
    Load("the same, 5% of replies lost", 5, compare_and_set=True, lost=0.05),
)


def atomic(load: Load, operations: int, seed: int, clients: int = CLIENTS, keys: int = KEYS) -> list[Operation]:
    """A history of an atomic object whose clients never pause."""
    choose = random.Random(f"{load} {operations} {seed}")
    free = [(choose.random() * LATENCY, client) for client in range(clients)]
    heapq.heapify(free)
    asked = []
    for _ in range(operations):
        began, client = heapq.heappop(free)
        ended = began + choose.expovariate(1 / LATENCY)
        asked.append((choose.uniform(began, ended), began, ended, client))
        heapq.heappush(free, (ended, client))
    state: dict[str, int | None] = {}
    made = [_took_effect(state, load, choose, moment, keys) for moment in sorted(asked)]
    return sorted(made, key=lambda operation: operation.began)


def _took_effect(
    state: dict[str, int | None], load: Load, choose: random.Random, asked: tuple[float, float, float, int], keys: int
) -> Operation:
    _, began, ended, client = asked
    key, lost = f"k{choose.randrange(keys)}", choose.random() < load.lost
    effective = not lost or choose.random() < 0.5
    kind, old, new = choose.random(), choose.randrange(load.values), choose.randrange(load.values)
    before = state.get(key)
    if kind < 0.4:
        request, reply, after = Named("write", key, (new,)), None, new
    elif kind < 0.6 and load.compare_and_set:
        request, reply, after = Named("cas", key, (old, new)), before == old, new if before == old else before
    else:
        request, reply, after = Named("read", key), before, before
    if effective:
        state[key] = after
    return Operation(f"c{client}", "n1", request, began, ended, "info" if lost else "ok", None if lost else reply)


def stale(history: list[Operation], seed: int) -> list[Operation]:
    """The same with one read in the second half told a value that was surely overwritten, or else was never written."""
    choose = random.Random(seed)
    late = [i for i, one in enumerate(history) if one.request.name == "read" and one.outcome == "ok"]
    index = choose.choice(late[len(late) // 2 :])
    read = history[index]
    writes = [one for one in history[:index] if one.request.name == "write" and one.request.key == read.request.key]
    newest = max((one.began for one in writes if one.outcome == "ok" and one.ended < read.began), default=0.0)
    old = [one for one in writes if one.outcome == "ok" and one.ended < newest]
    wrong = old[-1].request.arguments[0] if old else -1
    return [*history[:index], replace(read, reply=wrong), *history[index + 1 :]]


def seconds_to_judge(history: list[Operation]) -> tuple[float, Verdict]:
    """Once, and the verdict."""
    begin = perf_counter()
    verdict = linearizable(history, Register()).verdict
    return perf_counter() - begin, verdict


@dataclass(frozen=True)
class Row:
    """Medians over the seeds; `worst` is the longest of all runs, in seconds."""

    load: Load
    operations: int
    good: float
    broken: float
    worst: float
    undecided: int


def measured(load: Load, operations: int) -> Row:
    """Good histories, which must hold, and the same with a stale read."""
    good, broken, undecided = [], [], 0
    for seed in range(SEEDS):
        history = atomic(load, operations, seed)
        took, verdict = seconds_to_judge(history)
        assert verdict is not Verdict.BROKEN, "an atomic object was called broken"
        good.append(took)
        undecided += verdict is Verdict.INCONCLUSIVE
        took, verdict = seconds_to_judge(stale(history, seed))
        assert verdict is not Verdict.HOLDS or load.values < 10, "a stale read was not found"
        broken.append(took)
        undecided += verdict is Verdict.INCONCLUSIVE
    return Row(load, operations, median(good), median(broken), max(good + broken), undecided)


def draw(rows: list[Row], path: Path) -> None:
    """The growth, as a picture."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "ds101"}  # text, and the same ids in every run
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, load in enumerate(LOADS):
        own = [row for row in rows if row.load is load]
        sizes = [row.operations for row in own]
        axes.plot(sizes, [row.good for row in own], color=f"C{number}", marker="o", label=load.name)
        axes.plot(sizes, [row.broken for row in own], color=f"C{number}", marker="x", linestyle="--")
    axes.plot([OPERATIONS], [PROMISED], color="grey", marker="v", linestyle="")
    axes.annotate(
        f"promised for {OPERATIONS:,}: under {PROMISED:g} s",
        (OPERATIONS, PROMISED), xytext=(-8, 0), textcoords="offset points", ha="right", va="center", color="grey",
    )  # fmt: skip
    axes.set(
        xscale="log", yscale="log", xlabel="operations", ylabel="seconds",
        title=f"Judging a history of {CLIENTS} clients over {KEYS} keys\n(whole: it holds; dashed: one read is stale)",
    )  # fmt: skip
    axes.legend(frameon=False, loc="lower right")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:g}")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def rows() -> Iterator[Row]:
    """One after the other, printed."""
    for load in LOADS:
        print(f"{load.name}: {CLIENTS} clients over {KEYS} keys, medians of {SEEDS} seeds")
        for operations in GROWTH:
            row = measured(load, operations)
            undecided = f"   inconclusive: {row.undecided}" if row.undecided else ""
            print(
                f"  {operations:>6,} operations   holds {row.good * 1000:7.1f} ms   "
                f"broken {row.broken * 1000:7.1f} ms   longest {row.worst * 1000:7.1f} ms{undecided}"
            )
            yield row


def main(picture: Path | None = None) -> bool:
    """Print the growth; whether the promise holds."""
    found = list(rows())
    worst = max(row.worst for row in found if row.operations == OPERATIONS)
    print(f"linearizability of {OPERATIONS:,} operations, longest: {worst:.3f} s   promised: under {PROMISED:g} s")
    if picture:
        draw(found, picture)
    return worst < PROMISED


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--picture", type=Path, help="draw the growth there (.svg, .png)")
    raise SystemExit(0 if main(parser.parse_args().picture) else 1)
