"""What changed in a node's attributes, in words.

>>> changed("term", "0", "1")
'term 0 → 1'
>>> changed("votes", "{'n1'}", "{'n1', 'n3'}")
"votes gains 'n3'"
"""

from __future__ import annotations

from typing import Any

from ds101.draw.wording import cut, plain
from ds101.trace import Event

LONGEST = 28  # characters of a value, before and after


def changes_of(event: Event) -> list[str]:
    """One for each attribute that the event tells of."""
    return [_in_words(plain(str(name)), values) for name, values in event.body.items()]


def _in_words(name: str, values: Any) -> str:
    if isinstance(values, list | tuple) and len(values) == 2:
        return changed(name, str(values[0]), str(values[1]))
    return f"{name} {cut(plain(str(values)), LONGEST)}"


def changed(name: str, old: str, new: str) -> str:
    """Both values; of a collection only what it has gained or lost, where the rest is as it was."""
    for less, more, verb in ((old, new, "gains"), (new, old, "loses")):
        rest = _rest(less, more)
        if rest:
            return f"{name} {verb} {cut(plain(rest), LONGEST)}"
    return f"{name} {cut(plain(old), LONGEST)} → {cut(plain(new), LONGEST)}"


def _rest(less: str, more: str) -> str:
    """What `more` has beside `less`, if both are written as collections that begin or end alike."""
    if len(less) < 3 or less[0] not in "[{(" or (less[0], less[-1]) != (more[:1], more[-1:]):
        return ""
    inside, whole = less[1:-1], more[1:-1]
    if whole.startswith(f"{inside}, "):
        return whole[len(inside) + 2 :]
    return whole[: -len(inside) - 2] if whole.endswith(f", {inside}") else ""
