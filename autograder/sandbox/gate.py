"""Where a sandboxed program waits until it is certain that it ends with us.

bubblewrap asks to be killed when its caller dies, and its first process inside asks the same, but only once the walls
stand. A caller that is killed in those 15 ms would leave a program behind that nobody watches. So the program waits
at a gate, whose key only we hold: if we die the gate breaks, and the program ends.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

WAIT = 'read -r go < "/proc/self/fd/$0" && exec "$@"'
PATIENCE = 10.0  # seconds for the walls to stand
STEP = 0.001
BLINDLY = 0.1  # seconds to wait where it can't be seen


class Gate:
    """A pipe: the program reads, and we write once."""

    def __init__(self) -> None:
        self.entrance, self._key = os.pipe()

    def before(self, command: Sequence[str]) -> list[str]:
        """The command, waiting."""
        return ["/bin/sh", "-c", WAIT, str(self.entrance), *command]

    def built(self) -> None:
        """The other side is handed on: it is not ours to hold."""
        os.close(self.entrance)

    def open(self, first: int) -> None:
        """Let the program in, once the first process inside is bound to us."""
        deadline = time.monotonic() + PATIENCE
        before = filters("self")
        if before is None:
            time.sleep(BLINDLY)
        while before is not None and time.monotonic() < deadline:
            after = filters(str(first))
            if after is None or after > before:  # it sets its filter after it has bound itself
                break
            time.sleep(STEP)
        with suppress(OSError):
            os.write(self._key, b"\n")
        self.close()

    def close(self) -> None:
        """Doing it again does nothing."""
        key, self._key = self._key, -1
        if key >= 0:
            os.close(key)


def filters(process: str) -> int | None:
    """How many seccomp filters it has; None where that can't be seen, or it is gone."""
    with suppress(OSError):
        found = re.search(r"^Seccomp_filters:\s*(\d+)", Path("/proc", process, "status").read_text(), re.MULTILINE)
        return int(found[1]) if found else None
    return None
