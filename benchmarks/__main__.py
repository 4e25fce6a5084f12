"""Everything that is measured: `make bench`. The exit code is 1 if a promise is broken."""

from __future__ import annotations

from benchmarks import asking, draw, explorer, grading, linearizability, sending, simulation, starting
from benchmarks.comparison import show


def main() -> bool:
    kept = [show(starting.compare() + sending.compare() + asking.compare())]
    kept += [one.main() for one in (draw, simulation, explorer, linearizability, grading)]
    return all(kept)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
