"""What is already on the sheet, to be asked what a new label would cost there."""

from __future__ import annotations

from dataclasses import dataclass

BUCKET = 32.0  # pixels of height: only what shares a bucket is compared


@dataclass(slots=True)
class Band:
    """A piece of a straight line with a thickness: from (x0, y0) to x1, `half` pixels above and below.

    Texts that are turned along an arrow are bands, and so are the arrows themselves.
    """

    x0: float
    x1: float
    y0: float
    slope: float
    half: float

    def meets(self, other: Band) -> bool:
        """Whether the two overlap. (Two straight lines are furthest apart at an end of what they share.)"""
        low, high = max(self.x0, other.x0), min(self.x1, other.x1)
        if low >= high:
            return False
        here = self.y0 + self.slope * (low - self.x0) - other.y0 - other.slope * (low - other.x0)
        there = here + (self.slope - other.slope) * (high - low)
        return not min(here, there) >= self.half + other.half and not max(here, there) <= -self.half - other.half


class Crowd:
    """Bands, each with the price of covering it."""

    def __init__(self) -> None:
        # x0, x1, y0, slope, half, price, first bucket
        self._buckets: dict[int, list[tuple[float, float, float, float, float, float, int]]] = {}

    def add(self, band: Band, price: float) -> None:
        """Put a band on the sheet."""
        first, last = _buckets(band)
        entry = (band.x0, band.x1, band.y0, band.slope, band.half, price, first)
        for bucket in range(first, last + 1):
            self._buckets.setdefault(bucket, []).append(entry)

    def price(self, band: Band, limit: float) -> float:
        """What it would cost to put a band there; anything from `limit` on may be returned as soon as it's reached.

        This is asked some thousand times for a diagram, so `Band.meets` is written out here.
        """
        x0, x1, y0, slope, half = band.x0, band.x1, band.y0, band.slope, band.half
        first, last = _buckets(band)
        total = 0.0
        for bucket in range(first, last + 1):
            for ox0, ox1, oy0, oslope, ohalf, price, ofirst in self._buckets.get(bucket, ()):
                low = x0 if x0 > ox0 else ox0
                high = x1 if x1 < ox1 else ox1
                if low >= high or bucket != (first if first > ofirst else ofirst):  # counted in one bucket only
                    continue
                apart = half + ohalf
                here = y0 + slope * (low - x0) - oy0 - oslope * (low - ox0)
                there = here + (slope - oslope) * (high - low)
                if (here >= apart and there >= apart) or (here <= -apart and there <= -apart):
                    continue
                total += price
                if total >= limit:
                    return total
        return total


def _buckets(band: Band) -> tuple[int, int]:
    one, other = band.y0, band.y0 + band.slope * (band.x1 - band.x0)
    low, high = (one, other) if one < other else (other, one)
    return int((low - band.half) // BUCKET), int((high + band.half) // BUCKET)
