"""A handler that doesn't end: noticed from outside, and ended, so that a check can tell it.

Simulation and explorer call a student's handlers on the judge's own thread. Another thread looks at that thread's stack
now and then. Where the same call of the student's code is on it for too long, `Endless` is raised there: the node dies
of it, as of any other exception, with the line that it was at.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from types import FrameType

from ds101.errors import EndedFromOutside
from ds101.lines import is_the_readers

PATIENCE = 3.0  # seconds for one handler; it should take less than a millisecond
AGAIN = 0.5  # seconds, once a handler was found not to end
BETWEEN = 0.25  # seconds between two looks


class Endless(EndedFromOutside):
    """A handler did not end."""

    def __str__(self) -> str:
        return f"a handler had not ended after {PATIENCE:g} s; one of its loops goes on for ever"


class handlers_end:  # noqa: N801  # it reads as a sentence: with handlers_end():
    """Within it, a handler that runs on this thread for longer than `patience` seconds is ended by `Endless`."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience, self._over = patience, threading.Event()

    def __enter__(self) -> None:
        arguments = (threading.get_ident(), sys._getframe(1))
        self._looking = threading.Thread(target=self._look, args=arguments, daemon=True)
        self._looking.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def _look(self, thread: int, base: FrameType) -> None:
        seen, looks = None, 0
        while not self._over.wait(BETWEEN):
            call = _students_call(sys._current_frames().get(thread), base)
            looks = looks + 1 if call is not None and call is seen else 0
            seen = call  # held, so that no other call can be taken for it
            if looks * BETWEEN >= self._patience:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Endless))
                looks, self._patience = 0, AGAIN


def _students_call(frame: FrameType | None, base: FrameType) -> FrameType | None:
    """The outermost frame of the student's own above `base`: the handler's."""
    found = None
    while frame is not None and frame is not base:
        if is_the_readers(frame.f_code.co_filename):
            found = frame
        frame = frame.f_back
    return found
