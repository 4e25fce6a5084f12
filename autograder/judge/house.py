"""The sandboxes of one submission: a door for each node, and a sandbox behind it as soon as somebody knocks.

The doors are listening sockets that belong to the judge. A sandbox inherits one of them and nothing else, so it can
reach nobody: it is reached. One that ends is replaced at the next knock.
"""

from __future__ import annotations

import pickle
import select
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

from autograder.jobs import Isolation, Limits
from autograder.judge.elsewhere import SOLO
from autograder.judge.lines import hang_up
from autograder.sandbox.folders import Folder
from ds101.labs.cases import judge_by_cases
from ds101.labs.specification import find_lab

NODES = tuple(f"n{number}" for number in range(1, 10))
BETWEEN = 0.2  # seconds between two looks at whether the house is closed, or a sandbox has ended
WAITING = 64  # connections at a door
ROOT = Path(__file__).parents[2]
COURSE = "/course"  # where a sandbox finds the library
READABLE = (
    (ROOT / "ds101", f"{COURSE}/ds101"),
    (ROOT / "autograder" / "inside", f"{COURSE}/autograder/inside"),
)


class Running(Protocol):
    """A sandbox that runs."""

    process: Any

    def kill(self) -> None: ...


Start = Callable[[list[str], socket.socket, Any], Running]  # command, door, standard input


class House:
    """All sandboxes of a solution, and their doors by name. Closing it ends them."""

    def __init__(
        self,
        lab: str,
        shipped: bytes,
        sources: Mapping[str, str],
        limits: Limits = Limits(),  # noqa: B008  # a value that nobody can change
        isolation: Isolation = "bubblewrap",
        *,
        networked: bool = False,
        start: Start | None = None,
    ) -> None:
        self.lab, self.limits, self.isolation = lab, limits, isolation
        self.networked = networked and find_lab(lab).judging is judge_by_cases  # no node needs more than its door
        self._letter = pickle.dumps((shipped, dict(sources)))
        self._start = start or self._start_sandbox
        self._over = threading.Event()
        self._running: dict[str, Running] = {}

    def __enter__(self) -> Self:
        self.folder = Folder()
        self.doors = {name: str(self.folder.path / name) for name in (SOLO, *NODES)}
        self._listeners = {name: _listener(path) for name, path in self.doors.items()}
        self._porter = threading.Thread(target=self._keep_the_doors, name="porter", daemon=True)
        self._porter.start()
        return self

    def __exit__(self, *_: object) -> None:
        hang_up()
        self._over.set()
        self._porter.join()
        for one in self._running.values():
            one.kill()
        for listener in self._listeners.values():
            listener.close()
        self.folder.remove()

    def _keep_the_doors(self) -> None:
        """Start a sandbox for whoever knocks at a door behind which nothing runs."""
        while not self._over.is_set():
            silent = [self._listeners[name] for name in self.doors if not self._runs(name)]
            ready = select.select(silent, [], [], BETWEEN)[0]
            for listener in ready:
                (name,) = (name for name, one in self._listeners.items() if one is listener)
                self._open(name, listener)

    def _runs(self, name: str) -> bool:
        one = self._running.get(name)
        if one is not None and one.process.poll() is not None:
            self._running.pop(name).kill()
            return False
        return one is not None

    def _open(self, name: str, listener: socket.socket) -> None:
        command = [sys.executable, "-m", "autograder.inside", str(listener.fileno()), self.lab]
        command += ["node"] if name != SOLO else []
        command += ["alone"] if self.isolation == "bubblewrap" and self._start == self._start_sandbox else []
        with tempfile.TemporaryFile() as letter:
            letter.write(self._letter)
            letter.seek(0)
            try:
                self._running[name] = self._start(command, listener, letter)
            except Exception:  # whoever knocked is told by the end of the line
                with suppress(OSError):
                    listener.accept()[0].close()

    def _start_sandbox(self, command: list[str], listener: socket.socket, letter: Any) -> Running:
        from autograder.sandbox import start

        running: Running = start(
            command,
            readable=READABLE,
            environment={"PYTHONPATH": COURSE, "PYTHONHASHSEED": "0"},
            pass_fds=(listener.fileno(),),
            limits=self.limits,
            share_network=self.networked,
            writable_tmp=False,
            isolation=self.isolation,
            stdin=letter,
        )
        return running


def _listener(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(WAITING)
    return listener
