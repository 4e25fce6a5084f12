"""The caller's side of the supervisor: `spawn` a function as a process, and end it."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

import psutil

from ds101.errors import LaunchError, Mistake, NodeError, Timeout
from ds101.lines import place_in_words
from ds101.processes import output
from ds101.processes.shipping import ship

STARTUP_TIMEOUT = 30.0  # seconds; a cold start takes a fraction of one
ROOT = Path(__file__).parents[2]  # where `-m ds101...` is found, wherever the caller stands
MOST_PROCESSES = 200  # at once, from one program


class Process:
    """A process that `spawn` started. It is killed when it is forgotten, closed, or its maker dies.

    `pid` and `name` are what `ps` shows; `exit_code` is None while it runs, and minus the number of the
    signal where a signal ended it.
    """

    def __init__(self, name: str, on_exit: Callable[[int], None] | None = None) -> None:
        self.name = name
        self.pid = 0
        self.exit_code: int | None = None
        self.paused = False
        self.error: NodeError | None = None
        self._started: Future[int] = Future()
        self._ended = threading.Event()
        self._on_exit = on_exit

    @property
    def alive(self) -> bool:
        """Whether the process runs (a paused one is alive)."""
        return self.pid != 0 and not self._ended.is_set()

    def kill(self) -> None:
        """End it with SIGKILL; returns when it is gone. Does nothing to a process that has ended."""
        if self.alive:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(self.pid).kill()
            self._ended.wait()
        self.paused = False

    def pause(self) -> None:
        """Stop it with SIGSTOP: it neither runs nor dies. Raises `LaunchError` if it has ended."""
        self._signal("suspend")
        self.paused = True

    def resume(self) -> None:
        """Let it go on, with SIGCONT. Raises `LaunchError` if it has ended."""
        self._signal("resume")
        self.paused = False

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end (seconds) and return its exit code.

        Raises `Timeout` if it still runs then, and `NodeError` if its function raised an exception.
        """
        ended = self._ended.wait(timeout)
        output.show()
        if not ended:
            raise Timeout(f"{self.name} still runs after {timeout:g} s. Wait longer, or kill() it.")
        self._raise_error()
        assert self.exit_code is not None
        return self.exit_code

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.kill()
        output.show()
        if kind is None:
            self._raise_error()

    def __repr__(self) -> str:
        state = "paused" if self.paused else "running" if self.alive else f"ended with {self.exit_code}"
        return f"<process {self.name}, pid {self.pid}, {state}>"

    def __reduce__(self) -> Any:
        raise Mistake(f"The process {self.name} can't be sent to another process. Send what it needs to know instead.")

    def _signal(self, verb: str) -> None:
        if not self.alive:
            raise LaunchError(f"{self.name} has ended, so it can't {verb}. Start it again with spawn.")
        getattr(psutil.Process(self.pid), verb)()

    def _raise_error(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            raise error


def spawn(function: Callable[..., Any], *arguments: Any, name: str | None = None) -> Process:
    """Run `function(*arguments)` in an operating system process of its own.

    What it prints appears under the running cell, behind its name. Raises `Mistake` if the function uses something
    that can't travel, and `LaunchError` if no process can be started.
    """
    process = Process(name or function.__name__)
    start_all([(process, process.name, ship(function, *arguments), None)])
    return process


def start_all(wanted: list[tuple[Process, str, bytes, str | None]]) -> None:
    """Start several processes at once: (process, its title in `ps`, what `ship` made, the name of its disk)."""
    output.show_after_each_cell()
    launcher = Launcher.current()
    for process, title, payload, disk in wanted:
        launcher.spawn(process, title, payload, disk)
    for process, *_ in wanted:
        process.pid = process._started.result(STARTUP_TIMEOUT)
        weakref.finalize(process, launcher.kill_quietly, process.pid)


def preload(module: str) -> None:
    """Make starting quick for processes that need this module of ours."""
    Launcher.current().command("preload", module)


def forget_disks(prefix: str) -> None:
    """Let go of the disks whose name begins so."""
    Launcher.current().command("forget_disks", prefix)


def connection_over(link: socket.socket) -> Connection:
    """Messages over a socket, sent at once (Nagle's algorithm would hold small ones back for 40 ms)."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(link.detach())


class Launcher:
    """The one connection of this program to its supervisor."""

    _current: Launcher | None = None
    _making = threading.Lock()

    @classmethod
    def current(cls) -> Launcher:
        """The launcher of this program; a supervisor that died is replaced."""
        with cls._making:
            if cls._current is None or not cls._current.works():
                cls._current = Launcher()
            return cls._current

    def __init__(self) -> None:
        self.owner = os.getpid()  # a fork of this program needs a supervisor of its own
        self.processes: dict[int, Process] = {}
        self.keys = itertools.count(1)
        self.lock = threading.Lock()
        self.gone = threading.Event()
        self.connection = self._start()
        threading.Thread(target=self._listen, name="ds101 supervisor", daemon=True).start()
        atexit.register(self.close)

    def works(self) -> bool:
        return self.owner == os.getpid() and not self.gone.is_set()

    def _start(self) -> Connection:
        key = secrets.token_bytes(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            command = [
                sys.executable,
                "-m",
                "ds101.processes.supervisor",
                str(server.getsockname()[1]),
                str(os.getpid()),
            ]
            self.supervisor = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd=ROOT,
            )  # fmt: skip
            assert self.supervisor.stdin
            self.supervisor.stdin.write(key.hex().encode() + b"\n")
            self.supervisor.stdin.close()
            connection = connection_over(self._accept(server))
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
        return connection

    def _accept(self, server: socket.socket) -> socket.socket:
        """The supervisor's call, unless it died on the way."""
        server.settimeout(0.1)
        deadline = time.monotonic() + STARTUP_TIMEOUT
        while self.supervisor.poll() is None and time.monotonic() < deadline:
            with suppress(TimeoutError):
                return server.accept()[0]
        self.supervisor.kill()
        raise LaunchError(
            "The supervisor of the processes did not start. "
            f"To see why, run: {sys.executable} -m ds101.processes.supervisor 0 0 < {os.devnull}"
        )

    def spawn(self, process: Process, title: str, payload: bytes, disk: str | None) -> None:
        """Ask for a process. Raises `LaunchError` when too many run already."""
        with self.lock:
            if len(self.processes) >= MOST_PROCESSES:
                raise LaunchError(
                    f"{MOST_PROCESSES} processes are running already, which is the most. Close a world, or use fewer nodes."
                )
            key = next(self.keys)
            self.processes[key] = process
        self.command("spawn", key, title, payload, disk)

    def command(self, verb: str, *arguments: Any) -> None:
        with self.lock, suppress(OSError):  # a supervisor that is gone has killed its children
            self.connection.send((verb, *arguments))

    def kill_quietly(self, pid: int) -> None:
        """For a process that nobody can name any more."""
        for key, process in list(self.processes.items()):
            if process.pid == pid:
                self.command("kill", key)

    def close(self) -> None:
        """Part with the supervisor, and wait until it has buried its children."""
        if self.owner != os.getpid():
            return
        with suppress(OSError):
            socket.socket(fileno=os.dup(self.connection.fileno())).shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(5.0)
        self.gone.wait(5.0)

    def _listen(self) -> None:
        """On a thread of its own: what the supervisor reports."""
        try:
            while True:
                report, key, value = self.connection.recv()
                getattr(self, f"_on_{report}")(key, value)
        except (EOFError, OSError):
            self._bury_all()

    def _on_started(self, key: int, pid: int) -> None:
        self.processes[key]._started.set_result(pid)

    def _on_refused(self, key: int, reason: str) -> None:
        process = self.processes.pop(key)
        process._started.set_exception(
            LaunchError(f"The system starts no more processes ({reason}). Close some programs, or use fewer nodes.")
        )

    def _on_output(self, key: int, data: bytes) -> None:
        process = self.processes[key]
        if data[:1] == b"|":
            output.put(process.name, data[1:].decode())
        else:
            kind, words, places = pickle.loads(data[1:])
            place = f" It happened in {place_in_words(places[-1])}" if places else ""
            process.error = NodeError(f"{process.name} died of {kind}: {words}.{place}")

    def _on_exited(self, key: int, code: int) -> None:
        process = self.processes.pop(key)
        process.exit_code = code
        process._ended.set()
        if process._on_exit is not None:
            process._on_exit(code)

    def _bury_all(self) -> None:
        """The supervisor is gone, whoever killed it: a stopped process may need the last blow from here."""
        for key, process in list(self.processes.items()):
            if not process._started.done():
                process._started.set_exception(LaunchError("The supervisor of the processes died. Try again."))
            elif process.pid:
                with suppress(OSError):
                    os.kill(process.pid, signal.SIGKILL)
            self._on_exited(key, -signal.SIGKILL)
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(5.0)
        self.gone.set()
