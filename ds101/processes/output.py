"""What processes print, shown under the cell that runs, with the name of the process in front.

The text arrives on a thread, and is shown by whichever thread waits on a verb, or at the end of the cell: a notebook
puts what a background thread prints under the wrong cell.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable

from ds101.processes.steady import uninterrupted

# How a message from a process begins.
READY = b"."  # it has begun, and will not outlive its supervisor
PRINTED = b"|"  # whole lines, or the end of a long one
PART = b"+"  # of a long line
LAST_WORDS = b"!"  # the exception that ended it

MOST_LINES = (
    2_000  # kept between two looks; more is counted and dropped, so that an endless printer can't fill the memory
)

_lines: deque[str] = deque(maxlen=MOST_LINES)
_dropped = 0
_lock = threading.Lock()
_hooked = False


def put(name: str, text: str) -> None:
    """Keep what the process `name` printed until somebody shows it."""
    global _dropped
    with _lock:
        for line in text.split("\n"):
            _dropped += len(_lines) == MOST_LINES
            _lines.append(f"{name} | {line}")


def show() -> None:
    """Print what has arrived, on this thread's standard output."""
    global _dropped
    if not _lines:
        return
    with uninterrupted:  # what was taken is shown
        with _lock:
            lines, dropped = list(_lines), _dropped
            _lines.clear()
            _dropped = 0
        if dropped:
            lines.insert(0, f"... ({dropped} earlier lines are not shown)")
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def show_after_each_cell(catch_up: Callable[[], None]) -> None:
    """In a notebook, what was printed after the last verb of a cell still belongs to that cell.

    `catch_up` waits for what is on its way.
    """

    def at_the_end(*_: object) -> None:
        catch_up()
        show()

    global _hooked
    if _hooked or "IPython" not in sys.modules:
        return
    shell = sys.modules["IPython"].get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", at_the_end)
        _hooked = True
