"""Operations as bars on a line of time, a lane for each client: what was under way when, and what fits nowhere.

>>> timeline([Bar("ada", 0.0, 0.2, "Put(1)", number=1), Bar("bob", 0.1, 0.4, "Get() → 0", look="bad")])
0 s                                                    0.4 s
├────────────────1────────────────┤                          1 ada  Put(1)
                 ╞═════════════════════════════════════════╡ ✗ bob  Get() → 0

Between two events the drawn time is stretched or shortened, so that every label can be read; the order is kept, and
times are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ds101.draw.picture import Picture
from ds101.draw.sheet import Sheet, line, number, path, rectangle, text
from ds101.draw.style import ROOT, stylesheet
from ds101.draw.timescale import Scale
from ds101.draw.wording import fit, plain, text_width

WIDTH = 860  # pixels
FONT, TITLE = 11, 30  # pixels: of labels; what a title takes
BAR, LABEL, TRACK, LANE = 12, 15, 34, 8  # pixels: a bar's height, its label's, both with air, between lanes
AIR = 10  # pixels kept free between two labels
COLUMNS = 60  # characters of the text's scale


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation: times in seconds; without an end it is open to the right.

    `look` is ok, bad (it fits nowhere), open (its outcome is unknown) or faint (it only stands by). `number` is its
    place in an order, drawn at the `moment` at which it seems to take effect, or in the bar's middle.
    """

    lane: str
    began: float
    ended: float | None
    label: str
    look: str = "ok"
    number: int | None = None
    moment: float | None = None
    tooltip: str = ""


def timeline(bars: Sequence[Bar], *, title: str = "", width: int = WIDTH, in_page: bool = False) -> Picture:
    """Draw operations in the order of their lanes' first bars. The same bars give the same bytes.

    `width` is in pixels; `in_page` follows JupyterLab's theme, and not only the system's.
    """
    return Picture(_svg(bars, title, width, in_page), tuple(_lines(bars, title)))


@dataclass(frozen=True, slots=True)
class _Placed:
    bar: Bar
    x0: float
    x1: float
    y: float  # of the bar's upper edge


def clock(seconds: float) -> str:
    """A time to the tenth of a millisecond, as short as can be: `0`, `0.05`, `1.8386`."""
    return f"{seconds:.4f}".rstrip("0").rstrip(".")


def _svg(bars: Sequence[Bar], title: str, width: int, in_page: bool) -> str:
    top = TITLE + 12 if title else 18
    names = 16 + max([text_width(plain(bar.lane), 13) for bar in bars], default=0) + 14
    widest = max([text_width(plain(bar.label), FONT) for bar in bars], default=0)
    scale = Scale(bars, names, width - 24 - min(widest, width / 4))
    sheet = Sheet()
    y = float(top)
    placed: list[_Placed] = []
    for lane in dict.fromkeys(bar.lane for bar in bars):
        tracks = _tracks([bar for bar in bars if bar.lane == lane], scale, width)
        sheet.add("texts", text(16, y + LABEL + BAR - 2, plain(lane), "d-mark"))
        sheet.add("lanes", rectangle(12, y - LANE / 2, width - 24, 0.5, "d-plate"))
        for track in tracks:
            placed += [_Placed(bar, scale.at(bar.began), scale.end(bar), y + LABEL) for bar in track]
            y += TRACK
        y += LANE
    _paint_times(sheet, bars, scale, top, y)
    for one in placed:
        _paint(sheet, one, scale, width)
    height = y + 24
    sheet.add("ground", rectangle(0.5, 0.5, width - 1, height - 1, "d-card", 8))
    if title:
        sheet.add("texts", text(16, 24, fit(plain(title), width - 32, 14), "d-title"))
    name, description = plain(title) or "Operations over time", " ".join(_told(bar) for bar in bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="img" aria-label={quoteattr(name)} '
        f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}" '
        f'style="max-width:100%;height:auto">\n<title>{escape(name)}</title>\n<desc>{escape(description)}</desc>\n'
        f"<style>{stylesheet(in_page)}</style>\n{sheet.content()}\n</svg>\n"
    )


def _tracks(bars: Sequence[Bar], scale: Scale, width: float) -> list[list[Bar]]:
    """Rows of bars whose bars and labels don't touch, as few as a first fit finds."""
    tracks: list[list[Bar]] = []
    ends: list[float] = []
    for bar in sorted(bars, key=lambda bar: bar.began):
        x0, x1 = scale.at(bar.began), scale.end(bar)
        label = _label_width(bar)
        left, right = min(x0, width - 16 - label), max(x1, x0 + label)
        for index, end in enumerate(ends):
            if end + AIR <= left:
                tracks[index].append(bar)
                ends[index] = right
                break
        else:
            tracks.append([bar])
            ends.append(right)
    return tracks


def _label_width(bar: Bar) -> float:
    return text_width(_marked(bar), FONT, "bold" if bar.look == "bad" else "plain")


def _marked(bar: Bar) -> str:
    return f"✗ {plain(bar.label)}" if bar.look == "bad" else plain(bar.label)


