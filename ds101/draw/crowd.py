"""What is already on the sheet, to be asked what a new label would cover."""

from __future__ import annotations

from dataclasses import dataclass

BUCKET = 40.0  # pixels of height: only what shares a bucket is compared


@dataclass(slots=True, eq=False)
class Band:
    """A piece of a straight line with a thickness: from (x0, y0) to x1, `half` pixels above and below.

    Texts that are turned along an arrow are bands, and so are the arrows themselves.
    """

    x0: float
    x1: float
    y0: float
    slope: float
    half: float

    def y_at(self, x: float) -> float:
        """The height of its middle line."""
        return self.y0 + self.slope * (x - self.x0)

    def meets(self, other: Band) -> bool:
        """Whether the two overlap. (Two straight lines are furthest apart at an end of what they share.)"""
        low = self.x0 if self.x0 > other.x0 else other.x0
        high = self.x1 if self.x1 < other.x1 else other.x1
        if low >= high:
            return False
        apart = self.half + other.half
        here = self.y0 + self.slope * (low - self.x0) - other.y0 - other.slope * (low - other.x0)
        there = here + (self.slope - other.slope) * (high - low)
        return not ((here >= apart and there >= apart) or (here <= -apart and there <= -apart))


class Crowd:
    """Bands by kind ("label", "mark", "arrow")."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, int], list[Band]] = {}

    def add(self, kind: str, band: Band) -> None:
        """Put a band on the sheet."""
        for bucket in _buckets(band):
            self._buckets.setdefault((kind, bucket), []).append(band)

    def meeting(self, kind: str, band: Band) -> int:
        """How many bands of a kind it would touch."""
        found: set[int] = set()
        for bucket in _buckets(band):
            for other in self._buckets.get((kind, bucket), ()):
                if other.meets(band):
                    found.add(id(other))
        return len(found)


def _buckets(band: Band) -> range:
    one, other = band.y0, band.y_at(band.x1)
    low, high = (one, other) if one < other else (other, one)
    return range(int((low - band.half) // BUCKET), int((high + band.half) // BUCKET) + 1)
