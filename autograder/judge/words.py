"""Words out of a sandbox, made so that they can be shown anywhere, and tell of no file but the student's own."""

from __future__ import annotations

import linecache
import re
from collections.abc import Mapping

from ds101.lines import Place

MOST_SHOWN = 2_000  # characters of a value
MOST_KINDS = 50  # classes that an error inherits from
MOST_LINES = 1_000_000
# What moves a terminal's cursor, and what writes text backwards.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_known: set[str] = set()  # files whose lines may be shown


def printable(text: str) -> str:
    """Without control characters, and not too long."""
    return without_control(text[:MOST_SHOWN])


def without_control(text: str) -> str:
    return _CONTROL.sub("�", text)


def know(cells: Mapping[str, tuple[str, str]]) -> None:
    """These cells, by file, are the student's own: their lines may be shown, under their names."""
    _known.clear()
    for label, text in cells.values():
        _known.add(label)
        linecache.cache[label] = len(text), None, text.splitlines(keepends=True), label


def known_place(place: Place | None) -> Place | None:
    """A place in the student's own code. Any other would show a line of whatever file it names."""
    if place is None or place[0] not in _known or not 0 < place[1] < MOST_LINES:
        return None
    return place[0], place[1], printable(place[2])
