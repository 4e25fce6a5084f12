"""Where labels stand: along their arrow, clear of each other.

A label tries its spots, the longest form of its text first, and takes the cheapest: what it would cover has a price.
Where two labels would still lie on each other, the row is made wider and everything is placed again (see `spacetime`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ds101.draw.arrows import Arrow
from ds101.draw.crowd import Band, Crowd
from ds101.draw.layout import AXIS, LINE, Layout
from ds101.draw.notes import SIZE, cause_in_words
from ds101.draw.spots import Spot, along, at_free_end
from ds101.draw.wording import cut, fit, plain, text_width

ON_A_LABEL, ON_A_MARK, ON_A_LANE, ON_AN_ARROW = 1000.0, 120.0, 60.0, 26.0  # prices of covering
SHORTER, TELLS_NO_FIELD = 22.0, 30.0  # and of leaving out
UNREADABLE = ON_A_LABEL


@dataclass(slots=True)
class Label:
    """A placed text. `aside` is set apart: alone, it stands at an arrow's free end and says why it has one."""

    arrow: Arrow
    text: str
    aside: str
    spot: Spot
    band: Band
    price: float
    cramped: bool = False  # a wider row might let it say more


def place_labels(arrows: Sequence[Arrow], layout: Layout, taken: Iterable[Band] = ()) -> list[Label]:
    """A label for every arrow. Those with the fewest places to choose from are placed first."""
    placer = _Placer(arrows, layout, taken)
    for arrow in sorted(arrows, key=lambda arrow: (abs(arrow.x1 - arrow.x0), arrow.y0)):
        placer.place(arrow)
    return placer.labels


def cause_of(arrow: Arrow) -> str:
    """Why a message was lost, as it is said at the cross."""
    if arrow.ends != "cross":
        return ""
    cause = cut(cause_in_words(arrow.flight.lost or ""), 40)
    return f"{cause} (to {' '.join(arrow.receivers)})" if arrow.more else cause


def hint_of(arrow: Arrow) -> str:
    """What is said at a free end: the picture doesn't show where the message came from or went."""
    flight = arrow.flight
    if arrow.ends == "open":
        never = "still on its way" if flight.under_way else "not seen arriving"
        return "arrives later" if flight.head is not None else never
    if arrow.starts == "open":
        return "sent earlier" if flight.tail is not None else "not seen leaving"
    return ""


def aside_of(arrow: Arrow) -> str:
    """What a label adds to its message: that it is a duplicate; who is at its end, where a lane stands for several."""
    flight = arrow.flight
    parts = ["duplicate"] if flight.copy else []
    if flight.receiver != flight.dst:
        parts.append(f"→ {' '.join(arrow.receivers)}")
    if flight.sender != flight.src:
        parts.append(f"← {plain(cut(flight.sender, 20))}")
    return " ".join(parts)


class _Placer:
    def __init__(self, arrows: Sequence[Arrow], layout: Layout, taken: Iterable[Band]) -> None:
        self.labels: list[Label] = []
        self._layout = layout
        self._lanes = sorted(layout.lanes.values())
        self._crowd = Crowd()
        self._marks = Crowd()  # on the lanes: only who crosses a lane can meet one
        self._hinted: set[int | None] = set()  # steps
        for band in taken:
            self._crowd.add(band, ON_A_LABEL)
        for arrow in arrows:
            low, high = min(arrow.x0, arrow.x1), max(arrow.x0, arrow.x1)
            self._crowd.add(Band(low, high, arrow.y_at(low), arrow.slope, 0.5), ON_AN_ARROW)
            if arrow.ends == "cross":
                self._crowd.add(Band(arrow.x1 - 5, arrow.x1 + 5, arrow.y1, 0.0, 2.5), ON_A_MARK)
        for place in layout.places.values():
            self._marks.add(Band(place.x - 5, place.x + 5, place.y, 0.0, 5), ON_A_MARK)
            for number, line in enumerate(place.lines):
                y, right = place.first_line + LINE * number, place.x + 12 + line.width
                self._crowd.add(Band(place.x + 8, right, y, 0.0, LINE / 2 - 1), ON_A_LABEL)

    def place(self, arrow: Arrow) -> None:
        if arrow.ends == "cross":  # first: its cause can stand nowhere else, and its message has shorter forms
            self._place_at_end(arrow, cause_of(arrow))
        self._take(self._best_form(arrow))
        if arrow.ends != "cross" and arrow.step not in self._hinted:
            self._place_at_end(arrow, hint_of(arrow))

    def _place_at_end(self, arrow: Arrow, words: str) -> None:
        if not words:
            return
        width = text_width(words, SIZE)
        spot, price = self._cheapest(at_free_end(arrow, width), width)
        if price < UNREADABLE or arrow.ends == "cross":  # else its dots and its ring must say it
            self._take(Label(arrow, "", words, spot, spot.band(width), price))
            self._hinted.add(arrow.step)

    def _take(self, label: Label) -> None:
        self.labels.append(label)
        self._crowd.add(label.band, ON_A_LABEL)

    def _best_form(self, arrow: Arrow) -> Label:
        aside, flight, gap = aside_of(arrow), arrow.flight, self._layout.gap
        forms = list(flight.forms)
        telling = len(forms) - 2 if flight.body else len(forms)  # the last two forms tell no field
        more = text_width(aside, SIZE) + 6 if aside else 0.0
        room = gap - 14 - more
        if text_width(forms[-1], SIZE) > room:
            forms.append(fit(forms[-1], max(room, 30.0), SIZE))
        best: Label | None = None
        for number, form in enumerate(forms):
            least = SHORTER * number + (TELLS_NO_FIELD if number >= telling else 0.0)
            if best is not None and best.price <= least:
                break
            width = text_width(form, SIZE) + more
            if width > gap - 14 and not arrow.loop and form != forms[-1]:
                continue  # no form is worth lying across a lane
            limit = best.price - least if best is not None else float("inf")
            spot, price = self._cheapest(along(arrow, width, self._lanes), width, limit)
            if best is None or price + least < best.price:
                could_tell = number >= telling and text_width(forms[telling - 1], SIZE) + more < gap - 22
                best = Label(arrow, form, aside, spot, spot.band(width), price + least, could_tell)
        assert best is not None
        return best

    def _cheapest(self, spots: Sequence[Spot], width: float, limit: float = float("inf")) -> tuple[Spot, float]:
        """The cheapest spot and its price; the first spot if none costs less than the limit."""
        best, price = spots[0], float("inf")
        for spot in spots:
            if spot.price >= limit:  # they come sorted by their own price
                break
            cost = spot.price + self._price(spot.band(width), limit - spot.price)
            if cost < price:
                best, price, limit = spot, cost, min(limit, cost)
        return best, price

    def _price(self, band: Band, limit: float) -> float:
        price = 0.0
        lane = bisect_left(self._lanes, band.x0 - 4)
        if lane < len(self._lanes) and self._lanes[lane] < band.x1 + 4:
            price += ON_A_LANE + self._marks.price(band, limit)
        if band.x0 < AXIS - 10 or band.x1 > self._layout.width - 4:
            price += ON_A_LABEL
        return price + self._crowd.price(band, limit - price) if price < limit else price
