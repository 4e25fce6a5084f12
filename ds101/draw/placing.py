"""Where labels stand: along their arrow, clear of each other.

A label tries places along its arrow, above and below it, the longest form of its text first, and takes the cheapest
one: what it would cover has a price. Where two labels would still lie on each other, the row is made wider and
everything is placed again (see `spacetime`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ds101.draw.arrows import Arrow
from ds101.draw.crowd import Band, Crowd
from ds101.draw.layout import AXIS, LINE, Layout
from ds101.draw.notes import SIZE, cause_in_words
from ds101.draw.wording import cut, fit, plain, shorter_forms, text_width

STEEP = 0.42  # a label follows its arrow up to this slope; on a steeper one it stands level
HALF = SIZE * 0.56  # half of a label's height
AIR = 3.0  # beside it
ON_A_LABEL, ON_A_MARK, ON_AN_ARROW, ON_A_LANE = 1000.0, 120.0, 26.0, 60.0
SHORTER = 22.0  # the price of each step to a shorter form
TELLS_NO_FIELD = 30.0
UNREADABLE = ON_A_LABEL


@dataclass(slots=True)
class Label:
    """A placed text. `aside` is set apart: alone, it stands at an arrow's free end and says why it has one."""

    arrow: Arrow
    text: str
    aside: str
    x: float  # the middle
    y: float
    slope: float
    price: float
    band: Band
    cramped: bool = False  # a wider row might let it say more


def place_labels(arrows: Sequence[Arrow], layout: Layout, more: Iterable[Band] = ()) -> list[Label]:
    """A label for every arrow. Those with the fewest places to choose from are placed first."""
    crowd = _crowd_of(arrows, layout)
    for band in more:
        crowd.add("label", band)
    labels: list[Label] = []
    hinted: set[int | None] = set()
    for arrow in sorted(arrows, key=lambda arrow: (abs(arrow.x1 - arrow.x0), arrow.y0)):
        labels.append(_best_label(arrow, layout, crowd))
        crowd.add("label", labels[-1].band)
        words = cause_of(arrow) or hint_of(arrow, layout)
        if not words or (arrow.ends != "cross" and arrow.step in hinted):
            continue
        ending = _cheapest(_endings(arrow, words), layout, crowd)
        if ending.price < UNREADABLE or arrow.ends == "cross":  # else its dots and its ring must say it
            labels.append(ending)
            crowd.add("label", ending.band)
            hinted.add(arrow.step)
    return labels


def cause_of(arrow: Arrow) -> str:
    """Why a message was lost, as it is said at the cross."""
    if arrow.ends != "cross":
        return ""
    cause = cut(cause_in_words(arrow.flight.lost or ""), 40)
    return f"{cause} (to {' '.join(arrow.receivers)})" if arrow.more else cause


def hint_of(arrow: Arrow, layout: Layout) -> str:
    """What is said at a free end: the picture doesn't show where the message came from or went."""
    flight = arrow.flight
    if arrow.ends == "open" and flight.dst in layout.lanes:
        return "arrives later" if flight.head is not None else "not seen arriving"
    if arrow.starts == "open" and flight.src in layout.lanes:
        return "sent earlier" if flight.tail is not None else "not seen leaving"
    return ""


def aside_of(arrow: Arrow, layout: Layout) -> str:
    """What a label adds to its message: that it is a duplicate; who is at the other end, if that has no lane here."""
    flight = arrow.flight
    parts = ["duplicate"] if flight.copy else []
    if arrow.ends != "head" and flight.dst not in layout.lanes:
        parts.append(f"→ {' '.join(arrow.receivers)}")
    if arrow.starts == "open" and flight.src not in layout.lanes:
        parts.append(f"← {plain(cut(flight.src, 20))}")
    return " ".join(parts)


def _crowd_of(arrows: Sequence[Arrow], layout: Layout) -> Crowd:
    crowd = Crowd()
    for arrow in arrows:
        low, high = sorted((arrow.x0, arrow.x1))
        crowd.add("arrow", Band(low, high, arrow.y_at(low), arrow.slope, 0.5))
        if arrow.ends == "cross":
            crowd.add("mark", Band(arrow.x1 - 5, arrow.x1 + 5, arrow.y1, 0.0, 4))
    for place in layout.places.values():
        crowd.add("mark", Band(place.x - 5, place.x + 5, place.y, 0.0, 5))
        for number, line in enumerate(place.lines):
            y = place.first_line + LINE * number
            crowd.add("label", Band(place.x + 8, place.x + 12 + text_width(line.text, SIZE), y, 0.0, LINE / 2 - 1))
    return crowd


