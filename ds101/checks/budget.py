"""How long a search may take, and how much it may remember: counted, so that the answer is the same on any machine."""

from __future__ import annotations

from dataclasses import dataclass

from ds101.errors import Mistake


@dataclass(frozen=True, slots=True)
class Budget:
    """The most steps of all searches together (placements tried), and the most megabytes of their caches together.

    A million steps take about a second. Raises `Mistake` for what allows nothing.
    """

    steps: int = 5_000_000
    megabytes: int = 256

    def __post_init__(self) -> None:
        if self.steps < 1 or self.megabytes < 1:
            raise Mistake(f"{self!r} allows nothing: give at least 1 of each.")