def _paint(sheet: Sheet, one: _Placed, scale: Scale, width: float) -> None:
    bar, x0, x1, y = one.bar, one.x0, one.x1, one.y
    tooltip = bar.tooltip or _told(bar)
    for look in {"bad": ("d-wall", "d-hatch"), "open": ("d-hollow",), "faint": ("d-plate",)}.get(bar.look, ("d-bar",)):
        sheet.add("bars", rectangle(x0, y, max(x1 - x0, 4), BAR, look, 3), tooltip)
    if bar.look == "bad":
        middle = (x0 + x1) / 2
        sheet.add("marks", path(f"M{number(middle - 4)} {number(y + 2)}l8 8m0 -8l-8 8", "d-cross"), tooltip)
    if bar.ended is None:
        sheet.add("marks", path(f"M{number(x1 - 2)} {number(y + 1)}l6 5l-6 5", "d-hand"), tooltip)
    if bar.number is not None:
        at = scale.at(bar.moment) if bar.moment is not None else (x0 + x1) / 2
        words = str(bar.number)
        at = min(max(at, x0), x1)
        half = max(7.5, text_width(words, 10) / 2 + 4)
        sheet.add("marks", rectangle(at - half, y - 1.5, 2 * half, BAR + 3, "d-ring", 7.5), tooltip)
        sheet.add("texts", text(at, y + BAR / 2 + 3.6, words, "d-tag"), tooltip)
    label, room = _marked(bar), width - 32
    x = min(x0, width - 16 - _label_width(bar))
    shift, style = (2, "d-bad d-halo") if bar.look == "bad" else (0, "d-halo")
    sheet.add("texts", text(max(x, 16) + shift, y - 4, fit(label, room, FONT), style), tooltip)


def _paint_times(sheet: Sheet, bars: Sequence[Bar], scale: Scale, top: float, bottom: float) -> None:
    """A few times, where there is room for them: of what fits nowhere first, then from the outside in."""
    wrong = [time for bar in bars if bar.look == "bad" for time in (bar.began, bar.ended) if time is not None]
    for time in wrong:
        sheet.add("bands", line(scale.at(time), top - 4, scale.at(time), bottom, "d-rule"))
    taken: list[tuple[float, float]] = []
    for time in [*wrong, *_outside_in(bars)]:
        words = f"{clock(time)} s"
        half = text_width(words, 10) / 2
        x = scale.at(time)
        if all(x + half + AIR < left or x - half - AIR > right for left, right in taken):
            taken.append((x - half, x + half))
            sheet.add("lanes", line(x, bottom - 2, x, bottom + 3, "d-lane"))
            sheet.add("texts", text(x, bottom + 15, words, "d-tag"))


def _outside_in(bars: Sequence[Bar]) -> list[float]:
    """The times at which something began or ended: the first, the last, the second, ..."""
    times = sorted({time for bar in bars for time in (bar.began, bar.ended) if time is not None})
    half = (len(times) + 1) // 2
    return list(dict.fromkeys(time for pair in zip(times[:half], times[::-1], strict=False) for time in pair))


def _told(bar: Bar) -> str:
    end = "its end is not known" if bar.ended is None else f"to {clock(bar.ended)} s"
    place = {"bad": " It fits nowhere."}.get(bar.look, "")
    if bar.number is not None:
        place = f" Number {bar.number} in the order."
    return f"{plain(bar.lane)}: {plain(bar.label)}, from {clock(bar.began)} s, {end}.{place}"


def _lines(bars: Sequence[Bar], title: str) -> list[str]:
    if not bars:
        return [title or "No operations."]
    scale = Scale(bars, 0, COLUMNS - 1)
    first, last = f"{clock(scale.times[0])} s", f"{clock(scale.times[-1])} s"
    lanes = max(len(plain(bar.lane)) for bar in bars)
    digits = max(len(str(bar.number)) if bar.number is not None else 1 for bar in bars)
    lines = [title] if title else []
    lines.append(f"{first}{last:>{max(round(scale.at(scale.times[-1])) + 1 - len(first), len(last) + 1)}}")
    for bar in sorted(bars, key=lambda bar: bar.began):
        mark = str(bar.number) if bar.number is not None else "✗" if bar.look == "bad" else "·"
        lines.append(f"{_drawn(bar, scale)} {mark:>{digits}} {plain(bar.lane):{lanes}}  {plain(bar.label)}")
    return lines


def _drawn(bar: Bar, scale: Scale) -> str:
    """The bar in characters, its number at its moment."""
    start, end = round(scale.at(bar.began)), round(scale.end(bar))
    left, dash, right = ("╞", "═", "╡") if bar.look == "bad" else ("├", "─", "┤")
    if bar.ended is None:
        dash, right = "╌", "▷"
    inside = [left, *dash * (end - start - 1), right] if end > start else ["│"]
    if bar.number is not None and end > start + 1:
        words = str(bar.number)
        at = round(scale.at(bar.moment)) if bar.moment is not None else (start + end) // 2
        at = min(max(at - start, 1), max(1, end - start - len(words)))
        inside[at : at + len(words)] = words
    return f"{' ' * start}{''.join(inside)}".ljust(COLUMNS)[:COLUMNS]
