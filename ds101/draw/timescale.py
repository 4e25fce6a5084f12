"""From seconds to pixels, so that what happens close together can still be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Protocol

EVEN = 0.5  # the share of the width that is divided evenly among the gaps; the rest goes by time


class Spanned(Protocol):
    """What has a beginning and, unless it is open, an end."""

    @property
    def began(self) -> float: ...
    @property
    def ended(self) -> float | None: ...
    @property
    def moment(self) -> float | None: ...


class Scale:
    """Piecewise linear between the events of the bars; half of the width goes evenly to the gaps between them."""

    def __init__(self, bars: Sequence[Spanned], left: float, right: float) -> None:
        ends = [time for bar in bars for time in (bar.began, bar.ended, bar.moment) if time is not None]
        self.times = sorted(set(ends)) or [0.0]
        self.right = right
        gaps = [later - earlier for earlier, later in pairwise(self.times)]
        total, width = sum(gaps) or 1.0, right - left
        open_ended = any(bar.ended is None for bar in bars)
        closed = width * (0.94 if open_ended else 1.0)  # what is open reaches beyond the last event
        steps = [closed * (EVEN / len(gaps) + (1 - EVEN) * gap / total) for gap in gaps]
        self._xs = dict(zip(self.times, accumulate(steps, initial=left), strict=True))

    def at(self, time: float) -> float:
        """Where an event's time stands."""
        return self._xs[time]

    def end(self, bar: Spanned) -> float:
        """Where a bar ends: what is open reaches to the right edge."""
        return self.right if bar.ended is None else self._xs[bar.ended]
