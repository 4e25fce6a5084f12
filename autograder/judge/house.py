"""The sandboxes of one submission: a door for each node, and a sandbox behind it as soon as somebody knocks.

One sandbox answers for all solutions that a submission hands over, each in processes of its own.

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
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import psutil

from autograder.jobs import Isolation, Limits
from autograder.judge.elsewhere import SOLO, processor_time
from autograder.judge.line import door_to
from autograder.judge.lines import hang_up
from autograder.judge.solution import Solution
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
    """All sandboxes of a submission, whose solutions are named by their graded cells. Closing it ends them."""

    def __init__(
        self,
        lab: str,
        solutions: Mapping[str, Solution],
        limits: Limits = Limits(),  # noqa: B008  # a value that nobody can change
        isolation: Isolation = "bubblewrap",
        *,
        networked: bool = False,
        start: Start | None = None,
    ) -> None:
        self.lab, self.limits, self.isolation = lab, limits, isolation
        self.networked = (
            networked and bool(lab) and find_lab(lab).judging is judge_by_cases
        )  # no node needs more than its door
        letter = {name: (one.shipped, one.labels) for name, one in solutions.items()}
        self._letter = pickle.dumps(letter)
        self._start = start or self._start_sandbox
        self._over = threading.Event()
        self._running: dict[str, Running] = {}

    def __enter__(self) -> Self:
        self.folder = Folder()
        self._paths = {name: str(self.folder.path / name) for name in (SOLO, *NODES)}
        self._listeners = {name: _listener(path) for name, path in self._paths.items()}
        self._porter = threading.Thread(target=self._keep_the_doors, name="porter", daemon=True)
        self._porter.start()
        processor_time.update({path: partial(self._processor_time, name) for name, path in self._paths.items()})
        return self

    def doors(self, solution: str) -> dict[str, str]:
        """The doors by the names of nodes, for this solution."""
        return {name: door_to(path, solution) for name, path in self._paths.items()}

    def __exit__(self, *_: object) -> None:
        hang_up()
        for path in self._paths.values():
            del processor_time[path]
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
            silent = [one for name, one in self._listeners.items() if not self._runs(name)]
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

    def _processor_time(self, name: str) -> float:
        """That all processes of a sandbox have used that still run, in seconds."""
        if name not in self._running:
            return 0.0
        root = psutil.Process(self._running[name].process.pid)
        return sum(map(_seconds_of, [root, *root.children(recursive=True)]))

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


def _seconds_of(process: psutil.Process) -> float:
    """Of one process: to the nanosecond where the system tells it."""
    try:
        return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        with suppress(psutil.Error):
            times = process.cpu_times()
            return float(times.user + times.system)
    return 0.0


def _listener(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(WAITING)
    return listener
