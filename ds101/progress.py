"""What is shown while something takes long: one line, in a terminal or a notebook, that disappears in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.status import Status

FIRST_SHOWN = 2.0  # seconds
BETWEEN = 0.5  # seconds

T = TypeVar("T")
Listener = Callable[[str], object]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Within it, what would be shown on a line is told to `listener` instead: it has a better place for it."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Line(Protocol):
    """Where the words stand."""

    def update(self, words: str, /) -> object: ...
    def stop(self) -> None: ...


class ProgressLine:
    """A line that says how far a search is. Use as a context manager, so that it disappears in the end."""

    def __init__(self, console: Any = None) -> None:
        self._console = console
        self._line: Line | None = None
        self._next = FIRST_SHOWN
        self.words = ""

    def is_due(self, elapsed: float) -> bool:
        """Whether it is time to say something, `elapsed` seconds after the beginning."""
        return elapsed >= self._next

    def say(self, words: str, elapsed: float) -> None:
        """Show these words, if there is anybody to see them."""
        self._next = elapsed + BETWEEN
        self.words = words
        listener = _listener.get()
        if listener is not None:
            listener(words)
            return
        if self._line is None:
            self._line = _line_on(self._console or Console(), words)
        if self._line is None:
            self._next = float("inf")
            return
        self._line.update(words)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.stop()
            self._line = None


def _line_on(console: Console, words: str) -> Line | None:
    """A new line in a terminal or a notebook; None where nobody would see it."""
    if console.is_jupyter:
        return _NotebookLine()
    if not console.is_terminal:
        return None
    status = Status(words, console=console)
    status.start()
    return status


class _NotebookLine:
    """An output that is replaced. (rich's own is a widget, which not every reader of a notebook can show.)"""

    def __init__(self) -> None:
        from IPython.display import HTML, display

        self._html: Callable[[str], Any] = HTML
        self._handle: Any = display(HTML(""), display_id=True)  # type: ignore[no-untyped-call]

    def update(self, words: str) -> None:
        self._handle.update(self._html(f"<i>{words}</i>"))

    def stop(self) -> None:
        self._handle.update(self._html(""))


class _InNotebook:
    """One output of the cell, which is replaced, and empty in the end.

    Not rich's own: that is a widget, which can't be saved in a notebook, and stops nbclient where the cell shows more.
    """

    def start(self) -> None:
        """Take a place among the cell's outputs."""
        from IPython.display import display

        self._handle: Any = display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def update(self, words: str) -> None:
        """Show these words there."""
        self._handle.update({"text/plain": words}, raw=True)

    def stop(self) -> None:
        """Leave nothing to be read."""
        self.update("")


def counted_aloud(things: Iterable[T], words: str, console: Any = None) -> Iterator[T]:
    """The things, one by one; if it takes long, a line with these words says how many there were."""
    began = monotonic()
    with ProgressLine(console) as progress:
        for number, thing in enumerate(things, start=1):
            elapsed = monotonic() - began
            if progress.is_due(elapsed):
                progress.say(f"{words}, run {number:,}", elapsed)
            yield thing
