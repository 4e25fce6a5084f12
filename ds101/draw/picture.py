"""One thing drawn twice: as SVG for a notebook, as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """Shows itself as whichever form the place can show.

    >>> Picture("<svg/>", ("sent     |00|",))
    sent     |00|
    """

    svg: str
    text: tuple[str, ...]

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return "\n".join(self.text)


Draw = Callable[[bool], Picture]  # given whether it is for a notebook, whose theme it then follows
