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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SHORT = "/tmp"  # sockets in it have names of 107 bytes at most
PREFIX = "ds101-box-"
YOUNG = 60.0  # seconds in which a folder may not be locked yet


class Folder:
    """A new folder that only we may enter. `remove` it when it is no longer needed."""

    def __init__(self) -> None:
        place = SHORT if os.access(SHORT, os.W_OK) else tempfile.gettempdir()
        _sweep(place, int(time.monotonic() / YOUNG) if YOUNG else 0)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Doing it again does nothing."""
        if self._lock >= 0:
            remove(self.path)
            os.close(self._lock)
            self._lock = -1


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for as long as the `with` block lasts, or its program lives."""
    folder = Folder()
    try:
        yield folder.path
    finally:
        folder.remove()


@functools.lru_cache(maxsize=1)
def _sweep(place: str, minute: int) -> None:
    """Remove what was left over, once a minute."""
    for folder in Path(place).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > YOUNG and not folder.is_symlink():
                lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove(folder)
                finally:
                    os.close(lock)


def remove(folder: Path) -> None:
    """A folder with all that is in it, also where a program has taken our right to look."""
    for place, inner, _ in os.walk(folder):
        for name in inner:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                with suppress(OSError):
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
