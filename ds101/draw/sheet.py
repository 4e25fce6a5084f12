"""A sheet of SVG: a few shapes in layers, every text escaped, every number short."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ds101.draw.wording import plain

LAYERS = ("ground", "bands", "lanes", "bars", "arrows", "marks", "texts")


def number(value: float) -> str:
    """At most one decimal: `12`, `12.5`."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


class Sheet:
    """Shapes are added to a layer; `text` in a tooltip is shown when the reader points at it."""

    def __init__(self) -> None:
        self.layers: dict[str, list[str]] = {layer: [] for layer in LAYERS}

    def add(self, layer: str, shape: str, tooltip: str = "") -> None:
        """A shape, with a tooltip."""
        if tooltip:
            shape = f"<g><title>{_clean(tooltip)}</title>{shape}</g>"
        self.layers[layer].append(shape)

    def content(self) -> str:
        """All shapes, from the lowest layer to the topmost."""
        return "\n".join(shape for layer in LAYERS for shape in self.layers[layer])


def _clean(words: str) -> str:
    return escape("\n".join(plain(line) for line in words.split("\n")))


def line(x0: float, y0: float, x1: float, y1: float, look: str) -> str:
    """A straight line."""
    return f'<line x1="{number(x0)}" y1="{number(y0)}" x2="{number(x1)}" y2="{number(y1)}" class="{look}"/>'


def path(points: str, look: str) -> str:
    """A path, its points as SVG writes them."""
    return f'<path d="{points}" class="{look}"/>'


def circle(x: float, y: float, radius: float, look: str) -> str:
    """A circle around (x, y)."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" class="{look}"/>'


def rectangle(x: float, y: float, width: float, height: float, look: str, radius: float = 0) -> str:
    """A rectangle, its corners rounded."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect x="{number(x)}" y="{number(y)}" {size} rx="{number(radius)}" class="{look}"/>'


def text(x: float, y: float, words: str, look: str, turned: float = 0.0, aside: str = "") -> str:
    """Words at (x, y), turned by degrees, with a second part set apart."""
    turn = f' transform="rotate({number(turned)} {number(x)} {number(y)})"' if turned else ""
    second = f'<tspan class="d-aside" dx="6">{_clean(aside)}</tspan>' if aside else ""
    place = f'x="{number(x)}" y="{number(y)}"'
    return f"<text {place}{turn} class={quoteattr(look)}>{_clean(words)}{second}</text>"


def call(x: float, y: float, words: str, look: str, turned: float = 0.0, aside: str = "") -> str:
    """Words as `text`, but `Name(fields)` with its name set off from its fields."""
    name, bracket, fields = words.partition("(")
    turn = f' transform="rotate({number(turned)} {number(x)} {number(y)})"' if turned else ""
    rest = f'<tspan class="d-fields">{_clean(bracket + fields)}</tspan>' if bracket else ""
    second = f'<tspan class="d-aside" dx="6">{_clean(aside)}</tspan>' if aside else ""
    place = f'x="{number(x)}" y="{number(y)}"'
    return f"<text {place}{turn} class={quoteattr(look)}>{_clean(name)}{rest}{second}</text>"
