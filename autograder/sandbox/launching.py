"""Children that end when this program does, whichever thread started them.

The signal that Linux sends when a parent dies follows the *thread* that forked (bubblewrap's `--die-with-parent`). So
every program is started from one thread, which lives as long as we do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class _Starter:
    """The one thread; a forked child of ours gets its own."""

    pool: ThreadPoolExecutor | None = None

    @classmethod
    def forget(cls) -> None:
        cls.pool = None

    @classmethod
    def thread(cls) -> ThreadPoolExecutor:
        if cls.pool is None:
            cls.pool = ThreadPoolExecutor(1, thread_name_prefix="sandboxes")
        return cls.pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Starter.forget)


def popen(command: Sequence[str], **settings: Any) -> subprocess.Popen[bytes]:
    """`subprocess.Popen`, from the thread that lives as long as this program. Raises what it raises."""

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(list(command), **settings)

    return _Starter.thread().submit(begin).result()
