"""The diagram and its words together, as a notebook shows them."""

from __future__ import annotations

from html import escape
from typing import Any

from ds101.draw.spacetime import spacetime
from ds101.draw.words import as_text
from ds101.trace import Trace

LINES = 200  # in words


def as_html(trace: Trace, **options: Any) -> str:
    """The SVG of `spacetime` (its options are taken here too), with the words folded away under it.

    There is no script in it, and all that comes from nodes (names, logs, messages) is escaped.
    """
    picture = spacetime(trace, in_page=True, **options)
    window = {name: options[name] for name in ("first", "last", "after", "before", "fold") if name in options}
    words = as_text(trace, at_most=LINES, **window)
    return (
        f'<div style="overflow-x:auto">{picture}</div>\n'
        f'<details style="margin:4px 0"><summary>In words</summary><pre>{escape(words)}</pre></details>\n'
    )
