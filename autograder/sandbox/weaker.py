"""Programs of strangers without walls, for an instructor who names this on purpose.

"container": a container around us is the wall, so a program may harm what is in it. "none": there is no wall.

Both keep what needs none: a session and a private folder of its own, a clean environment, limits for each process, and
the watchdog. What is missing: the program reads and writes what we may, also the gradebook and other submissions; it
reaches the network and our processes; nothing limits all its files together but in the folders that it was given; and
processes that hide well (with another parent, session and environment) may outlive it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import psutil

from autograder.jobs import Limits
from autograder.sandbox.folders import Folder
from autograder.sandbox.identity import OPEN_FILES

MARK = "DS101_SANDBOX"  # an environment variable that all processes of one sandbox have

# A shell sets the limits, so that this works wherever there is one; what a system can't limit, it leaves.
LIMITED = """
ulimit -c 0; ulimit -n {files} 2>/dev/null; ulimit -f {blocks} 2>/dev/null; ulimit -v {kilobytes} 2>/dev/null
exec "$@"
"""


class Family:
    """All processes that can be known to belong to a program: its children, its session, and who has its mark."""

    def __init__(self, first: int, mark: str) -> None:
        self.first, self.mark = first, mark
        self.seen: dict[int, psutil.Process] = {}
        self.folders()

    def folders(self) -> list[str]:
        """The children of all that were ever seen, so that who lost its parent since the last look is found too."""
        for process in (*self._begun(), *self.seen.values()):
            with suppress(psutil.Error):
                self.seen[process.pid] = process
                self.seen.update((child.pid, child) for child in process.children(recursive=True))
        self.seen = {pid: process for pid, process in self.seen.items() if _runs(process)}
        return [f"/proc/{pid}" for pid in self.seen]

    def kill(self) -> None:
        """Stop them first, so that none starts another while we look."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            self.folders()
            for process in [*self.seen.values(), *self._marked()]:
                self.seen[process.pid] = process
                with suppress(psutil.Error):
                    process.send_signal(number)

    def await_end(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while (self.folders() or any(self._marked())) and time.monotonic() < deadline:
            self.kill()
            time.sleep(0.01)

    def _begun(self) -> Iterator[psutil.Process]:
        with suppress(psutil.Error):
            yield psutil.Process(self.first)

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                ours = os.getsid(process.pid) == self.first or process.environ().get(MARK) == self.mark
                if ours and _runs(process):
                    yield process


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class Place:
    """A private folder that stands for what is given inside: paths below `/course` become paths in it."""

    def __init__(self, readable: Sequence[tuple[Path, str]]) -> None:
        self.folder = Folder()
        self.root = self.folder.path
        self.home = self.root / "tmp" / "home"
        self.home.mkdir(parents=True)
        self.moved = {
            str(PurePosixPath(*PurePosixPath(inside).parts[:2])) for path, inside in readable if str(path) != inside
        }
        for path, inside in readable:
            if str(path) != inside:
                link = self.root / inside.lstrip("/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)

    def here(self, text: str) -> str:
        """A path, or several with colons between, as they are outside."""
        return ":".join(self._one(part) for part in text.split(":"))

    def _one(self, path: str) -> str:
        inside = any(path == top or path.startswith(f"{top}/") for top in self.moved)
        return f"{self.root}{path}" if inside else path

    def remove(self) -> None:
        self.folder.remove()


def limited(limits: Limits) -> list[str]:
    """The words before a command that limit each of its processes."""
    script = LIMITED.format(files=OPEN_FILES, blocks=limits.file // 512, kilobytes=limits.memory // 1024)
    return ["/bin/sh", "-c", script, "sh"]


def environment(clean: Mapping[str, str], place: Place, mark: str) -> dict[str, str]:
    return {**{name: place.here(value) for name, value in clean.items()}, MARK: mark}
