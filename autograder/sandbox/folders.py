"""Temporary folders of our own, with a short name, that go away even when the program that made them was killed.

Who makes one holds a lock on it, which ends with the process. A folder that nobody locks is left over: the next
program that makes one removes it.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SHORT = "/tmp"  # sockets in it have names of 107 bytes at most
PREFIX = "ds101-box-"
YOUNG = 60.0  # seconds in which a folder may not be locked yet


class Folder:
    """A new folder that only we may enter. `remove` it when it is no longer needed."""

    def __init__(self) -> None:
        place = SHORT if os.access(SHORT, os.W_OK) else tempfile.gettempdir()
        _sweep(place)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Doing it again does nothing."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


@functools.cache
def _sweep(place: str) -> None:
    """Remove what was left over, once in a program."""
    for folder in Path(place).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > YOUNG and not folder.is_symlink():
                lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(lock)
