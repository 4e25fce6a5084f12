"""What simulated nodes print, with the name of the node in front, as real ones do."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ds101.simulation.post import Post


@contextmanager
def prefixed(office: Post) -> Iterator[None]:
    """While this holds, what a handler prints shows its node's name."""
    if isinstance(sys.stdout, _Prefixed):  # a verb inside a verb
        yield
        return
    with redirect_stdout(_Prefixed(office, sys.stdout)):
        yield


class _Prefixed(io.TextIOBase):
    """Passes text on, a line at a time, behind the name of whoever speaks."""

    def __init__(self, office: Post, shown: TextIO) -> None:
        self._office, self._shown, self._line = office, shown, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not self._office.speaker:
            return self._shown.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._shown.write(f"{self._office.speaker} | {line}\n")
        return len(text)

    def flush(self) -> None:
        self._shown.flush()
