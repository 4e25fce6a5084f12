"""The lines of this process: one for the life behind each door, and one for calls.

A life ends where the next one behind its door begins; a line for calls that was cut is laid anew.
"""

from __future__ import annotations

import itertools
import os

from autograder.judge.line import Line

ONE_APART_IN = 16  # of the second looks at whether a handler is pure: what it could remember is then not there
second_looks = itertools.count()
_lives: dict[str, Line] = {}
_calls: dict[tuple[int, str], Line] = {}  # by process, too: a fork has none


def line_for_life(door: str) -> Line:
    """A new life behind this door: what was there before ends."""
    if door in _lives:
        _lives.pop(door).close()
    line = _lives[door] = Line(door, "life")
    return line


def line_for_calls(door: str) -> Line:
    """The line for calls from a state, where nothing is remembered from one to the next."""
    key = os.getpid(), door
    line = _calls.get(key)
    if line is None or line.is_cut:
        line = _calls[key] = Line(door, "calls")
    return line


def hang_up() -> None:
    """Cut all lines of this process."""
    for lines in (_lives, _calls):
        for line in lines.values():
            line.close()
        lines.clear()
