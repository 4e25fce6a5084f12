"""A run as a story: its steps in words, and its picture."""

from __future__ import annotations

from ds101.checks.answer import Draw
from ds101.trace import Trace


def steps_of(trace: Trace, at_most: int = 12) -> tuple[str, ...]:
    """What happened, step by step."""
    return tuple(trace.text(at_most=at_most).splitlines())


def picture_of(trace: Trace) -> Draw | None:
    """The space-time diagram."""
    return None
