"""What is shown while something takes long: one line, in a terminal or a notebook, that disappears in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Any, TypeVar

from rich.console import Console
from rich.status import Status

FIRST_SHOWN = 2.0  # seconds
BETWEEN = 0.5  # seconds

T = TypeVar("T")


class ProgressLine:
    """A line that says how far a search is. Use as a context manager, so that it disappears in the end."""

    def __init__(self, console: Any = None) -> None:
        self._console = console
        self._status: Status | None = None
        self._next = FIRST_SHOWN
        self.words = ""

    def is_due(self, elapsed: float) -> bool:
        """Whether it is time to say something, `elapsed` seconds after the beginning."""
        return elapsed >= self._next

    def say(self, words: str, elapsed: float) -> None:
        """Show these words, if there is anybody to see them."""
        self._next = elapsed + BETWEEN
        self.words = words
        if self._status is None:
            console = self._console or Console()
            if not (console.is_terminal or console.is_jupyter):
                self._next = float("inf")
                return
            self._status = Status(self.words, console=console)
            self._status.start()
        self._status.update(self.words)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def counted_aloud(things: Iterable[T], words: str, console: Any = None) -> Iterator[T]:
    """The things, one by one; if it takes long, a line with these words says how many there were."""
    began = monotonic()
    with ProgressLine(console) as progress:
        for number, thing in enumerate(things, start=1):
            elapsed = monotonic() - began
            if progress.is_due(elapsed):
                progress.say(f"{words}, run {number:,}", elapsed)
            yield thing
