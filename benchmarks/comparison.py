"""Ours beside theirs, measured in turns in one run, so that a busy machine slows both: only ratios are promised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

REPEATS = 7


@dataclass(frozen=True)
class Comparison:
    """Medians of both, in a unit, and the ratio that is promised: at most, at least, or none (for orientation)."""

    name: str
    unit: str
    ours: float
    theirs: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def holds(self) -> bool:
        return self.ratio <= (self.at_most or float("inf")) and self.ratio >= (self.at_least or 0.0)

    @property
    def promise(self) -> str:
        if self.at_most is None and self.at_least is None:
            return ""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


def in_turns(*measures: Callable[[], float], repeats: int = REPEATS) -> list[float]:
    """The median of each measure; they take turns, after one that doesn't count."""
    for measure in measures:
        measure()
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return [median(column) for column in zip(*rounds, strict=True)]


def show(comparisons: list[Comparison]) -> bool:
    """Print the table; whether every promise holds."""
    table = Table("", "ours", "theirs", "ratio", "promised", "")
    for one in comparisons:
        table.add_row(
            one.name,
            f"{one.ours:,.0f} {one.unit}",
            f"{one.theirs:,.0f} {one.unit}",
            f"{one.ratio:.2f}",
            one.promise,
            ("holds" if one.holds else "BROKEN") if one.promise else "",
        )
    Console(width=120).print(table)
    return all(one.holds for one in comparisons)
