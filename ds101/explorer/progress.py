"""What is shown while a search takes long: one line, in a terminal or a notebook."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.status import Status

FIRST_SHOWN = 2.0  # seconds
BETWEEN = 0.5  # seconds


class Progress:
    """A line that says how far a search is. Use as a context manager, so that it disappears in the end."""

    def __init__(self, console: Any = None) -> None:
        self._console = console
        self._status: Status | None = None
        self._next = FIRST_SHOWN
        self.words = ""

    def show(self, states: int, depth: int, elapsed: float) -> None:
        """Say how far it is, now and then."""
        if elapsed < self._next:
            return
        self._next = elapsed + BETWEEN
        self.words = f"searched {states:,} states, {depth} steps deep, {states / elapsed:,.0f} states/s"
        if self._status is None:
            console = self._console or Console()
            if not (console.is_terminal or console.is_jupyter):
                self._next = float("inf")
                return
            self._status = Status(self.words, console=console)
            self._status.start()
        self._status.update(self.words)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
