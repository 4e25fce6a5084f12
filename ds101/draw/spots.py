"""The places that a label may take, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ds101.draw.arrows import Arrow
from ds101.draw.crowd import Band
from ds101.draw.notes import SIZE

STEEP = 0.42  # a label follows its arrow up to this slope; on a steeper one it stands level
HALF = SIZE * 0.56  # half of a label's height
AIR = 3.0  # pixels kept free beside a label
ABOVE, BELOW = -9.0, 10.0  # pixels from the arrow to the middle of the text
BELOW_IT, OFF_CENTRE, FURTHER, OTHER_END = 6.0, 2.0, 7.0, 4.0  # prices


@dataclass(slots=True)
class Spot:
    """A place for the middle of a text, and what it costs before anybody else is looked at."""

    price: float
    x: float
    y: float
    slope: float

    def band(self, width: float) -> Band:
        """What a text of that width covers here."""
        half = width / 2 + AIR
        return Band(self.x - half, self.x + half, self.y - self.slope * half, self.slope, HALF)


def along(arrow: Arrow, width: float, lanes: Sequence[float]) -> list[Spot]:
    """For a message's label: above or below its arrow; on the line of a steep one; beside a loop."""
    if arrow.loop:
        return [Spot(0.0, arrow.x0 + 32 + width / 2, (arrow.y0 + arrow.y1) / 2, 0.0)]
    slope = arrow.slope
    middles = _middles(arrow, width, lanes)
    if abs(slope) > STEEP:
        return [Spot(price, x, arrow.y0 + slope * (x - arrow.x0), 0.0) for price, x in middles]
    spots = []
    for price, x in middles:
        y = arrow.y0 + slope * (x - arrow.x0)
        spots += [Spot(price, x, y + ABOVE, slope), Spot(price + BELOW_IT, x, y + BELOW, slope)]
    spots.sort(key=lambda spot: spot.price)
    return spots


def _middles(arrow: Arrow, width: float, lanes: Sequence[float]) -> list[tuple[float, float]]:
    """(price, x): between two lanes, and near the end that fewer other arrows share.

    That is the head of one of several arrows that leave together, else the tail.
    """
    way = 1 if arrow.x1 > arrow.x0 else -1
    low, high = (arrow.x0, arrow.x1) if way == 1 else (arrow.x1, arrow.x0)
    spans = list(pairwise([low, *(x for x in lanes if low < x < high), high]))[::way]  # from tail to head
    at_head, is_stub = arrow.starts == "open", arrow.starts == "open" or arrow.ends != "head"
    if len(spans) == 1 and is_stub and high - low < width + 16:  # it may stick out at its free end
        at_lane = arrow.x1 - way * (width / 2 + 14) if at_head else arrow.x0 + way * (width / 2 + 8)
        return [(0.0, at_lane), (FURTHER, at_lane + (-way if at_head else way) * (high - low) / 3)]
    tail = arrow.flight.tail
    near_head = tail is not None and len(tail.departures) > 1
    towards = way if near_head else -way
    result = []
    for number, (left, right) in enumerate(spans):
        far = len(spans) - 1 - number if near_head else number
        near = min(far, len(spans) - 1 - far)
        price = FURTHER * near + (OTHER_END if near < far else 0.0)
        middle, slack = (left + right) / 2, (right - left - width) / 2 - 8
        result.append((price, middle))
        if slack > 8:
            result += [
                (price + OFF_CENTRE, middle + towards * slack),
                (price + OFF_CENTRE + 3, middle - towards * slack),
            ]
    return result


def at_free_end(arrow: Arrow, width: float) -> list[Spot]:
    """For words at the free end of an arrow: beyond it, below it, above it."""
    at_tail = arrow.starts == "open"
    x, y = (arrow.x0, arrow.y0) if at_tail else (arrow.x1, arrow.y1)
    way = (1 if arrow.x1 >= arrow.x0 else -1) * (-1 if at_tail else 1)
    return [
        Spot(0.0, x + way * (9 + width / 2), y, 0.0),
        Spot(8.0, x, y + 14, 0.0),
        Spot(9.0, x - way * width / 3, y + 14, 0.0),
        Spot(10.0, x + way * width / 3, y + 14, 0.0),
        Spot(12.0, x, y - 13, 0.0),
        Spot(20.0, x, y + 24, 0.0),
    ]