def _best_label(arrow: Arrow, layout: Layout, crowd: Crowd) -> Label:
    aside = aside_of(arrow, layout)
    forms = shorter_forms(arrow.flight.type, arrow.flight.body)
    telling = len(forms) - 2  # the last two tell no field
    room = max(abs(arrow.x1 - arrow.x0) - 14, layout.gap - 22)
    could_tell = arrow.flight.body and text_width(f"{forms[telling - 1]} {aside}", SIZE) < layout.gap - 22
    if text_width(forms[-1], SIZE) > room:
        forms.append(fit(forms[-1], room, SIZE))
    best: Label | None = None
    for number, form in enumerate(forms):
        label = _cheapest(_along(arrow, form, aside, layout), layout, crowd)
        label.price += SHORTER * number
        if arrow.flight.body and number >= telling:
            label.price += TELLS_NO_FIELD
            label.cramped = bool(could_tell)
        if best is None or label.price < best.price:
            best = label
        if best.price <= SHORTER * (number + 1):
            break
    assert best is not None
    return best


def _cheapest(candidates: Iterable[Label], layout: Layout, crowd: Crowd) -> Label:
    best: Label | None = None
    for label in candidates:
        if best is not None and label.price >= best.price:
            continue
        label.price += _price(label.band, layout, crowd)
        if best is None or label.price < best.price:
            best = label
    assert best is not None
    return best


def _level(arrow: Arrow, form: str, aside: str, x: float, y: float, width: float, price: float) -> Label:
    return Label(arrow, form, aside, x, y, 0.0, price, Band(x - width / 2 - AIR, x + width / 2 + AIR, y, 0.0, HALF))


def _along(arrow: Arrow, form: str, aside: str, layout: Layout) -> Iterator[Label]:
    """A message's label, above or below its arrow; on the line of a steep one; beside a loop."""
    width = text_width(form, SIZE) + (text_width(aside, SIZE) + 6 if aside else 0)
    if arrow.loop:
        yield _level(arrow, form, aside, arrow.x0 + 32 + width / 2, (arrow.y0 + arrow.y1) / 2, width, 0.0)
        return
    steep = abs(arrow.slope) > STEEP
    for x, price in _middles(arrow, width, layout):
        if steep:
            yield _level(arrow, form, aside, x, arrow.y_at(x), width, price)
            continue
        for shift, more in ((-9.0, 0.0), (10.0, 6.0)):
            y, slope = arrow.y_at(x) + shift, arrow.slope
            half = width / 2 + AIR
            band = Band(x - half, x + half, y - slope * half, slope, HALF)
            yield Label(arrow, form, aside, x, y, slope, price + more, band)


def _middles(arrow: Arrow, width: float, layout: Layout) -> list[tuple[float, float]]:
    """Where the middle of a label may be, with a price.

    Between two lanes, and near the end that fewer other arrows share: the head of one of several that leave
    together, else the tail.
    """
    low, high = sorted((arrow.x0, arrow.x1))
    edges = [low, *(x for x in layout.lanes.values() if low < x < high), high]
    spans = list(pairwise(edges))
    if arrow.x1 < arrow.x0:
        spans.reverse()  # now from tail to head
    tail = arrow.flight.tail
    near_head = tail is not None and len(tail.departures) > 1
    towards = 1 if (arrow.x1 > arrow.x0) == near_head else -1
    result = []
    for number, (left, right) in enumerate(spans):
        far = len(spans) - 1 - number if near_head else number
        price = 7.0 * min(far, len(spans) - 1 - far) + (4.0 if far > len(spans) - 1 - far else 0.0)
        middle, slack = (left + right) / 2, (right - left - width) / 2 - 8
        if slack < 0 and len(spans) == 1 and arrow.ends != "head":  # a stub: it may stick out at its free end
            way = 1 if arrow.x1 > arrow.x0 else -1
            at_lane = arrow.x1 - way * (width / 2 + 14) if arrow.starts == "open" else arrow.x0 + way * (width / 2 + 8)
            result.append((at_lane, price))
            continue
        result.append((middle, price))
        if slack > 8:
            result += [(middle + towards * slack, price + 2), (middle - towards * slack, price + 5)]
    return result


def _endings(arrow: Arrow, words: str) -> Iterator[Label]:
    """The words at the free end of an arrow: beyond it, below it, above it."""
    width = text_width(words, SIZE)
    at_tail = arrow.starts == "open"
    x, y = (arrow.x0, arrow.y0) if at_tail else (arrow.x1, arrow.y1)
    way = (1 if arrow.x1 >= arrow.x0 else -1) * (-1 if at_tail else 1)
    yield _level(arrow, "", words, x + way * (9 + width / 2), y, width, 0.0)
    yield _level(arrow, "", words, x, y + 14, width, 8.0)
    yield _level(arrow, "", words, x - way * width / 3, y + 14, width, 9.0)
    yield _level(arrow, "", words, x, y - 13, width, 12.0)


def _price(band: Band, layout: Layout, crowd: Crowd) -> float:
    price = ON_A_LABEL * crowd.meeting("label", band) + ON_A_MARK * crowd.meeting("mark", band)
    price += ON_AN_ARROW * crowd.meeting("arrow", band)
    price += ON_A_LANE * sum(1 for x in layout.lanes.values() if band.x0 - 3 < x < band.x1 + 3)
    if band.x0 < AXIS - 10 or band.x1 > layout.width - 4:
        price += ON_A_LABEL
    return price
