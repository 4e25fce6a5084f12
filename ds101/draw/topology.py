"""Who talks to whom: a trace as a map, with a count of messages on every link.

>>> from ds101.trace import Event, Trace
>>> ends = {"src": "n1", "dst": "n2", "type": "Ping"}
>>> sent = Event("n1.1", "send", 0.001, "n1", 1, **ends)
>>> got = Event("n2.1", "deliver", 0.002, "n2", 2, cause="n1.1", **ends)
>>> topology(Trace([sent, got]))
n1 → n2   Ping ×1
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from ds101.draw.picture import Picture
from ds101.draw.sheet import Sheet, line, number, path, rectangle, text
from ds101.draw.style import ROOT, stylesheet
from ds101.draw.wording import plain, text_width
from ds101.trace import Trace, base_name, by_number

HALF = 14  # pixels: half the height of a node's box
SPACE = 150  # pixels: least distance between neighbours on the circle
MARGIN = 62  # pixels around the circle, for boxes and the title
PARTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.24, 0.76)  # where on its line a label may stand, the best first
SIDEWAYS = 1.35  # the circle is wider than high: labels are
Point = tuple[float, float]


@dataclass
class Link:
    """What passed between two, in both directions."""

    a: str
    b: str
    arrived: Counter[str] = field(default_factory=Counter)  # by type
    lost: Counter[str] = field(default_factory=Counter)
    heads: set[str] = field(default_factory=set)  # which of them got something, or should have

    def words(self, bare: bool = False) -> str:
        """`Ping ×2, Pong ×1, Ping ✗1`: ✗ counts what was lost. `bare` leaves out the types."""
        parts = [f"{kind} ×{self.arrived[kind]}" for kind in sorted(self.arrived)]
        parts += [f"{kind} ✗{self.lost[kind]}" for kind in sorted(self.lost)]
        return ", ".join(part.split()[-1] for part in parts) if bare else ", ".join(parts)

    def arrow(self) -> str:
        return {(True, True): "↔", (True, False): "←"}.get((self.a in self.heads, self.b in self.heads), "→")


def topology(trace: Trace, title: str = "Who talked to whom") -> Picture:
    """Draw who exchanged messages in a trace, and how many arrived or were lost; filter the trace to choose types.

    A node that is down at the end is crossed out. In a terminal it is a line for each link.
    """
    links = _links_of(trace)
    talkers = {name for link in links for name in (link.a, link.b)}
    clients = {base_name(address) for event in trace for address in (event.src, event.dst) if "." in address}
    present = {event.node for event in trace} - {""}  # a filter may have left nothing of a client
    nodes = {name for name in trace.nodes if name in present | talkers} - clients
    names = sorted(nodes | talkers, key=by_number)
    down = _down_at_the_end(trace)
    lines = [f"{link.a} {link.arrow()} {link.b}   {link.words()}" for link in links]
    lines += [f"{name} is down" for name in names if name in down]
    return Picture(_svg(names, nodes, down, links, lines, title), tuple(lines))


def _links_of(trace: Trace) -> list[Link]:
    links: dict[tuple[str, str], Link] = {}
    for event in trace:
        if event.kind not in ("deliver", "drop"):
            continue
        ends = base_name(event.src), base_name(event.dst)
        a, b = sorted(ends, key=by_number)
        link = links.setdefault((a, b), Link(a, b))
        (link.lost if event.kind == "drop" else link.arrived)[event.type] += 1
        link.heads.add(ends[1])
    return [links[key] for key in sorted(links, key=lambda ends: [by_number(end) for end in ends])]


def _down_at_the_end(trace: Trace) -> set[str]:
    down: set[str] = set()
    for event in trace:
        if event.kind == "crash":
            down.add(event.node)
        elif event.kind == "restart":
            down.discard(event.node)
    return down


def _places(names: Sequence[str]) -> dict[str, Point]:
    """Around a circle, the first at the top, clockwise."""
    count = max(len(names), 1)
    radius = max(SPACE / 2, SPACE / (2 * math.sin(math.pi / count))) if count > 1 else 0.0
    turns = [2 * math.pi * index / count for index in range(count)]
    xs, ys = [SIDEWAYS * radius * math.sin(turn) for turn in turns], [-radius * math.cos(turn) for turn in turns]
    return {name: (MARGIN + x - min(xs), MARGIN + y - min(ys)) for name, x, y in zip(names, xs, ys, strict=False)}


def _svg(
    names: Sequence[str], nodes: set[str], down: set[str], links: Sequence[Link], lines: Sequence[str], title: str
) -> str:
    places, sheet = _places(names), Sheet()
    types = sorted({kind for link in links for kind in (*link.arrived, *link.lost)})
    legend = f"{' and '.join(types) if len(types) == 1 else 'On the lines'}: × arrived, ✗ lost"
    wanted = max(text_width(title, 14.0), text_width(legend, 11.0)) + 40
    width = max([x + MARGIN for x, _ in places.values()] + [wanted])
    height = max([y for _, y in places.values()], default=0.0) + MARGIN
    sheet.add("ground", rectangle(0.5, 0.5, width - 1, height - 1, "d-card", 8))
    sheet.add("texts", text(16, 26, title, "d-title"))
    sheet.add("texts", text(16, height - 12, legend, "d-said"))
    taken = [(x, y) for x, y in places.values()]
    for link in links:
        _paint_link(sheet, link, places, taken, bare=len(types) == 1)
    for name in names:
        _paint_node(sheet, name, places[name], name in nodes, name in down)
    size = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="img" aria-label={quoteattr(plain(title))} '
        f'{size} style="max-width:100%;height:auto">\n<title>{escape(plain(title))}</title>\n'
        f"<desc>{escape('. '.join(plain(words) for words in lines))}.</desc>\n"
        f"<style>{stylesheet(in_page=True)}</style>\n{sheet.content()}\n</svg>\n"
    )


def _paint_link(sheet: Sheet, link: Link, places: dict[str, Point], taken: list[Point], bare: bool) -> None:
    """A line with a head where messages went; dashed and crossed if none arrived."""
    start, end = places[link.a], places[link.b]
    silent = not link.arrived
    sheet.add("lanes", line(*start, *end, "d-cross d-dashed" if silent else "d-lane"), link.words())
    for name in sorted(link.heads):
        sheet.add("bars", _head(places[link.a if name == link.b else link.b], places[name], silent))
    words = link.words(bare)
    x, y = _free_place(start, end, words, taken)
    taken.append((x, y))
    if silent:
        sheet.add("marks", path(f"M{number(x - 6)} {number(y - 6)}l12 12m0 -12l-12 12", "d-cross"))
        x, y = x + text_width(words, 11.0) / 2 + 12, y - 8
    look = "d-halo d-bad" if silent else "d-halo"
    sheet.add("texts", text(x - text_width(words, 11.0) / 2, y + 4, words, look))


def _free_place(start: Point, end: Point, words: str, taken: Sequence[Point]) -> Point:
    """The first place on the line where nothing stands; the one with most room if there is none."""
    half = text_width(words, 11.0) / 2
    places = [(start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])) for part in PARTS]

    def room(place: Point) -> float:
        return min(max(abs(place[0] - x) - 2 * half, abs(place[1] - y) - 2 * HALF) for x, y in taken)

    return next((place for place in places if room(place) >= 0), max(places, key=room))


def _head(start: Point, end: Point, lost: bool) -> str:
    """An arrow's head just outside the box at its end; hollow where nothing arrived."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    back = min(28 / abs(ux) if ux else math.inf, (HALF + 2) / abs(uy) if uy else math.inf)
    x, y = end[0] - back * ux, end[1] - back * uy
    left = x - 9 * ux + 4.5 * uy, y - 9 * uy - 4.5 * ux
    right = x - 9 * ux - 4.5 * uy, y - 9 * uy + 4.5 * ux
    corners = " L".join(f"{number(a)} {number(b)}" for a, b in ((x, y), left, right))
    return path(f"M{corners}Z", "d-cross" if lost else "d-run")


def _paint_node(sheet: Sheet, name: str, place: Point, is_node: bool, is_down: bool) -> None:
    (x, y), half = place, max(24.0, text_width(name, 13.0) / 2 + 12)
    look, radius = ("d-node", 5) if is_node else ("d-client", 13)
    sheet.add("texts", rectangle(x - half, y - HALF, 2 * half, 2 * HALF, look, radius))
    sheet.add("texts", text(x, y + 4.5, name, "d-name"))
    if is_down:
        sheet.add("texts", path(f"M{number(x - half)} {number(y - HALF)}l{number(2 * half)} {2 * HALF}", "d-cross"))
        sheet.add("texts", text(x, y + HALF + 13, "is down", "d-halo d-tag"))
