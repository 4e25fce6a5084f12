"""Limits for a whole tree that the system itself keeps: cgroup v2, where a part of it is ours to divide.

systemd gives us one with  `systemd-run --user --scope -p Delegate=yes ds101 grade lab01`; elsewhere `DS101_CGROUP`
names a folder in /sys/fs/cgroup that we may write to. The watchdog looks all the same, so where a step fails nothing is
lost but exactness.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from autograder.jobs import Limits
from autograder.sandbox.identity import OURS

MOUNT = Path("/sys/fs/cgroup")
SELF = "ds101-self"  # where our own processes go: a group that has processes can't be divided
NEEDED = {"memory", "pids"}
JOIN = '{ echo $$ > "$0/cgroup.procs"; } 2>/dev/null; exec "$@"'
PATIENCE = 5.0


class Group:
    """The processes of one sandbox."""

    def __init__(self, parent: Path, limits: Limits) -> None:
        """Raises `OSError` where the system refuses."""
        self.path = parent / f"ds101-{secrets.token_hex(8)}"
        self.path.mkdir()
        try:
            self._write("memory.max", limits.memory + limits.disk)  # temporary files are memory too
            self._write("pids.max", limits.processes + OURS + 1)  # and bubblewrap itself
            with suppress(OSError):  # a system without swap
                self._write("memory.swap.max", 0)
            self._write("memory.oom.group", 1)
        except OSError:
            self.path.rmdir()
            raise

    def _write(self, name: str, value: int) -> None:
        (self.path / name).write_text(str(value))

    def joined(self, command: list[str]) -> list[str]:
        """The command, which becomes a member first."""
        return ["/bin/sh", "-c", JOIN, str(self.path), *command]

    def ran_out(self) -> bool:
        """Whether the system ended it for its memory."""
        with suppress(OSError):
            return bool(re.search(r"^oom_kill [1-9]", (self.path / "memory.events").read_text(), re.MULTILINE))
        return False

    def remove(self) -> None:
        """Once its processes are gone. Doing it again does nothing."""
        with suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + PATIENCE
        while self.path.exists() and time.monotonic() < deadline:
            with suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.01)


def group(limits: Limits) -> Group | None:
    """A new one, if there can be one here."""
    with suppress(OSError):
        if parent := ours():
            return Group(parent, limits)
    return None


def ours() -> Path | None:
    """The group that we may divide, with what is needed for that done."""
    named = os.environ.get("DS101_CGROUP")
    place = Path(named) if named else _delegated()
    if place is None or not os.access(place / "cgroup.subtree_control", os.W_OK):
        return None
    if not set((place / "cgroup.controllers").read_text().split()) >= NEEDED:
        return None
    if not set((place / "cgroup.subtree_control").read_text().split()) >= NEEDED:
        _step_aside(place)
        (place / "cgroup.subtree_control").write_text("+memory +pids")
    return place


def _delegated() -> Path | None:
    """The group that we are in, or that we stepped aside in, if systemd says that it is ours."""
    with suppress(OSError):
        found = re.search(r"^0::(/.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
        if found:
            place = MOUNT / found[1].lstrip("/")
            place = place.parent if place.name == SELF else place
            if any(_says(place, name) for name in ("user.delegate", "trusted.delegate")):
                return place
    return None


def _says(place: Path, name: str) -> bool:
    with suppress(OSError):
        return os.getxattr(place, name) == b"1"
    return False


def _step_aside(place: Path) -> None:
    aside = place / SELF
    aside.mkdir(exist_ok=True)
    for process in (place / "cgroup.procs").read_text().split():
        with suppress(OSError):  # it has just ended
            (aside / "cgroup.procs").write_text(process)
